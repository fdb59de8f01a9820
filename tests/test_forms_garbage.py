"""Whatever is typed into a form, a page takes it or says why not; every form that links lead to is tried."""

import json
from html.parser import HTMLParser
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.db import transaction
from django.urls import Resolver404, resolve

STRINGS = json.loads((Path(__file__).parent / "torture" / "data" / "strings" / "blns.json").read_text("utf-8"))
MORE = [
    "\x00",
    "\ud83d",
    "=cmd|' /C calc'!A0",
    "9" * 400,
    "-1",
    "1e400",
    "NaN",
    "2026-02-31",
    "0000-00-00",
    "99999-01-01",
    "x" * 20_000,
    "../../../etc/passwd",
    "cus_' OR 1=1 --",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "١٢٣",
]
EACH = 4  # strings for one form in a usual run; one form after the other takes the next ones
NOT_VISITED = ("/sign-out", "/static/", "/api/", "/assets/")
_PER_ROUTE = 2


class Page(HTMLParser):
    """Links and forms of a page."""

    def __init__(self, html):
        super().__init__()
        self.links, self.forms = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        if tag == "a" and known.get("href"):
            self.links.append(known["href"])
        for sent in ("hx-post", "formaction"):
            if known.get(sent):
                self.forms.append((known[sent], {}))
        if tag == "form" and (known.get("method") or "").lower() == "post":
            self.forms.append((known.get("action") or "", {}))
        if tag in {"input", "select", "textarea"} and known.get("name") and self.forms:
            kind = known.get("type", tag)
            self.forms[-1][1][known["name"]] = (kind, known.get("value", ""))


def route_of(address):
    try:
        return resolve(urlsplit(address).path).route
    except Resolver404:
        return ""


def walk(client):
    """Every form that is sent somewhere else or asks something else, as {(route, fields): (address, fields)}."""
    waiting, seen, forms = ["/", "/customers", "/orders", "/settings/shop"], {}, {}
    while waiting:
        address = waiting.pop(0)
        route = route_of(address)
        if not route or seen.get(route, 0) >= _PER_ROUTE or address.startswith(NOT_VISITED):
            continue
        seen[route] = seen.get(route, 0) + 1
        answer = client.get(address)
        if answer.status_code != 200 or "text/html" not in answer.headers["Content-Type"]:
            continue
        page = Page(answer.content.decode())
        for to, fields in page.forms:
            place = urlsplit(urljoin(address, to))
            whole = place.path + (f"?{place.query}" if place.query else "")
            if not place.path.startswith(NOT_VISITED):
                forms.setdefault((route_of(place.path), tuple(sorted(fields))), (whole, fields))
        for link in page.links:
            place = urlsplit(urljoin(address, link))
            if not place.netloc and place.path.startswith("/"):
                waiting.append(place.path + (f"?{place.query}" if place.query else ""))
    return forms, seen


@pytest.fixture
def shop(ada, api_of):
    """A shop with one of most things, so that pages have their forms."""
    from regulars.channels.actions import channel_for

    channel_for("web")
    program = api_of(ada)
    new = {"name": "Élodie Moreau", "email": "e@posteo.example", "address": {"city": "Bristol"}, "tags": ["regular"]}
    customer = program.post("/customers", new).json()["id"]
    line = {"sku": "a", "quantity": 2, "unit_price": {"amount": "2.55", "currency": "EUR"}}
    program.post("/orders", {"number": "1", "channel": "web", "customer": customer, "lines": [line]})
    program.post(f"/customers/{customer}/notes", {"text": "Likes tea."})
    program.post("/categories", {"name": "Cafés"})
    program.post("/customer_fields", {"label": "Roast", "type": "text"})
    return customer


def read(answer):
    """Read an answer to its end, so that what it streams is closed."""
    if answer.streaming:
        for _part in answer.streaming_content:
            pass


def fill(fields, text):
    """The form as a browser sends it, with the text wherever something can be typed."""
    sent = {}
    for name, (kind, value) in fields.items():
        if name == "csrfmiddlewaretoken":
            continue
        sent[name] = value if kind in {"hidden", "submit"} and len(text) % 3 else text
    return sent


def tried(client, strings, *, each):
    """Send forms that many strings each, and return how many that were; no answer is a failure of ours."""
    client.raise_request_exception = False
    forms, seen = walk(client)
    assert len(seen) > 25, seen
    assert len(forms) > 20, forms
    broken, count = [], 0
    strings = [text.encode("utf-8", "replace").decode() for text in strings]
    waiting = cycle(strings)
    for to, fields in forms.values():
        for text in islice(waiting, each):
            with transaction.atomic():
                answer = client.post(to, fill(fields, text) or {"name": text})
                read(answer)
                count += 1
                transaction.set_rollback(True)
            if answer.status_code >= 500:
                broken.append((to, sorted(fields), text[:60], repr(answer.exc_info and answer.exc_info[1])[:300]))
                break
        query = {name: [text[:200]] for name, text in zip(parse_qs(urlsplit(to).query) or ["q"], strings, strict=False)}
        answer = client.get(urlsplit(to).path, query)
        read(answer)
        if answer.status_code >= 500:
            broken.append((to, query, repr(answer.exc_info and answer.exc_info[1])[:300]))
    assert broken == []
    return count


@pytest.mark.usefixtures("shop")
def test_every_form_answers_whatever_is_typed(client_of, ada):
    assert tried(client_of(ada), [*MORE, *STRINGS[::25]], each=EACH) > 80


@pytest.mark.slow
@pytest.mark.usefixtures("shop")
def test_every_form_answers_every_naughty_string(client_of, ada):
    everything = [*MORE, *STRINGS]
    assert tried(client_of(ada), everything, each=len(everything)) > 5_000
