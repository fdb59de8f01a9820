"""What holds of what customers agreed to, and what that follows from.

The ledger (ConsentRecord) is only added to. For one medium and one purpose the latest answer holds, whenever we learned
of it; of two answers of the same moment the stricter one. A question that waits for its answer (`asked`) never takes an
agreement away, and says after a refusal that an answer is open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.customers.models import Consent, ConsentRecord, ConsentState, Customer, Medium, Wording
from regulars.customers.privacy.permitting import may

MARKETING = "marketing"

Key = tuple[str, str]  # medium and purpose

# How filters and the API call the states: the words of the customer query language.
WORDS: dict[str, str] = {
    ConsentState.AGREED: "subscribed",
    ConsentState.REFUSED: "unsubscribed",
    ConsentState.ASKED: "pending",
}
NEVER = "not_subscribed"
LABELS: dict[str, str | Promise] = {
    "subscribed": _("Agreed"),
    "unsubscribed": _("Refused"),
    "pending": _("Asked to confirm"),
    NEVER: _("Never asked"),
}
FIELD_OF: dict[str, str] = {medium: f"{medium}_subscription_status" for medium in Medium.values}

_STRICTNESS = {ConsentState.AGREED: 0, ConsentState.ASKED: 1, ConsentState.REFUSED: 2}


@dataclass(frozen=True, slots=True)
class Stand:
    """How a customer stands to one medium: the record that holds, or none where nobody ever asked."""

    medium: Medium
    record: ConsentRecord | None

    @property
    def word(self) -> str:
        return WORDS[self.record.state] if self.record else NEVER

    @property
    def label(self) -> str:
        return str(LABELS[self.word])

    @property
    def is_agreed(self) -> bool:
        return self.word == "subscribed"

    @property
    def is_refused(self) -> bool:
        return self.word == "unsubscribed"


def holding(records: Iterable[ConsentRecord]) -> dict[Key, ConsentRecord]:
    """The record that holds for each medium and purpose, out of all the records of a customer (or of several)."""
    answers: dict[Key, ConsentRecord] = {}
    questions: dict[Key, ConsentRecord] = {}
    for record in records:
        among = questions if record.state == ConsentState.ASKED else answers
        key = record.medium, record.purpose
        if key not in among or _weight(record) > _weight(among[key]):
            among[key] = record
    held = dict(answers)
    for key, question in questions.items():
        answer = answers.get(key)
        if answer is None or (answer.state == ConsentState.REFUSED and question.at > answer.at):
            held[key] = question
    return held


def stands(customer_ids: Collection[int], *, purpose: str = MARKETING) -> list[Stand]:
    """How one person stands to each medium, in the order people read them; their records may be several."""
    found = Consent.objects.filter(customer__in=customer_ids, purpose=purpose).select_related("record", "record__actor")
    held = holding(consent.record for consent in found)
    return [Stand(medium, held.get((medium, purpose))) for medium in Medium]


def states(customer_ids: Collection[int], *, purpose: str = MARKETING) -> dict[int, dict[str, str]]:
    """The state of each medium in the words of filters, by customer; a medium nobody asked about is left out."""
    found: dict[int, dict[str, str]] = {number: {} for number in customer_ids}
    rows = Consent.objects.filter(customer__in=customer_ids, purpose=purpose)
    for number, medium, state in rows.values_list("customer_id", "medium", "state"):
        found[number][medium] = WORDS[state]
    return found


def history(customer_ids: Collection[int]) -> QuerySet[ConsentRecord]:
    """Every line of the ledger of a person, the newest first."""
    records = ConsentRecord.objects.filter(customer__in=customer_ids)
    return records.select_related("wording", "actor").order_by("-at", "-id")


def may_reach(customer: Customer, medium: str, *, purpose: str = MARKETING) -> bool:
    """Whether we may write or call for this purpose: agreed, and nothing speaks against it (privacy.may)."""
    customer = customer.person
    if not customer.is_listed or customer.is_blocked or may(customer, purpose) is not None:
        return False
    return Consent.objects.filter(customer=customer, medium=medium, purpose=purpose, state=ConsentState.AGREED).exists()


def newest_wording(*, purpose: str = MARKETING, language: str = "en") -> Wording | None:
    """The words to show today: in the language, else in the part of it before the dash, else in English."""
    by_language: Mapping[str, Wording] = {
        wording.language: wording for wording in Wording.objects.filter(purpose=purpose).order_by("number")
    }
    wanted_language = language.lower()
    for wanted in (wanted_language, wanted_language.partition("-")[0], "en"):
        if wanted in by_language:
            return by_language[wanted]
    return next(iter(by_language.values()), None)


def _weight(record: ConsentRecord) -> tuple[object, ...]:
    return record.at, _STRICTNESS[ConsentState(record.state)], record.pk
