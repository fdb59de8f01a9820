"""The columns of the customer list: fields of the catalogue and what rooms draw, in one order, chosen per person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from operator import attrgetter

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.contact import format_phone
from regulars.core.money import Money
from regulars.core.ui import words
from regulars.customers import birthdays, catalogue, panels, restrictions
from regulars.customers.catalogue import Type
from regulars.customers.conditions import YES_OR_NO
from regulars.customers.models import Customer, Status
from regulars.customers.names import latin_name, name_lang
from regulars.customers.places import country_name
from regulars.staff.models import User

# From left to right as the eye asks: who, where, how often, how much, when; what is not named here follows.
_ORDER = (
    "name", "company", "email", "phone", "city", "postal_code", "customer_countries", "rhythm", "number_of_orders",
    "amount_spent", "last_order_date", "first_order_date", "customer_added_date", "sales_channels", "status",
)  # fmt: skip

# Narrow windows keep who, the rhythm and the money; the rest is one click away.
_FIRST_TO_GO = frozenset(
    {"sales_channels", "status", "email", "phone", "company", "first_order_date", "customer_added_date"}
)
_NEXT_TO_GO = frozenset({"city", "postal_code", "customer_countries", "last_order_date"})
_ON_PHONES = {"name": "m-who", "amount_spent": "m-1", "city": "m-2", "rhythm": "m-3"}

Drawer = Callable[[Customer], str]

WHOLE_FROM = 1000  # lists leave the pence of large amounts out
_ENGLISH = ' lang="en"'


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `kind` says how a cell is drawn; `sort` is what its head asks for, empty where it cannot."""

    name: str
    label: str | Promise
    kind: str
    sort: str = ""
    hint: str | Promise = ""
    panel: panels.RowPanel | None = None
    field: catalogue.Field | None = None

    @property
    def is_number(self) -> bool:
        return self.kind in {"number", "age", "decimal", "money", "date", "day"}

    @property
    def css(self) -> str:
        """When it gives way, and its place on a phone."""
        gives_way = "d3" if self.name in _FIRST_TO_GO else "d2" if self.name in _NEXT_TO_GO else ""
        return " ".join(filter(None, ("num" if self.is_number else "", gives_way, _ON_PHONES.get(self.name, ""))))


def available(user: User) -> list[Column]:
    """Every column this person may see."""
    found = [
        Column(
            name=field.name,
            # the city stands with its country: together they are a place
            label=gettext_lazy("Place") if field.name == "city" else field.label,
            kind="name" if field.name == "name" else "place" if field.name == "city" else str(field.type),
            sort=field.name if field.is_sortable and field.is_asked_by(user) else "",
            field=field,
        )
        for field in catalogue.seen_by(user)
        if field.is_column
    ]
    found += [
        Column(name=panel.name, label=panel.label, kind="panel", hint=panel.hint, panel=panel)
        for panel in panels.in_rows()
        if user.may(panel.permission)
    ]
    return sorted(found, key=lambda column: _ORDER.index(column.name) if column.name in _ORDER else len(_ORDER))


def chosen(user: User, wanted: Sequence[str] = ()) -> list[Column]:
    """The columns that are `wanted`, else those this person chose, in their order; else the usual ones.

    The name is always there, in front where nobody said otherwise.
    """
    names = list(dict.fromkeys(wanted or user.list_columns))
    if not names:
        return usual(user)
    known = {column.name: column for column in available(user)}
    if "name" not in names:
        names.insert(0, "name")
    return [known[name] for name in names if name in known]


def usual(user: User) -> list[Column]:
    """The columns that nobody has to choose."""
    names = _usual() | {"name"}
    return [column for column in available(user) if column.name in names]


def rows(customers: Sequence[Customer], columns: Iterable[Column], *, from_list: str, has_boxes: bool) -> SafeString:
    """The rows of the table, with one query for each column that a room draws.

    Fifty rows of ten columns are drawn here: in a template they took more than half of the page's time. `from_list` is
    the list in an address, so that a customer's page knows its neighbours; `has_boxes` lets each row be picked.
    """
    drawers = [_drawer(column, customers, from_list) for column in columns]
    if has_boxes:
        drawers.insert(0, _box())
    return mark_safe(  # noqa: S308 — every drawer escapes what people wrote
        "\n".join(
            [
                f'<tr data-row id="{customer.public_id}">{"".join([draw(customer) for draw in drawers])}</tr>'
                for customer in customers
            ]
        )
    )


