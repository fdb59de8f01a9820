"""No address without a permission: said by every view, and kept by every view."""

import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from regulars.config import api
from regulars.staff.access import PUBLIC, SIGNED_IN
from regulars.staff.roles import PERMISSIONS

# What anyone may open, by name. A page joins this list by somebody's decision, not by forgetting.
OPEN_TO_ALL = {
    "sign-in",
    "sign-out",
    "look",
    "stylesheet",
    "confirm",  # the link of a confirmation mail, signed
    "second-step",  # after the password, for ten minutes
    "passkey-options",
    "service",
    "service-back",
    "forgotten",
    "new-password",  # the link of a mail, signed
    "contact-page",  # a form of the shop's, a signed ticket in it
    "contact-thanks",  # after it was sent, signed
    "contact-script",  # puts it into a page of the shop
    "chat-script",  # the script of a chat, for the shop's pages
    "chat-talk",  # what a visitor says and reads, by their token
    "help-home",  # the help centre: what the shop explains to everybody
    "help-article",
    "help-said",  # whether an article helped: a number that grows by one
    "rate",  # the links of a mail that asks how an answer was, signed
    "unsubscribe",  # the link of an advertising mail, signed
    "accept",  # the link of an invitation, found by its hash
    "pay",  # the link of a payment, found by its hash
    "live-open",  # what visitors may hear, by a signed ticket
    "hook",  # deliveries of shop systems, signed
    "openapi",
    "api-docs",
    "api-root",
    "problems",
    "problem",
    None,  # whatever else begins with /api/: it answers 404 as a problem
}
EXAMPLES = {
    "int": "1",
    "str": "cus_0000000000000",
    "slug": "orders",
    "uuid": "5b1f2bbd-4f5c-4c0e-9c55-5f5f7c0b7b10",
    "path": "x",
}


def addresses(resolver=None, before=""):
    """Every address with its pattern: ("/customers/<public_id>", pattern)."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route)
        else:
            assert isinstance(entry, URLPattern)
            yield route, entry


PAGES = [(route, entry) for route, entry in addresses() if not route.startswith(("^api", "api/"))]
GUARDED = [route for route, entry in PAGES if getattr(entry.callback, "permission", "") not in {PUBLIC, SIGNED_IN, ""}]


def example(route):
    """An address of that route; what it names need not exist, because permission comes first."""
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda found: EXAMPLES.get(found[1] or "str", "x"), route)


def test_every_address_states_its_permission():
    nameless = [route for route, entry in addresses() if not hasattr(entry.callback, "permission")]
    assert nameless == []


def test_every_stated_permission_exists():
    stated = {entry.callback.permission for _, entry in addresses()} - {PUBLIC, SIGNED_IN}
    assert stated <= set(PERMISSIONS)


def test_what_is_public_is_on_the_list():
    public = {entry.name for _, entry in addresses() if entry.callback.permission == PUBLIC}
    assert public <= OPEN_TO_ALL


def test_every_api_operation_states_a_permission():
    stated = api.permissions()
    assert len(stated) >= 10
    assert set(stated.values()) <= set(PERMISSIONS)


@pytest.mark.parametrize("route", GUARDED)
def test_a_stranger_is_sent_to_sign_in(client, db, route):
    for answer in (client.get(example(route)), client.post(example(route))):
        assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/sign-in")


@pytest.mark.parametrize("route", GUARDED)
def test_charlie_may_open_nothing(client_of, charlie, route):
    client = client_of(charlie)
    for answer in (client.get(example(route)), client.post(example(route))):
        assert answer.status_code == 403


def test_no_api_operation_answers_without_a_token(client, db):
    for path, operations in openapi(client)["paths"].items():
        for method in set(operations) & {"get", "post", "put", "patch", "delete"}:
            answer = client.generic(method.upper(), re.sub(r"{\w+}", "cus_0000000000000", path))
            assert (method, path, answer.status_code) == (method, path, 401)


def openapi(client):
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()
