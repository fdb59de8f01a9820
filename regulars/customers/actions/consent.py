"""Verbs of consent: what a customer said is written down, and never changed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Refusal
from regulars.core.text import BadText, clean
from regulars.customers.consents import FIELD_OF, MARKETING, NEVER, WORDS, Key, holding, newest_wording
from regulars.customers.facts import (
    ConfirmationAsked,
    ConsentChanged,
    SettingChanged,
)
from regulars.customers.models import (
    Address,
    ConfirmationRequest,
    Consent,
    ConsentRecord,
    ConsentState,
    Customer,
    Medium,
    Wording,
)
from regulars.customers.privacy import permitting
from regulars.staff.policy import verb
from regulars.timeline.actions import record, record_many, who_acts

ASK_AGAIN_AFTER = dt.timedelta(minutes=10)
ANSWER_WITHIN = dt.timedelta(days=14)
_SALT = "consent.confirmation"
_AT_ONCE = 2000
# who was erased and agrees like this is somebody who wants to be written to again; a file says nothing of the kind
_BY_THEMSELVES = frozenset(
    {
        ConsentRecord.Source.CHECKOUT,
        ConsentRecord.Source.FORM,
        ConsentRecord.Source.CONFIRMATION,
        ConsentRecord.Source.STAFF,
    }
)


class AskedAlready(Refusal):
    """A confirmation mail is on its way."""

    slug = "asked-already"


class LinkTooOld(Refusal):
    """The link of a confirmation mail is used up, too old, or not ours."""

    slug = "link-too-old"


@verb
def record_consent(
    customer: Customer,
    *,
    medium: str,
    state: str,
    source: str,
    purpose: str = MARKETING,
    wording: Wording | None = None,
    value: str = "",
    reason: str = "",
    proof: Mapping[str, Any] | None = None,
    at: dt.datetime | None = None,
) -> ConsentRecord:
    """Write down that a customer agreed or refused, when and where, and in which words they were asked.

    What staff was told needs a reason. Nobody agrees to be reached where we have no e-mail, number or address of them.
    An answer that is older than the one that holds is kept and changes nothing. Raises Invalid.
    """
    current = Customer.everyone.select_for_update(of=("self",)).get(pk=customer.pk)
    line = _line(current, medium=medium, state=state, source=source, purpose=purpose, value=value, reason=reason, at=at)
    line.wording = wording
    line.proof = dict(proof or {})
    add_records([line])
    if state == ConsentState.AGREED and source in _BY_THEMSELVES and medium in {Medium.EMAIL, Medium.PHONE, Medium.SMS}:
        permitting.lift_suppression("email" if medium == Medium.EMAIL else "phone", line.value, at=line.recorded_at)
    return line


def add_records(lines: Sequence[ConsentRecord]) -> None:
    """Add lines to the ledger, of as many customers as there are, and let what holds follow. Inside a transaction.

    The lines are checked already. Each customer whose state changes gets one entry on the timeline.
    """
    for first in range(0, len(lines), _AT_ONCE):
        _add(lines[first : first + _AT_ONCE])


@verb
def derive_consents(customer_ids: Collection[int]) -> dict[int, dict[Key, tuple[str, str]]]:
    """Let what holds follow from the ledger anew, for the people whom these records belong to.

    It stands with the listed record of a person and follows from the ledgers of all their records; merging and
    unmerging call it. Returns for each of the ids what changed: `{(medium, purpose): (state before, state now)}`, with
    an empty state where there was none.
    """
    root_of = {
        pk: root or pk for pk, root in Customer.everyone.filter(pk__in=customer_ids).values_list("pk", "merged_into_id")
    }
    roots = set(root_of.values())
    owner = {root: root for root in roots} | dict(
        Customer.everyone.filter(merged_into__in=roots).values_list("pk", "merged_into_id")
    )
    ledger: dict[int, list[ConsentRecord]] = {root: [] for root in roots}
    for one in ConsentRecord.objects.filter(customer__in=list(owner)).defer("proof", "reason"):
        ledger[owner[one.customer_id]].append(one)
    held = {root: holding(records) for root, records in ledger.items()}
    before: dict[int, dict[Key, str]] = {root: {} for root in roots}
    obsolete = []
    for consent in Consent.objects.filter(customer__in=list(owner)):
        key = consent.medium, consent.purpose
        if consent.customer_id in roots and key in held[consent.customer_id]:
            before[consent.customer_id][key] = consent.state
        else:
            obsolete.append(consent.pk)
            before[owner[consent.customer_id]].setdefault(key, consent.state)
    if obsolete:
        Consent.objects.filter(pk__in=obsolete).delete()
    Consent.objects.bulk_create(
        [
            Consent(customer_id=root, medium=key[0], purpose=key[1], state=one.state, since=one.at, record=one)
            for root, records in held.items()
            for key, one in records.items()
        ],
        update_conflicts=True,
        unique_fields=["customer", "medium", "purpose"],
        update_fields=["state", "since", "record"],
    )
    now = {root: {key: str(one.state) for key, one in records.items()} for root, records in held.items()}
    changed = {root: _difference(before[root], now[root]) for root in roots}
    return {pk: changed[root] for pk, root in root_of.items()}


@verb
def withdraw_many(
    customer_ids: Collection[int], *, media: Sequence[str], reason: str, purpose: str = MARKETING
) -> dict[int, list[int]]:
    """Take the agreement of many customers back, as told to staff.

    Only those who agreed, or were asked, are written to. Returns for each of them the records that held before, with
    which `give_back_many` undoes it.
    """
    held = Consent.objects.filter(customer__in=customer_ids, medium__in=media, purpose=purpose)
    held = held.exclude(state=ConsentState.REFUSED)
    now, before = timezone.now(), defaultdict(list)
    lines = []
    for number, medium, record_id in held.values_list("customer_id", "medium", "record_id"):
        before[number].append(record_id)
        lines.append(
            ConsentRecord(
                customer_id=number,
                medium=medium,
                purpose=purpose,
                state=ConsentState.REFUSED,
                source=ConsentRecord.Source.STAFF,
                reason=_reason(reason),
                actor_id=who_acts().user_id,
                at=now,
                recorded_at=now,
            )
        )
    add_records(lines)
    return dict(before)


@verb
def give_back_many(before: Mapping[int, Sequence[int]], *, reason: str) -> list[int]:
    """Undo `withdraw_many`: what held before is said again. Returns the customers who answered since, left as they are.

    The ledger keeps both, the withdrawal and its undoing.
    """
    now = timezone.now()
    records = ConsentRecord.objects.in_bulk([number for numbers in before.values() for number in numbers])
    since: dict[tuple[int, str, str], ConsentRecord] = {
        (consent.customer_id, consent.medium, consent.purpose): consent.record
        for consent in Consent.objects.filter(customer__in=list(before)).select_related("record")
    }
    lines, kept = [], set()
    for number, numbers in before.items():
        for old in (records[pk] for pk in numbers if pk in records):
            held = since.get((number, old.medium, old.purpose))
            if held is None or held.state != ConsentState.REFUSED or held.source != ConsentRecord.Source.STAFF:
                kept.add(number)
                continue
            lines.append(
                ConsentRecord(
                    customer_id=number,
                    medium=old.medium,
                    purpose=old.purpose,
                    state=old.state,
                    value=old.value,
                    wording_id=old.wording_id,
                    source=old.source,
                    reason=_reason(reason),
                    proof={**old.proof, "record": old.pk},
                    actor_id=who_acts().user_id,
                    at=now,
                    recorded_at=now,
                )
            )
    add_records(lines)
    return sorted(kept)


@verb
def ask_to_confirm(customer: Customer, *, purpose: str = MARKETING) -> ConfirmationRequest:
    """Ask by mail whether we may write (double opt-in); the agreement counts from the click on the link in it.

    Raises Invalid without an e-mail, AskedAlready where a mail went out a moment ago.
    """
    current = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    now = timezone.now()
    reason = permitting.may(current, permitting.Purpose.QUESTION)
    if reason is not None:
        raise Invalid(reason, fields={"medium": [reason]})
    line = _line(
        current,
        medium=Medium.EMAIL,
        state=ConsentState.ASKED,
        source=ConsentRecord.Source.CONFIRMATION,
        purpose=purpose,
        value=current.email,
        reason="",
        at=now,
    )
    open_ones = ConfirmationRequest.objects.filter(customer=current, purpose=purpose, value=line.value)
    if open_ones.filter(asked_at__gt=now - ASK_AGAIN_AFTER, confirmed_at__isnull=True).exists():
        raise AskedAlready(
            _("A confirmation mail went to %(email)s a moment ago. Wait ten minutes before you send another one.")
            % {"email": line.value}
        )
    line.wording = newest_wording(purpose=purpose, language=current.language or "en")
    request = ConfirmationRequest.objects.create(
        customer=current,
        medium=Medium.EMAIL,
        purpose=purpose,
        value=line.value,
        wording=line.wording,
        asked_at=now,
        expires_at=now + ANSWER_WITHIN,
    )
    line.proof = {"request": request.pk}
    add_records([line])
    record(ConfirmationAsked(request=request.pk), customer=current, subject=current)
    return request


def token_of(request: ConfirmationRequest) -> str:
    """The secret of a confirmation link. It is made anew from the request and the shop's key, and kept nowhere."""
    return signing.dumps(request.pk, salt=_SALT)


