"""The words of an acknowledgement: which language, which text, and its gaps filled."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.inbox.promises import saying
from regulars.messaging import templating
from regulars.messaging.models import Way

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile("[\u3040-\u30ff]")
_LETTER = re.compile(r"[^\W\d_]")
_SHARE = 0.2  # of the letters; a Chinese mail names foreign brands, an English one seldom has a Chinese word
_LOOKED_AT = 2000
CHINESE = "zh-hans"

BUILT_IN: dict[str, dict[str, str]] = {
    "en": {
        "subject": "Re: {{ subject | default: 'Your message' }}",
        "text": (
            "Thank you for your message. It has arrived, and one of us will read it.\n\n"
            "{% if by %}You will hear from us by {{ by }}.{% else %}You will hear from us as soon as we can.{% endif %}"
            "\n\nThis confirmation was written by itself. If you want to add something, just answer it.\n\n{{ shop }}"
        ),
    },
    CHINESE: {
        "subject": "Re: {{ subject | default: '您的留言' }}",
        "text": (
            "您好，您的留言我们已收到，会有同事亲自阅读。\n\n"
            "{% if by %}我们会在{{ by }}前回复您。{% else %}我们会尽快回复您。{% endif %}"
            "\n\n这封确认由系统自动发出。如需补充，直接回复即可。\n\n{{ shop }}"
        ),
    },
}
NAMES = ("by", "subject", "name", "shop", "number")


def language_of(text: str, *known: str) -> str:
    """The language somebody writes in: Chinese where enough of it is Han; else the first that is known of them."""
    part = text[:_LOOKED_AT]
    letters = len(_LETTER.findall(part))
    if letters and not _KANA.search(part) and len(_HAN.findall(part)) >= _SHARE * letters:
        return CHINESE
    latin = [one for one in known if one and not one.startswith("zh")] if letters else [one for one in known if one]
    return next(iter(latin), "en")


def chosen(texts: Mapping[str, Mapping[str, str]], language: str) -> tuple[str, Mapping[str, str]]:
    """The text in that language or a near one (“de-AT” has “de”), else in the shop's language, else in English."""
    everything = {**BUILT_IN, **texts}
    wanted = [language, language.partition("-")[0], shop.current().language, "en"]
    if language.startswith("zh"):
        wanted = [language, CHINESE, *wanted]
    name = next(one for one in wanted if one in everything)
    return name, everything[name]


def filled(text: Mapping[str, str], values: Mapping[str, Any], *, way: str, language: str) -> tuple[str, str]:
    """Subject and text. Raises templating.MissingValues, templating.BadTemplate."""
    subject = templating.render(text["subject"], values, way=templating.SUBJECT, language=language)
    return subject, templating.render(text["text"], values, way=way, language=language)


def by_when(at: dt.datetime | None, now: dt.datetime, zone: ZoneInfo, language: str) -> str:
    """The moment in words of that language: “today 16:00”. In a language of which we have no words, in figures."""
    if at is None:
        return ""
    if language not in dict(settings.LANGUAGES):
        return f"{at.astimezone(zone):%d.%m.%Y %H:%M}"
    with translation.override(language):
        return saying.moment(at, now, zone)


def example(text: Mapping[str, str], *, now: dt.datetime, language: str) -> tuple[str, str]:
    """The text as a customer might get it, to be looked at before it is saved. Raises as `filled` does."""
    at = now + dt.timedelta(hours=2)
    values = {
        "by": by_when(at, now, shop.zone(), language),
        "subject": _("The lid of my pot is broken"),
        "name": "Sofie Dahl",
        "shop": shop.current().name,
        "number": "#1024",
    }
    return filled(text, values, way=Way.EMAIL, language=language)
