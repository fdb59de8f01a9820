"""Two records (or more) side by side: what each says, how that agrees, and what one person would show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.contact import format_phone
from regulars.core.money import Money
from regulars.customers import about, belongings, consents, panels, people, preferences, presenting, restrictions
from regulars.customers.duplicates.words import level_label, strength
from regulars.customers.models import Customer
from regulars.customers.names import category_name, formal_name
from regulars.customers.places import country_name, language_name

_PIECES = {
    "name": ("name", "names", "given", "family", "middle"),
    "email": ("email",),
    "phone": ("phone",),
    "address": ("street", "postcode", "number", "unit", "city", "region", "country"),
    "birthday": ("birth",),
    "gender": ("gender",),
    "company": ("company",),
    "occupation": ("occupation",),
    "vat_number": ("id_number",),
}


_IN_HEAD = frozenset({"channel", "customer_since"})
_DULL = frozenset({"kind", "status"})
"""What nobody needs to read where it is the same."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one record says: lines of text, or something drawn. `choice` is what its radio button sends."""

    lines: list[str]
    drawn: SafeString | str = ""
    choice: str = ""
    is_chosen: bool = False
    is_kept: bool = False

    @property
    def text(self) -> str:
        return ", ".join(self.lines)


@dataclass(slots=True)
class Row:
    """One line of the comparison. `way` is same, near, diff or none; `words` say it, `weight` what it is worth."""

    name: str
    label: str
    cells: list[Cell]
    way: str = "none"
    words: str = ""
    weight: str = ""
    result: str = ""
    note: str = ""
    is_sum: bool = False
    is_late: bool = False

    @property
    def icon(self) -> str:
        return {"same": "equal", "near": "equal-approximately", "diff": "equal-not"}.get(self.way, "minus")

    @property
    def is_chosen_from(self) -> bool:
        return any(cell.choice for cell in self.cells)


@dataclass(slots=True)
class Comparison:
    """Customers side by side, the one that stays first."""

    customers: list[Customer]
    rows: list[Row] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)


def compare(customers: Sequence[Customer], *, evidence: Sequence[Mapping[str, Any]] = ()) -> Comparison:
    """Compare some customers, the first of whom would stay; `evidence` is that of a pair of them."""
    found = Comparison(list(customers))
    pieces = _pieces(evidence)
    for group in presenting.GROUPS:
        texts = [_lines(customer, group.name) for customer in customers]
        if group.name in _IN_HEAD or (group.name in _DULL and len({tuple(text) for text in texts}) == 1):
            continue
        if any(texts):
            found.rows.append(_row(group, texts, customers, pieces.get(group.name)))
    found.rows += [*_consents(customers), _orders(customers), *_counts(customers)]
    for row in found.rows:
        if row.name in _PIECES:
            {"same": found.alike, "near": found.alike, "diff": found.unlike}.get(row.way, []).append(row.label)
    return found


def who_stays(customers: Sequence[Customer]) -> list[Customer]:
    """The same customers, the one with the most orders first; of equal ones the one who is known for longest."""
    return sorted(customers, key=lambda one: (-one.orders_count, one.customer_since, one.pk))


