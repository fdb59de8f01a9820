"""Random small shops in the product's own tables, and random things that happen to their customers.

Values come from the same few that random queries ask for (strategies.py), so that tests hit.
"""

import datetime as dt
from decimal import Decimal

from regulars.channels.models import Channel
from regulars.core import shop
from regulars.customers.actions import addresses, consent, deleting, merging, notes, profile, tags
from regulars.customers.actions.custom_fields import create_field, set_custom_values
from regulars.customers.models import Category, ConsentState, Customer, Identity, Medium, MergeLink, Tag
from regulars.orders.actions import figures, orders, returns
from regulars.orders.models import (
    Checkout,
    Order,
    OrderDiscount,
    OrderLine,
    OrderTag,
    Product,
    Return,
    ReturnState,
    Status,
    Variant,
)
from regulars.segments.actions import groups, picking
from regulars.segments.language import dates
from regulars.segments.models import Spell
from regulars.segments.tests.strategies import AMOUNTS, DAYS, TEXTS, ZONES
from regulars.staff.models import User

PEOPLE = 16
_NAMES = tuple(text for text in TEXTS if text.strip(" -"))
_CITIES = (("Berlin", "", "DE"), ("New York City", "NY", "US"), ("上海", "上海市", "CN"), ("Tea", "", ""))
_MINORS = tuple(sorted({abs(int(Decimal(amount) * 100)) for amount in AMOUNTS} | {1998, 2001}))
_FIELDS = {
    "text": {}, "long_text": {}, "number": {}, "money": {}, "date": {}, "yes_no": {}, "link": {},
    "one_of": {"options": ["Tea", "Straße"]}, "several_of": {"options": ["Tea", "茶", "Coffee"]},
}  # fmt: skip


