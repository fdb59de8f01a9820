"""What a customer and an address look like, coming in and going out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _
from pydantic import ConfigDict, Field

from regulars.core import ids
from regulars.core.api import problems
from regulars.core.api.routes import Routes
from regulars.core.api.schemas import In, Moment, MoneyOut, Out, PublicId
from regulars.core.sight import current
from regulars.core.walls import is_shown
from regulars.customers import birthdays, customfields, postal
from regulars.customers.fields import TAGS
from regulars.customers.models import Address, ContactPoint, Customer, Household, Identity
from regulars.customers.people import records_of
from regulars.customers.preferences import listed
from regulars.staff.models import User

routes = Routes(tags=["Customers"])

problems.describe(
    "email-taken",
    status=HTTPStatus.CONFLICT,
    title=_("Another customer has this e-mail"),
    text=_(
        "An e-mail belongs to one customer, also a further one. Find who has it with “?q=…”, and change that customer."
    ),
)
problems.describe(
    "tag-taken",
    status=HTTPStatus.CONFLICT,
    title=_("There is a tag of this name"),
    text=_("A name is one tag, whatever its capitals and accents. Merge the two tags instead."),
)
problems.describe(
    "not-your-note",
    status=HTTPStatus.CONFLICT,
    title=_("Somebody else wrote this note"),
    text=_("A note is changed by who wrote it. Write one of your own."),
)
problems.describe(
    "bad-file",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("The file cannot be kept"),
    text=_("Files have a largest size, and a kind that their own bytes show."),
)
problems.describe(
    "external-id-taken",
    status=HTTPStatus.CONFLICT,
    title=_("The channel knows another customer under this id"),
    text=_("An id is unique in its channel. Find who has it with “?external_id=…&channel=…”."),
)

Kind = Literal["person", "company"]
Status = Literal["active", "inactive"]
GenderName = Literal["", "female", "male", "other"]
FrequencyName = Literal["", "weekly", "monthly", "quarterly", "yearly", "rarely"]
ChannelName = Literal["email", "sms", "whatsapp", "phone", "post"]
SlotName = Literal[
    "weekday-morning",
    "weekday-afternoon",
    "weekday-evening",
    "weekend-morning",
    "weekend-afternoon",
    "weekend-evening",
]
Interest = Annotated[str, Field(max_length=60)]


def _text(field: str, model: type[Customer | Address] = Customer, **more: Any) -> Any:
    """A text that need not be sent, as long as its column; an empty one clears it."""
    column = model._meta.get_field(field)
    return Field(default_factory=str, max_length=getattr(column, "max_length", None), **more)


_ADDRESS_EXAMPLE: dict[str, Any] = {
    "line1": "12 Harbour Road",
    "city": "Bristol",
    "postcode": "BS1 5TY",
    "country": "GB",
    "is_default_shipping": True,
}


class AddressIn(In):
    """An address. The first one of a customer is the default for parcels and invoices."""

    model_config = ConfigDict(json_schema_extra={"example": _ADDRESS_EXAMPLE})

    name: Annotated[str, _text("name", Address, description="The recipient, where it is not the customer.")]
    company: Annotated[str, _text("company", Address)]
    line1: Annotated[str, _text("line1", Address)]
    line2: Annotated[str, _text("line2", Address)]
    city: Annotated[str, _text("city", Address)]
    region: Annotated[str, _text("region", Address)]
    postcode: Annotated[str, _text("postcode", Address)]
    country: Annotated[str, Field(default_factory=str, max_length=80, description="ISO 3166 code, or a name.")]
    phone: Annotated[str, Field(default_factory=str, max_length=80)]
    is_default_shipping: Annotated[bool, Field(default_factory=bool)]
    is_default_billing: Annotated[bool, Field(default_factory=bool)]


CustomValueIn = str | int | float | bool | list[str] | None


class ProfileFields(In):
    """What a customer's profile may hold."""

    kind: Annotated[Kind, Field(default=None)]
    title: Annotated[str, _text("title")]
    given_name: Annotated[str, _text("given_name")]
    family_name: Annotated[str, _text("family_name")]
    name: Annotated[str, _text("name", description="What is shown; else made of the parts, or the company.")]
    company: Annotated[str, _text("company")]
    email: Annotated[str, _text("email")]
    phone: Annotated[
        str,
        Field(
            default_factory=str,
            max_length=80,
            description="With its country code, or as dialled in the customer's country (else the shop's).",
        ),
    ]
    language: Annotated[str, Field(default_factory=str, max_length=40, examples=["en", "zh-hans"])]
    status: Annotated[Status, Field(default=None)]
    is_guest: Annotated[bool, Field(default_factory=bool)]
    customer_since: Annotated[Moment, Field(default=None)]
    looked_after_by: Annotated[
        PublicId | None, Field(default=None, description="The id of somebody who works in the shop; null for nobody.")
    ]
    birth_date: Annotated[
        str,
        Field(
            default_factory=str,
            max_length=40,
            description="With its year, or without: 1980-03-12, --03-12.",
            examples=["1980-03-12", "--03-12"],
        ),
    ]
    gender: Annotated[GenderName, Field(default_factory=str)]
    occupation: Annotated[str, _text("occupation")]
    time_zone: Annotated[str, _text("time_zone", examples=["Europe/London"])]
    category: Annotated[
        str | None,
        Field(
            default=None,
            max_length=40,
            description="The key of a category; null leaves it to the rules.",
            examples=["vip"],
        ),
    ]
    organisation: Annotated[
        PublicId | None, Field(default=None, description="The id of the company they work at; null for none.")
    ]
    position: Annotated[str, _text("position")]
    vat_number: Annotated[str, Field(default_factory=str, max_length=60, description="Checked as its country does.")]
    payment_days: Annotated[
        int | None, Field(default=None, ge=0, le=365, description="Days to pay; null where nothing was agreed.")
    ]
    payment_preference: Annotated[str, _text("payment_preference")]
    is_blocked: Annotated[bool, Field(default_factory=bool)]
    pays_in_advance: Annotated[bool, Field(default_factory=bool)]
    has_no_credit: Annotated[bool, Field(default_factory=bool)]
    restriction_reason: Annotated[
        str, _text("restriction_reason", description="Needed where somebody is restricted; goes with the last one.")
    ]
    preferred_channels: Annotated[list[ChannelName], Field(default_factory=list, max_length=5)]
    contact_times: Annotated[list[SlotName], Field(default_factory=list, max_length=6)]
    interests: Annotated[list[Interest], Field(default_factory=list, max_length=100)]
    shopping_frequency: Annotated[FrequencyName, Field(default_factory=str)]
    tags: Annotated[
        list[Annotated[str, Field(max_length=60)]],
        Field(default_factory=list, max_length=250, description="All of them: what is not sent is taken off."),
    ]
    custom_fields: Annotated[
        dict[str, CustomValueIn],
        Field(
            default_factory=dict,
            max_length=200,
            description="Values of the shop's own fields, by key; null clears one, what is not sent stays.",
        ),
    ]


