"""What a shop comes to know of its customers day by day, for the demo shop: invented, seeded, and through the verbs.

The orders say what people bought. This adds what they agreed to, what they told us, what the team marked and wrote
down, and second records that somebody will have to merge.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.importing import importing
from regulars.customers.actions import change_customer
from regulars.customers.actions.categories import change_category, sort_into_categories
from regulars.customers.actions.consent import add_records
from regulars.customers.actions.contact_points import add_contact_point
from regulars.customers.actions.custom_fields import create_field, set_custom_values
from regulars.customers.actions.duplicates import find_duplicates
from regulars.customers.actions.households import join_household
from regulars.customers.actions.importing import import_customers
from regulars.customers.actions.notes import write_note
from regulars.customers.actions.tags import tag
from regulars.customers.consents import newest_wording
from regulars.customers.models import Category, ConsentRecord, ConsentState, Customer, Medium
from regulars.staff.models import User
from regulars.timeline.actions import acting
from regulars.timeline.models import Source

Say = Callable[[str], None]

_SEED = 1881
_RULES = {"vip": "amount_spent.min=5000", "regular": "number_of_orders.min=5", "new": "first_order_date.within=30"}
_TAGS = ("Christmas", "Garden", "Kitchen", "Wholesale", "Party supplies", "Vintage", "Slow payer", "Press")
_INTERESTS = ("candles", "kitchen", "garden", "bags", "stationery", "Christmas", "children", "tea")
_OCCUPATIONS = ("Florist", "Teacher", "Café owner", "Interior designer", "Event planner", "Retired", "Bookseller")
_GIFT_WRAP = ("Never", "Every order", "Christmas only")
_NOTES = (
    ("note", "Prefers one large parcel to several small ones, even if it takes a week longer."),
    ("note", "Orders for two shops. The second address is the one with the early delivery window."),
    ("note", "Asked for the spring catalogue on paper as soon as it is printed."),
    ("requirement", "Leave nothing at the door: the parcel goes to the neighbour at number 12."),
    ("requirement", "No polystyrene in the boxes, please. Paper only."),
    ("service", "Two lanterns arrived cracked. Replacement sent the same day, in the double box."),
    ("service", "Invoice address corrected by phone; the old invoice was written anew."),
    ("complaint", "The bunting was a different red from the one on the page. Took it back, no charge."),
    ("compliment", "Wrote that the gift boxes were packed beautifully, and wanted us to tell the warehouse."),
)
_SECOND_RECORDS = 60
_HOUSEHOLDS = 12


def live(*, folder: Path, say: Say) -> None:
    """Add the everyday to a freshly loaded demo shop; `folder` takes the file of second records."""
    random = Random(_SEED)  # noqa: S311 — people, not secrets
    customers = list(Customer.objects.filter(identities__channel__code="web").order_by("pk"))
    with transaction.atomic():
        if not ConsentRecord.objects.exists():  # else a load was interrupted after this
            say(_("Writing down what people agreed to and told the shop"))
            add_records(list(_consents(customers, random)))
            _tell(customers, random)
            _mark(customers, random)
            _share_homes(customers)
            _fill_in(customers, random)
            _note(customers, random)
    say(_("Sorting customers into categories"))
    for category in Category.objects.filter(key__in=_RULES):
        change_category(category, rule=_RULES[category.key])
    sort_into_categories()
    channel_for("market", name="Marketplace")
    path = folder / "marketplace.csv"
    # a draw of its own, so that a load that was interrupted and goes on writes the same people
    write_second_records(customers, path, Random(_SEED + 1))  # noqa: S311 — people, not secrets
    with importing("customers", path) as run:
        import_customers(path, run=run, mapping={}, channel_code="market")
    find_duplicates.later()


def write_second_records(customers: Sequence[Customer], path: Path, random: Random) -> None:
    """An import file of people who bought on the marketplace too, as they wrote themselves there."""
    known = [one for one in customers if one.given_name and one.phone and not one.is_company]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["external_id", "given_name", "family_name", "email", "phone", "city", "postcode", "country"])
        for number, one in enumerate(_some(known, random, _SECOND_RECORDS), start=1):
            writer.writerow([f"MP-{number:04}", *_otherwise(one, random)])


def _consents(customers: Sequence[Customer], random: Random) -> Iterator[ConsentRecord]:
    """Most agreed at the checkout, and some of them unsubscribed later; a few agreed or refused for their phones."""
    now = timezone.now()
    wording = newest_wording()
    for one in customers:
        checkout = {"source": ConsentRecord.Source.CHECKOUT, "wording": wording, "at": one.customer_since}
        drawn = random.random()
        if one.email and drawn < 0.72:
            email = {"customer": one, "medium": Medium.EMAIL, "value": one.email, "recorded_at": now}
            yield ConsentRecord(state=ConsentState.AGREED, **email, **checkout)
            if drawn < 0.09:
                later = one.customer_since + (now - one.customer_since) * random.random()
                yield ConsentRecord(
                    state=ConsentState.REFUSED, source=ConsentRecord.Source.UNSUBSCRIBE, at=later, **email
                )
        if one.phone and random.random() < 0.12:
            yield ConsentRecord(
                customer=one,
                medium=random.choice((Medium.SMS, Medium.WHATSAPP, Medium.PHONE)),
                state=ConsentState.AGREED if random.random() < 0.7 else ConsentState.REFUSED,
                value=one.phone,
                recorded_at=now,
                **checkout,
            )


def _tell(customers: Sequence[Customer], random: Random) -> None:
    """What people told us of themselves, and who looks after the best of them."""
    team = list(User.objects.order_by("pk"))
    for one in _some([one for one in customers if not one.is_company], random, 200):
        values = {
            "birthday": f"{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            "birth_year": random.randint(1946, 2004) if random.random() < 0.6 else None,
            "occupation": random.choice(_OCCUPATIONS) if random.random() < 0.4 else "",
            "interests": ",".join(sorted(random.sample(_INTERESTS, 2))),
            "preferred_channels": random.choice(("email", "email,post", "whatsapp", "phone")),
            "contact_times": random.choice(("", "weekday-morning", "weekday-evening", "weekend-morning")),
            "shopping_frequency": random.choice(("monthly", "quarterly", "yearly")),
        }
        change_customer(one, values=values)
    best = sorted(customers, key=lambda one: one.spent_minor, reverse=True)
    for one in best[:80]:
        change_customer(one, values={"looked_after_by": random.choice(team)} if team else {})
    for one in _some([one for one in customers if one.is_company], random, 8):
        change_customer(one, values={"pays_in_advance": True, "restriction_reason": _("Two invoices were paid late.")})
    for number, one in enumerate(_some([one for one in customers if one.email and one.given_name], random, 60)):
        value = f"{one.email.partition('@')[0]}.{number}@work.example"
        add_contact_point(one, kind="email", value=value, label=_("work"))


def _mark(customers: Sequence[Customer], random: Random) -> None:
    for one in _some(customers, random, 260):
        tag(one, names=random.sample(_TAGS, random.choice((1, 1, 2))))


def _share_homes(customers: Sequence[Customer]) -> None:
    """Neighbours of one family name and one town live together."""
    first: dict[tuple[str, str], Customer] = {}
    pairs = []
    for one in customers:
        if one.is_company or not one.family_name or not one.city:
            continue
        key = one.family_name, one.city
        other = first.setdefault(key, one)
        if other is not one and other.given_name != one.given_name:
            pairs.append((other, one))
            del first[key]
    for pair in islice(pairs, _HOUSEHOLDS):
        join_household(pair)


def _fill_in(customers: Sequence[Customer], random: Random) -> None:
    """Two fields of the shop's own, and what they hold for some."""
    wrap = create_field(label="Gift wrap", type="one_of", options=list(_GIFT_WRAP), help=_("How parcels are packed."))
    visit = create_field(label="Shop visit", type="date", help=_("When they were here last."))
    for one in _some(customers, random, 160):
        values = {wrap.key: random.choice(_GIFT_WRAP)}
        if random.random() < 0.3:
            values[visit.key] = (shop.today() - dt.timedelta(days=random.randint(1, 400))).isoformat()
        set_custom_values(one, values=values)