def _pieces(evidence: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The piece of each group that says most: of those that are not simply the same the weakest, as the initial of two
    names of one family.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for group, names in _PIECES.items():
        own = sorted((piece for piece in evidence if piece["field"] in names), key=lambda one: float(one["weight"]))
        if own:
            found[group] = next((piece for piece in own if piece["level"] != "exact"), own[-1])
    return found


def _row(
    group: presenting.Group,
    texts: list[list[str]],
    customers: Sequence[Customer],
    piece: Mapping[str, Any] | None,
) -> Row:
    way, words = _agreement(texts, piece)
    said = [text for text in texts if text]
    differs = len({tuple(text) for text in texts}) > 1
    chosen = next(place for place, text in enumerate(texts) if text)
    is_choice = differs and group.rule is presenting.Rule.FIRST
    are_all_kept = group.name in {"email", "phone", "address"} and len({tuple(text) for text in said}) > 1
    row = Row(
        group.name,
        _label(group.name),
        [
            Cell(
                text,
                choice=f"{group.name}:{customer.public_id}" if is_choice else "",
                is_chosen=is_choice and place == chosen,
                is_kept=are_all_kept and bool(text),
            )
            for place, (customer, text) in enumerate(zip(customers, texts, strict=True))
        ],
        way,
        words,
        strength(float(piece["weight"])) if piece else "",
        ", ".join(texts[chosen]),
    )
    if group.rule is presenting.Rule.EARLIEST:
        row.result = min(zip((one.customer_since for one in customers), texts, strict=True))[1][0]
        row.note = _("the earliest one") if differs else ""
    elif group.name == "restrictions":
        row.result = ", ".join(dict.fromkeys(word for text in texts for word in text))
        row.is_late, row.note = True, _("as soon as one has it") if differs else ""
    elif group.rule is presenting.Rule.ALL:
        row.result = texts[0][0] if all(texts) else _("Has an account")
    elif are_all_kept:
        row.note = _("shown first; the others are kept beside it")
    return row


def _agreement(texts: Sequence[list[str]], piece: Mapping[str, Any] | None) -> tuple[str, str]:
    if not all(texts):
        return "none", _("one is empty")
    if piece is not None:
        level = str(piece["level"])
        way = {"exact": "same", "different": "diff"}.get(level, "near")
        return way, level_label(level)
    if len({tuple(text) for text in texts}) == 1:
        return "same", level_label("exact")
    return "diff", level_label("different")


def _consents(customers: Sequence[Customer]) -> list[Row]:
    """The newest answer of all records holds; of two of one moment the stricter."""
    stands = [consents.stands(people.records(customer)) for customer in customers]
    rows = []
    for place, first in enumerate(stands[0]):
        each = [one[place] for one in stands]
        if not any(one.record for one in each):
            continue
        held = consents.holding(one.record for one in each if one.record)
        last = consents.Stand(first.medium, next(iter(held.values())))
        words = {one.word for one in each}
        rows.append(
            Row(
                f"consent-{first.medium}",
                _("%(channel)s consent") % {"channel": first.medium.label},
                [Cell([_said(one)]) for one in each],
                "same" if len(words) == 1 else "diff",
                level_label("exact" if len(words) == 1 else "different"),
                result=last.label,
                note="" if len(words) == 1 else _("the newest word, and the stricter of two"),
                is_sum=True,
                is_late=last.is_refused,
            )
        )
    return rows


def _said(stand: consents.Stand) -> str:
    if stand.record is None:
        return stand.label
    return f"{stand.label} {_day(stand.record.at)}"


def _orders(customers: Sequence[Customer]) -> Row:
    currency, language = shop.current().currency, get_language() or "en"
    drawn = [panel.drawn(customers) for panel in panels.in_rows() if panel.name == "rhythm"]
    spent = Money(sum(one.spent_minor for one in customers), currency)
    return Row(
        "orders",
        _("Orders"),
        [
            Cell(
                [_bought(one.orders_count, one.spent.format(language))],
                drawn=drawn[0].get(one.pk, "") if drawn else "",
            )
            for one in customers
        ],
        result=_bought(sum(one.orders_count for one in customers), spent.format(language)),
        is_sum=True,
    )


def _bought(count: int, spent: str) -> str:
    return ngettext("%(count)s order, %(spent)s", "%(count)s orders, %(spent)s", count) % {
        "count": count,
        "spent": spent,
    }


def _counts(customers: Sequence[Customer]) -> list[Row]:
    """What hangs on each, counted; all of it belongs to the one person."""
    records = {customer.pk: people.records(customer) for customer in customers}
    counted = belongings.counted([record for ids in records.values() for record in ids])
    labels = {holder.name: str(holder.label) for holder in belongings.holders()}
    rows = []
    for name, counts in counted.items():
        each = [sum(counts[record] for record in records[customer.pk]) for customer in customers]
        if any(each):
            cells = [Cell([str(number)]) for number in each]
            rows.append(Row(name, labels[name], cells, result=str(sum(each)), is_sum=True))
    return rows


def _lines(customer: Customer, group: str) -> list[str]:
    """What a customer shows of a group, line by line; nothing where it says nothing."""
    text = _TEXTS[group](customer) if group in _TEXTS else getattr(customer, group, "")
    if isinstance(text, list):
        return [line for line in text if line]
    return [str(text)] if text not in (None, "") else []


def _address(customer: Customer) -> list[str]:
    known = presenting.addresses(customer)
    if not known:
        return [part for part in (customer.postcode, customer.city) if part]
    return [known[0].line1, " ".join(filter(None, (known[0].postcode, known[0].city))), _land(known[0].country)]


def _land(code: str) -> str:
    """The country, where it is not the shop's own."""
    return country_name(code) if code and code != shop.current().country else ""


def _day(moment: Any) -> str:
    return date_format(moment.astimezone(shop.zone()).date(), "j M Y")


_TEXTS: dict[str, Any] = {
    "kind": lambda one: one.get_kind_display(),
    "name": lambda one: list(dict.fromkeys((str(one), formal_name(one)))),
    "phone": lambda one: format_phone(one.phone) if one.phone else "",
    "address": _address,
    "billing": lambda _one: "",
    "birthday": about.birthday_words,
    "gender": lambda one: one.get_gender_display(),
    "language": lambda one: language_name(one.language) if one.language else "",
    "status": lambda one: one.get_status_display(),
    "category": lambda one: category_name(one.category) if one.category else "",
    "looked_after_by": lambda one: one.looked_after_by.name if one.looked_after_by else "",
    "channel": lambda one: one.channel.name if one.channel else "",
    "customer_since": lambda one: _day(one.customer_since),
    "is_guest": lambda one: _("Bought as a guest") if one.is_guest else "",
    "restrictions": restrictions.words,
    "organisation": lambda one: [str(one.organisation or ""), one.position],
    "household": lambda one: str(one.household or ""),
    "payment_days": lambda one: "" if one.payment_days is None else str(one.payment_days),
    "preferred_channels": lambda one: preferences.words_of("preferred_channels", one.preferred_channels),
    "contact_times": lambda one: preferences.words_of("contact_times", one.contact_times),
    "interests": lambda one: preferences.words_of("interests", one.interests),
    "shopping_frequency": lambda one: one.get_shopping_frequency_display(),
}


def _label(group: str) -> str:
    return str(
        {
            "address": _("Address"),
            "birthday": _("Birthday"),
            "channel": _("First seen in"),
            "is_guest": _("Account"),
            "restrictions": _("Restrictions"),
            "preferred_channels": _("Likes to hear from us by"),
            "time_zone": _("Time zone"),
        }.get(group)
        or _named(group)
    )


def _named(group: str) -> str:
    words = str(Customer._meta.get_field(group).verbose_name)  # type: ignore[union-attr]
    return words[:1].upper() + words[1:]
