"""What can be asked of customers themselves: who they are, how they are reached, what they agreed to and told us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from regulars.core.sight import current
from regulars.customers import catalogue, customfields
from regulars.customers.consents import FIELD_OF, LABELS, NEVER, WORDS
from regulars.customers.models import CustomField, Medium, Tag
from regulars.customers.places import countries
from regulars.customers.preferences import SLOTS
from regulars.segments.language.words import Kind, Label, Total
from regulars.segments.models import Group
from regulars.segments.vocabulary.building import (
    as_attribute,
    attribute,
    channel_ids,
    channel_names,
    column,
    function,
    may_ask,
    of_field,
)
from regulars.segments.vocabulary.declared import Known
from regulars.timeline.facts import all_facts

WHO = _("Who they are")
REACHED = _("Where they are, and how to reach them")
AGREED = _("What they agreed to")
SORTED = _("How the shop sorts them")
TOLD = _("What they told us")
CAME = _("How they came, and their account")
PAYING = _("How they pay")
OWN = _("The shop's own fields")
HAPPENED = _("What happened")

_STATES = {word.upper(): state for state, word in WORDS.items()} | {"INVALID": "invalid", "REDACTED": "redacted"}
_Values = list[tuple[str, Label]]


def _countries() -> _Values:
    return list(countries(get_language() or "en"))


def _media() -> _Values:
    return [(str(value), label) for value, label in Medium.choices]


def _times() -> _Values:
    return list(SLOTS.items())


def _accounts() -> _Values:
    return [
        ("ENABLED", _("Has an account")),
        ("INVITED", _("Invited")),
        ("DECLINED", _("Declined the invitation")),
        ("DISABLED", _("Has none")),
    ]


def _subscriptions() -> _Values:
    return [
        ("SUBSCRIBED", _("Has a subscription")),
        ("PAUSED", _("Paused it")),
        ("CANCELED", _("Cancelled it")),
        ("EXPIRED", _("It ran out")),
        ("FAILED", _("Could not be charged")),
        ("NEVER_SUBSCRIBED", _("Never had one")),
    ]


def tag_ids() -> Mapping[str, tuple[int, ...]]:
    """The tags in use, each with the ids under which customers have it: its own, and those of tags merged into it."""
    found: dict[int | None, list[int]] = {}
    for pk, into in Tag.everyone.filter(merged_into__isnull=False).order_by("pk").values_list("pk", "merged_into_id"):
        found.setdefault(into, []).append(pk)
    return {name: (pk, *found.get(pk, ())) for name, pk in Tag.objects.values_list("name", "pk")}


def _consent(medium: Medium) -> Known:
    def words() -> _Values:
        said: _Values = [(word.upper(), label) for word, label in LABELS.items()]
        bounced: _Values = [("INVALID", _("Mail comes back"))] if medium == Medium.EMAIL else []
        return [*said, *bounced, ("REDACTED", pgettext_lazy("consent", "Erased"))]

    return of_field(
        FIELD_OF[medium],
        section=AGREED,
        column=f"{medium}_consent",
        values=words,
        keys=lambda: _STATES,
        absent=NEVER.upper(),
    )


def _works_at(reader: Any) -> bool:
    """The company may be a customer whom the reader does not see: who sees only some customers cannot ask for it."""
    field = catalogue.get("companies")
    return field is not None and current().sees_all and may_ask(field, reader)


ATTRIBUTES = (
    of_field("name", section=WHO),
    of_field("first_name", section=WHO),
    of_field("last_name", section=WHO),
    of_field("title", section=WHO),
    of_field("kind", section=WHO),
    of_field("company", section=WHO),
    of_field(
        "companies",
        section=WHO,
        column="works_at",
        may_ask=_works_at,
        about=_("The name of the company that they work at, where it is a customer too."),
    ),
    of_field("position", section=WHO),
    of_field("occupation", section=WHO),
    of_field("gender", section=WHO),
    of_field(
        "birth_date",
        section=WHO,
        birthday="birthday",
        aliases=("metafields.facts.birth_date", "customer.metafields.facts.birth_date"),
        about=_(
            "Only where day, month and year are known; anniversary(birth_date) finds those without a year as well."
        ),
    ),
    of_field("age", section=WHO, column="birth_date", is_age=True, about=_("Whole years, on the day asked about.")),
    # ── where they are
    of_field("email", section=REACHED),
    of_field("customer_email_domain", section=REACHED, column="email_domain", about=_("What stands behind the @.")),
    of_field("phone", section=REACHED, about=_("With its country and without spaces: '+494012345678'.")),
    of_field("city", section=REACHED, about=_("Of the address that parcels go to.")),
    of_field("postal_code", section=REACHED, about=_("Of the address that parcels go to.")),
    attribute(
        "customer_cities",
        _("Cities"),
        Kind.LIST,
        section=REACHED,
        column="cities",
        about=_("Of all their addresses: 'Berlin', or as Shopify writes it: 'US-NY-NewYorkCity'."),
    ),
    of_field(
        "customer_regions",
        section=REACHED,
        column="regions",
        kind=Kind.LIST,
        label=_("Regions"),
        about=_("Of all their addresses, by their codes: 'US-NY'; as it is written where no code is known."),
    ),
    of_field(
        "customer_countries",
        section=REACHED,
        column="countries",
        values=_countries,
        label=_("Countries"),
        about=_("Of all their addresses, by two letters."),
    ),
    of_field("customer_language", section=REACHED, column="language", about=_("By its code: 'en', 'zh-hans'.")),
    of_field("time_zone", section=REACHED, about=_("By its name: 'Europe/Berlin'.")),
    # ── what they agreed to
    *(_consent(medium) for medium in Medium),
    # ── how the shop sorts them
    of_field("status", section=SORTED),
    of_field("category", section=SORTED),
    of_field("customer_tags", section=SORTED, column="tags", keys=tag_ids),
    of_field("assigned_to", section=SORTED),
    of_field("is_blocked", section=SORTED),
    # ── how they pay
    of_field("pays_in_advance", section=PAYING),
    of_field("has_no_credit", section=PAYING),
    of_field("payment_days", section=PAYING),
    of_field("payment_preference", section=PAYING),
    of_field("vat_number", section=PAYING),
    # ── what they told us
    of_field("preferred_channels", section=TOLD, kind=Kind.LIST, values=_media),
    of_field("contact_times", section=TOLD, kind=Kind.LIST, values=_times),
    of_field("interests", section=TOLD, kind=Kind.LIST),
    of_field("shopping_frequency", section=TOLD),
    # ── how they came
    of_field("customer_added_date", section=CAME, column="added"),
    of_field("is_guest", section=CAME),
    attribute(
        "created_by_import",
        _("Came by an import"),
        Kind.YES_NO,
        section=CAME,
        column="created_by_import",
        about=_("Whether a file of customers made them."),
    ),
    of_field(
        "sales_channels",
        section=CAME,
        column="channels",
        kind=Kind.LIST,
        label=_("Sales channels"),
        values=channel_names,
        keys=channel_ids,
        about=_("The one they came by, and all where they have an account."),
    ),
    attribute(
        "customer_account_status",
        _("Customer account"),
        Kind.CHOICE,
        section=CAME,
        values=_accounts,
        absent="DISABLED",
        about=_("Nobody has an account here yet: it is DISABLED for everybody."),
    ),
    attribute(
        "created_by_app_id",
        _("Made by the app"),
        Kind.NUMBER,
        section=CAME,
        about=_("The numbers of Shopify's apps are not known here: nobody has one."),
    ),
    attribute(
        "product_subscription_status",
        _("Subscription to products"),
        Kind.CHOICE,
        section=CAME,
        values=_subscriptions,
        absent="NEVER_SUBSCRIBED",
        about=_("Subscriptions are not kept here: it is NEVER_SUBSCRIBED for everybody."),
    ),
)


def _fact_names() -> _Values:
    return [(name, name) for name, fact in all_facts().items() if fact.on_timeline]


def group_names() -> _Values:
    """The saved groups in use."""
    return [(name, name) for name in Group.objects.filter(archived_at=None).values_list("name", flat=True)]


def _group_ids() -> Mapping[str, int]:
    return dict(Group.objects.values_list("name", "pk"))


FUNCTIONS = (
    function(
        "customer_within_distance",
        _("Lives near a place"),
        column("coordinates", _("Place"), Kind.PLACE),
        column("distance_km", _("Kilometres"), Kind.DECIMAL, distance="km"),
        column("distance_mi", _("Miles"), Kind.DECIMAL, distance="mi"),
        section=REACHED,
        table="addresses",
        moment="",
        shows=("address",),
        about=_("As the crow flies, from the place to any of their addresses whose place on the map is known."),
    ),
    function(
        "events",
        _("Something happened"),
        column("kind", _("What"), Kind.CHOICE, "kind", values=_fact_names),
        column("date", _("Date"), Kind.MOMENT, "happened"),
        column("count", _("How often"), Kind.NUMBER, total=Total.COUNT),
        section=HAPPENED,
        table="events",
        moment="happened",
        permission="orders.view",
        shows=("spend",),
        about=_("Anything on the timeline of a customer."),
    ),
    function(
        "joined_segment",
        _("Joined a group"),
        column("name", _("Group"), Kind.CHOICE, "grp", values=group_names, keys=_group_ids),
        column("date", _("Date"), Kind.MOMENT, "joined"),
        section=HAPPENED,
        table="spells",
        moment="joined",
        permission="segments.view",
        about=_("Whoever came into a group after it was saved, also those who have left it since."),
    ),
)

_CUSTOM: dict[str, tuple[Kind, str]] = {
    CustomField.Type.TEXT: (Kind.TEXT, "text"),
    CustomField.Type.LONG_TEXT: (Kind.TEXT, "text"),
    CustomField.Type.NUMBER: (Kind.DECIMAL, "number"),
    CustomField.Type.MONEY: (Kind.MONEY, "number"),
    CustomField.Type.DATE: (Kind.DAY, "number"),
    CustomField.Type.YES_NO: (Kind.YES_NO, "number"),
    CustomField.Type.ONE_OF: (Kind.CHOICE, "text"),
    CustomField.Type.SEVERAL_OF: (Kind.LIST, "text"),
    CustomField.Type.LINK: (Kind.TEXT, "text"),
}


_own: tuple[object, Sequence[Known]] = ((), [])


def own_fields() -> Sequence[Known]:
    """The fields that the shop added itself, as they are now; made anew where one of them changed."""
    global _own  # noqa: PLW0603 — one for the process
    fields = customfields.known()
    wanted = tuple((field.pk, field.version, field.updated_at) for field in fields)
    if _own[0] != wanted:
        asked = {one.name: one for one in customfields.catalogue_fields()}
        _own = wanted, [_own_field(field, asked[field.name]) for field in fields if field.name in asked]
    return _own[1]


def _own_field(field: CustomField, asked: catalogue.Field) -> Known:
    kind, stands = _CUSTOM[field.type]
    options: _Values = [(one["key"], one["label"]) for one in field.options]
    return as_attribute(
        asked,
        section=OWN,
        column=stands,
        kind=kind,
        values=(lambda: options) if kind in {Kind.CHOICE, Kind.LIST} else None,
        keys=None,
        aliases=(f"customer.{field.name}",),
        table="custom",
        only={"field": field.pk},
    )
