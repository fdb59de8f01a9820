"""Create and change a customer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core import bulk, shop
from regulars.core.errors import Invalid, Refusal, Stale
from regulars.core.fields import sealed_for
from regulars.core.text import BadText, clean
from regulars.customers import people, presenting, search
from regulars.customers.derived import (
    as_columns,
    completed,
    contacts_of,
    found_by,
    located,
    place_of,
    profile_of,
    renamed,
)
from regulars.customers.facts import CustomerChanged, CustomerCreated
from regulars.customers.models import Address, ContactPoint, Customer, Identity, OwnProfile
from regulars.customers.normalise import (
    RESTRICTIONS,
    Values,
    normalise,
    normalise_address,
    require_place,
    require_reason,
    require_someone,
)
from regulars.staff.models import User
from regulars.staff.policy import Rows, reader, require_full_of, told, verb
from regulars.timeline.actions import record

EXTERNAL_ID_LENGTH = 120


class EmailTaken(Refusal):
    """Another customer has this `email` already; `customer` is who."""

    slug = "email-taken"

    def __init__(self, customer: Customer, email: str) -> None:
        super().__init__(
            _("%(name)s has this e-mail already. Open that customer, or give another e-mail.")
            % {"name": told(customer)},
            field="email",
        )
        self.customer, self.email = customer, email


class ExternalIdTaken(Refusal):
    """The channel knows another customer under this id; `customer` is who."""

    slug = "external-id-taken"

    def __init__(self, customer: Customer, external_id: str) -> None:
        super().__init__(
            _("This channel already knows %(name)s under the id %(id)s.") % {"name": told(customer), "id": external_id},
            field="external_id",
        )
        self.customer = customer


@verb
def create_customer(
    *,
    values: Values,
    channel: Channel | None = None,
    external_id: str = "",
    address: Values | None = None,
    at: dt.datetime | None = None,
) -> Customer:
    """Somebody new, known to `channel` as `external_id` where one is given, with a first address where one is given.

    `at` is when they became known (now, unless said otherwise). Raises Invalid, EmailTaken or ExternalIdTaken.
    """
    place = new_address(address) if address else None
    profile = completed(normalise(values, country=(place or {}).get("country", "")))
    require_reason(profile)
    _require_company(profile.get("organisation"))
    external_id = external_id_of(external_id, channel)
    if not external_id:
        require_someone(profile)
    require_free_email(profile.get("email", ""), channel=channel, external_id=external_id)
    known = Identity.objects.filter(channel=channel, external_id=external_id).select_related("customer").first()
    if external_id and known:
        raise ExternalIdTaken(known.customer.person, external_id)

    now = timezone.now()
    at = at or profile.get("customer_since") or now
    profile, channel = _theirs(profile, channel)
    row = {**as_columns(profile), **place_of(place)}
    row["has_category_by_hand"] = profile.get("category") is not None
    row["customer_since"] = profile.get("customer_since") or at
    customer = Customer(channel=channel, created_at=now, updated_at=now, **row, **found_by(row))
    (customer.pk,) = bulk.take_ids(Customer, 1)  # what is sealed for somebody needs their number
    customer.save(force_insert=True)
    if external_id and channel:
        Identity.objects.create(customer=customer, channel=channel, external_id=external_id)
    if place:
        Address.objects.create(customer=customer, created_at=now, updated_at=now, **place)
    search.mark_unindexed([customer.pk])
    record(CustomerCreated(), customer=customer, subject=customer, at=at)
    return customer


@verb
def change_customer(
    customer: Customer, *, values: Values, version: int | None = None, may_share_email: bool = False
) -> Customer:
    """Change the given fields, and nothing where they say what is there already.

    With `version`, the change is made only to that version of the row. `may_share_email` is for what sales channels
    say: who has an e-mail there is not ours to refuse. Raises Invalid, EmailTaken or Stale.
    """
    current = presenting.itself(as_read(customer, version))
    given = normalise(values, country=current.country)
    before = {**profile_of(current), **{field: getattr(current, field) for field in given}}
    require_full_of(Customer, given)
    given = renamed(before, given)
    changed = {field: value for field, value in given.items() if value != before[field]}
    if not changed:
        return presenting.as_shown(current)
    changed |= _restricted(current, changed, before)
    _require_company(changed.get("organisation"), of=current)
    after = {**before, **changed}
    if not _has_identity(current):
        require_someone(after)
    if changed.get("email") and not may_share_email:
        require_free_email(changed["email"], besides=current)
    after["contacts"] = _follow_contacts(current, changed)
    write(current, {**as_columns(changed, of=current), **_implied(changed), **found_by(after)})
    search.mark_unindexed([current.pk])
    changes = {field: [_plain(before[field]), _plain(value)] for field, value in changed.items()}
    record(CustomerChanged(changes=changes), customer=current, subject=current)
    return presenting.as_shown(current)


def _theirs(profile: dict[str, Any], channel: Channel | None) -> tuple[dict[str, Any], Channel | None]:
    """A new customer of somebody who sees some only is one of theirs, or they could not see whom they made."""
    who = reader()
    if who.rows is Rows.LOOKED_AFTER and profile.get("looked_after_by") is None:
        profile = {**profile, "looked_after_by": User.objects.filter(pk=who.user_id or 0).first()}
    if who.rows is Rows.CHANNELS and channel is None:
        channel = Channel.objects.filter(pk__in=who.channel_ids).order_by("pk").first()
    return profile, channel


def _restricted(customer: Customer, changed: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What changes with a restriction: a new one needs its reason, and the reason goes with the last one."""
    if not {*RESTRICTIONS, "restriction_reason"} & set(changed):
        return {}
    after = {field: changed.get(field, getattr(customer, field)) for field in (*RESTRICTIONS, "restriction_reason")}
    require_reason(after)
    if after["restriction_reason"] and not any(after[field] for field in RESTRICTIONS):
        before["restriction_reason"] = customer.restriction_reason
        return {"restriction_reason": ""}
    return {}


