"""Hain & Hafen: the real orders of a gift shop, brought in through the product's own imports."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.utils.translation import gettext as _
from pyarrow import csv as arrow_csv

from regulars.channels.actions import channel_for
from regulars.config.demo import articles, credit, everyday, goods, groups, inquiries
from regulars.config.demo.facts import DemoBegun, DemoLoaded
from regulars.config.demo.people import Inventor, Person, Place, place_of, places
from regulars.core import shop
from regulars.core.contact import parse_country
from regulars.core.errors import Refusal
from regulars.core.importing import Summary, importing
from regulars.customers.actions.importing import import_customers
from regulars.customers.models import Customer
from regulars.orders.actions.importing import import_orders
from regulars.orders.models import Order
from regulars.staff.models import User
from regulars.staff.roles import Role
from regulars.timeline.actions import acting, record
from regulars.timeline.models import Entry, Source

DATA = Path(__file__).with_name("data") / "online_retail.parquet"
SEED = 1880
CHINESE_SHARE = 0.12  # of the British customers; a quarter of them with traditional characters

STAFF = (
    ("Mara Petersen", "mara.petersen@hainhafen.example", Role.OWNER, ""),
    ("Jonas Wieck", "jonas.wieck@hainhafen.example", Role.MANAGER, ""),
    ("Li Na", "li.na@hainhafen.example", Role.AGENT, "zh-hans"),
    ("Sofie Dahl", "sofie.dahl@hainhafen.example", Role.MARKETER, ""),
)

Say = Callable[[str], None]


class AlreadyLoaded(Refusal):
    """There is something in the shop already."""

    slug = "demo-loaded"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the demo shop brought."""

    customers: Summary
    orders: Summary
    weeks: int
    seconds: float


def is_wanted() -> bool:
    """Whether the demo shop is not in yet and may come in: the shop is empty, or loading it was interrupted."""
    if Entry.objects.filter(name=DemoLoaded.name).exists():
        return False
    return Entry.objects.filter(name=DemoBegun.name).exists() or not _has_anything()


def load_shop(*, say: Say, keeps_dates: bool = False) -> Loaded:
    """Make an empty shop the demo shop. Raises AlreadyLoaded where there is something in it.

    Everything goes through the imports that any file goes through, with files written for the purpose: so an
    interrupted load is simply begun again, and what is in already is found unchanged.
    """
    began = time.monotonic()
    if not is_wanted():
        raise AlreadyLoaded(
            _("There are customers or orders in this shop already. The demo shop comes into an empty one only.")
        )
    lines = pq.read_table(DATA)
    weeks = _begin(lines, keeps_dates=keeps_dates)
    with tempfile.TemporaryDirectory(prefix="regulars-demo-") as folder:
        say(_("Inventing people for the customer numbers"))
        people, orders = Path(folder) / "customers.csv", Path(folder) / "orders.csv"
        write_customers(lines, people, weeks=weeks)
        write_orders(lines, orders, weeks=weeks)
        with acting(None, Source.IMPORT):
            say(_("Importing customers"))
            with importing("customers", people) as customers_run:
                import_customers(people, run=customers_run, mapping={})
            say(_("Importing orders"))
            with importing("orders", orders) as orders_run:
                import_orders(orders, run=orders_run, mapping={})
            say(_("Filling the shelves"))
            goods.stock(lines, folder=Path(folder))
            goods.leave_baskets()
            everyday.live(folder=Path(folder), say=say)
            say(_("Counting groups"))
            groups.keep_groups()
            say(_("Filling the inbox"))
            inquiries.fill_the_desk()
            articles.explain()
            credit.give_credit()
            record(DemoLoaded(seed=0, customers=Customer.objects.count(), orders=Order.objects.count()))
    return Loaded(customers_run.summary, orders_run.summary, weeks, round(time.monotonic() - began, 1))


