"""May we? Asked before anything is done with a person that they could object to.

    reason = privacy.may(person, privacy.Purpose.MARKETING)

None says yes; a sentence says why not. What is about many people asks `not_for`, the ids to be left out.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from regulars.core import datakeys, shop
from regulars.core.text import fold
from regulars.customers import people
from regulars.customers.models import Consent, ConsentState, Customer, Limit, Suppression
from regulars.customers.privacy import laws

if TYPE_CHECKING:
    from datetime import date

ANY: Final = "any"  # the medium of what is agreed to whatever the medium: sensitive data, sending abroad
_SUPPRESSED: Final = "suppressed"  # the name of the key that the hashes are made with


class Purpose(StrEnum):
    """What data are used for. `question` asks somebody by mail whether we may write to them.

    Sensitive data, and data that go abroad, want a consent of their own (PIPL 29, 39).
    """

    MARKETING = "marketing"
    PROFILING = "profiling"
    DUPLICATES = "duplicates"
    AUTOMATION = "automation"
    QUESTION = "question"
    SENSITIVE = "sensitive"
    ABROAD = "abroad"


GUARDIAN: Final = "guardian"  # the purpose of a guardian's consent for a child

_STOPS: dict[str, frozenset[str]] = {
    # restricted data are kept, and nothing else (Art. 18 (2))
    Limit.Kind.RESTRICTED: frozenset(Purpose),
    Limit.Kind.NO_MARKETING: frozenset({Purpose.MARKETING, Purpose.QUESTION}),
    Limit.Kind.NO_PROFILING: frozenset({Purpose.PROFILING, Purpose.AUTOMATION}),
}


def may(person: Customer, purpose: str) -> str | None:
    """None where a person's data may be used for this; else why not, in a sentence. All their records are looked at."""
    root = person.person
    if not root.is_listed:
        return _("They are deleted.")
    limit = limits_of(root).filter(kind__in=_kinds_against(purpose)).order_by("id").first()
    if limit is not None:
        return _("%(what)s since %(day)s: %(why)s") % {
            "what": limit.get_kind_display(),
            "day": date_format(limit.since.astimezone(shop.zone()), "j M Y"),
            "why": limit.reason,
        }
    if purpose == Purpose.MARKETING:
        return _against_marketing(root)
    if purpose in {Purpose.PROFILING, Purpose.QUESTION}:
        return _for_a_child(root)
    if purpose in {Purpose.SENSITIVE, Purpose.ABROAD} and not agreed(root, purpose):
        return _without_consent(purpose)
    return None


def limits_of(person: Customer) -> QuerySet[Limit]:
    """The limits that hold for a person, whichever of their records they were set on."""
    return Limit.objects.filter(customer__in=people.records_with(person), lifted_at__isnull=True)


def not_for(purpose: str) -> QuerySet[Limit, int]:
    """The ids of listed customers who are left out of this, as a subquery: `exclude(pk__in=not_for(…))`."""
    held = Limit.objects.filter(lifted_at__isnull=True, kind__in=_kinds_against(purpose))
    return held.values_list(Coalesce("customer__merged_into", "customer"), flat=True)


def left_out(ids: Collection[int], purpose: str) -> set[int]:
    """Which of some customers are left out of this."""
    return set(ids) & set(not_for(purpose)) if ids else set()


def agreed(person: Customer, purpose: str) -> bool:
    """Whether a person agreed to a purpose that is asked for by itself, by whichever way."""
    found = Consent.objects.filter(customer__in=people.records_with(person), purpose=purpose)
    return found.filter(state=ConsentState.AGREED).exists() and not found.filter(state=ConsentState.REFUSED).exists()


def is_child(person: Customer, *, on: date | None = None) -> bool:
    """Whether somebody is known to be younger than the age from which the law lets them decide by themselves."""
    if person.birth_year is None:
        return False
    age = laws.own_words().child_age
    today = on or shop.today()
    month, _dash, day = (person.birthday or "12-31").partition("-")
    # where only the year is known, the younger of the two possible ages counts
    turns = (person.birth_year + age, int(month), int(day))
    return (today.year, today.month, today.day) < turns


def suppress(values: Iterable[tuple[str, str]], *, at: dt.datetime) -> int:
    """Keep e-mails and phones, (kind, value), as hashes that must not be written to; how many there are of them."""
    rows = [Suppression(kind=kind, hash=_hashes(kind, value)[0], since=at) for kind, value in values if value]
    Suppression.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["hash", "kind"], update_fields=["since", "lifted_at"]
    )
    return len(rows)


def is_suppressed(kind: str, value: str) -> bool:
    """Whether somebody who was erased had this e-mail (“email”) or phone (“phone”), and it was not agreed to anew."""
    if not value or not Suppression.objects.exists():
        return False
    return Suppression.objects.filter(kind=kind, hash__in=_hashes(kind, value), lifted_at__isnull=True).exists()


def lift_suppression(kind: str, value: str, *, at: dt.datetime) -> None:
    """Somebody with this e-mail or phone agreed by themselves after the erasure: they may be written to."""
    Suppression.objects.filter(kind=kind, hash__in=_hashes(kind, value)).update(lifted_at=at)


def _against_marketing(person: Customer) -> str | None:
    if person.is_blocked:
        return _("They are blocked.")
    if is_suppressed("email", person.email) or is_suppressed("phone", person.phone):
        return _("Somebody with this e-mail or phone asked to be erased. They have to agree anew by themselves.")
    settings = laws.own_words()
    abroad = any(said.get("is_abroad") for said in settings.recipients.values())
    if settings.needs_separate_consent and abroad and not agreed(person, Purpose.ABROAD):
        return _without_consent(Purpose.ABROAD)
    return _for_a_child(person)


def _for_a_child(person: Customer) -> str | None:
    if is_child(person) and not agreed(person, GUARDIAN):
        return _("They are a child, and no guardian has agreed.")
    return None


def _without_consent(purpose: str) -> str:
    if purpose == Purpose.ABROAD:
        return _("They have not agreed that their data go abroad.")
    return _("They have not agreed that we keep sensitive data.")


def _kinds_against(purpose: str) -> list[str]:
    return [kind for kind, stops in _STOPS.items() if purpose in stops]


def _hashes(kind: str, value: str) -> list[int]:
    """The hash under each generation of the key, the newest first: a hash cannot be made anew when the key changes."""
    folded = fold(value.strip()) if kind == "email" else "".join(filter(str.isdigit, value))
    keys = datakeys.named(_SUPPRESSED).generations
    return [
        int.from_bytes(hmac.digest(keys[number], f"{kind}\0{folded}".encode(), "sha256")[:8], "big") >> 1
        for number in sorted(keys, reverse=True)
    ]


def limited(rows: QuerySet[Customer], kinds: Collection[str] = ()) -> QuerySet[Customer]:
    """Those of some customers who are under a limit (of these kinds, or any)."""
    held = Limit.objects.filter(lifted_at__isnull=True)
    if kinds:
        held = held.filter(kind__in=kinds)
    return rows.filter(Q(pk__in=held.values("customer")) | Q(records__in=held.values("customer"))).distinct()
