"""The product and a real Vendure side by side, joined: for the test that walks through both, and its measurement."""

from __future__ import annotations

import contextlib
import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from tools import product, vendure

_AT_ALL = 30.0
_JOIN = """
from regulars.channels import secrets
from regulars.channels.actions import channel_for, connect
from regulars.staff.actions import create_token
from regulars.staff.models import User
channel = channel_for("hafen", name="Hafen shop", kind="web")
made = connect(channel=channel, provider="vendure", name="Hafen shop", options={"address": given["address"]})
owner = User.objects.get()
token = create_token(user=owner, name="What the test reads", scopes=["customers.view", "orders.view"])[1]
answer = [made.public_id, secrets.opened(made)[secrets.KEY], token]
"""


@dataclass
class Pair:
    """Both shops, and what the owner of ours sees of what happens in the other."""

    regulars: product.Product
    shop: vendure.Vendure
    token: str

    def buy(self, email: str, given: str, family: str, basket: dict[str, int]) -> dict[str, Any]:
        """Buy in the other shop as a guest; answers the order there."""
        who = vendure.Shopper(self.shop)
        for sku, quantity in basket.items():
            who.put(sku, quantity)
        who.say_who(email, given, family)
        who.send_to("Hafenstraße 1", "20457", "Hamburg")
        return who.pay()

    def wait_for(self, *looks: Callable[[], object]) -> float:
        """Until each of these holds; how many seconds that took."""
        began = time.monotonic()
        for look in looks:
            while not look():
                if time.monotonic() - began > _AT_ALL:
                    raise AssertionError(f"It never came.\n{self.regulars.said()[-2000:]}\n{self.shop.said()[-2000:]}")
                time.sleep(0.02)
        return time.monotonic() - began

    def api(self, path: str) -> Any:
        """What our API answers a program of the owner's."""
        headers = {"Authorization": f"Bearer {self.token}"}
        asked = urllib.request.Request(f"{self.regulars.address}/api/v1{path}", headers=headers)  # noqa: S310 — our own
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 — as above
            return json.load(answer)

    def figures(self, email: str) -> list[tuple[int, str]]:
        """How many orders whoever has this address made, and what they spent; one pair for each customer there is."""
        found = self.api(f"/customers?{urllib.parse.urlencode({'email': email})}")["items"]
        return [(one["orders_count"], one["spent"]["amount"]) for one in found]

    def id_of(self, email: str) -> str:
        """The one customer of this address whom the list finds; empty while there is none."""
        found = set(re.findall(r"/customers/(cus_\w+)", self.regulars.get(f"/customers?email={email}")))
        if len(found) > 1:
            raise AssertionError("one person became two")
        return found.pop() if found else ""

    def page_of(self, email: str) -> str:
        """What the owner reads on the page of a customer; empty while there is none."""
        known = self.id_of(email)
        return text_of(self.regulars.get(f"/customers/{known}")) if known else ""

    def list_shows(self, query: str, email: str) -> bool:
        """Whether the list of customers, filtered like this, holds that one."""
        return f"/customers/{self.id_of(email)}" in self.regulars.get(f"/customers?{query}")


@contextlib.contextmanager
def open_both(folder: Path, *, database: str = "") -> Iterator[Pair]:
    """Both of them, set up, joined and running; the owner is signed in. Raises NoShop where there is no Vendure."""
    vendure.node()
    with ThreadPoolExecutor(1) as aside:
        installing = aside.submit(vendure.modules)
        regulars = product.start(folder, database=database, REGULARS_PRIVATE_HOSTS="127.0.0.1")
        try:
            installing.result()
            port = product.free_port()
            joined, key, token = regulars.run(_JOIN, address=f"http://127.0.0.1:{port}/admin-api")
            shop = vendure.start(port=port, tells=f"{regulars.address}/hooks/{joined}", secret=key)
            try:
                regulars.sign_in()
                yield Pair(regulars, shop, token)
            finally:
                shop.stop()
        finally:
            regulars.stop()


def text_of(page: str) -> str:
    """What people read of a page."""
    page = re.sub(r"<(script|style|template)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))