def _note(customers: Sequence[Customer], random: Random) -> None:
    """What the team wrote down of the best customers, in the months since their first order."""
    team = list(User.objects.order_by("pk"))
    best = sorted(customers, key=lambda one: one.spent_minor, reverse=True)[:150]
    now = timezone.now()
    for one in _some(best, random, 70) if team else ():
        kind, text = random.choice(_NOTES)
        author = random.choice(team)
        with acting(author.pk, Source.PAGE):
            at = one.customer_since + (now - one.customer_since) * random.random()
            write_note(one, text=text, kind=kind, is_pinned=random.random() < 0.2, at=at)


def _some(customers: Sequence[Customer], random: Random, count: int) -> list[Customer]:
    return random.sample(list(customers), min(count, len(customers)))


def _otherwise(one: Customer, random: Random) -> tuple[str, ...]:
    """The same person, as they wrote themselves another time."""
    given, family = one.given_name, one.family_name
    drawn = random.random()
    if drawn < 0.3:
        given = given[:1] + "." if given.isascii() else given
    elif drawn < 0.55 and len(family) > 4 and family.isascii():
        at = random.randrange(1, len(family) - 2)
        family = family[:at] + family[at + 1] + family[at] + family[at + 2 :]
    elif drawn < 0.7:
        given, family = family, given
    name, _at, _host = one.email.partition("@")
    email = f"{name}.shop@letters.example" if name and random.random() < 0.6 else ""
    phone = one.phone if not email or random.random() < 0.7 else ""
    return given, family, email, phone, one.city, one.postcode, one.country
