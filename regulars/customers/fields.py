"""What can be asked of a customer by their own row; the names are those of the customer query language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from regulars.channels.models import Channel
from regulars.customers.catalogue import Field, Form, Type
from regulars.customers.consents import FIELD_OF, LABELS, MARKETING, NEVER, WORDS
from regulars.customers.models import Consent, Medium, Status, Tag, Tagging
from regulars.customers.relations import Relation

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
        relation=Relation(
            model=Tagging, value="tag_id", shown="tag__name", order=("tag__key",), alive=(("tag__deleted_at", None),)
        ),
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
