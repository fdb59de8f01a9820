"""The operations of further e-mails and phones, of the numbers channels have, of households and categories."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from regulars.channels.models import Channel
from regulars.core.api.preconditions import find, must_match
from regulars.core.api.problems import Problem
from regulars.core.api.routes import Answer
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.core.errors import Invalid
from regulars.customers import actions
from regulars.customers.api.people import addressed, listed
from regulars.customers.api.shapes import ContactOut, CustomerOut, contact_out, customer_out, routes
from regulars.customers.models import Category, ContactPoint, Customer, Household, Identity
from regulars.customers.queries.contact_points import contact_points

_CONTACTS, _CONTACT = "/customers/{customer_id}/contacts", "/customers/{customer_id}/contacts/{value}"
_NUMBERS, _NUMBER = "/customers/{customer_id}/external_ids", "/customers/{customer_id}/external_ids/{channel}/{number}"
_HOUSEHOLD = "/households/{household_id}"
_CATEGORIES, _CATEGORY = "/categories", "/categories/{category_id}"


class ContactIn(In):
    """An e-mail or a phone to add."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kind": "email", "value": "elodie@shop.example", "label": "Work"}}
    )

    kind: Literal["email", "phone"]
    value: Annotated[str, Field(max_length=254)]
    label: Annotated[str, Field(default_factory=str, max_length=40)]
    is_primary: Annotated[bool, Field(default_factory=bool, description="Put it first.")]


class ContactPatch(In):
    """What to change of an e-mail or a phone; what is not sent stays as it is."""

    model_config = ConfigDict(json_schema_extra={"example": {"label": "Home", "is_primary": True}})

    value: Annotated[str, Field(default_factory=str, max_length=254)]
    label: Annotated[str, Field(default_factory=str, max_length=40)]
    is_primary: Annotated[Literal[True], Field(default=True, description="Put it first.")]
    is_do_not_contact: Annotated[bool, Field(default_factory=bool)]


class ContactsOut(Out):
    """Every e-mail, then every phone of a customer, the first one of each kind before the others."""

    items: list[ContactOut]


class NumberIn(In):
    """The id under which a channel knows a customer."""

    model_config = ConfigDict(json_schema_extra={"example": {"channel": "web", "external_id": "17850"}})

    channel: Annotated[str, Field(max_length=40, description="The code of a channel.")]
    external_id: Annotated[str, Field(max_length=120)]


class HouseholdIn(In):
    """People who live together."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"members": ["cus_0123456789abc", "cus_0123456789abd"], "name": "Kai 1"}}
    )

    members: Annotated[list[PublicId], Field(min_length=2, max_length=50)]
    name: Annotated[str, Field(default_factory=str, max_length=200)]


class HouseholdOut(Out):
    """People who live together."""

    id: PublicId
    version: int
    name: str
    members: list[PublicId]


class CategoryIn(In):
    """A category of the shop."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Wholesale", "rule": "amount_spent.min=5000"}})

    name: Annotated[str, Field(default_factory=str, max_length=80)]
    rule: Annotated[
        str, Field(default_factory=str, max_length=1000, description="Filters of the customer list; empty: by hand.")
    ]


class CategoryOut(Out):
    """A category of the shop; `key` stays what it is, whatever the category is called."""

    id: PublicId
    version: int
    key: str
    name: str
    position: int
    rule: str
    created_at: Moment
    updated_at: Moment


class CategoriesOut(Out):
    """The categories, in the order of the shop."""

    items: list[CategoryOut]


@routes.reads(_CONTACTS, permission="customers.view", summary="List e-mails and phones", out=ContactsOut)
def list_contacts(request: HttpRequest, customer_id: str) -> Answer:  # noqa: ARG001 — every operation takes it
    """All e-mails and phones of a customer."""
    return Answer(body=_contacts(listed(customer_id)))


@routes.creates(_CONTACTS, permission="customers.edit", summary="Add an e-mail or phone", out=CustomerOut)
def create_contact(request: HttpRequest, customer_id: str, contact: ContactIn) -> Answer:
    """Add an e-mail or a phone; the first one of its kind is the one that lists show."""
    customer = addressed(customer_id, to_change=True)
    added = actions.add_contact_point(
        customer, kind=contact.kind, value=contact.value, label=contact.label, is_primary=contact.is_primary
    )
    return _customer(request, customer, location=f"/api/v1/customers/{customer.public_id}/contacts/{added.value}")


