"""What each column of a file holds, guessed from its heading and its values, and why we think so.

1. What somebody chose, or chose the last time for a file with these headings, holds.
2. Then headings: exactly, then without the words around them (“Mailing City”). A heading whose values are plainly
   something else does not count: a column “Contact” full of e-mail addresses is no name.
3. Then values, for columns whose headings we do not know.
4. Every other column is said to be left out, and offered as a field of the shop's own, with the type its values have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from regulars.core.importing import find_columns, heading_key
from regulars.customers.importing.evidence import Evidence, Looks, evidence_of
from regulars.customers.importing.headings import COUNTED, INTERNAL, KNOWN, bare
from regulars.customers.models import CustomField

REPEATED = {"email": "email_2", "phone": "phone_2"}
CUSTOM = "metafields.custom."

_COUNTED = frozenset(map(heading_key, COUNTED))
_INTERNAL = frozenset(map(heading_key, INTERNAL))
_OWN_TYPES = {
    Looks.DATE: CustomField.Type.DATE,
    Looks.NUMBER: CustomField.Type.NUMBER,
    Looks.YES_NO: CustomField.Type.YES_NO,
    Looks.LINK: CustomField.Type.LINK,
    Looks.FEW_WORDS: CustomField.Type.ONE_OF,
    Looks.LONG_TEXT: CustomField.Type.LONG_TEXT,
}
_VALUES_OF = {
    "email": {Looks.EMAIL}, "phone": {Looks.PHONE, Looks.NUMBER}, "address_phone": {Looks.PHONE, Looks.NUMBER},
    "customer_since": {Looks.DATE, Looks.NUMBER}, "birthday": {Looks.DATE, Looks.NUMBER},
}  # fmt: skip
_CLEAR = {Looks.EMAIL, Looks.LINK, Looks.DATE, Looks.PHONE}
_BY_VALUES = {Looks.EMAIL: "email", Looks.PHONE: "phone", Looks.COUNTRY: "country", Looks.PERSON: "name"}


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column holds: `field` is empty where it is left out. `suggestion` is the type of an own field for it."""

    column: int
    field: str
    reason: str
    suggestion: str = ""
    is_chosen: bool = False
    is_empty: bool = False


def guess(
    header: Sequence[str],
    samples: Sequence[Sequence[str]],
    *,
    chosen: Mapping[str, str],
    own_fields: Mapping[str, str] | None = None,
    country: str = "",
) -> list[Guess]:
    """One guess for every column. `samples` are some rows; `own_fields` the shop's own, {name: label}.

    Raises Invalid where `chosen` names a field or a column that does not exist.
    """
    known: dict[str, Sequence[str]] = {**KNOWN, "email_2": ("email_2",), "phone_2": ("phone_2",)}
    for name, label in (own_fields or {}).items():
        known[name] = (name, name.removeprefix(CUSTOM), label)
    evidence = [
        evidence_of([row[place] for row in samples if place < len(row)], country=country)
        for place in range(len(header))
    ]
    found: dict[int, Guess] = {}
    for name, place in find_columns(header, known=dict.fromkeys(known, ()), chosen=chosen).items():
        found[place] = Guess(place, name, _("You said so."), is_chosen=True)
    _by_headings(header, evidence, known, found)
    _repeated(header, evidence, known, found)
    _by_values(header, evidence, found)
    return [found.get(place) or _left_out(place, header, evidence[place], found) for place in range(len(header))]


def _taken(found: Mapping[int, Guess]) -> set[str]:
    return {one.field for one in found.values() if one.field}


def _by_headings(
    header: Sequence[str],
    evidence: Sequence[Evidence],
    known: Mapping[str, Sequence[str]],
    found: dict[int, Guess],
) -> None:
    """Exact headings first, so that “Shipping City” does not take the place of “City”."""
    for shortened in (False, True):
        names = [bare(name) if shortened and name else name for name in header]
        places = [place for place in range(len(header)) if place not in found and names[place]]
        # a later column of the same heading waits its turn
        open_fields = {name: words for name, words in known.items() if name not in _taken(found)}
        claims = find_columns([names[place] for place in places], known=open_fields, chosen={})
        for name, at in claims.items():
            place = places[at]
            if _contradicts(evidence[place], name):
                continue
            reason = _("The heading is one of those for this field.")
            if shortened:
                reason = _("Without the words around it, the heading is “%(heading)s”.") % {"heading": names[place]}
            found[place] = Guess(place, name, reason)