class CustomerIn(ProfileFields):
    """Somebody new: at least a name, a company, an e-mail, a phone, or an id in a channel."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "given_name": "Élodie",
                "family_name": "Moreau",
                "email": "elodie.moreau@shop.example",
                "phone": "+44 117 496 0123",
                "channel": "web",
                "external_id": "17850",
                "address": _ADDRESS_EXAMPLE,
            }
        }
    )

    channel: Annotated[str | None, Field(default=None, max_length=40, description="The code of a channel.")]
    external_id: Annotated[str, Field(default_factory=str, max_length=120, description="Their id in that channel.")]
    address: Annotated[AddressIn | None, Field(default=None, description="A first address.")]


class CustomerPatch(ProfileFields):
    """Fields of a profile to change; what is not sent stays as it is."""

    model_config = ConfigDict(json_schema_extra={"example": {"phone": "+44 117 496 0123", "language": "fr"}})


class ContactOut(Out):
    """An e-mail or a phone, and what is known of it."""

    kind: Literal["email", "phone"]
    value: str
    is_primary: Annotated[bool, Field(description="Whether it is the one that lists show.")]
    label: str
    verified_at: Moment | None
    bounced_at: Moment | None
    bounce_reason: str
    is_do_not_contact: Annotated[bool, Field(description="They asked not to be called or written to there.")]


class ExternalIdOut(Out):
    """How a channel knows a customer."""

    channel: Annotated[str, Field(description="The channel's code.")]
    external_id: str


class CustomerOut(Out):
    """A customer, with what they bought. Figures are of counted orders, in the shop's base currency."""

    id: PublicId
    version: int
    kind: Kind
    title: str
    given_name: str
    family_name: str
    name: str
    company: str
    email: str
    phone: Annotated[str, Field(description="E.164, such as +441174960123.")]
    language: str
    status: Status
    is_guest: bool
    customer_since: Moment
    looked_after_by: PublicId | None
    birth_date: Annotated[str, Field(description="1980-03-12, --03-12 without the year, 1980 for a year alone.")]
    gender: GenderName
    occupation: str
    time_zone: str
    category: Annotated[str | None, Field(description="The key of the category they are in.")]
    organisation: Annotated[PublicId | None, Field(description="The company they work at.")]
    position: str
    household: Annotated[PublicId | None, Field(description="The household they live in.")]
    vat_number: str
    payment_days: int | None
    payment_preference: str
    is_blocked: bool
    pays_in_advance: bool
    has_no_credit: bool
    restriction_reason: str
    preferred_channels: list[ChannelName]
    contact_times: list[SlotName]
    interests: list[str]
    shopping_frequency: FrequencyName
    tags: list[str]
    custom_fields: Annotated[
        dict[str, str | int | float | bool | list[str] | None],
        Field(description="Values of the shop's own fields, by key: those that the token's owner may see."),
    ]
    contacts: Annotated[
        list[ContactOut], Field(description="Further e-mails and phones, and what is known of the first ones.")
    ]
    channel: Annotated[str | None, Field(description="The code of the channel they came from.")]
    external_ids: list[ExternalIdOut]
    city: Annotated[str, Field(description="Of the default shipping address, as the three that follow.")]
    region: str
    postcode: str
    country: str
    orders_count: Annotated[
        int | None, Field(description="Null, as the figures that follow, where they are not shown.")
    ]
    spent: MoneyOut | None
    refunded: MoneyOut | None
    average_order: MoneyOut | None
    first_order_at: Moment | None
    last_order_at: Moment | None
    usual_gap_days: Annotated[float | None, Field(description="The usual number of days from order to order.")]
    created_at: Moment
    updated_at: Moment


