"""Withdraw the agreement of many customers to be written to."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from regulars.customers.actions.consent import give_back_many, withdraw_many
from regulars.customers.bulk.action import Images, Line, Outcome, Params
from regulars.customers.consents import FIELD_OF, MARKETING, WORDS
from regulars.customers.journal import Image
from regulars.customers.models import Consent, ConsentState, Customer, Medium
from regulars.customers.standings import id_list

_WITHDRAWN = "withdrawn"


def title(params: Params) -> str:
    """Withdraw consent: E-mail, SMS."""
    labels = dict(Medium.choices)
    media = [str(labels.get(medium, medium)) for medium in params["channels"]]
    return _("Withdraw consent: %(channels)s") % {"channels": pgettext("between the words of a list", ", ").join(media)}


def plan(numbers: Sequence[int], params: Params) -> Iterable[Line]:
    """Who agreed, or was asked, on these channels; for everybody else nothing changes."""
    held = Consent.objects.filter(customer__in=id_list(numbers), medium__in=params["channels"], purpose=MARKETING)
    states: dict[int, dict[str, list[str]]] = defaultdict(dict)
    refused = WORDS[ConsentState.REFUSED]
    rows = held.exclude(state=ConsentState.REFUSED).order_by("customer", "medium")
    for number, medium, state in rows.values_list("customer_id", "medium", "state"):
        states[number][FIELD_OF[medium]] = [WORDS[state], refused]
    for number in Customer.objects.filter(id__in=id_list(numbers)).values_list("id", flat=True):
        yield Line(number, Outcome.CHANGED if number in states else Outcome.SAME, states.get(number, {}))


def apply(numbers: Sequence[int], params: Params, _at: dt.datetime) -> Images:
    """Write the withdrawals into the ledger, and keep which answers held before."""
    before = withdraw_many(numbers, media=params["channels"], reason=title(params))
    return {number: [[_WITHDRAWN, number, {"records": records}, None]] for number, records in before.items()}


def take_back(changes: Sequence[tuple[int, Sequence[Image]]]) -> dict[int, str]:
    """Say again what held before; the ledger keeps both. Who answered since is left as they are."""
    before = {
        number: list(held["records"])
        for number, images in changes
        for name, _key, held, _after in images
        if name == _WITHDRAWN
    }
    kept = give_back_many(before, reason=_("The withdrawal was taken back."))
    why = _("They answered since, and what they said holds.")
    return dict.fromkeys(kept, why)
