"""Any sequence of edits, orders, merges and unmerges ends, all merges taken back, as the same without the merges."""

import datetime as dt
from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.customers import people, presenting
from regulars.customers.actions import change_customer, create_customer, remove_address, save_address
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.contact_points import add_contact_point
from regulars.customers.actions.custom_fields import create_field, set_custom_values
from regulars.customers.actions.merging import merge, unmerge
from regulars.customers.actions.notes import write_note
from regulars.customers.actions.tags import tag, untag
from regulars.customers.models import (
    Address,
    Consent,
    ConsentRecord,
    ContactPoint,
    Customer,
    CustomValue,
    Identity,
    MergeLink,
    Note,
    OwnProfile,
    Tagging,
)
from regulars.orders.actions import change_order, delete_order, place_order, receive_return
from regulars.orders.models import Order, OrderLine, Return, ReturnLine, Status
from regulars.orders.queries.verification import differences

NAMES = ("Ada", "Ben", "Zoë", "Noor", "Jun")
places = st.integers(0, 50)
moments = st.datetimes(
    min_value=dt.datetime(2025, 3, 1),  # noqa: DTZ001 — Hypothesis wants them so, and adds the zone
    max_value=dt.datetime(2026, 3, 31),  # noqa: DTZ001
    timezones=st.just(dt.UTC),
)
lines = st.lists(
    st.fixed_dictionaries(
        {"sku": st.sampled_from("ABC"), "quantity": st.integers(1, 4), "unit_price": st.integers(0, 90)}
    ),
    min_size=1,
    max_size=3,
)
edits = st.dictionaries(
    st.sampled_from(
        ["title", "given_name", "family_name", "company", "phone", "language", "status", "is_guest", "kind", "email"]
    ),
    places,
    min_size=1,
    max_size=3,
)
TAGS = ("VIP", "Harbour", "Quiet")
VALUES = {
    "title": ["", "Dr", "Prof"],
    "given_name": ["", "Ada", "Grace"],
    "family_name": ["", "Moreau", "King"],
    "company": ["", "Atelier", "Kontor"],
    "phone": ["", "+441174960123", "+33612478039"],
    "language": ["", "fr", "de"],
    "status": ["active", "inactive"],
    "is_guest": [True, False],
    "kind": ["person", "company"],
}


