"""The gate's rules, in one place: may this be written to this person, from when on, and what allowed it.

    service     answers, acknowledgements, what belongs to a contract: no consent; suppressions and restrictions hold
    marketing   a consent line for the way and the address, at most so many in some days, and not while people sleep
    any other   a purpose of customers/privacy (`question`, say): what `privacy.may` says

They are asked twice: when a message is planned, and again when it leaves, because people change their minds meanwhile.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Refusal
from regulars.customers import people, privacy
from regulars.customers.models import Consent, ConsentRecord, ConsentState, ContactPoint, Customer, Limit, Medium
from regulars.customers.privacy import permitting
from regulars.messaging import digests, quiet
from regulars.messaging.models import Limits, Message, Suppression, Way

SERVICE: Final = "service"
MARKETING: Final = "marketing"

State = Message.State

_LOUD = frozenset({Way.SMS, Way.WHATSAPP})  # they ring
# what somebody gets, or may still get
_COUNTED = frozenset(State) - {State.FAILED, State.CANCELLED}
_AGREED_BY_THEMSELVES = frozenset(
    {
        ConsentRecord.Source.CHECKOUT,
        ConsentRecord.Source.FORM,
        ConsentRecord.Source.CONFIRMATION,
        ConsentRecord.Source.STAFF,
    }
)


class MayNotWrite(Refusal):
    """The person objected, is restricted, did not agree, had enough, or cannot be reached; the sentence says which."""

    slug = "may-not-write"


class TooMany(MayNotWrite):
    """The person has as many messages as the shop allows itself; `free_at` is from when on there may be another."""

    slug = "too-many"

    def __init__(self, sentence: str, *, free_at: dt.datetime) -> None:
        super().__init__(sentence)
        self.free_at = free_at


class BadAddress(Refusal):
    """An address that nothing can be sent to."""

    slug = "bad-address"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the gate says: the line of the ledger that allows it, if one had to, and from when on it may leave."""

    consent: ConsentRecord | None
    due_at: dt.datetime


def limits() -> Limits:
    """The shop's limits; the defaults, where nobody changed them."""
    return Limits.objects.filter(pk=1).first() or Limits()


def check(
    *, way: str, to: str, customer: Customer | None, purpose: str, at: dt.datetime, is_answer: bool = False
) -> Allowed:
    """Whether a message may be written, and from when on (not before `at`) it may leave.

    One that `is_answer` to what they asked wakes nobody, and is kept back by no night, where it is no marketing.

    Raises MayNotWrite, BadAddress.

    Of marketing, a place among the messages of the person is looked for as well: inside a transaction, with the person
    locked, so that no sequence of callers gets more than there are (TooMany).
    """
    consent = check_person(way=way, to=to, customer=customer, purpose=purpose)
    root = customer.person if customer is not None else None
    rules = limits()
    due_at = _awake(at, way, purpose, root, rules, is_answer=is_answer)
    if purpose == MARKETING and root is not None and rules.is_counted:
        _check_room(root, due_at, rules)
    return Allowed(consent, due_at)


def check_person(*, way: str, to: str, customer: Customer | None, purpose: str) -> ConsentRecord | None:
    """Whether this person may be written to at this address for this purpose, whenever: the line that allows it.

    Raises MayNotWrite, BadAddress.
    """
    _check_address(way, to)
    root = customer.person if customer is not None else None
    consent = None
    if purpose == MARKETING:
        consent = _consent(root, way, to)
    elif root is not None:
        _check_person(root, purpose)
    _check_suppression(way, to, purpose, consent)
    return consent


def wait_until(message: Message, now: dt.datetime) -> dt.datetime:
    """When a message that is about to leave may: now, or later because it is night there, or they had enough.

    Inside the transaction that claims it: those that others claim at the same moment are counted.
    """
    rules = limits()
    root = message.customer.person if message.customer is not None else None
    awake = _awake(now, message.way, message.purpose, root, rules, is_answer=message.is_answer)
    if awake > now or message.purpose != MARKETING or root is None or not rules.is_counted:
        return awake
    lock(root)
    span = dt.timedelta(days=rules.days)
    gone = _of(root).filter(counts_at__gt=now - span, counts_at__lte=now, claim__gt=0).exclude(pk=message.pk)
    last = _moments(gone.exclude(state__in=[State.PLANNED, State.HELD]).order_by("-counts_at")[: rules.most])
    return _awake(last[-1] + span, message.way, message.purpose, root, rules) if len(last) >= rules.most else now


def lock(person: Customer) -> None:
    """Let nobody else plan or claim marketing for this person until the transaction ends."""
    Customer.everyone.select_for_update(of=("self",), no_key=True).get(pk=person.pk)


def suppression(way: str, to: str, purpose: str) -> Suppression | None:
    """What speaks against writing to this address for this purpose; what speaks against everything comes first."""
    against = ["", purpose] if purpose else [""]
    rows = Suppression._base_manager.filter(
        digest__in=digests.all_of(way, to), purpose__in=against, ended_at__isnull=True
    )
    return rows.order_by("purpose", "id").first()


