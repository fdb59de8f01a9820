"""What can be asked of a customer by their own row; the names are those of the customer query language."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from regulars.channels.models import Channel
from regulars.customers import sealed
from regulars.customers.catalogue import Field, Form, Type
from regulars.customers.consents import FIELD_OF, LABELS, MARKETING, NEVER, WORDS
from regulars.customers.models import Category, Consent, Customer, Frequency, Gender, Kind, Medium, Status, Tag, Tagging
from regulars.customers.names import category_name
from regulars.customers.places import language_name
from regulars.customers.preferences import words_of
from regulars.customers.relations import Relation
from regulars.staff.models import User


def _labels(choices: Iterable[tuple[Any, Any]]) -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in choices]


TAGS = Relation(
    model=Tagging, value="tag_id", shown="tag__name", order=("tag__key",), alive=(("tag__deleted_at", None),)
)

FIELDS = (
    Field(
        name="name",
        label=_("Name"),
        type=Type.TEXT,
        column="name",
        is_searched=True,
        is_sortable=True,
        sort_column="sort_name",
        is_default_column=True,
    ),
    Field(name="email", label=_("E-mail"), type=Type.TEXT, column="email", is_searched=True),
    Field(name="phone", label=_("Phone"), type=Type.TEXT, column="phone", is_searched=True, form=Form.DIGITS),
    Field(name="company", label=_("Company"), type=Type.TEXT, column="company", is_searched=True),
    Field(name="city", label=_("City"), type=Type.TEXT, column="city", is_default_column=True),
    Field(
        name="postal_code",
        label=_("Postcode"),
        type=Type.TEXT,
        column="postcode",
        is_searched=True,
        form=Form.COMPACT,
    ),
    Field(name="customer_countries", label=_("Country"), type=Type.COUNTRY, column="country"),
    Field(name="customer_regions", label=_("Region"), type=Type.TEXT, column="region"),
    Field(name="first_name", label=_("Given name"), type=Type.TEXT, column="given_name", is_searched=True),
    Field(name="last_name", label=_("Family name"), type=Type.TEXT, column="family_name", is_searched=True),
    Field(name="title", label=_("Title"), type=Type.TEXT, column="title"),
    Field(
        name="kind",
        label=_("Kind"),
        type=Type.CHOICE,
        column="kind",
        is_indexed=True,
        choices=lambda: _labels(Kind.choices),
    ),
    Field(
        name="category",
        label=_("Category"),
        type=Type.CHOICE,
        column="category_id",
        is_indexed=True,
        choices=lambda: [(category.key, category_name(category)) for category in Category.objects.all()],
        keys=lambda: dict(Category.objects.values_list("key", "pk")),
    ),
    Field(
        name="assigned_to",
        label=_("Looked after by"),
        type=Type.CHOICE,
        column="looked_after_by_id",
        is_indexed=True,
        choices=lambda: [(user.public_id, user.name) for user in User.objects.order_by("name")],
        keys=lambda: {user.public_id: user.pk for user in User.objects.only("pk")},
    ),
    Field(
        name="birth_date",
        label=_("Date of birth"),
        type=Type.BORN,
        column="birth",
        is_indexed=True,
    ),
    Field(
        name="birthday",
        label=_("Birthday"),
        type=Type.BIRTHDAY,
        column="birth",
        is_indexed=True,
        is_column=False,
    ),
    Field(name="age", label=_("Age"), type=Type.AGE, column="birth", is_indexed=True),
    Field(
        name="gender",
        label=_("Gender"),
        type=Type.CHOICE,
        column="gender",
        is_indexed=True,
        choices=lambda: _labels(Gender.choices),
    ),
    Field(name="occupation", label=_("Occupation"), type=Type.TEXT, column="occupation"),
    Field(
        name="companies",
        label=_("Works at"),
        type=Type.TEXT,
        relation=Relation(
            model=Customer,
            customer="id",
            value="organisation__sort_name",
            shown="organisation__name",
            where=(("organisation__isnull", False),),
            leads_to="organisation",
        ),
    ),
    Field(name="position", label=_("Position"), type=Type.TEXT, column="position"),
    Field(
        name="vat_number",
        label=_("VAT number"),
        type=Type.EXACT,
        column="vat_number",
        is_indexed=True,
        blinds=partial(sealed.blinds_of_text, "vat_number"),
    ),
    Field(name="payment_days", label=_("Days to pay"), type=Type.NUMBER, column="payment_days", is_indexed=True),
    Field(
        name="payment_preference",
        label=_("Pays by preference"),
        type=Type.EXACT,
        column="payment_preference",
        is_indexed=True,
        blinds=partial(sealed.blinds_of_text, "payment_preference"),
    ),
    Field(
        name="customer_language",
        label=_("Language"),
        type=Type.TEXT,
        column="language",
        words=lambda code: language_name(code) if code else "",
    ),
    Field(name="time_zone", label=_("Time zone"), type=Type.TEXT, column="time_zone"),
    Field(
        name="customer_email_domain",
        label=_("E-mail domain"),
        type=Type.TEXT,
        column="email",
        is_searched=True,
        form=Form.DOMAIN,
        words=lambda email: email.rpartition("@")[2],
    ),
    Field(name="is_guest", label=_("Bought as a guest"), type=Type.YES_NO, column="is_guest", is_indexed=True),
    Field(name="is_blocked", label=_("Blocked"), type=Type.YES_NO, column="is_blocked", is_indexed=True),
    Field(
        name="pays_in_advance", label=_("Pays in advance"), type=Type.YES_NO, column="pays_in_advance", is_indexed=True
    ),
    Field(name="has_no_credit", label=_("No credit"), type=Type.YES_NO, column="has_no_credit", is_indexed=True),
    Field(
        name="preferred_channels",
        label=_("Likes to hear from us by"),
        type=Type.TEXT,
        column="preferred_channels",
        words=partial(words_of, "preferred_channels"),
    ),
    Field(
        name="contact_times",
        label=_("Best times"),
        type=Type.TEXT,
        column="contact_times",
        words=partial(words_of, "contact_times"),
    ),
    Field(
        name="interests",
        label=_("Interested in"),
        type=Type.TEXT,
        column="interests",
        words=partial(words_of, "interests"),
    ),
    Field(
        name="shopping_frequency",
        label=_("Says they shop"),
        type=Type.CHOICE,
        column="shopping_frequency",
        is_indexed=True,
        choices=lambda: _labels(Frequency.choices),
    ),
    Field(
        name="sales_channels",
        label=_("Channel"),
        type=Type.CHOICE,
        column="channel_id",
        choices=lambda: [(channel.code, channel.name) for channel in Channel.objects.all()],
        keys=lambda: dict(Channel.objects.values_list("code", "pk")),
        is_default_column=True,
    ),
    Field(
        name="status",
        label=_("Status"),
        type=Type.CHOICE,
        column="status",
        choices=lambda: [(value, str(label)) for value, label in Status.choices],
        is_default_column=True,
    ),
    Field(
        name="number_of_orders",
        label=_("Orders"),
        type=Type.NUMBER,
        column="orders_count",
        is_sortable=True,
        is_default_column=True,
    ),
    Field(
        name="amount_spent",
        label=_("Spent"),
        type=Type.MONEY,
        column="spent_minor",
        is_sortable=True,
        is_default_column=True,
    ),
    Field(
        name="last_order_date",
        label=_("Last order"),
        type=Type.DATE,
        column="last_order_at",
        is_sortable=True,
        is_default_column=True,
    ),
    Field(
        name="customer_tags",
        label=_("Tags"),
        type=Type.LIST,
        relation=TAGS,
        choices=lambda: [(name, name) for name in Tag.objects.values_list("name", flat=True)],
        keys=lambda: dict(Tag.objects.values_list("name", "pk")),
        is_open=True,
    ),
    *(
        Field(
            name=FIELD_OF[medium],
            label=label,
            type=Type.CHOICE,
            relation=Relation(model=Consent, value="state", where=(("medium", medium), ("purpose", MARKETING))),
            choices=lambda: [(word, str(label)) for word, label in LABELS.items() if word != NEVER],
            keys=lambda: {word: state for state, word in WORDS.items()},
            words=lambda state: str(LABELS[WORDS[state]]),
            plain=lambda state: WORDS[state],
        )
        for medium, label in {
            Medium.EMAIL: _("E-mail consent"),
            Medium.SMS: _("SMS consent"),
            Medium.WHATSAPP: _("WhatsApp consent"),
            Medium.PHONE: _("Phone consent"),
            Medium.POST: _("Post consent"),
        }.items()
    ),
    Field(name="first_order_date", label=_("First order"), type=Type.DATE, column="first_order_at"),
    Field(
        name="customer_added_date",
        label=_("Customer since"),
        type=Type.DATE,
        column="customer_since",
        is_sortable=True,
    ),
)