def _contradicts(evidence: Evidence, field: str) -> bool:
    """Whether the values are plainly not what the heading says."""
    fits = _VALUES_OF.get(field)
    if evidence.count < 10 or field in {"external_id", "note"}:
        return False
    if fits is None:
        return evidence.looks is Looks.EMAIL and evidence.share >= 0.9
    return evidence.looks in _CLEAR and evidence.looks not in fits and evidence.share >= 0.9


def _repeated(
    header: Sequence[str],
    evidence: Sequence[Evidence],
    known: Mapping[str, Sequence[str]],
    found: dict[int, Guess],
) -> None:
    """A second e-mail and a second phone are kept beside the first ones."""
    for name, second in REPEATED.items():
        keys = {heading_key(word) for word in known[name]}
        for place, heading in enumerate(header):
            if place in found or not heading or second in _taken(found) or name not in _taken(found):
                continue
            said = {heading_key(heading), heading_key(bare(heading))} & keys
            looks = Looks.EMAIL if name == "email" else Looks.PHONE
            if (said and evidence[place].looks is Looks.NOTHING) or (
                (said or name in heading_key(heading)) and evidence[place].looks is looks
            ):
                found[place] = Guess(place, second, _("It stands beside a column of the same kind."))


def _by_values(header: Sequence[str], evidence: Sequence[Evidence], found: dict[int, Guess]) -> None:
    for place, heading in enumerate(header):
        one = evidence[place]
        name = _BY_VALUES.get(one.looks, "")
        if one.looks is Looks.DATE and one.is_of_births:
            name = "birthday"
        elif one.is_of_postcodes and _stands_beside(place, {"city", "country", "region"}, found):
            name = "postcode"
        if place in found or not name or heading_key(heading) in _COUNTED | _INTERNAL:
            continue
        taken = _taken(found)
        if name == "name" and (taken & {"name", "given_name", "family_name"} or not _may_name_people(heading)):
            continue
        if name in taken:
            name = REPEATED.get(name, "")
        if name and name not in taken:
            found[place] = Guess(place, name, one.reason())


def _may_name_people(heading: str) -> bool:
    """Whether a heading leaves open that people are named here: it hints at it, or says nothing at all."""
    key = heading_key(heading)
    return bool(_UNSPOKEN.fullmatch(key)) or any(hint in key for hint in _PEOPLE)


_UNSPOKEN = re.compile(r"(?:column|field|col|feld|spalte|unnamed|列|字段)?[a-z]?\d*")
_PEOPLE = ("name", "kund", "person", "contact", "client", "buyer", "guest", "kontakt", "客", "人", "名", "会员")


def _stands_beside(place: int, fields: set[str], found: Mapping[int, Guess]) -> bool:
    return any(found[at].field in fields for at in (place - 1, place + 1) if at in found)


def _left_out(place: int, header: Sequence[str], evidence: Evidence, found: Mapping[int, Guess]) -> Guess:
    key = heading_key(header[place])
    if not evidence.count:
        return Guess(place, "", _("The column is empty in the rows looked at."), is_empty=True)
    if key in _COUNTED:
        return Guess(place, "", _("This is counted from the orders."))
    if key in _INTERNAL:
        return Guess(place, "", _("This means something in the other system only."))
    for name, words in KNOWN.items():
        keys = {heading_key(word) for word in words}
        if name in _taken(found) and (key in keys or heading_key(bare(header[place])) in keys):
            return Guess(place, "", _("Another column holds this already."), evidence_type(evidence))
    return Guess(place, "", _("We do not know this column."), evidence_type(evidence))


def evidence_type(evidence: Evidence) -> str:
    """The type of an own field that would hold these values."""
    return str(_OWN_TYPES.get(evidence.looks, CustomField.Type.TEXT))