def _implied(changed: dict[str, Any]) -> dict[str, Any]:
    """Columns that nobody reads and that follow from what changed."""
    implied: dict[str, Any] = {}
    if "category" in changed:
        # what a person chose stays; who takes the choice back leaves it to the rules again
        implied["has_category_by_hand"] = changed["category"] is not None
    return implied


def _follow_contacts(customer: Customer, changed: dict[str, Any]) -> tuple[str, ...]:
    """Let what is known of a first e-mail or phone go on to the one that replaces it; the further ones as they are.

    A label stays. That it was verified, or bounced, was true of the old one alone.
    """
    for kind in set(ContactPoint.Kind.values) & set(changed):
        points = ContactPoint.objects.filter(customer=customer, kind=kind)
        old = points.filter(value=getattr(customer, kind)).first()
        if old and not points.filter(value=changed[kind]).exists():
            if changed[kind]:
                points.filter(pk=old.pk).update(
                    value=changed[kind], verified_at=None, bounced_at=None, bounce_reason="", is_do_not_contact=False
                )
            else:
                old.delete()
    return contacts_of([customer.pk]).get(customer.pk, ())


def _require_company(organisation: Any, *, of: Customer | None = None) -> None:
    """Raises Invalid where somebody would work at what is no company, or at themselves."""
    if organisation is None:
        return
    if not organisation.is_company or not organisation.is_listed:
        sentence = _("%(name)s is not a company here.") % {"name": told(organisation)}
    elif of is not None and of.pk == organisation.pk:
        sentence = _("A company does not work at itself.")
    else:
        return
    raise Invalid(sentence, fields={"organisation": [sentence]})


def new_address(values: Values) -> dict[str, Any]:
    """A first address as it is kept: parcels and invoices go there unless the values say otherwise."""
    address = normalise_address(values, country=shop.current().country)
    require_place(address)
    return {"is_default_shipping": True, "is_default_billing": True, **address, **located(address)}