class Without:
    """What happens to five records, merges left out; every record, order and address has a number of its own."""

    def __init__(self):
        shop.change(currency="EUR", time_zone="Europe/Berlin")
        self.channels = [channel_for("web"), channel_for("store")]
        since = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
        self.ids = [
            create_customer(
                values={"name": name, "email": f"{name.lower()}@shop.example".replace("ë", "e")},
                channel=self.channels[0],
                external_id=str(number),
                at=since + dt.timedelta(days=number),
            ).pk
            for number, name in enumerate(NAMES)
        ]
        self.addresses = {}
        create_field(label="Size", type="text")
        self.count = 0

    def record(self, who):
        return Customer.everyone.get(pk=self.ids[who % len(self.ids)])

    def number(self):
        self.count += 1
        return f"N{self.count}"

    def edit(self, who, edits):
        values = {
            name: f"{NAMES[who % 5].lower().replace('ë', 'e')}{place}@shop.example"
            if name == "email"
            else VALUES[name][place % len(VALUES[name])]
            for name, place in edits.items()
        }
        change_customer(self.record(who), values=values)

    def live(self, who, where, is_default):
        number = self.number()
        values = {"line1": f"{number} Road", "city": f"City {where % 3}", "postcode": "10115", "country": "DE"}
        if is_default:
            values["is_default_shipping"] = True
        self.addresses[number] = save_address(self.record(who), values=values).pk

    def move_house(self, which):
        for number in self._some(self.addresses, which):
            address = Address.objects.get(pk=self.addresses[number])
            save_address(address.customer, values={"city": "Kiel", "is_default_shipping": True}, address=address)

    def leave(self, which):
        for number in self._some(self.addresses, which):
            remove_address(Address.objects.get(pk=self.addresses.pop(number)))

    def agree(self, who, medium, state, at):
        values = {"medium": medium, "state": state, "source": ConsentRecord.Source.CHECKOUT, "value": "x", "at": at}
        record_consent(self.record(who), **values)

    def label(self, who, which):
        tag(self.record(who), names=[TAGS[which % len(TAGS)]])

    def unlabel(self, who, which):
        untag(self.record(who), names=[TAGS[which % len(TAGS)]])

    def note(self, who, at):
        write_note(self.record(who), text=self.number(), at=at)

    def reach(self, who, which):
        add_contact_point(self.record(who), kind="phone", value=f"+44117496012{which % 4}")

    def fill_in(self, who, which):
        set_custom_values(self.record(who), values={"size": ["", "36", "38"][which % 3]})

    def buy(self, who, where, lines, at):
        place_order(
            values={"number": self.number(), "placed_at": at, "status": Status.PAID},
            lines=lines,
            customer=self.record(who),
            channel=self.channels[where % 2],
        )

    def send_back(self, who, where, lines, at):
        receive_return(
            values={"number": self.number(), "returned_at": at},
            lines=lines,
            customer=self.record(who),
            channel=self.channels[where % 2],
        )

    def send_order_back(self, which, lines, at):
        for order in self._orders(which):
            # more than is left of it is refused, with the merges as without them
            with suppress(Invalid):
                receive_return(
                    values={"number": self.number(), "returned_at": at},
                    lines=lines,
                    customer=order.customer,
                    channel=order.channel,
                    order=order,
                )

    def change_order(self, which, who, status):
        for order in self._orders(which):
            change_order(order, values={"status": status, **({"customer": self.record(who)} if who % 3 == 0 else {})})

    def cancel(self, which):
        for order in self._orders(which):
            delete_order(order)

    def _orders(self, which):
        return self._some(list(Order.objects.order_by("number")), which)

    def _some(self, rows, which):
        rows = sorted(rows, key=str)
        return [rows[which % len(rows)]] if rows else []

    def state(self):
        """Every table, by what names a row: keys and the moments of writing are left out."""
        index = {pk: number for number, pk in enumerate(self.ids)}
        columns = [
            field.attname
            for field in Customer._meta.concrete_fields
            if field.attname not in {"id", "version", "created_at", "updated_at", "channel_id"}
        ]
        people_now = Customer.everyone.order_by("pk").values_list("pk", "channel__code", *columns)
        return {
            "customers": {index[pk]: dict(zip(("channel", *columns), row, strict=True)) for pk, *row in people_now},
            "identities": sorted(
                (index[pk], external) for pk, external in Identity.objects.values_list("customer", "external_id")
            ),
            "addresses": sorted(
                (index[row.pop("customer_id")], sorted(row.items()))
                for row in Address.objects.values(
                    "customer_id", "line1", "city", "is_default_shipping", "is_default_billing"
                )
            ),
            "consents": sorted(
                (index[pk], *row)
                for pk, *row in Consent.objects.values_list("customer", "medium", "purpose", "state", "since")
            ),
            "ledger": sorted(
                (index[pk], *row) for pk, *row in ConsentRecord.objects.values_list("customer", "medium", "state", "at")
            ),
            "tags": sorted((index[pk], name) for pk, name in Tagging.objects.values_list("customer", "tag__name")),
            "notes": sorted((index[pk], text) for pk, text in Note.objects.values_list("customer", "text")),
            "contact_points": sorted(
                (index[pk], value) for pk, value in ContactPoint.objects.values_list("customer", "value")
            ),
            "custom_values": sorted(
                (index[pk], text) for pk, text in CustomValue.objects.values_list("customer", "text")
            ),
            "orders": sorted(
                (index.get(pk), *row)
                for pk, *row in Order.objects.values_list(
                    "customer", "number", "status", "total_minor", "refunded_minor"
                )
            ),
            "lines": sorted(OrderLine.objects.values_list("order__number", "position", "sku", "quantity")),
            "returns": sorted(
                (index.get(pk), number, order or "", refund)
                for pk, number, order, refund in Return.objects.values_list(
                    "customer", "number", "order__number", "refund_minor"
                )
            ),
            "return_lines": sorted(
                (number, position, sku, quantity, order or "")
                for number, position, sku, quantity, order in ReturnLine.objects.values_list(
                    "parent__number", "position", "sku", "quantity", "order__number"
                )
            ),
        }