class CustomersOut(Out):
    """A page of customers; `next` and `previous` are the addresses of the pages beside it."""

    items: list[CustomerOut]
    next: str | None
    previous: str | None


class AddressOut(Out):
    """An address of a customer."""

    id: PublicId
    version: int
    name: str
    company: str
    line1: str
    line2: str
    city: str
    region: str
    postcode: str
    country: str
    phone: str
    latitude: Annotated[float | None, Field(description="Of the city, where it is known.")]
    longitude: float | None
    doubts: Annotated[list[str], Field(description="The fields that its country does not write like this.")]
    is_default_shipping: bool
    is_default_billing: bool
    created_at: Moment
    updated_at: Moment


class AddressesOut(Out):
    """All addresses of a customer, the oldest first."""

    items: list[AddressOut]


def customers_out(customers: list[Customer], *, reader: Any = None) -> list[CustomerOut]:
    """Customers as they go out to `reader`, a token: a few queries, however many there are.

    The shop's own fields are those that the reader may see; without a reader, those that are for all roles.
    """
    prefetch_related_objects(customers, "channel", "category")
    people = records_of([customer.pk for customer in customers])
    records = [record for found in people.values() for record in found]
    known = defaultdict(list)
    for identity in Identity.objects.filter(customer__in=records).select_related("channel").order_by("id"):
        known[identity.customer_id].append(identity)
    points = defaultdict(list)
    for point in ContactPoint.objects.filter(customer__in=records).order_by("id"):
        points[point.customer_id].append(point)
    tagged, fields = TAGS.read(customers, records=people), customfields.seen_by(reader)
    own = customfields.values_of(customers, fields) if fields else {}
    return [
        _customer_out(
            customer,
            [one for record in people[customer.pk] for one in known[record]],
            [one for record in people[customer.pk] for one in points[record]],
            Labels(
                tagged.get(customer.pk, []),
                {
                    field.key: customfields.as_json(field, own.get(customer.pk, {}).get(field.pk, []))
                    for field in fields
                },
            ),
        )
        for customer in customers
    ]


def customer_out(customer: Customer, *, reader: Any = None) -> CustomerOut:
    """One customer as it goes out to a token."""
    return customers_out([customer], reader=reader)[0]