def write_customers(lines: pa.Table, path: Path, *, weeks: int) -> None:
    """An import file of invented people, one for each customer number of the data."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["external_id", *Person._fields, "kind", "customer_since"])
        for number, since, person in invented(lines, weeks=weeks):
            kind = "company" if person.company else "person"
            writer.writerow([number, *person, kind, since])


def invented(lines: pa.Table, *, weeks: int) -> Iterator[tuple[int, dt.datetime, Person]]:
    """Each customer number with the moment of its first order and somebody of its country.

    Who spent much is likely a business: the shop sold to many small retailers.
    """
    inventor = Inventor(Random(SEED))  # noqa: S311 — people, not secrets
    draw = inventor.random.random
    known = _buyers(lines)
    much = sorted(buyer.spent for buyer in known)[int(len(known) * 0.88)]
    for buyer in known:
        place, has_country = _place_of(buyer.country, descent=draw())
        is_company = draw() < (0.6 if buyer.spent > much else 0.04)
        person = inventor.person(place, number=buyer.number, is_company=is_company, is_sparse=draw() < 0.05)
        if not has_country:
            person = person._replace(country="", line1="", city="", region="", postcode="")
        yield buyer.number, buyer.first + dt.timedelta(weeks=weeks), person


def write_orders(lines: pa.Table, path: Path, *, weeks: int) -> None:
    """The lines as an import file, later by whole weeks, so that weekdays and hours stay what they were."""
    moved = pc.add(pc.cast(lines["InvoiceDate"], pa.timestamp("s")), pa.scalar(weeks * 604_800, pa.duration("s")))
    at = lines.schema.get_field_index("InvoiceDate")
    arrow_csv.write_csv(lines.set_column(at, "InvoiceDate", pc.strftime(moved, format="%Y-%m-%d %H:%M:%S")), path)


def weeks_to(day: dt.date, *, last: dt.date) -> int:
    """How many whole weeks later `last` is within the week that ends on `day`."""
    return (day - last).days // 7


def _begin(lines: pa.Table, *, keeps_dates: bool) -> int:
    """Set the shop, its staff and its channel up; answers by how many weeks the dates are moved."""
    begun = Entry.objects.filter(name=DemoBegun.name).first()
    if begun is not None:
        weeks: int = begun.data["weeks"]
        return weeks
    shop.change(name="Hain & Hafen", currency="GBP", time_zone="Europe/London", country="GB", language="en")
    last = pc.max(lines["InvoiceDate"]).as_py().date()
    # Yesterday at the latest: no order of the demo shop lies in the future, whatever the hour is.
    weeks = 0 if keeps_dates else weeks_to(shop.today() - dt.timedelta(days=1), last=last)
    channel_for("web", name="Web shop")
    for name, email, role, language in STAFF:
        if not User.objects.filter(email=email).exists():
            user = User(name=name, email=email, role=role, language=language)
            user.set_unusable_password()
            user.save()
    record(DemoBegun(weeks=weeks))
    return weeks


class _Buyer(NamedTuple):
    """What the data say of a customer number; `country` is the commonest, if there are several."""

    number: int
    country: str
    first: dt.datetime
    spent: float


def _buyers(lines: pa.Table) -> list[_Buyer]:
    own = lines.filter(pc.is_valid(lines["CustomerID"]))
    value = pc.multiply(pc.cast(own["Quantity"], pa.float64()), pc.cast(own["UnitPrice"], pa.float64()))
    own = own.append_column("value", value)
    countries: dict[int, tuple[int, str]] = {}
    for row in own.group_by(["CustomerID", "Country"]).aggregate([("value", "count")]).to_pylist():
        number = row["CustomerID"]
        countries[number] = max(countries.get(number, (0, "")), (row["value_count"], row["Country"]))
    sums = own.group_by("CustomerID").aggregate([("value", "sum"), ("InvoiceDate", "min")]).sort_by("CustomerID")
    return [
        _Buyer(row["CustomerID"], countries[row["CustomerID"]][1], row["InvoiceDate_min"], row["value_sum"])
        for row in sums.to_pylist()
    ]


def _place_of(country: str, *, descent: float) -> tuple[Place, bool]:
    """Where somebody of that country comes from, and whether the country is known at all."""
    code = "JE" if country == "Channel Islands" else parse_country(country)
    if code == "GB" and descent < CHINESE_SHARE:
        return places()["GB-hant" if descent < CHINESE_SHARE / 4 else "GB-zh"], True
    return place_of(code or "GB"), bool(code)


def _has_anything() -> bool:
    return Customer.objects.exists() or Order.objects.exists()
