"""Setting up the inbox: topics, labels, canned answers, macros, rules and signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db import models
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean, clean_lines
from regulars.inbox.actions import rules
from regulars.inbox.actions import steps as doings
from regulars.inbox.facts import InboxSettingChanged
from regulars.inbox.models import Canned, CannedText, Label, Macro, Mailbox, Rule, Signature, Topic
from regulars.messaging import templating
from regulars.messaging.models import Account
from regulars.messaging.templating import values
from regulars.staff.models import User
from regulars.staff.policy import verb
from regulars.timeline.actions import record

LONGEST = 10_000
Kept = TypeVar("Kept", bound=models.Model)


@verb
def save_topic(*, name: str, topic: Topic | None = None, is_archived: bool = False) -> Topic:
    """Add a topic, or give one another name; an archived one is offered no more. Raises Invalid."""
    row = topic or Topic()
    row.name, row.is_archived = _name(name, Topic, row, limit=80), is_archived
    return _kept(row, "topic", row.name, is_new=topic is None)


@verb
def save_label(*, name: str, label: Label | None = None) -> Label:
    """Add a label, or give one another name. Raises Invalid."""
    row = label or Label()
    row.name = _name(name, Label, row, limit=60)
    return _kept(row, "label", row.name, is_new=label is None)


@verb
def remove(row: Topic | Label | Canned | Macro | Rule | Signature) -> None:
    """Let go of something that was set up; inquiries that had it stay without it."""
    what, called = type(row).__name__.lower(), str(row)
    row.delete()
    record(InboxSettingChanged(what=what, deed="removed", called=called))


@verb
def save_canned(
    *,
    name: str,
    shortcut: str,
    texts: Mapping[str, str],
    topic: Topic | None = None,
    canned: Canned | None = None,
) -> Canned:
    """Add or change a canned answer: its texts by language, in Liquid, of values there are. Raises Invalid."""
    row = canned or Canned()
    try:
        row.name = clean(name, limit=80)
        kept = {language: clean_lines(text, limit=LONGEST) for language, text in texts.items()}
    except BadText as problem:
        raise _refused("name", str(problem)) from problem
    row.shortcut, row.topic = slugify(shortcut or name)[:40], topic
    if not row.name or not row.shortcut:
        raise _refused("shortcut", _("Give it a name and a shortcut of Latin letters or digits."))
    if Canned.objects.filter(shortcut=row.shortcut).exclude(pk=row.pk).exists():
        raise _refused("shortcut", _("Another answer has this shortcut already."))
    kept = {language: text for language, text in kept.items() if text}
    if not kept:
        raise _refused("texts", _("Write the answer in one language at least."))
    for text in kept.values():
        _require_known(text)
    row = _kept(row, "canned answer", row.name, is_new=canned is None)
    CannedText.objects.filter(canned=row).exclude(language__in=kept).delete()
    for language, text in kept.items():
        CannedText.objects.update_or_create(canned=row, language=language, defaults={"text": text})
    return row


@verb
def save_macro(
    *,
    name: str,
    steps: Sequence[doings.Step],
    key: str = "",
    is_on: bool = True,
    macro: Macro | None = None,
) -> Macro:
    """Add or change a macro: its steps in order, and the key that does them. Raises Invalid."""
    row = macro or Macro()
    row.name, row.key, row.is_on = _name(name, Macro, row, limit=80), key.strip()[:1], is_on
    row.steps = doings.checked(steps)
    if row.key and Macro.objects.filter(key=row.key).exclude(pk=row.pk).exists():
        raise _refused("key", _("Another macro has this key already."))
    return _kept(row, "macro", row.name, is_new=macro is None)


@verb
def save_rule(
    *,
    name: str,
    conditions: Sequence[rules.Condition],
    steps: Sequence[doings.Step],
    is_on: bool = True,
    stops: bool = False,
    rule: Rule | None = None,
) -> Rule:
    """Add a rule behind the others, or change one where it stands. Raises Invalid."""
    row = rule or Rule(position=(Rule.objects.aggregate(last=Max("position"))["last"] or 0) + 1)
    row.name, row.is_on, row.stops = _name(name, Rule, row, limit=80), is_on, stops
    row.conditions, row.steps = rules.checked(conditions), doings.checked(steps, for_rule=True)
    return _kept(row, "rule", row.name, is_new=rule is None)


@verb
def move_rule(rule: Rule, *, is_up: bool) -> None:
    """Let a rule change places with the one before or behind it."""
    rows = list(Rule.objects.select_for_update().order_by("position", "pk"))
    place = next((number for number, one in enumerate(rows) if one.pk == rule.pk), 0)
    other = place - 1 if is_up else place + 1
    if not 0 <= other < len(rows):
        return
    rows[place], rows[other] = rows[other], rows[place]
    for number, one in enumerate(rows, start=1):
        if one.position != number:
            Rule.objects.filter(pk=one.pk).update(position=number, updated_at=timezone.now())
    record(InboxSettingChanged(what="rule", deed="moved", called=rule.name))


@verb
def switch(row: Rule | Macro, *, is_on: bool) -> None:
    """Switch a rule or a macro on or off."""
    if row.is_on == is_on:
        return
    row.is_on = is_on
    _kept(row, type(row).__name__.lower(), row.name, is_new=False)


@verb
def save_signature(
    *,
    text: str,
    user: User | None = None,
    mailbox: Mailbox | None = None,
    account: Account | None = None,
    language: str = "",
) -> Signature | None:
    """What stands below answers, in Liquid: of a person, a mailbox or account, a person there, or with none the shop.

    `language` is empty for all languages. An empty text lets go of it. Raises Invalid.
    """
    try:
        kept = clean_lines(text, limit=2000)
    except BadText as problem:
        raise _refused("text", str(problem)) from problem
    _require_known(kept)
    place = {"user": user, "mailbox": mailbox, "account": account, "language": language}
    known = Signature.objects.filter(**place).first()
    if not kept:
        if known is not None:
            remove(known)
        return None
    if known is not None and known.text == kept:
        return known
    row = known or Signature(**place)
    row.text = kept
    inside = mailbox or account
    return _kept(row, "signature", inside.name if inside is not None else "", is_new=known is None)


def _require_known(text: str) -> None:
    try:
        unknown = values.unknown(templating.names_in(text))
    except templating.BadTemplate as problem:
        raise _refused("texts", problem.sentence) from problem
    if unknown:
        raise _refused("texts", _("There is no value with this name: %(names)s.") % {"names": ", ".join(unknown)})


def _name(name: str, model: type[models.Model], row: Any, *, limit: int) -> str:
    try:
        kept = clean(name, limit=limit)
    except BadText as problem:
        raise _refused("name", str(problem)) from problem
    if not kept:
        raise _refused("name", _("Give it a name."))
    if model._default_manager.filter(name__iexact=kept).exclude(pk=row.pk).exists():
        raise _refused("name", _("This name is taken already."))
    return kept


def _kept(row: Kept, what: str, called: str, *, is_new: bool) -> Kept:
    if not is_new:
        row.version += 1  # type: ignore[attr-defined]
        row.updated_at = timezone.now()  # type: ignore[attr-defined]
    row.save()
    record(InboxSettingChanged(what=what, deed="added" if is_new else "changed", called=called), subject=row)
    return row


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={name: [sentence]})