@routes.changes(_CONTACT, permission="customers.edit", summary="Change an e-mail or phone", out=CustomerOut)
def change_contact(request: HttpRequest, customer_id: str, value: str, contact: ContactPatch) -> Answer:
    """Change an e-mail or a phone; `value` in the address is what it is now, and If-Match the customer's ETag."""
    customer, kind, value = _one(request, customer_id, value)
    given = contact.given()
    changed = actions.change_contact_point(
        customer,
        kind=kind,
        value=value,
        to=given.get("value"),
        label=given.get("label"),
        is_do_not_contact=given.get("is_do_not_contact"),
    )
    if "is_primary" in given:
        actions.make_primary(customer, kind=kind, value=changed.value)
    return _customer(request, customer)


@routes.removes(_CONTACT, permission="customers.edit", summary="Remove an e-mail or phone")
def delete_contact(request: HttpRequest, customer_id: str, value: str) -> Answer:
    """Take an e-mail or a phone away; where it was the first one, the next takes its place."""
    customer, kind, value = _one(request, customer_id, value)
    actions.remove_contact_point(customer, kind=kind, value=value)
    return Answer(about=customer.public_id)


@routes.creates(_NUMBERS, permission="customers.edit", summary="Add the id of a channel", out=CustomerOut)
def create_external_id(request: HttpRequest, customer_id: str, number: NumberIn) -> Answer:
    """Say under which id a channel knows a customer."""
    customer = addressed(customer_id, to_change=True)
    channel = Channel.objects.filter(code=number.channel).first()
    if channel is None:
        sentence = _("There is no channel with the code “%(code)s”.") % {"code": number.channel}
        raise Invalid(sentence, fields={"channel": [sentence]})
    added = actions.add_identity(customer, channel=channel, external_id=number.external_id)
    location = f"/api/v1/customers/{customer.public_id}/external_ids/{channel.code}/{added.external_id}"
    return _customer(request, customer, location=location)


@routes.removes(_NUMBER, permission="customers.edit", summary="Remove the id of a channel")
def delete_external_id(request: HttpRequest, customer_id: str, channel: str, number: str) -> Answer:
    """Forget what a channel calls a customer; If-Match is the customer's ETag."""
    customer = addressed(customer_id, to_change=True)
    known = Identity.objects.filter(customer=customer, channel__code=channel, external_id=number).first()
    if known is None:
        raise Problem("not-found", _("The channel does not know this customer under %(id)s.") % {"id": number})
    must_match(request, customer, shown=customer_out(customer, reader=request.auth))  # type: ignore[attr-defined]
    actions.remove_identity(known)
    return Answer(about=customer.public_id)


@routes.creates("/households", permission="customers.edit", summary="Make a household", out=HouseholdOut)
def create_household(request: HttpRequest, household: HouseholdIn) -> Answer:  # noqa: ARG001
    """Say that people live together. Whoever lives with one of them already comes along."""
    members = [_member(public_id) for public_id in household.members]
    made = actions.join_household(members, name=household.name)
    return Answer(body=_household(made), version=made.version, location=f"/api/v1/households/{made.public_id}")


@routes.reads(_HOUSEHOLD, permission="customers.view", summary="Read a household", out=HouseholdOut)
def get_household(request: HttpRequest, household_id: str) -> Answer:  # noqa: ARG001
    """Who lives together."""
    found = find(Household, household_id)
    return Answer(body=_household(found), version=found.version)


@routes.removes("/customers/{customer_id}/household", permission="customers.edit", summary="Leave a household")
def delete_household(request: HttpRequest, customer_id: str) -> Answer:
    """Say that a customer does not live with the others any more; If-Match is the customer's ETag."""
    customer = addressed(customer_id, to_change=True)
    must_match(request, customer, shown=customer_out(customer, reader=request.auth))  # type: ignore[attr-defined]
    if actions.leave_household(customer) is None:
        raise Problem("not-found", _("This customer lives in no household."))
    return Answer(about=customer.public_id)