def contact_out(point: ContactPoint, customer: Customer) -> ContactOut:
    """An e-mail or a phone as it goes out."""
    return ContactOut(
        kind=point.kind,  # type: ignore[arg-type]
        value=point.value,
        is_primary=point.value in {customer.email, customer.phone},
        label=point.label,
        verified_at=point.verified_at,
        bounced_at=point.bounced_at,
        bounce_reason=point.bounce_reason,
        is_do_not_contact=point.is_do_not_contact,
    )


def address_out(address: Address) -> AddressOut:
    """An address as it goes out."""
    return AddressOut(
        id=address.public_id,
        version=address.version,
        name=address.name,
        company=address.company,
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        region=address.region,
        postcode=address.postcode,
        country=address.country,
        phone=address.phone,
        latitude=address.latitude,
        longitude=address.longitude,
        doubts=sorted(postal.problems({name: getattr(address, name) for name in ("region", "postcode", "country")})),
        is_default_shipping=address.is_default_shipping,
        is_default_billing=address.is_default_billing,
        created_at=address.created_at,
        updated_at=address.updated_at,
    )


@dataclass(frozen=True, slots=True)
class Labels:
    """What the shop itself adds to a customer."""

    tags: list[str]
    custom_fields: dict[str, Any]


def _customer_out(
    customer: Customer, identities: Iterable[Identity], points: list[ContactPoint], labels: Labels
) -> CustomerOut:
    has_figures = is_shown(Customer, "spent_minor")
    return CustomerOut(
        id=customer.public_id,
        version=customer.version,
        kind=customer.kind,  # type: ignore[arg-type]
        title=customer.title,
        given_name=customer.given_name,
        family_name=customer.family_name,
        name=customer.name,
        company=customer.company,
        email=customer.email,
        phone=customer.phone,
        language=customer.language,
        status=customer.status,  # type: ignore[arg-type]
        is_guest=customer.is_guest,
        customer_since=customer.customer_since,
        looked_after_by=_id_or_none(User.id_prefix, customer.looked_after_by_id),
        birth_date=birthdays.written(customer.birth_year, customer.birthday),
        gender=customer.gender,  # type: ignore[arg-type]
        occupation=customer.occupation,
        time_zone=customer.time_zone,
        category=customer.category.key if customer.category else None,
        organisation=_company(customer),
        position=customer.position,
        household=_id_or_none(Household.id_prefix, customer.household_id),
        vat_number=customer.vat_number,
        payment_days=customer.payment_days,
        payment_preference=customer.payment_preference,
        is_blocked=customer.is_blocked,
        pays_in_advance=customer.pays_in_advance,
        has_no_credit=customer.has_no_credit,
        restriction_reason=customer.restriction_reason,
        preferred_channels=listed(customer.preferred_channels),  # type: ignore[arg-type]
        contact_times=listed(customer.contact_times),  # type: ignore[arg-type]
        interests=listed(customer.interests),
        shopping_frequency=customer.shopping_frequency,  # type: ignore[arg-type]
        tags=labels.tags,
        custom_fields=labels.custom_fields,
        contacts=[contact_out(point, customer) for point in points],
        channel=customer.channel.code if customer.channel else None,
        external_ids=list(_external_ids(identities)),
        city=customer.city,
        region=customer.region,
        postcode=customer.postcode,
        country=customer.country,
        orders_count=customer.orders_count if has_figures else None,
        spent=MoneyOut.of(customer.spent) if has_figures else None,
        refunded=MoneyOut.of(customer.refunded) if has_figures else None,
        average_order=MoneyOut.maybe(customer.average_order) if has_figures else None,
        first_order_at=customer.first_order_at,
        last_order_at=customer.last_order_at,
        usual_gap_days=customer.usual_gap_days,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
    )


def _company(customer: Customer) -> str | None:
    """The id of the company somebody works at, where the reader sees it."""
    if current().sees_all:
        return _id_or_none(Customer.id_prefix, customer.organisation_id)
    return customer.organisation.public_id if customer.organisation else None


def _external_ids(identities: Iterable[Identity]) -> Iterable[ExternalIdOut]:
    return (ExternalIdOut(channel=identity.channel.code, external_id=identity.external_id) for identity in identities)


def _id_or_none(prefix: str, pk: int | None) -> str | None:
    return None if pk is None else ids.encode(prefix, pk)
