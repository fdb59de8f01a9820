"""A real shop platform beside a test: Vendure from npm, on a PostgreSQL of its own, with our plugin in it.

The modules are installed once for each version of tests/vendure/package-lock.json, into the cache folder of whoever
runs the tests (REGULARS_NODE_CACHE names another one), never into the repository.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tools import postgres

ROOT = Path(__file__).resolve().parents[1]
SHOP = ROOT / "tests" / "vendure"
PLUGIN = ROOT / "regulars" / "channels" / "connectors" / "vendure" / "plugin"
_INSTALL_SECONDS = 600
_START_SECONDS = 120
_PR_SET_PDEATHSIG = 1
_OLDEST_NODE = 20
_MAKE_KEY = "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey } }"


class NoShop(Exception):  # noqa: N818 — it says what there is not
    """There is no node here, or the shop could not be installed or started; the text says why."""


def node() -> str:
    """Where node is. Raises NoShop where there is none, or one that is too old, or no npm."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        raise NoShop("A real Vendure needs node and npm, and there are none here.")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(said.lstrip("v").partition(".")[0]) < _OLDEST_NODE:
        raise NoShop(f"A real Vendure needs node {_OLDEST_NODE} or newer; here is {said}.")
    return found


def modules() -> Path:
    """The folder `node_modules` with all that the shop needs, installed when it is asked for the first time."""
    lock = (SHOP / "package-lock.json").read_bytes()
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "regulars"
    cache = Path(os.environ.get("REGULARS_NODE_CACHE") or usual)
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"vendure-{hashlib.sha256(lock).hexdigest()[:16]}"
    # two workers of a test run may want it at once: one installs, the other waits
    with (cache / "vendure.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not folder.exists():
            _install(folder)
    return folder / "node_modules"


def _install(folder: Path) -> None:
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SHOP / name, part)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        command,
        cwd=part,
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise NoShop(f"npm could not install Vendure: {done.stderr.strip()[-500:]}")
    part.rename(folder)