class RandomShop:
    """A shop made of `rng`, on a day of `today`. What happens to it goes through the verbs that people use."""

    def __init__(self, rng, today):
        self.rng, self.today = rng, today
        self.zone = rng.choice(ZONES)
        self.number = 0
        shop.change(time_zone=self.zone.key, currency=rng.choice(("EUR", "EUR", "JPY", "KWD")))
        self.channels = [Channel.objects.create(code=code, name=code) for code in ("web", "store", "tea")]
        self.staff = [
            User.objects.create(name=name, email=f"{name}@shop.example", role="agent", password="!")
            for name in ("one", "two")
        ]
        self.categories = [Category.objects.get_or_create(key=key, defaults={"name": key})[0] for key in ("vip", "tea")]
        self.tags = tags.ensure_tags(["Tea", "Straße", "茶", "gone"])
        self._fields()
        self._products()
        self.customers = [self._customer() for _ in range(PEOPLE)]
        self._purchases()
        self._groups()
        for _ in range(2):
            self._merge()
        tags.merge_tags(self.tags[1], into=self.tags[0])
        tags.delete_tag(self.tags[3])

    # ── values

    def moment(self):
        """On, before or behind the edge of a day that queries ask about; or close to today."""
        day = self.rng.choice((*DAYS, *(self.today - dt.timedelta(days=days) for days in (0, 1, 2, 6, 7, 8, 30, 90))))
        start = dates.midnight(day, self.zone)
        return start + self.rng.choice(
            (dt.timedelta(0), -dt.timedelta(microseconds=1), dt.timedelta(hours=2, minutes=30), dt.timedelta(hours=12))
        )

    def maybe(self, *values):
        return self.rng.choice(("", *values))

    def minor(self):
        return self.rng.choice(_MINORS)

    def some(self, values, most=2):
        return self.rng.sample(list(values), self.rng.randint(0, min(most, len(values))))

    # ── the shop

    def _fields(self):
        self.fields = {}
        for kind, more in _FIELDS.items():
            self.fields[kind] = create_field(label=kind, type=kind, **more)
            if kind in {"text", "number", "date"}:
                self.fields[f"sealed {kind}"] = create_field(label=f"sealed {kind}", type=kind, is_sensitive=True)

    def _products(self):
        self.variants = []
        for number, text in enumerate(("Tea", "Green Tea", "茶")):
            product = Product.objects.create(
                channel=self.channels[0],
                title=text,
                category=self.maybe("Tea", "綠茶"),
                brand=self.maybe("Straße"),
                tags=self.some(("Tea", "tea", "O'Hara")),
            )
            for title in ("Tea", ""):
                self.variants.append(
                    Variant.objects.create(
                        product=product,
                        sku=f"{text}-{number}{title}",
                        title=title,
                        cost=self.rng.choice((None, Decimal("0.5"), Decimal(10))),
                        currency=shop.current().currency,
                    )
                )

    def _customer(self):
        rng = self.rng
        values = {
            "given_name": self.maybe(*_NAMES),
            "family_name": self.maybe(*_NAMES),
            "company": rng.choice(("Tea", "Straße")),
            "kind": rng.choice(("person", "person", "company")),
            "title": self.maybe("Tea"),
            "email": f"c{len(Customer.everyone.all())}@{rng.choice(('tea.example', 'TEA.example', 'o.example'))}",
            "phone": self.maybe("+4930123456", "+49301234567"),
            "language": self.maybe("de", "en", "zh-hans"),
            "status": rng.choice(("active", "inactive")),
            "gender": self.maybe("female", "male", "other"),
            "occupation": self.maybe(*_NAMES),
            "position": self.maybe(*_NAMES),
            "time_zone": self.maybe("Europe/Berlin"),
            "birth_date": rng.choice(("", "1996-02-29", "1990-03-31", "--02-29", "--11-22", "1980", "2008-02-28")),
            "category": rng.choice((None, *self.categories)),
            "looked_after_by": rng.choice((None, *self.staff)),
            "payment_days": rng.choice((None, 0, 10, 30)),
            "payment_preference": self.maybe("Tea"),
            "preferred_channels": self.some(("email", "whatsapp", "post")),
            "contact_times": self.some(("weekday-evening", "weekend-morning")),
            "interests": self.some(("Tea", "茶", "O'Hara")),
            "shopping_frequency": self.maybe("weekly", "rarely"),
            "is_guest": rng.random() < 0.2,
            "is_blocked": rng.random() < 0.2,
            "pays_in_advance": rng.random() < 0.2,
            "restriction_reason": "late",
            "vat_number": self.maybe("DE136695976"),
            "customer_since": self.moment(),
        }
        made = profile.create_customer(values=values, channel=rng.choice((None, *self.channels)))
        for _ in range(rng.choice((0, 0, 1, 2))):
            self.change_address(made)
        for medium in self.some(Medium.values, 3):
            self.change_consent(made, medium)
        tags.tag(made, names=[one.name for one in self.some(self.tags, 3)])
        self.change_fields(made)
        if rng.random() < 0.3:
            Identity.objects.create(customer=made, channel=self.channels[2], external_id=str(made.pk))
        return made

    def _purchases(self):
        for customer in self.customers:
            for _ in range(self.rng.choice((0, 0, 1, 2, 3, 5))):
                self.order(customer)
            for _ in range(self.rng.choice((0, 0, 1, 2))):
                self._return(customer)
            if self.rng.random() < 0.3:
                self._checkout(customer)
        figures.refresh([one.pk for one in self.customers])

    def order(self, customer):
        """An order as the tables keep one; whoever adds it refreshes the figures."""
        rng, at, currency = self.rng, self.moment(), shop.current().currency
        self.number += 1
        total = self.minor()
        order = Order.objects.create(
            number=f"N{self.number}",
            channel=rng.choice(self.channels),
            customer=customer,
            status=rng.choice((Status.PAID, Status.PAID, Status.OPEN, Status.DRAFT, Status.CANCELLED, Status.REFUNDED)),
            is_test=rng.random() < 0.1,
            placed_at=at,
            currency=currency,
            total_minor=total,
            total_base_minor=total,
            payment_method=self.maybe("Tea", "Invoice"),
            country=self.maybe("DE", "US"),
            source=self.maybe(*TEXTS[:3]),
            campaign=self.maybe(*TEXTS[:3]),
        )
        for position in range(rng.choice((0, 1, 2, 3))):
            variant = rng.choice((None, *self.variants))
            OrderLine.objects.create(
                order=order,
                position=position + 1,
                variant=variant,
                sku=variant.sku if variant else self.maybe("Tea"),
                title=self.maybe("Tea", "Green Tea"),
                quantity=rng.choice((1, 2, 3, 10)),
                total_minor=self.minor(),
                cost=rng.choice((None, Decimal("2.5"))),
            )
        for code in self.some(("Tea", "茶")):
            OrderDiscount.objects.create(order=order, code=code)
        for label in self.some(("Tea", "tea", "O'Hara")):
            OrderTag.objects.create(order=order, label=label)
        return order

    def _return(self, customer):
        self.number += 1
        order = self.rng.choice((None, *Order.objects.filter(customer=customer)))
        amount = self.minor()
        made = Return.objects.create(
            number=f"R{self.number}",
            channel=self.rng.choice(self.channels),
            customer=customer,
            order=order,
            returned_at=self.moment(),
            currency=shop.current().currency,
            refund_minor=amount,
            refund_base_minor=amount,
            reason=self.maybe("Tea", "Straße"),
            state=self.rng.choice(ReturnState.values),
        )
        line = OrderLine.objects.filter(order=order).first() if order else None
        if line is not None:
            made.lines.create(order_line=line, order=order, quantity=1, total_minor=amount)

    def _checkout(self, customer):
        at = self.moment()
        Checkout.objects.create(
            channel=self.channels[0],
            customer=customer,
            currency=shop.current().currency,
            started_at=at,
            touched_at=at,
            completed_at=self.rng.choice((None, None, at)),
        )

    def _groups(self):
        for name in ("Tea", "茶"):
            group = groups.create_group(name=name)
            picking.pick(group, customers=[one.pk for one in self.some(self.customers, 6)])
            for spell in Spell.objects.filter(group=group):
                Spell.objects.filter(pk=spell.pk).update(joined_at=self.moment())

    # ── what happens

    def change_address(self, customer):
        city, region, country = self.rng.choice(_CITIES)
        made = addresses.save_address(
            customer, values={"line1": "Tea 1", "city": city, "region": region, "country": country, "postcode": "10115"}
        )
        type(made).objects.filter(pk=made.pk).update(
            latitude=self.rng.choice((None, 52.52, 52.6, 0.0, -33.45)), longitude=self.rng.choice((None, 13.40, -180.0))
        )

    def change_consent(self, customer, medium=None):
        consent.record_consent(
            customer,
            medium=medium or self.rng.choice(Medium.values),
            state=self.rng.choice((ConsentState.REFUSED, ConsentState.REFUSED)),
            source="staff",
            reason="said so",
        )

    def change_fields(self, customer):
        values = {
            "text": self.maybe(*_NAMES),
            "long_text": self.maybe(*_NAMES),
            "number": self.maybe("0", "0.5", "10", "-1"),
            "money": self.maybe("0", "20", "50"),
            "date": self.maybe(*(day.isoformat() for day in DAYS)),
            "yes_no": self.maybe("yes", "no"),
            "link": self.maybe("https://tea.example"),
            "one_of": self.maybe("Tea", "Straße"),
            "several_of": self.some(("Tea", "茶", "Coffee")),
        }
        keys = {kind: field.key for kind, field in self.fields.items()}
        chosen = {key: values[kind.removeprefix("sealed ")] for kind, key in keys.items() if self.rng.random() < 0.6}
        set_custom_values(customer, values=chosen)

    def happens(self):
        """One random thing happens to somebody, by the verbs of the house."""
        self.rng.choice(
            (
                self._change,
                self._tag,
                self._place,
                self._send_back,
                self._merge,
                self._unmerge,
                self._delete,
                self._restore,
                lambda: self.change_consent(self._someone()),
                lambda: self.change_fields(self._someone()),
                lambda: self.change_address(self._someone()),
                self._note,
                self._rename_tag,
                self._restore_tag,
                self._rename_category,
            )
        )()

    def _someone(self):
        return self.rng.choice(list(Customer.objects.order_by("pk")))

    def _change(self):
        values = {
            "given_name": self.rng.choice(_NAMES),
            "status": self.rng.choice(("active", "inactive")),
            "birth_date": self.rng.choice(("", "1996-02-29", "--02-29")),
            "category": self.rng.choice((None, *self.categories)),
            "interests": self.some(("Tea", "茶")),
        }
        someone = self._someone()
        firms = Customer.objects.filter(kind="company").exclude(pk=someone.pk)
        profile.change_customer(someone, values={**values, "organisation": self.rng.choice((None, *firms))})

    def _tag(self):
        someone, names = self._someone(), [one.name for one in Tag.objects.all()]
        if self.rng.random() < 0.5:
            tags.tag(someone, names=self.some(names))
        else:
            tags.untag(someone, names=self.some(names))

    def _place(self):
        self.number += 1
        orders.place_order(
            values={"number": f"N{self.number}", "placed_at": self.moment(), "payment_method": "Tea", "country": "DE"},
            lines=[{"sku": "Tea", "title": "Tea", "quantity": 2, "unit_price": "10"}],
            customer=self._someone(),
            channel=self.rng.choice(self.channels),
        )

    def _send_back(self):
        self.number += 1
        returns.receive_return(
            values={"number": f"R{self.number}", "returned_at": self.moment(), "reason": "Tea"},
            lines=[{"sku": "Tea", "title": "Tea", "quantity": 1, "unit_price": "10"}],
            customer=self._someone(),
            channel=self.rng.choice(self.channels),
        )

    def _merge(self):
        keep, other = self.rng.sample(list(Customer.objects.order_by("pk")), 2)
        merging.merge(keep=keep, others=[other])

    def _unmerge(self):
        links = list(MergeLink.objects.filter(undone_at=None, kept__is_listed=True).order_by("pk"))
        if links:
            merging.unmerge(self.rng.choice(links))

    def _delete(self):
        deleting.delete_customer(self._someone())

    def _restore(self):
        deleted = list(Customer.everyone.filter(deleted_at__isnull=False).order_by("pk"))
        if deleted:
            deleting.restore_customer(self.rng.choice(deleted))

    def _note(self):
        notes.write_note(self._someone(), text="Tea")

    def _rename_tag(self):
        self.number += 1
        tags.rename_tag(self.rng.choice(list(Tag.objects.all())), name=f"Tea {self.number}")

    def _restore_tag(self):
        tags.restore_tag(self.rng.choice(self.tags))

    def _rename_category(self):
        category = self.rng.choice(self.categories)
        category.name = self.rng.choice(_NAMES)
        category.save()
