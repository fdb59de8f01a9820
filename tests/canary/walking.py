"""Every address there is, asked for everything that was planted, and what stands in the answers."""

from __future__ import annotations

import base64
import gzip
import io
import re
import zipfile
from itertools import product

from django.urls import URLResolver, get_resolver

from regulars.core.sight import GROUPS
from regulars.customers import catalogue
from regulars.customers.exporting.formats import FORMATS
from regulars.staff.access import PUBLIC

# What a parameter of an address names, by its name; what is not here is asked for as nothing that exists.
NAMED = {
    "note_id": "note", "attachment_id": "attachment", "address_id": "address", "identity_id": "identity",
    "household_id": "household", "pair_id": "pair", "link_id": "link", "change_id": "change", "import_id": "change",
    "view_id": "view", "entry_id": "entry", "field_id": "field", "customer_id": "customer", "order_id": "order",
    "return_id": "return", "merge_id": "link", "conversation_id": "conversation", "file_id": "inquiry_file",
}  # fmt: skip
_PUBLIC_IDS = (
    ("orders/returns", "return"),
    ("orders", "order"),
    ("settings/messages/sent", "message"),
    ("customers", "customer"),
    ("inbox/posts", "post"),
    ("inbox/files", "inquiry_file"),
    ("inbox", "conversation"),
)
_SAY_MOST = (
    "customers/<str:public_id>", "customers/changes", "customers/deleted", "orders",
    "inbox/<str:public_id>", "settings/messages/sent",
    "settings/privacy",
)  # fmt: skip
_TABS = ("timeline", "profile", "changes", "purchases")
_FIELDS = ("given_name", "email", "phone", "birth_date", "vat_number", "organisation", "restriction_reason", "city")
_LISTS = (
    "", "?q=qz", "?q=posteo", "?sort=-customer_added_date&limit=1", "?sort=name&limit=1", "?customer_tags=Regular",
    "?columns={columns}", "?company.is_set=yes", "?limit=1",
)  # fmt: skip
_PUBLIC_ID = re.compile(rb"[a-z]{3}_[0-9a-z]{13}")
_CURSOR = re.compile(rb"(?:after|before)=([A-Za-z0-9_%-]{12,})")


def routes(resolver=None, before=""):
    """Every pattern of an address that is not of the API and not for strangers."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        elif entry.callback.permission != PUBLIC and not route.startswith(("^", "api/")):
            yield route


def pages(planted, *, is_brief=False):
    """Every page, about each of those who were planted, with what their rows are called; or those that say most."""
    found = []
    for route in routes():
        if is_brief and not route.startswith(_SAY_MOST):
            continue
        names = re.findall(r"<(?:\w+:)?(\w+)>", route)
        for one in planted:
            values = [_values(route, name, one) for name in names]
            for chosen in product(*values):
                address = route
                for name, value in zip(names, chosen, strict=True):
                    address = re.sub(rf"<(?:\w+:)?{name}>", value, address, count=1)
                found.append(f"/{address}")
    columns = ",".join(field.name for field in catalogue.permanent())
    found += [f"/customers{query.format(columns=columns)}" for query in _LISTS]
    found += [f"/find?q={typed}" for typed in ("qz", "posteo", "N-", "4321")]
    found += ["/inbox?q=qzasked", "/inbox?tab=open", "/inbox/new/who?who=qz"]
    found += ["/customers/people?who=qz", "/customers/companies?organisation=qz", "/customers/deleted?q=qz"]
    found += ["/orders?q=N-", "/orders?sort=-total", "/customers/view-counts?query=q%3Dqz"]
    for one in planted:
        here = one.ids["customer"][0]
        found += [f"/customers/{here}?list=sort%3Dname", f"/find?with={here}", f"/find?with={one.ids['order'][0]}"]
        found += [f"/customers/{here}/timeline?show={kind}" for kind in ("order", "note", "change")]
        found += [f"/customers/duplicates/compare?ids={pair.ids['customer'][0]}&ids={here}" for pair in planted]
        found += [f"/customers/new?organisation={here}", f"/customers/address-fields?customer={here}"]
    return list(dict.fromkeys(found))


def operations(client, planted):
    """Every address of the API that can be read."""
    found = []
    for path, methods in client.get("/api/v1/openapi.json").json()["paths"].items():
        if "get" not in methods:
            continue
        names = re.findall(r"{(\w+)}", path)
        for one in planted:
            for chosen in product(*(_values(path, name, one) for name in names)):
                address = path
                for name, value in zip(names, chosen, strict=True):
                    address = address.replace(f"{{{name}}}", value)
                found.append(address)
    found += ["/api/v1/customers?q=qz", "/api/v1/customers?sort=name&limit=1", "/api/v1/customers?q=posteo&limit=1"]
    found += ["/api/v1/conversations?q=qzasked", "/api/v1/conversations?limit=1"]
    for one in planted:
        found.append(f"/api/v1/customers?external_id=qzaccount{one.ids['order'] and ''}@channel.example")
    return list(dict.fromkeys(found))


def exports(planted):
    """What is sent to have the list, and some customers, as files of every format with every column."""
    columns = ",".join(field.name for field in catalogue.fields())
    for wish in FORMATS:
        yield {"query": f"columns={columns}", "format": wish, "reason": "a test", "_go": "1", "all": "1"}
        ids = [one.ids["customer"][0] for one in planted]
        yield {"query": f"columns={columns}", "format": wish, "reason": "a test", "_go": "1", "ids": ids}


def told(response):
    """Everything an answer says, in small letters: its body, unpacked where it is packed, its headers, its cursors."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    # a cursor that is a public id packs nothing: it stands in the body as it is
    packed = [found for found in _CURSOR.findall(body) if not _PUBLIC_ID.fullmatch(found)]
    cursors = [base64.urlsafe_b64decode(found + b"=" * (-len(found) % 4)) for found in packed]
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    text = b"\n".join([body, *cursors]).decode("utf-8", "replace")
    return f"{text}\n{headers}".lower().replace("&amp;", "&").replace("\N{NO-BREAK SPACE}", " ")


def _values(route, name, one):
    if name in NAMED:
        return one.ids.get(NAMED[name], ["1"])
    if name == "public_id":
        known = next((one.ids[kind] for before, kind in _PUBLIC_IDS if route.startswith(before)), ["usr_0000000000000"])
        # what hangs on somebody hangs on the person; their merged record has the same pages
        return known if route.endswith(("<str:public_id>", "/peek", "/edit")) else known[:1]
    if name == "slug":
        return _TABS
    if name == "group":
        return list(GROUPS)
    if name == "name" and "/field/" in route:
        return _FIELDS
    if name == "name" and "/filter/" in route:
        return ["name", "email", "birth_date", "companies", "amount_spent", "customer_tags"]
    return {"job_id": ["5b1f2bbd-4f5c-4c0e-9c55-5f5f7c0b7b10"], "value": ["x"], "form": ["html"]}.get(name, ["1"])
