"""Verbs of people's rights: write a request down, check who asks, answer; set and lift limits; make the copy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean, clean_lines
from regulars.customers.models import Customer, KeepingPeriod, Law, Limit, PrivacyRequest, PrivacySettings
from regulars.customers.privacy import copying, laws, permitting
from regulars.customers.privacy.facts import (
    PersonCopied,
    PersonLimited,
    PersonUnlimited,
    PrivacyAnswered,
    PrivacyRequestChanged,
    PrivacyRequested,
    PrivacySettingsChanged,
)
from regulars.staff.models import User
from regulars.staff.policy import verb, writing
from regulars.timeline.actions import record, who_acts

Kind = PrivacyRequest.Kind
State = PrivacyRequest.State
Check = PrivacyRequest.Check
_MOST_YEARS = 50


@verb
def ask_for_right(
    customer: Customer | None,
    *,
    kind: str,
    law: str = "",
    way: str = PrivacyRequest.Way.EMAIL,
    asked_by: str = "",
    details: str = "",
    asked_on: dt.date | None = None,
) -> PrivacyRequest:
    """Write down that somebody asks for a right; until when it is answered follows from the law. Raises Invalid.

    Without a customer it is a request of somebody we do not know, or have not found yet: they say who they are.
    """
    problems: dict[str, list[str]] = {}
    law = law or laws.own_words().default_law
    for field, value, known in (
        ("kind", kind, Kind.values),
        ("law", law, Law.values),
        ("way", way, PrivacyRequest.Way.values),
    ):
        if value not in known:
            problems[field] = [_("Choose one of these: %(known)s.") % {"known": ", ".join(known)}]
    today = shop.today()
    asked_on = asked_on or today
    if asked_on > today:
        problems["asked_on"] = [_("This day is yet to come.")]
    words = _cleaned({"asked_by": asked_by, "details": details}, problems)
    if customer is None and not words.get("asked_by"):
        problems["asked_by"] = [_("Say who asks.")]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    request = PrivacyRequest.objects.create(
        customer=customer.person if customer else None,
        kind=kind,
        law=law,
        way=way,
        asked_on=asked_on,
        due_on=laws.due(law, asked_on),
        made_by=_actor(),
        **words,
    )
    fact = PrivacyRequested(request=request.public_id, right=kind, law=law, due=request.due_on.isoformat())
    record(fact, customer=request.customer, subject=request)
    return request


@verb
def check_identity(request: PrivacyRequest, *, check: str, customer: Customer | None = None) -> PrivacyRequest:
    """Write down how we made sure who asks, and who of our customers that is. Raises Invalid."""
    if check not in Check.values:
        sentence = _("Say how you made sure who asks.")
        raise Invalid(sentence, fields={"check_made": [sentence]})
    current = _open(request)
    changes: dict[str, list[Any]] = {}
    if current.check_made != check:
        changes["check_made"] = [current.check_made, check]
    if customer is not None and customer.person != current.customer:
        changes["customer"] = [
            current.customer.public_id if current.customer else None,
            customer.person.public_id,
        ]
        current.customer = customer.person
    current.check_made, current.checked_by, current.checked_at = check, _actor(), timezone.now()
    return _saved(current, changes)


@verb
def put_off(request: PrivacyRequest, *, due_on: dt.date, reason: str) -> PrivacyRequest:
    """Answer later than usual, which the person is told with the reason, as far as the law lets one. Raises Invalid."""
    current = _open(request)
    problems: dict[str, list[str]] = {}
    words = _cleaned({"extension": reason}, problems)
    if not words.get("extension"):
        problems["extension"] = [_("Say why it takes longer: the person is told.")]
    latest = laws.longest(current.law, current.asked_on)
    if not current.asked_on < due_on <= latest:
        problems["due_on"] = [_("The law gives time until %(day)s.") % {"day": latest.isoformat()}]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    changes: dict[str, list[Any]] = {"due_on": [current.due_on.isoformat(), due_on.isoformat()]}
    current.due_on, current.extension = due_on, words["extension"]
    return _saved(current, changes)


@verb
def answer_request(request: PrivacyRequest, *, state: str, answer: str) -> PrivacyRequest:
    """Close a request with the answer that was sent; only who was checked is given anything. Raises Invalid."""
    current = _open(request)
    problems: dict[str, list[str]] = {}
    words = _cleaned({"answer": answer}, problems)
    if state not in {State.DONE, State.REFUSED, State.WITHDRAWN}:
        problems["state"] = [_("Say how it ended.")]
    if not words.get("answer"):
        problems["answer"] = [_("Write what was answered, or why it was refused.")]
    if state == State.DONE and current.check_made == Check.NOT_YET:
        problems["state"] = [_("Make sure first who asks: a copy in the wrong hands is a leak.")]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    now = timezone.now()
    current.state, current.answer, current.answered_at, current.answered_by = state, words["answer"], now, _actor()
    current.updated_at, current.version = now, current.version + 1
    current.save()
    fact = PrivacyAnswered(
        request=current.public_id, right=current.kind, state=state, is_late=current.due_on < shop.today()
    )
    record(fact, customer=current.customer, subject=current)
    return current


@verb
def limit_person(customer: Customer, *, kind: str, reason: str, request: PrivacyRequest | None = None) -> Limit:
    """From now on something may not be done with a person's data (GDPR 18, 21; PIPL 24, 44). Raises Invalid."""
    problems: dict[str, list[str]] = {}
    if kind not in Limit.Kind.values:
        problems["kind"] = [_("Choose one of these: %(known)s.") % {"known": ", ".join(Limit.Kind.values)}]
    words = _cleaned({"reason": reason}, problems)
    if not words.get("reason"):
        problems["reason"] = [_("Say why: whoever serves them reads it.")]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    root = Customer.everyone.select_for_update(of=("self",)).get(pk=customer.person.pk)
    known = permitting.limits_of(root).filter(kind=kind).first()
    if known is not None:
        return known
    limit = Limit.objects.create(
        customer=root, kind=kind, reason=words["reason"], request=request, set_by=_actor(), since=timezone.now()
    )
    record(PersonLimited(limit=kind, reason=limit.reason), customer=root, subject=root)
    return limit