def heads(columns: Iterable[Column]) -> list[str]:
    """What stands above the columns in a file, which has none that a room draws."""
    return [str(column.label) for column in columns if column.panel is None]


def texts(columns: Iterable[Column], customers: Sequence[Customer]) -> list[list[str]]:
    """The cells of some customers as a file has them, with one query for each column of another table."""
    readers = [_text_reader(column, customers) for column in columns if column.panel is None]
    return [[read(customer) for read in readers] for customer in customers]


def _usual() -> set[str]:
    fields = {field.name for field in catalogue.permanent() if field.is_default_column}
    return fields | {panel.name for panel in panels.in_rows() if panel.is_default}


def _drawer(column: Column, customers: Sequence[Customer], from_list: str) -> Drawer:
    """What draws the cells of one column. Whatever people wrote is escaped in it; the rest is our own."""
    kind = {"name": " who", "text": " text soft"}.get(column.kind, "")
    before = f'<td class="{escape(f"{column.css}{kind}".strip())}">'
    inside = _inside(column, customers, from_list)
    return lambda customer: f"{before}{inside(customer)}</td>"


def _inside(column: Column, customers: Sequence[Customer], from_list: str) -> Drawer:
    if column.panel:
        drawn = column.panel.drawn(customers)
        return lambda customer: drawn.get(customer.pk, "")
    if column.kind == "name":
        return lambda customer: _name(customer, from_list)
    if column.kind == "place":
        return _place
    if column.field is not None and column.field.relation is not None:
        return _related(column.field, customers)
    if column.name == "sales_channels":
        return lambda customer: f'<span class="soft">{escape(str(customer.channel or ""))}</span>'
    if column.name == "status":
        return _statuses()
    assert column.field is not None  # noqa: S101 — a column is drawn by a panel or reads a field
    value = attrgetter(column.field.column)
    if column.name == "phone":
        return lambda customer: escape(format_phone(customer.phone)) if customer.phone else ""
    if column.kind == Type.MONEY:
        currency, language = shop.current().currency, get_language() or "en"
        return lambda customer: (
            f"<b>{escape(Money(value(customer), currency).format(language, whole_from=WHOLE_FROM))}</b>"
        )
    if column.kind == Type.DATE:
        return _days(value, has_ago=column.name == "last_order_date")
    if column.kind == Type.NUMBER:
        return lambda customer: "" if (number := value(customer)) is None else escape(words.number(number))
    if column.kind == Type.AGE:
        return lambda customer: _age(customer.born_ordinal)
    if column.name == "birth_date":
        return lambda customer: escape(birthdays.words(customer.birth_year, customer.birthday))
    if column.kind == Type.COUNTRY:
        return lambda customer: escape(country_name(value(customer))) if value(customer) else ""
    write = _words(column.field)
    return lambda customer: escape(write(value(customer)))


def _related(field: catalogue.Field, customers: Sequence[Customer]) -> Drawer:
    """Values that stand in rows of another table, read for all customers at once; words of a list each as a tag."""
    assert field.relation is not None  # noqa: S101 — asked of relations alone
    found, write = field.relation.read(customers), _words(field)
    if field.type is Type.LIST:
        return lambda customer: " ".join(
            f'<span class="tag">{escape(write(value))}</span>' for value in found.get(customer.pk, ())
        )
    return lambda customer: escape(", ".join(write(value) for value in found.get(customer.pk, ())))


def _words(field: catalogue.Field) -> Callable[[object], str]:
    """What writes one value of a field for people."""
    if field.words:
        return field.words
    if field.type is Type.YES_NO:
        return lambda value: "" if value is None else str(YES_OR_NO[bool(value)])
    if field.type is Type.CHOICE and field.choices:
        keys = field.keys() if field.keys else {}
        labels = {keys.get(choice, choice): str(label) for choice, label in field.choices()}
        return lambda value: labels.get(value, "")
    return lambda value: "" if value is None else str(value)