class Merges(RuleBasedStateMachine):
    """The same days with merges and unmerges among them, of two to four records, one merge in another."""

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.shop = Without()
        self.deeds = []

    def do(self, name, **arguments):
        self.deeds.append((name, arguments))
        getattr(self.shop, name)(**arguments)

    def teardown(self):
        try:
            while links := list(MergeLink.objects.filter(undone_at=None).order_by("-pk")):
                unmerge(links[len(self.deeds) % len(links)])
            assert not OwnProfile.objects.exists()
            merged = self.shop.state()
            transaction.set_rollback(True)
        finally:
            self.transaction.__exit__(None, None, None)
        with transaction.atomic():
            plain = Without()
            for name, arguments in self.deeds:
                getattr(plain, name)(**arguments)
            alone = plain.state()
            transaction.set_rollback(True)
        for table, rows in alone.items():
            assert merged[table] == rows

    @rule(who=places, edits=edits)
    def edit(self, **arguments):
        self.do("edit", **arguments)

    @rule(who=places, where=places, is_default=st.booleans())
    def live(self, **arguments):
        self.do("live", **arguments)

    @rule(which=places)
    def move_house(self, **arguments):
        self.do("move_house", **arguments)

    @rule(which=places)
    def leave(self, **arguments):
        self.do("leave", **arguments)

    @rule(
        who=places,
        medium=st.sampled_from(["email", "sms"]),
        state=st.sampled_from(["agreed", "refused"]),
        at=moments,
    )
    def agree(self, **arguments):
        self.do("agree", **arguments)

    @rule(who=places, which=places)
    def label(self, **arguments):
        self.do("label", **arguments)

    @rule(who=places, which=places)
    def unlabel(self, **arguments):
        self.do("unlabel", **arguments)

    @rule(who=places, at=moments)
    def note(self, **arguments):
        self.do("note", **arguments)

    @rule(who=places, which=places)
    def reach(self, **arguments):
        self.do("reach", **arguments)

    @rule(who=places, which=places)
    def fill_in(self, **arguments):
        self.do("fill_in", **arguments)

    @rule(who=places, where=places, lines=lines, at=moments)
    def buy(self, **arguments):
        self.do("buy", **arguments)

    @rule(who=places, where=places, lines=lines, at=moments)
    def send_back(self, **arguments):
        self.do("send_back", **arguments)

    @rule(which=places, lines=lines, at=moments)
    def send_order_back(self, **arguments):
        self.do("send_order_back", **arguments)

    @rule(which=places, who=places, status=st.sampled_from([Status.PAID, Status.CANCELLED, Status.OPEN]))
    def change_order(self, **arguments):
        self.do("change_order", **arguments)

    @rule(which=places)
    def cancel(self, **arguments):
        self.do("cancel", **arguments)

    @precondition(lambda _machine: Customer.objects.count() > 1)
    @rule(first=places, count=st.integers(1, 3), choices=st.dictionaries(places, places, max_size=3))
    def merge(self, first, count, choices):
        listed = list(Customer.objects.order_by("pk"))
        listed = listed[first % len(listed) :] + listed[: first % len(listed)]
        keep, *others = listed[: count + 1]
        wanted = {
            presenting.GROUPS[group % len(presenting.GROUPS)].name: listed[who % (len(others) + 1)].pk
            for group, who in choices.items()
        }
        merge(keep=keep, others=others, choices=wanted)
        assert set(Customer.objects.values_list("pk", flat=True)).isdisjoint(one.pk for one in others)

    @precondition(lambda _machine: MergeLink.objects.filter(undone_at=None).exists())
    @rule(which=places)
    def unmerge(self, which):
        links = list(MergeLink.objects.filter(undone_at=None).order_by("pk"))
        apart = unmerge(links[which % len(links)])
        assert apart.is_listed

    @invariant()
    def figures_agree(self):
        assert list(differences()) == []

    @invariant()
    def rows_show_what_the_links_say(self):
        for person in presenting.persons(list(Customer.objects.values_list("pk", flat=True))):
            shown = presenting.shown(person).values
            row = Customer.everyone.values(*shown).get(pk=person.root)
            assert row == shown
            assert OwnProfile.objects.filter(pk=person.root).exists() is bool(person.links)
            assert sorted(person.own) == sorted(people.records(Customer.everyone.get(pk=person.root)))


@pytest.mark.django_db
class TestMerges(Merges.TestCase):
    settings = settings(
        max_examples=15,
        stateful_step_count=14,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a sequence is replayed whole: shrinking takes minutes
    )