def request_of(token: str) -> ConfirmationRequest:
    """The open request a link belongs to. Raises LinkTooOld."""
    try:
        number = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        number = 0
    request = ConfirmationRequest.objects.select_related("customer", "wording").filter(pk=number).first()
    if request is None or request.expires_at < timezone.now() or not request.customer.person.is_listed:
        raise LinkTooOld(_("This link is too old or not complete. Ask the shop to send you a new one."))
    return request


@verb
def confirm(token: str, *, proof: Mapping[str, Any]) -> ConfirmationRequest:
    """The customer said yes by the link; a second click changes nothing. Raises LinkTooOld."""
    request = request_of(token)
    customer = Customer.everyone.select_for_update(of=("self",)).get(pk=request.customer_id)
    request = ConfirmationRequest.objects.select_related("wording").get(pk=request.pk)
    if request.confirmed_at:
        return request
    request.confirmed_at = timezone.now()
    request.save(update_fields=["confirmed_at"])
    record_consent(
        customer,
        medium=request.medium,
        state=ConsentState.AGREED,
        source=ConsentRecord.Source.CONFIRMATION,
        purpose=request.purpose,
        wording=request.wording,
        value=request.value,
        proof={"request": request.pk, "asked_at": request.asked_at.isoformat(), **proof},
        at=request.confirmed_at,
    )
    return request


