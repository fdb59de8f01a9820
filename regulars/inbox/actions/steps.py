"""Steps: the one vocabulary in which macros, rules and work on many say what is done with an inquiry.

A step is `{"do": "topic", "value": "top_…"}`. What is sorted by it is set on a conversation that is held already;
`answer` and `note` say something, and are for macros alone (inbox/actions/together.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import ids
from regulars.core.errors import Invalid
from regulars.inbox.actions import assigning, changing
from regulars.inbox.actions.changing import choice, image, priority_of, relink
from regulars.inbox.actions.working import require_colleague
from regulars.inbox.models import Canned, Conversation, Kind, Label, SpamSender, Status, Topic
from regulars.staff.models import Team, User

Step = Mapping[str, Any]
ME = "me"


@dataclass(frozen=True, slots=True)
class Doing:
    """What a step can do: what people call it, of what sort its value is, and where it may stand."""

    name: str
    label: Promise
    takes: str = ""
    in_rules: bool = True
    in_macros: bool = True


DOINGS: Mapping[str, Doing] = {
    one.name: one
    for one in (
        Doing("assign", gettext_lazy("Give to"), "user"),
        Doing("take", gettext_lazy("Take it"), in_rules=False),
        Doing("release", gettext_lazy("Give back"), in_rules=False),
        Doing("team", gettext_lazy("Give to the team"), "team"),
        Doing("in_turn", gettext_lazy("Give to one of the team, in turn"), "team"),
        Doing("least", gettext_lazy("Give to who has the least of the team"), "team"),
        Doing("topic", gettext_lazy("Set the topic"), "topic"),
        Doing("label", gettext_lazy("Add the label"), "label"),
        Doing("unlabel", gettext_lazy("Take off the label"), "label"),
        Doing("priority", gettext_lazy("Set the priority"), "priority"),
        Doing("kind", gettext_lazy("Set the kind"), "kind"),
        Doing("answer", gettext_lazy("Answer with"), "canned", in_rules=False),
        Doing("note", gettext_lazy("Write the note"), "text", in_rules=False),
        Doing("open", gettext_lazy("Open again"), in_rules=False),
        Doing("waiting", gettext_lazy("Wait for the customer"), in_rules=False),
        Doing("later", gettext_lazy("Put off by minutes"), "minutes", in_rules=False),
        Doing("close", gettext_lazy("Set to done")),
        Doing("spam", gettext_lazy("Mark as spam")),
        Doing("not_spam", gettext_lazy("It is no spam"), in_rules=False),
    )
}
SAYING = frozenset({"answer", "note"})


def checked(steps: Iterable[Step], *, for_rule: bool = False) -> list[dict[str, Any]]:
    """Steps as they are kept. Raises Invalid where one cannot be done, or names what is not there."""
    found = []
    for step in steps:
        doing = DOINGS.get(str(step.get("do", "")))
        if doing is None or not (doing.in_rules if for_rule else doing.in_macros):
            sentence = _("“%(step)s” is nothing that can be done here.") % {"step": str(step.get("do", ""))[:40]}
            raise Invalid(sentence, fields={"steps": [sentence]})
        value = step.get("value", "")
        if doing.takes:
            _read(doing, value)
            found.append({"do": doing.name, "value": str(value)})
        else:
            found.append({"do": doing.name})
    if not found:
        sentence = _("Say at least one thing that is done.")
        raise Invalid(sentence, fields={"steps": [sentence]})
    return found


def apply(current: Conversation, step: Step, *, user: User | None = None, is_rule: bool = False) -> None:
    """Set on a held conversation what a step says; `changing.settle` writes it. Raises Invalid.

    A rule gives away only what nobody has.
    """
    doing = DOINGS[step["do"]]
    value = _read(doing, step.get("value", "")) if doing.takes else None
    if is_rule and current.assignee_id is not None and doing.name in {"assign", "in_turn", "least", "team"}:
        return
    _DO[doing.name](current, value, user)


def described(steps: Sequence[Step]) -> list[str]:
    """Steps in words, for lists and trials."""
    found = []
    for step in steps:
        doing = DOINGS.get(str(step.get("do", "")))
        if doing is None:
            continue
        try:
            value: Any = _read(doing, step.get("value", "")) if doing.takes else None
        except Invalid:
            value = _("(gone)")
        shown = getattr(value, "label", value)
        found.append(f"{doing.label} {shown}".strip() if value is not None else str(doing.label))
    return found


def _read(doing: Doing, value: Any) -> Any:
    """The thing that the value of a step names. Raises Invalid."""
    match doing.takes:
        case "user":
            if value == ME:
                return ME
            return _row(User.objects.select_related("definition").filter(is_active=True), User, value)
        case "team":
            return _row(Team.objects.all(), Team, value)
        case "topic":
            return _row(Topic.objects.filter(is_archived=False), Topic, value)
        case "label":
            return _row(Label.objects.all(), Label, value)
        case "canned":
            return _row(Canned.objects.prefetch_related("texts"), Canned, value)
        case "priority":
            return priority_of(int(value) if str(value).isdigit() else value)
        case "kind":
            return choice(value, Kind, "kind")
        case "minutes":
            if str(value).isascii() and str(value).isdigit() and 0 < int(value) <= 366 * 24 * 60:
                return int(value)
            raise _gone(value)
    if not str(value).strip():
        raise _gone(value)
    return str(value)[:10_000]


def _row(rows: Any, model: Any, value: Any) -> Any:
    found = rows.filter(pk=ids.decode(model.id_prefix, str(value)) or 0).first()
    if found is None:
        raise _gone(value)
    return found


def _gone(value: Any) -> Invalid:
    sentence = _("What a step names is not there (any more): %(value)s.") % {"value": str(value)[:40] or "—"}
    return Invalid(sentence, fields={"steps": [sentence]})


def _assign(current: Conversation, value: Any, user: User | None) -> None:
    to = user if value == ME else value
    if to is not None:
        require_colleague(to)
    current.assignee = to


def _set(name: str) -> Callable[[Conversation, Any, User | None], None]:
    return lambda current, value, _user: setattr(current, name, value)


def _in_turn(current: Conversation, team: Team, _user: User | None) -> None:
    current.team, current.assignee = team, assigning.in_turn(team, current)


def _least(current: Conversation, team: Team, _user: User | None) -> None:
    current.team, current.assignee = team, assigning.least_loaded(team, current)


def _label(current: Conversation, label: Label, _user: User | None) -> None:
    relink(current, "labels", {*image(current)["labels"], label.pk})


def _unlabel(current: Conversation, label: Label, _user: User | None) -> None:
    relink(current, "labels", set(image(current)["labels"]) - {label.pk})


def _status(status: str) -> Callable[[Conversation, Any, User | None], None]:
    return lambda current, _value, _user: changing.set_status(current, status)


def _later(current: Conversation, minutes: int, _user: User | None) -> None:
    changing.set_status(current, Status.LATER, until=timezone.now() + dt.timedelta(minutes=minutes))


def _spam(current: Conversation, _value: Any, _user: User | None) -> None:
    changing.set_status(current, Status.SPAM)
    changing.silence(current)


def _not_spam(current: Conversation, _value: Any, _user: User | None) -> None:
    SpamSender.objects.filter(digest=current.reply_digest).delete()
    if current.status == Status.SPAM:
        changing.set_status(current, Status.OPEN)


_DO: Mapping[str, Callable[[Conversation, Any, User | None], None]] = {
    "assign": _assign,
    "take": lambda current, _value, user: _assign(current, user, user),
    "release": lambda current, _value, _user: setattr(current, "assignee", None),
    "team": _set("team"),
    "in_turn": _in_turn,
    "least": _least,
    "topic": _set("topic"),
    "label": _label,
    "unlabel": _unlabel,
    "priority": _set("priority"),
    "kind": _set("kind"),
    "open": _status(Status.OPEN),
    "waiting": _status(Status.WAITING),
    "later": _later,
    "close": _status(Status.CLOSED),
    "spam": _spam,
    "not_spam": _not_spam,
}