@dataclass
class Vendure:
    """A running shop. `shop` and `admin` ask its two GraphQL APIs; `key` is one of the Admin API."""

    folder: Path
    port: int
    process: subprocess.Popen
    database: postgres.Server
    key: str = ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/admin-api"

    def admin(self, query: str, **variables: Any) -> dict[str, Any]:
        """What the Admin API answers under `data`, asked with our key."""
        return self.ask("admin-api", query, variables, {"vendure-api-key": self.key})[0]

    def ask(
        self, api: str, query: str, variables: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[dict[str, Any], str]:
        """The data, and the token of the session that the answer begins, if any."""
        body = json.dumps({"query": query, "variables": dict(variables)}).encode()
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{api}", body, {"content-type": "application/json", **headers}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 — as above
            found, token = json.load(answer), answer.headers.get("vendure-auth-token", "")
        if found.get("errors"):
            raise AssertionError(found["errors"])
        return found["data"], token

    def reading_key(self) -> str:
        """A key that may do what the guide says it must, and nothing else."""
        make = "mutation($input: CreateRoleInput!) { createRole(input: $input) { id } }"
        may = ["ReadOrder", "ReadCustomer", "ReadCatalog"]
        role = self.admin(make, input={"code": "regulars", "description": "Reads for Regulars", "permissions": may})
        return self.admin(_MAKE_KEY, input=_named([role["createRole"]["id"]]))["createApiKey"]["apiKey"]

    def said(self) -> str:
        """All that the process has printed."""
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        """End it, its database, and its folder."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.database.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(*, port: int, tells: str, secret: str) -> Vendure:
    """Open a shop at a port of this machine, which tells `tells` all that happens. Raises NoShop."""
    program, installed = node(), modules()
    folder = Path(tempfile.mkdtemp(prefix="regulars-vendure-"))
    database = postgres.start()
    try:
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE shop")
        for name in ("shop.js", "products.csv"):
            shutil.copy(SHOP / name, folder)
        shutil.copytree(PLUGIN, folder / "plugin")
        (folder / "node_modules").symlink_to(installed)
        environment = {
            **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}},
            "SHOP_SOCKET": str(database.folder),
            "SHOP_DATABASE": "shop",
            "SHOP_PORT": str(port),
            "REGULARS_ADDRESS": tells,
            "REGULARS_SECRET": secret,
        }
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [program, "shop.js"],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 — nothing else runs in this process yet
            )
    except BaseException:
        database.stop()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shop = Vendure(folder, port, process, database)
    try:
        _wait(shop)
        shop.key = _key(shop)
    except BaseException:
        shop.stop()
        raise
    return shop


def _wait(shop: Vendure) -> None:
    ends_at = time.monotonic() + _START_SECONDS
    while "The shop is open." not in shop.said():
        if shop.process.poll() is not None:
            raise NoShop(f"Vendure ended at once: {shop.said()[-2000:]}")
        if time.monotonic() > ends_at:
            raise NoShop(f"Vendure was not ready within {_START_SECONDS} seconds: {shop.said()[-2000:]}")
        time.sleep(0.05)


def _key(shop: Vendure) -> str:
    """A key of the Admin API, made as a shop's owner makes one."""
    sign_in = 'mutation { login(username: "admin", password: "only-for-tests") { __typename } }'
    _, token = shop.ask("admin-api", sign_in, {}, {})
    mine = {"authorization": f"Bearer {token}"}
    found, _ = shop.ask("admin-api", "{ activeAdministrator { user { roles { id } } } }", {}, mine)
    roles = [role["id"] for role in found["activeAdministrator"]["user"]["roles"]]
    return str(shop.ask("admin-api", _MAKE_KEY, {"input": _named(roles)}, mine)[0]["createApiKey"]["apiKey"])


def _named(roles: list[str]) -> dict[str, Any]:
    return {"roleIds": roles, "translations": [{"languageCode": "en", "name": "Regulars"}]}


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Shopper:
    """Somebody in the shop: one session of its Shop API, from the basket to the payment."""

    def __init__(self, shop: Vendure) -> None:
        self.vendure, self.token = shop, ""

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """What the Shop API answers; a refusal of its own raises."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        data, token = self.vendure.ask("shop-api", query, variables, headers)
        self.token = token or self.token
        for found in data.values():
            if isinstance(found, dict) and found.get("errorCode"):
                raise AssertionError(found)
        return data

    def put(self, sku: str, quantity: int = 1) -> None:
        """Put something into the basket."""
        found = self.vendure.admin(
            "query($sku: String!) { productVariants(options: {filter: {sku: {eq: $sku}}}) { items { id } } }", sku=sku
        )
        self.ask(
            "mutation($id: ID!, $n: Int!) { addItemToOrder(productVariantId: $id, quantity: $n)"
            " { __typename ... on ErrorResult { errorCode message } } }",
            id=found["productVariants"]["items"][0]["id"],
            n=quantity,
        )

    def say_who(self, email: str, given: str, family: str) -> None:
        """Go to the till as a guest."""
        self.ask(
            "mutation($who: CreateCustomerInput!) { setCustomerForOrder(input: $who)"
            " { __typename ... on ErrorResult { errorCode message } } }",
            who={"emailAddress": email, "firstName": given, "lastName": family},
        )

    def register(self, email: str, given: str, family: str) -> None:
        """Make an account, and come in with it."""
        known = {"emailAddress": email, "firstName": given, "lastName": family, "password": "only-for-tests"}
        self.ask(
            "mutation($who: RegisterCustomerInput!) { registerCustomerAccount(input: $who)"
            " { __typename ... on ErrorResult { errorCode message } } }",
            who=known,
        )
        self.sign_in(email)

    def sign_in(self, email: str) -> None:
        """Come in with an account."""
        self.ask(
            'mutation($email: String!) { login(username: $email, password: "only-for-tests", rememberMe: false)'
            " { __typename ... on ErrorResult { errorCode message } } }",
            email=email,
        )

    def send_to(self, street: str, postcode: str, city: str) -> None:
        """Say where the parcel goes."""
        self.ask(
            "mutation($to: CreateAddressInput!) { setOrderShippingAddress(input: $to)"
            " { __typename ... on ErrorResult { errorCode message } } }",
            to={"streetLine1": street, "postalCode": postcode, "city": city, "countryCode": "DE"},
        )
        found = self.ask("{ eligibleShippingMethods { id } }")
        self.ask(
            "mutation($id: [ID!]!) { setOrderShippingMethod(shippingMethodId: $id)"
            " { __typename ... on ErrorResult { errorCode message } } }",
            id=[found["eligibleShippingMethods"][0]["id"]],
        )

    def pay(self) -> dict[str, Any]:
        """Pay, and answer the order as the shop has it then."""
        self.ask(
            'mutation { transitionOrderToState(state: "ArrangingPayment")'
            " { __typename ... on OrderStateTransitionError { errorCode message } } }"
        )
        found = self.ask("{ eligiblePaymentMethods { code } }")
        data = self.ask(
            "mutation($method: String!) { addPaymentToOrder(input: {method: $method, metadata: {}}) {"
            " ... on ErrorResult { errorCode message }"
            " ... on Order { id code state totalWithTax lines { id quantity } payments { id amount } } } }",
            method=found["eligiblePaymentMethods"][0]["code"],
        )
        order: dict[str, Any] = data["addPaymentToOrder"]
        return order
