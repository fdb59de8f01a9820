"""What articles plug into the house: their place among the settings, a command, and what is counted by the clock."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from regulars.core import menu
from regulars.inbox.articles import (
    counting,
    facts,  # noqa: F401 — known to every process, also to one that shows no page
)
from regulars.inbox.facts import InquiryAnswered
from regulars.timeline.actions import on

CLOCKWORK = (counting.forget_misses,)


def plug_in() -> None:
    """Fill the sockets."""
    menu.add_setting(
        menu.Place(
            name="articles",
            label=_("Help articles"),
            icon="book-open-text",
            url_name="articles:list",
            permission="inbox.view",
            order=64,
        )
    )
    menu.add(
        menu.Command(
            name="new-article",
            label=_("New help article"),
            icon="book-plus",
            url_name="articles:new",
            permission="inbox.setup",
            order=64,
        )
    )
    on(InquiryAnswered, at_once=True)(counting.count_sent)