@verb
def add_wording(*, text: str, language: str, purpose: str = MARKETING) -> Wording:
    """A new version of the words people agree to; earlier versions stay with those who agreed to them."""
    try:
        text = clean(text, limit=2000)
    except BadText as problem:
        raise Invalid(str(problem), fields={"text": [str(problem)]}) from problem
    if not text:
        sentence = _("Write what people agree to.")
        raise Invalid(sentence, fields={"text": [sentence]})
    versions = Wording.objects.select_for_update().filter(purpose=purpose, language=language)
    newest = versions.order_by("-number").first()
    if newest and newest.text == text:
        return newest
    made = Wording.objects.create(
        purpose=purpose, language=language, number=newest.number + 1 if newest else 1, text=text
    )
    told = {"text": [newest.text if newest else "", text]}
    record(SettingChanged(what="wording", deed="added", called=f"{purpose} {language} {made.number}", changes=told))
    return made


def _difference(before: Mapping[Key, str], now: Mapping[Key, str]) -> dict[Key, tuple[str, str]]:
    return {
        key: (before.get(key, ""), now.get(key, ""))
        for key in {**before, **now}
        if before.get(key, "") != now.get(key, "")
    }


def _line(
    customer: Customer,
    *,
    medium: str,
    state: str,
    source: str,
    purpose: str,
    value: str,
    reason: str,
    at: dt.datetime | None,
) -> ConsentRecord:
    """A line of the ledger that may be written. Raises Invalid."""
    now = timezone.now()
    problems: dict[str, list[str]] = {}
    if medium not in Medium.values and (medium != permitting.ANY or purpose == MARKETING):
        problems["medium"] = [_("Choose e-mail, SMS, WhatsApp, phone or post.")]
    if state not in ConsentState.values:
        problems["state"] = [_("Choose agreed or refused.")]
    if source not in ConsentRecord.Source.values:
        problems["source"] = [_("Say where the customer told it.")]
    if source == ConsentRecord.Source.STAFF and not reason.strip():
        problems["reason"] = [_("Say how the customer told you: at the counter, by phone, in a letter.")]
    if at is not None and at > now + dt.timedelta(minutes=5):
        problems["at"] = [_("This moment is yet to come.")]
    try:
        reason = _reason(reason)
    except BadText as problem:
        problems["reason"] = [str(problem)]
    value = value or ("" if problems else _place(customer, medium))
    if not problems and not value and state != ConsentState.REFUSED:
        problems["medium"] = [_nowhere(medium)]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    return ConsentRecord(
        customer=customer,
        medium=medium,
        purpose=purpose,
        state=state,
        value=value,
        source=source,
        reason=reason,
        actor_id=who_acts().user_id,
        at=at or now,
        recorded_at=now,
    )