def _check_address(way: str, to: str) -> None:
    if not to.strip() or any(ord(character) < 32 or ord(character) == 127 for character in to):
        raise BadAddress(_("There is no address to write to."), field="to")
    if way != Way.EMAIL:
        return
    name, _at, domain = to.rpartition("@")
    if not name or not domain or any(character in to for character in ' <>(),;:"\\[]'):
        raise BadAddress(_("“%(to)s” is not an e-mail address.") % {"to": to[:200]}, field="to")


def _check_person(root: Customer, purpose: str) -> None:
    if purpose != SERVICE:
        reason = privacy.may(root, purpose)
    elif not root.is_listed:
        reason = _("They are deleted.")
    else:
        reason = None
        limit = permitting.limits_of(root).filter(kind=Limit.Kind.RESTRICTED).order_by("id").first()
        if limit is not None:
            said = {"what": limit.get_kind_display(), "day": _day(limit.since), "why": limit.reason}
            reason = _("%(what)s since %(day)s: %(why)s") % said
    if reason:
        raise MayNotWrite(reason)


def _consent(root: Customer | None, way: str, to: str) -> ConsentRecord:
    """The line of the ledger that says yes for this way and this address."""
    if root is None:
        raise MayNotWrite(_("Nobody is known here who agreed to it."))
    reason = privacy.may(root, MARKETING)
    kind = "email" if way == Way.EMAIL else "phone"
    if reason is None and permitting.is_suppressed(kind, to):
        reason = _("Somebody with this e-mail or phone asked to be erased. They have to agree anew by themselves.")
    if reason is not None:
        raise MayNotWrite(reason)
    if _is_left_alone(root, way, to):
        raise MayNotWrite(_("They want no calls or mails there."))
    if way not in Medium.values:
        raise MayNotWrite(_("Nobody is asked here whether we may advertise by this way."))
    held = Consent.objects.filter(customer=root, medium=way, purpose=MARKETING).select_related("record").first()
    if held is None or held.state != ConsentState.AGREED:
        raise MayNotWrite(_("They have not agreed to get advertising by this way."))
    said = held.record.value
    if said and digests.comparable(way, said) != digests.comparable(way, to):
        raise MayNotWrite(_("They agreed for another address than this one."))
    return held.record


def _is_left_alone(root: Customer, way: str, to: str) -> bool:
    """Whether their page says of this very address that it is not written to."""
    points = ContactPoint.objects.filter(customer__in=people.records_with(root), is_do_not_contact=True)
    wanted = digests.comparable(way, to)
    return any(digests.comparable(way, value) == wanted for value in points.values_list("value", flat=True))


def _check_suppression(way: str, to: str, purpose: str, consent: ConsentRecord | None) -> None:
    found = suppression(way, to, purpose)
    if found is None or _is_outdone(found, consent):
        return
    raise MayNotWrite(
        _("This address is on the list of those not written to, since %(day)s: %(why)s")
        % {"day": _day(found.since), "why": found.note or found.get_reason_display()}
    )


def _is_outdone(found: Suppression, consent: ConsentRecord | None) -> bool:
    """Somebody who unsubscribed, and later agreed by themselves, wants to be written to."""
    return (
        found.reason == Suppression.Reason.UNSUBSCRIBED
        and consent is not None
        and consent.at > found.since
        and consent.source in _AGREED_BY_THEMSELVES
    )


def _awake(
    at: dt.datetime, way: str, purpose: str, root: Customer | None, rules: Limits, *, is_answer: bool = False
) -> dt.datetime:
    if not rules.is_quiet or (purpose != MARKETING and (is_answer or way not in _LOUD)):
        return at
    zone = quiet.zone_of(root.time_zone if root is not None else "", shop.zone())
    return quiet.opening(at, zone, opens=rules.opens, closes=rules.closes)


def _check_room(root: Customer, at: dt.datetime, rules: Limits) -> None:
    """There must be no span of days in which one more would be too many."""
    lock(root)
    span = dt.timedelta(days=rules.days)
    moments = _moments(_of(root).filter(counts_at__gt=at - span).order_by("counts_at"))
    if fits(moments, at, most=rules.most, span=span):
        return
    free_at = next(
        one for one in sorted(one + span for one in moments) if fits(moments, one, most=rules.most, span=span)
    )
    raise TooMany(
        _("They have %(most)s messages in %(days)s days already, which is the limit. The next one may come on %(day)s.")
        % {"most": rules.most, "days": rules.days, "day": _day(free_at)},
        free_at=free_at,
    )


def fits(moments: list[dt.datetime], at: dt.datetime, *, most: int, span: dt.timedelta) -> bool:
    """Whether one more at this moment leaves at most so many in every span that it lies in.

    Of others there may be more: one that left late stands nearer to the next than was planned, and that one will wait.
    """
    line = sorted([*moments, at])
    place = line.index(at)
    near = line[max(place - most, 0) : place + most + 1]
    return all(later - earlier >= span for earlier, later in zip(near, near[most:], strict=False))


def _of(root: Customer) -> QuerySet[Message]:
    return Message._base_manager.filter(
        customer__in=people.records_with(root), counts_at__isnull=False, state__in=_COUNTED
    )


def _moments(rows: QuerySet[Message]) -> list[dt.datetime]:
    return [moment for moment in rows.values_list("counts_at", flat=True) if moment is not None]


def _day(moment: dt.datetime) -> str:
    return date_format(timezone.localtime(moment, shop.zone()), "j M Y")
