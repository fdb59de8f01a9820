"""The operations of addresses."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.core.api.preconditions import must_match
from regulars.core.api.problems import Problem
from regulars.core.api.routes import Answer
from regulars.customers import actions, presenting
from regulars.customers.api.people import addressed, listed
from regulars.customers.api.shapes import AddressesOut, AddressIn, AddressOut, address_out, routes
from regulars.customers.models import Address, Customer
from regulars.customers.people import records_with

_MANY, _ONE = "/customers/{customer_id}/addresses", "/customers/{customer_id}/addresses/{address_id}"


@routes.reads(_MANY, permission="customers.view", summary="List addresses", out=AddressesOut)
def list_addresses(request: HttpRequest, customer_id: str) -> Answer:  # noqa: ARG001 — every operation takes it
    """All addresses of a customer, the oldest first."""
    addresses = sorted(presenting.addresses(listed(customer_id)), key=lambda address: address.pk)
    return Answer(body=AddressesOut(items=[address_out(address) for address in addresses]))


@routes.creates(_MANY, permission="customers.edit", summary="Add an address", out=AddressOut)
def create_address(request: HttpRequest, customer_id: str, address: AddressIn) -> Answer:  # noqa: ARG001
    """Add an address. One that becomes a default takes the place of the one before."""
    customer = addressed(customer_id, to_change=True)
    added = actions.save_address(customer, values=address.given())
    location = f"/api/v1/customers/{customer.public_id}/addresses/{added.public_id}"
    return Answer(body=address_out(added), version=added.version, location=location, about=customer.public_id)


@routes.reads(_ONE, permission="customers.view", summary="Read an address", out=AddressOut)
def get_address(request: HttpRequest, customer_id: str, address_id: str) -> Answer:  # noqa: ARG001
    """An address of a customer."""
    address = _of(addressed(customer_id), address_id)
    return Answer(body=address_out(address), version=address.version)


@routes.changes(_ONE, permission="customers.edit", summary="Change an address", out=AddressOut)
def change_address(request: HttpRequest, customer_id: str, address_id: str, address: AddressIn) -> Answer:
    """Change the fields that are sent."""
    customer = addressed(customer_id, to_change=True)
    known = _of(customer, address_id)
    must_match(request, known, shown=address_out(known))
    saved = actions.save_address(customer, values=address.given(), address=known)
    return Answer(body=address_out(saved), version=saved.version, about=customer.public_id)


@routes.removes(_ONE, permission="customers.edit", summary="Remove an address")
def delete_address(request: HttpRequest, customer_id: str, address_id: str) -> Answer:
    """Remove an address; orders that went there keep their country."""
    customer = addressed(customer_id, to_change=True)
    known = _of(customer, address_id)
    must_match(request, known, shown=address_out(known))
    actions.remove_address(known)
    return Answer(about=customer.public_id)


def _of(customer: Customer, address_id: str) -> Address:
    """The customer's own address of that id. Who changes it holds the customer's row, and so all their addresses."""
    address = Address.objects.filter(customer__in=records_with(customer), pk=Address.pk_of(address_id) or 0).first()
    if address is None:
        raise Problem("not-found", _("This customer has no address with the id %(id)s.") % {"id": address_id})
    return address