def require_free_email(
    email: str, *, channel: Channel | None = None, external_id: str = "", besides: Customer | None = None
) -> None:
    """Raises EmailTaken where somebody else has the e-mail.

    Two ids of one channel are two accounts there, which may share an e-mail: that channel says they are two customers.
    """
    if not email:
        return
    if connection.vendor == "postgresql":
        # Two people who add the same e-mail at once take turns; on SQLite every writer does.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"customer e-mail {email}"])
    # the e-mail may be what one of several records of a person says by itself, while the row shows another one
    hidden = list(OwnProfile.objects.filter(email=email).values_list("pk", flat=True))
    theirs = Q(email=email) | Q(pk__in=hidden) if hidden else Q(email=email)
    others = Customer.everyone.filter(theirs, deleted_at__isnull=True).exclude(merged_into__deleted_at__isnull=False)
    if besides:
        others = others.exclude(pk__in=people.records_with(besides))
    if external_id:
        others = others.exclude(pk__in=Identity.objects.filter(channel=channel).values("customer"))
    other = others.select_related("merged_into").order_by("id").first()
    if other is None:
        points = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value=email)
        other = _holder_of(points, besides=besides)
    if other:
        raise EmailTaken(other.person, email)


def _holder_of(points: QuerySet[ContactPoint], *, besides: Customer | None) -> Customer | None:
    """Whose further e-mail it is."""
    points = points.filter(customer__deleted_at__isnull=True).exclude(customer__merged_into__deleted_at__isnull=False)
    if besides:
        points = points.exclude(customer__in=people.records_with(besides))
    point = points.select_related("customer__merged_into").order_by("id").first()
    return point.customer if point else None


def write(customer: Customer, columns: dict[str, Any]) -> None:
    """Write the columns to the version that was read, and raise it by one. Raises Stale where somebody was faster.

    What a record of a merge says by itself is written there, and shown as the links say (see presenting).
    """
    shown = dict(columns)
    if presenting.own_profile(customer) is not None:
        shown = {name: value for name, value in columns.items() if not presenting.columns_of({name: value})}
    shown["updated_at"] = timezone.now()
    of_this_version = Customer.everyone.filter(pk=customer.pk, version=customer.version)
    if not of_this_version.update(**sealed_for(Customer, customer.pk, shown), version=F("version") + 1):
        raise stale(customer)
    for name, value in {**columns, **shown}.items():
        setattr(customer, name, value)
    customer.version += 1
    if presenting.own_profile(customer) is not None:
        presenting.write_own(customer, columns)
    elif customer.merged_into_id is not None:
        presenting.present([customer.merged_into_id])


def stale(customer: Customer) -> Stale:
    """The refusal for somebody who was overtaken."""
    return Stale(
        _("Somebody else changed %(name)s meanwhile. Load the page again and repeat your change.")
        % {"name": told(customer)}
    )


def as_read(customer: Customer, version: int | None) -> Customer:
    """The customer's row, locked, in the version that was read (None: whichever there is). Raises Stale."""
    rows = Customer.everyone.select_for_update(of=("self",)).select_related("own_profile")
    current = rows.filter(pk=customer.pk, deleted_at__isnull=True).first()
    if current is None or (version is not None and current.version != version):
        raise stale(customer)
    return current


def external_id_of(text: str, channel: Channel | None) -> str:
    """A channel's id for somebody as it is kept. Raises Invalid."""
    try:
        external_id = clean(text, limit=EXTERNAL_ID_LENGTH)
    except BadText as problem:
        raise Invalid(str(problem), fields={"external_id": [str(problem)]}) from problem
    if external_id and channel is None:
        sentence = _("An id of a channel needs its channel.")
        raise Invalid(sentence, fields={"channel": [sentence]})
    return external_id


def _has_identity(customer: Customer) -> bool:
    return Identity.objects.filter(customer=customer).exists()


def _plain(value: Any) -> Any:
    """A value as the timeline keeps it."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return getattr(value, "public_id", value)