@routes.reads(_CATEGORIES, permission="customers.view", summary="List categories", out=CategoriesOut)
def list_categories(request: HttpRequest) -> Answer:  # noqa: ARG001
    """The categories of the shop."""
    return Answer(body=CategoriesOut(items=[_category(one) for one in Category.objects.all()]))


@routes.creates(_CATEGORIES, permission="shop.edit", summary="Add a category", out=CategoryOut)
def create_category(request: HttpRequest, category: CategoryIn) -> Answer:  # noqa: ARG001
    """One more category, at the end of the list."""
    added = actions.add_category(name=category.name, rule=category.rule)
    return Answer(body=_category(added), version=added.version, location=f"/api/v1/categories/{added.public_id}")


@routes.reads(_CATEGORY, permission="customers.view", summary="Read a category", out=CategoryOut)
def get_category(request: HttpRequest, category_id: str) -> Answer:  # noqa: ARG001
    """A category of the shop."""
    found = find(Category, category_id)
    return Answer(body=_category(found), version=found.version)


@routes.changes(_CATEGORY, permission="shop.edit", summary="Change a category", out=CategoryOut)
def change_category(request: HttpRequest, category_id: str, category: CategoryIn) -> Answer:
    """Another name, another rule."""
    known = find(Category, category_id, to_change=True)
    must_match(request, known, shown=_category(known))
    given = category.given()
    changed = actions.change_category(known, name=given.get("name"), rule=given.get("rule"))
    return Answer(body=_category(changed), version=changed.version)


@routes.removes(_CATEGORY, permission="shop.edit", summary="Remove a category")
def delete_category(request: HttpRequest, category_id: str) -> Answer:
    """Take a category off the list; whoever is in it is in none then."""
    known = find(Category, category_id, to_change=True)
    must_match(request, known, shown=_category(known))
    actions.delete_category(known)
    return Answer()


def _contacts(customer: Customer) -> ContactsOut:
    return ContactsOut(
        items=[
            contact_out(
                ContactPoint(
                    kind=point.kind,
                    value=point.value,
                    label=point.label,
                    verified_at=point.verified_at,
                    bounced_at=point.bounced_at,
                    bounce_reason=point.bounce_reason,
                    is_do_not_contact=point.is_do_not_contact,
                ),
                customer,
            )
            for point in contact_points(customer)
        ]
    )


def _one(request: HttpRequest, customer_id: str, value: str) -> tuple[Customer, str, str]:
    """The customer, in the version that is meant, and which of their e-mails or phones."""
    customer = addressed(customer_id, to_change=True)
    point = next((one for one in contact_points(customer) if one.value == value), None)
    if point is None:
        raise Problem("not-found", _("This customer has no e-mail or phone “%(value)s”.") % {"value": value[:60]})
    must_match(request, customer, shown=customer_out(customer, reader=request.auth))  # type: ignore[attr-defined]
    return customer, point.kind, point.value


def _customer(request: HttpRequest, customer: Customer, *, location: str = "") -> Answer:
    shown = listed(customer.public_id)
    body = customer_out(shown, reader=request.auth)  # type: ignore[attr-defined]
    return Answer(body=body, version=shown.version, location=location, about=shown.public_id)


def _member(public_id: str) -> Customer:
    member = Customer.objects.filter(pk=Customer.pk_of(public_id) or 0).first()
    if member is None:
        sentence = _("There is no customer with the id %(id)s.") % {"id": public_id}
        raise Invalid(sentence, fields={"members": [sentence]})
    return member


def _household(household: Household) -> HouseholdOut:
    members = Customer.objects.filter(household=household).order_by("id")
    return HouseholdOut(
        id=household.public_id,
        version=household.version,
        name=household.name,
        members=[member.public_id for member in members],
    )


def _category(category: Category) -> CategoryOut:
    return CategoryOut(
        id=category.public_id,
        version=category.version,
        key=category.key,
        name=category.name,
        position=category.position,
        rule=category.rule,
        created_at=category.created_at,
        updated_at=category.updated_at,
    )
