"""The operations of customers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core import ids
from regulars.core.api.listing import PAGING, Query, neighbours
from regulars.core.api.preconditions import must_match
from regulars.core.api.problems import Problem
from regulars.core.api.routes import Answer
from regulars.core.errors import Invalid
from regulars.customers import actions, reads
from regulars.customers.actions.custom_fields import set_custom_values
from regulars.customers.actions.profile import new_address
from regulars.customers.actions.suggesting import suggest_duplicates
from regulars.customers.actions.tags import set_tags
from regulars.customers.api.parameters import list_parameters
from regulars.customers.api.people import addressed, listed, refuse_merged
from regulars.customers.api.shapes import (
    AddressIn,
    CustomerIn,
    CustomerOut,
    CustomerPatch,
    CustomersOut,
    ProfileFields,
    customer_out,
    customers_out,
    routes,
)
from regulars.customers.models import Category, Customer, Identity
from regulars.customers.people import roots_of
from regulars.customers.queries import ListRequest, customer_page
from regulars.staff.models import User

_BESIDES = {"channel", "external_id", "address", "tags", "custom_fields"}


@routes.reads(
    "/customers",
    permission="customers.view",
    summary="List customers",
    out=CustomersOut,
    parameters=[*list_parameters(), *PAGING],
)
def list_customers(request: HttpRequest) -> Answer:
    """Customers by name, or as `sort` says, with the filters of the list in the shop.

    Fields of the shop's own are filters and orders, too: `metafields.custom.<key>`, with the operators of their type
    (`/customer_fields` names them); `is_set` and `is_empty` go with every field that can be empty.

    `external_id` (and `channel`, the code of the channel whose id it is) finds who a channel knows under an id; it
    stands alone, without other filters.
    """
    if "external_id" in request.GET:
        return _by_external_id(request, Query(request))
    wanted = ListRequest.from_query(request.GET, language=get_language() or "en", reader=request.auth)  # type: ignore[attr-defined]
    page = customer_page(wanted)
    reads.listed(wanted, page.rows, "list")
    links = neighbours(request, next_cursor=page.next_cursor, previous_cursor=page.previous_cursor)
    items = customers_out(page.rows, reader=request.auth)  # type: ignore[attr-defined]
    return Answer(body=CustomersOut(items=items, next=links.get("next"), previous=links.get("prev")), links=links)


@routes.creates("/customers", permission="customers.edit", summary="Create a customer", out=CustomerOut)
def create_customer(request: HttpRequest, customer: CustomerIn) -> Answer:
    """Somebody new, with a first address and the id of a channel where you have them."""
    created = actions.create_customer(
        values=_values(customer),
        channel=_channel(customer.channel) if customer.channel else None,
        external_id=customer.external_id,
        address=_address(customer.address) if customer.address else None,
    )
    _label(request, created, customer, is_new=True)
    suggest_duplicates(created)
    return _answer(request, created, location=f"/api/v1/customers/{created.public_id}")


@routes.reads("/customers/{customer_id}", permission="customers.view", summary="Read a customer", out=CustomerOut)
def get_customer(request: HttpRequest, customer_id: str) -> Answer:
    """A customer with what they bought. The id of a record that was merged brings the customer it is now."""
    return _answer(request, listed(customer_id))


@routes.changes("/customers/{customer_id}", permission="customers.edit", summary="Change a customer", out=CustomerOut)
def change_customer(request: HttpRequest, customer_id: str, customer: CustomerPatch) -> Answer:
    """Change the fields that are sent; an empty text clears a field.

    What is sent to the id of a record that was merged changes what that record says; the answer is the customer it is.
    """
    known = _to_change(request, customer_id)
    changed = actions.change_customer(known, values=_values(customer), version=known.version)
    _label(request, changed, customer)
    if changed.version != known.version:
        suggest_duplicates(changed.person)
    return _answer(request, changed if known.merged_into_id is None else listed(customer_id))


@routes.removes("/customers/{customer_id}", permission="customers.delete", summary="Delete a customer")
def delete_customer(request: HttpRequest, customer_id: str) -> Answer:
    """Delete a customer. For 30 days they can be brought back; then they go for good, with what belongs to them.

    Their orders stay; from then on they are orders of a guest.
    """
    known = _to_change(request, customer_id)
    refuse_merged(known)
    actions.delete_customer(known, version=known.version)
    return Answer()


@routes.acts(
    "/customers/{customer_id}/restore", permission="customers.delete", summary="Bring back a customer", out=CustomerOut
)
def restore_customer(request: HttpRequest, customer_id: str) -> Answer:
    """Bring back a deleted customer, as they were. 409 where somebody else has their e-mail now."""
    gone = Customer.everyone.filter(pk=Customer.pk_of(customer_id) or 0).first()
    if gone is None or (gone.deleted_at is None and not gone.is_listed):
        raise Problem("not-found", _("There is nothing with the id %(id)s here.") % {"id": customer_id})
    return _answer(request, actions.restore_customer(gone))


def _by_external_id(request: HttpRequest, query: Query) -> Answer:
    """Whom the channels (or one of them) know under an id, on one page."""
    external_id, limit = query.text("external_id"), query.limit()
    codes = dict(Channel.objects.values_list("code", "pk"))
    chosen = query.choices("channel", codes)
    query.refuse_rest()
    known = Identity.objects.filter(external_id=external_id, channel__in=[codes[code] for code in chosen or codes])
    roots = set(roots_of(known.values_list("customer", flat=True)).values())
    customers = list(Customer.objects.filter(pk__in=roots).order_by("id")[:limit])
    reads.searched(f"external_id={external_id}", customers, "list")
    items = customers_out(customers, reader=request.auth)  # type: ignore[attr-defined]
    return Answer(body=CustomersOut(items=items, next=None, previous=None))


def _to_change(request: HttpRequest, customer_id: str) -> Customer:
    """The record, locked, and its customer in the version that the caller means."""
    known = addressed(customer_id, to_change=True)
    must_match(request, known.person, shown=customer_out(known.person, reader=request.auth))  # type: ignore[attr-defined]
    return known


def _values(sent: ProfileFields) -> dict[str, Any]:
    """What was sent of the profile, as the verbs take it. Raises Invalid."""
    values = {name: value for name, value in sent.given().items() if name not in _BESIDES}
    if values.get("looked_after_by") is not None:
        values["looked_after_by"] = _colleague(values["looked_after_by"])
    if values.get("category") is not None:
        values["category"] = _category(values["category"])
    if values.get("organisation") is not None:
        values["organisation"] = _company(values["organisation"])
    return values


def _address(sent: AddressIn) -> dict[str, Any]:
    """What was sent of the first address; a refusal names its fields as the body has them. Raises Invalid."""
    try:
        new_address(sent.given())
    except Invalid as refusal:
        fields = {f"address.{name}": why for name, why in refusal.fields.items()}
        raise Invalid(refusal.sentence, fields=fields) from refusal
    return sent.given()


def _colleague(public_id: str) -> User:
    user = User.objects.filter(pk=ids.decode(User.id_prefix, public_id) or 0, is_active=True).first()
    if user is None:
        sentence = _("Nobody with the id %(id)s works here.") % {"id": public_id}
        raise Invalid(sentence, fields={"looked_after_by": [sentence]})
    return user


def _category(key: str) -> Category:
    category = Category.objects.filter(key=key).first()
    if category is None:
        known = ", ".join(Category.objects.values_list("key", flat=True))
        sentence = _("There is no category with the key “%(key)s”, only: %(known)s.") % {"key": key, "known": known}
        raise Invalid(sentence, fields={"category": [sentence]})
    return category


def _company(public_id: str) -> Customer:
    company = Customer.objects.filter(pk=Customer.pk_of(public_id) or 0).first()
    if company is None:
        sentence = _("There is no customer with the id %(id)s.") % {"id": public_id}
        raise Invalid(sentence, fields={"organisation": [sentence]})
    return company


def _channel(code: str) -> Channel:
    channel = Channel.objects.filter(code=code).first()
    if channel is None:
        sentence = _("There is no channel with the code “%(code)s”.") % {"code": code}
        raise Invalid(sentence, fields={"channel": [sentence]})
    return channel


def _label(request: HttpRequest, customer: Customer, sent: ProfileFields, *, is_new: bool = False) -> None:
    """Give a customer the tags and the values of the shop's own fields that were sent. Raises Invalid."""
    given = sent.given()
    if "tags" in given:
        set_tags(customer, names=given["tags"])
    if is_new or "custom_fields" in given:
        values, reader = given.get("custom_fields", {}), request.auth  # type: ignore[attr-defined]
        set_custom_values(customer, values=values, reader=reader, is_new=is_new)


def _answer(request: HttpRequest, customer: Customer, *, location: str = "") -> Answer:
    body = customer_out(customer, reader=request.auth)  # type: ignore[attr-defined]
    return Answer(body=body, version=customer.version, location=location, about=customer.public_id)