@verb
def lift_limit(limit: Limit, *, reason: str) -> Limit:
    """A limit does not hold any more; the person is told before a restriction ends (GDPR 18 (3)). Raises Invalid."""
    problems: dict[str, list[str]] = {}
    words = _cleaned({"reason": reason}, problems)
    if not words.get("reason"):
        problems["reason"] = [_("Say why it does not hold any more.")]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    current = Limit.objects.select_for_update(of=("self",)).get(pk=limit.pk)
    if current.lifted_at is None:
        current.lifted_at, current.lifted_by, current.lifted_reason = timezone.now(), _actor(), words["reason"]
        current.save()
        fact = PersonUnlimited(limit=current.kind, reason=current.lifted_reason)
        record(fact, customer=current.customer, subject=current.customer)
    return current


def make_copy(customer: Customer, stream: IO[bytes], *, request: PrivacyRequest | None = None) -> dict[str, Any]:
    """Write the copy of a person's data, packed; it is written down that it was made. Whoever calls may give it out."""
    with writing():
        copy = copying.write_zip(customer, stream)
    _note_copy(customer, files=len(copy["files"]), request=request)
    return copy


@verb
def _note_copy(customer: Customer, *, files: int, request: PrivacyRequest | None) -> None:
    root = customer.person
    fact = PersonCopied(request=request.public_id if request else "", files=files)
    record(fact, customer=root, subject=root)


@verb
def change_privacy_settings(**values: Any) -> PrivacySettings:
    """Write down what only the owner can say of privacy; the fields that are given. Raises Invalid."""
    problems: dict[str, list[str]] = {}
    texts = {name: value for name, value in values.items() if isinstance(value, str) and name != "default_law"}
    values = values | _cleaned(texts, problems)
    for name, least, most in (("pipl_days", 1, 60), ("child_age", 13, 18)):
        if name in values and not least <= values[name] <= most:
            problems[name] = [_("Between %(least)s and %(most)s.") % {"least": least, "most": most}]
    if values.get("default_law", Law.GDPR) not in Law.values:
        problems["default_law"] = [_("Choose one of these: %(known)s.") % {"known": ", ".join(Law.values)}]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    settings = PrivacySettings.objects.select_for_update().filter(pk=1).first() or laws.own_words()
    changed = [name for name, value in values.items() if getattr(settings, name) != value]
    for name in changed:
        setattr(settings, name, values[name])
    settings.save()
    if changed:
        record(PrivacySettingsChanged(fields=changed))
    return settings


@verb
def keep_sales_for(*, country: str, years: int, source: str = "") -> KeepingPeriod:
    """Say for how many years a country wants sales kept, where that differs from what we begin with. Raises Invalid."""
    problems: dict[str, list[str]] = {}
    words = _cleaned({"source": source}, problems)
    if len(country) != 2 or not country.isalpha():
        problems["country"] = [_("A country is two letters, like DE.")]
    if not 1 <= years <= _MOST_YEARS:
        problems["years"] = [_("Between %(least)s and %(most)s.") % {"least": 1, "most": _MOST_YEARS}]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    period, _created = KeepingPeriod.objects.update_or_create(
        country=country.upper(), defaults={"years": years, "source": words.get("source", "")}
    )
    record(PrivacySettingsChanged(fields=[f"period.{period.country}"]))
    return period


def find_request(public_id: str) -> PrivacyRequest:
    """The request of that number. Raises Invalid."""
    found = PrivacyRequest.objects.filter(pk=PrivacyRequest.pk_of(public_id) or 0).first()
    if found is None:
        raise Invalid(_("There is no privacy request “%(id)s”.") % {"id": public_id[:40]}, fields={})
    return found


def _open(request: PrivacyRequest) -> PrivacyRequest:
    current = PrivacyRequest.objects.select_for_update(of=("self",)).select_related("customer").get(pk=request.pk)
    if current.state != State.OPEN:
        raise Invalid(_("This request is answered already."), fields={})
    return current


def _saved(request: PrivacyRequest, changes: Mapping[str, list[Any]]) -> PrivacyRequest:
    request.updated_at, request.version = timezone.now(), request.version + 1
    request.save()
    if changes:
        fact = PrivacyRequestChanged(request=request.public_id, changes=dict(changes))
        record(fact, customer=request.customer, subject=request)
    return request


def _cleaned(texts: Mapping[str, str], problems: dict[str, list[str]]) -> dict[str, str]:
    """Texts as they are kept; what cannot be is added to the problems."""
    kept: dict[str, str] = {}
    for name, text in texts.items():
        is_long = name in {"details", "answer", "controller", "officer", "representative", "measures"}
        try:
            kept[name] = clean_lines(text, limit=10_000) if is_long else clean(text, limit=250)
        except BadText as problem:
            problems[name] = [str(problem)]
    return kept


def _actor() -> User | None:
    return User.objects.filter(pk=who_acts().user_id or 0).first()