def _place(customer: Customer, medium: str) -> str:
    """Where we would reach somebody; what is agreed to whatever the medium, they agree to as the one we know."""
    if medium == permitting.ANY:
        return customer.email or customer.phone or customer.public_id
    if medium == Medium.EMAIL:
        return customer.email
    if medium == Medium.POST:
        address = Address.objects.filter(customer=customer).order_by("-is_default_shipping", "id").first()
        return str(address)[:254] if address else ""
    return customer.phone


def _nowhere(medium: str) -> str:
    if medium == Medium.EMAIL:
        return _("There is no e-mail to write to. Add it first.")
    if medium == Medium.POST:
        return _("There is no address to write to. Add it first.")
    return _("There is no phone number to reach. Add it first.")


def _reason(text: str) -> str:
    return clean(text, limit=250)


def _add(lines: Sequence[ConsentRecord]) -> None:
    """Some lines, and what follows from them: a constant number of statements."""
    ConsentRecord.objects.bulk_create(lines)
    became = derive_consents({line.customer_id for line in lines})
    _tell(lines, became)


def _tell(lines: Iterable[ConsentRecord], became: Mapping[int, Mapping[Key, tuple[str, str]]]) -> None:
    """One entry for each customer whose state changed."""
    facts: dict[int, ConsentChanged] = {}
    moments: dict[int, dt.datetime] = {}
    for line in lines:
        change = became[line.customer_id].get((line.medium, line.purpose))
        if change is not None:
            fact = facts.setdefault(
                line.customer_id, ConsentChanged(source=line.source, purpose=line.purpose, reason=line.reason)
            )
            fact.changes[FIELD_OF.get(line.medium, line.purpose)] = [WORDS.get(state, NEVER) for state in change]
            moments[line.customer_id] = max(line.at, moments.get(line.customer_id, line.at))
    record_many(facts.items(), subject=Customer, at=moments)
