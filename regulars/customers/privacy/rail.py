"""What the customer page says of a person's rights: limits in red, requests that wait, what can be done."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from regulars.core import shop
from regulars.customers import people
from regulars.customers.models import Customer, PrivacyRequest
from regulars.customers.privacy import permitting


def context(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The limits of a person, which whoever serves them has to know; requests only for who may see those."""
    user: Any = request.user
    may_see = user.may("privacy.view")
    open_ones = PrivacyRequest.objects.filter(
        customer__in=people.records(customer), state=PrivacyRequest.State.OPEN
    ).order_by("due_on")
    return {
        "limits": list(permitting.limits_of(customer).order_by("pk")),
        "requests": list(open_ones) if may_see else [],
        "today": shop.today(),
        "is_child": permitting.is_child(customer),
        "may_see": may_see,
        "may_edit": user.may("privacy.edit"),
    }