def _box() -> Drawer:
    select = _("Select %(customer)s")
    return lambda customer: (
        '<td class="m-check"><input type="checkbox" class="check" name="ids" data-select '
        f'value="{customer.public_id}" aria-label="{escape(select % {"customer": customer})}"></td>'
    )


def _name(customer: Customer, from_list: str) -> str:
    latin = latin_name(customer)
    beside = latin or (customer.company if customer.name and customer.company != customer.name else "")
    language = name_lang(customer.name)
    public_id = customer.public_id
    lang = f' lang="{language}"' if language else ""
    small = f"<small{_ENGLISH if latin else ''}>{escape(beside)}</small>" if beside else ""
    return (
        f'<a data-open href="/customers/{public_id}?list={escape(from_list)}"{lang}>{escape(str(customer))}</a>'
        f'<a hidden data-peek href="/customers/{public_id}/peek" hx-get="/customers/{public_id}/peek" '
        f'hx-target="#peek" tabindex="-1"></a>{small}{restrictions.tags(customer) if customer.is_restricted else ""}'
    )


def _place(customer: Customer) -> str:
    city, country = escape(customer.city), customer.country
    if not country:
        return city
    return f'{city}<span class="faint cc" title="{escape(country_name(country))}">{escape(country)}</span>'


def _statuses() -> Drawer:
    css = {status: "tag on" if status == Status.ACTIVE else "tag" for status in Status}
    drawn = {status.value: f'<span class="{css[status]}">{escape(str(status.label))}</span>' for status in Status}
    return lambda customer: drawn[customer.status]


def _days(value: Callable[[Customer], dt.datetime | None], *, has_ago: bool) -> Drawer:
    zone, today = shop.zone(), shop.today()
    ago = _("%(days)s d")
    drawn: dict[dt.date, str] = {}

    def cell(on: dt.date) -> str:
        day = f'<span class="soft">{escape(words.day_seen(on, today))}</span>'
        if not has_ago:
            return day
        return f'{day} <span class="ago">{escape(ago % {"days": words.number((today - on).days)})}</span>'

    def draw(customer: Customer) -> str:
        moment = value(customer)
        if moment is None:
            return ""
        on = moment.astimezone(zone).date()
        if on not in drawn:
            drawn[on] = cell(on)
        return drawn[on]

    return draw


def _text_reader(column: Column, customers: Sequence[Customer]) -> Callable[[Customer], str]:
    field = column.field
    assert field is not None  # noqa: S101
    if field.relation is not None:
        found, write = field.relation.read(customers), field.plain or str
        return lambda customer: ", ".join(write(value) for value in found.get(customer.pk, ()))
    if column.name == "sales_channels":
        return lambda customer: str(customer.channel or "")
    if column.name == "status":
        labels = {value: str(label) for value, label in Status.choices}
        return lambda customer: labels.get(customer.status, customer.status)
    if field.type is Type.MONEY:
        currency = shop.current().currency
        return lambda customer: str(Money(getattr(customer, field.column), currency).amount)
    if field.type is Type.DATE:
        zone = shop.zone()
        return lambda customer: _iso(getattr(customer, field.column), zone)
    if field.type is Type.COUNTRY:
        return lambda customer: country_name(getattr(customer, field.column)) if customer.country else ""
    if field.type is Type.AGE:
        return lambda customer: _age(customer.born_ordinal)
    if column.name == "birth_date":
        return lambda customer: birthdays.written(customer.birth_year, customer.birthday)
    if field.type in {Type.YES_NO, Type.CHOICE} or field.words is not None:
        words_of = _words(field)
        return lambda customer: words_of(getattr(customer, field.column))
    return lambda customer: "" if getattr(customer, field.column) is None else str(getattr(customer, field.column))


def _age(born: int | None) -> str:
    """How old somebody is today who was born on the day of that number."""
    years = birthdays.age(dt.date.fromordinal(born)) if born is not None else None
    return "" if years is None else str(years)


def _iso(moment: dt.datetime | None, zone: dt.tzinfo) -> str:
    return moment.astimezone(zone).date().isoformat() if moment else ""
