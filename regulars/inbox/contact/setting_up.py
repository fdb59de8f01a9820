"""Setting up contact forms."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean, clean_lines
from regulars.inbox.facts import InboxSettingChanged
from regulars.inbox.models import Asks, ContactForm, Topic
from regulars.staff.models import Team
from regulars.staff.policy import verb
from regulars.timeline.actions import record

TEXTS: Final[Mapping[str, int]] = {"title": 120, "intro": 1_000, "thanks": 1_000}
"""What can be said in each language, and how much of it."""
MOST_ORIGINS: Final = 20
WHAT: Final = "contact form"

_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*|\[[0-9a-f:.]+\]")


@verb
def save(
    *,
    name: str,
    texts: Mapping[str, Mapping[str, str]],
    asks: Collection[str],
    topics: Collection[Topic] = (),
    topic: Topic | None = None,
    team: Team | None = None,
    channel: Channel | None = None,
    origins: Collection[str] = (),
    is_on: bool = True,
    form: ContactForm | None = None,
) -> ContactForm:
    """Make a form, or change one. Raises Invalid."""
    row = form or ContactForm()
    row.name = _name(name, row)
    row.texts = _texts(texts)
    row.asks = [one for one in Asks.values if one in asks]
    row.topics = sorted(one.pk for one in topics)
    if Asks.TOPIC in row.asks and not row.topics:
        raise _refused("topics", _("Choose the topics that customers can choose from."))
    row.topic, row.team, row.channel, row.is_on = topic, team, channel, is_on
    row.origins = list(dict.fromkeys(origin_of(one) for one in origins if one.strip()))
    if len(row.origins) > MOST_ORIGINS:
        raise _refused("origins", _("At most %(most)s sites can show a form.") % {"most": MOST_ORIGINS})
    return _kept(row, is_new=form is None)


@verb
def switch(form: ContactForm, *, is_on: bool) -> ContactForm:
    """Take a form into use, or out of it."""
    if form.is_on == is_on:
        return form
    form.is_on = is_on
    return _kept(form, is_new=False)


@verb
def remove(form: ContactForm) -> None:
    """Let go of a form; what was sent with it stays."""
    called = form.name
    form.delete()
    record(InboxSettingChanged(what=WHAT, deed="removed", called=called))


@verb
def set_up_usual() -> ContactForm:
    """The form that most shops want, unless there is one: asked for everything, with every topic there is."""
    known = ContactForm.objects.order_by("pk").first()
    if known is not None:
        return known
    topics = list(Topic.objects.filter(is_archived=False))
    asks = [one for one in Asks.values if one != Asks.TOPIC or topics]
    return save(name=_("Contact"), texts={}, asks=asks, topics=topics)


def origin_of(text: str) -> str:
    """The origin of a site, https://shop.example, from however its address was typed. Raises Invalid."""
    typed = text.strip()
    bad = _refused(
        "origins",
        _("“%(text)s” is not the address of a site. Write it like https://shop.example.") % {"text": typed[:80]},
    )
    try:
        parts = urlsplit(typed if "://" in typed else f"https://{typed}")
        host, port = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else "", parts.port
    except (ValueError, UnicodeError):
        raise bad from None
    if ":" in host:
        host = f"[{host}]"
    if parts.scheme not in {"http", "https"} or parts.username is not None or not _HOST.fullmatch(host):
        raise bad
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


def words(form: ContactForm, name: str, language: str) -> str:
    """What a form says in a language; empty where the shop wrote nothing, and the product speaks for it."""
    said: dict[str, dict[str, str]] = form.texts
    return said.get(language, {}).get(name, "")


def _texts(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = {}
    for language, _label in settings.LANGUAGES:
        for name, limit in TEXTS.items():
            try:
                text = clean_lines(texts.get(language, {}).get(name, ""), limit=limit)
            except BadText as problem:
                raise _refused(f"{name}_{language}", str(problem)) from problem
            if text:
                kept.setdefault(language, {})[name] = text
    return kept


def _name(name: str, row: ContactForm) -> str:
    try:
        kept = clean(name, limit=80)
    except BadText as problem:
        raise _refused("name", str(problem)) from problem
    if not kept:
        raise _refused("name", _("Give it a name."))
    if ContactForm.objects.filter(name__iexact=kept).exclude(pk=row.pk).exists():
        raise _refused("name", _("This name is taken already."))
    return kept


def _kept(row: ContactForm, *, is_new: bool) -> ContactForm:
    if not is_new:
        row.version += 1
        row.updated_at = timezone.now()
    row.save()
    record(InboxSettingChanged(what=WHAT, deed="added" if is_new else "changed", called=row.name), subject=row)
    return row


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={name: [sentence]})


def topics_of(form: ContactForm) -> list[Any]:
    """The topics that customers choose from, by name; those the shop offers no more are left out."""
    return list(Topic.objects.filter(pk__in=form.topics, is_archived=False))
