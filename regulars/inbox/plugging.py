"""What the pages of the inbox plug into the house: the side bar, live topics, the customer page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from regulars.core import live, menu
from regulars.inbox import about, facts
from regulars.inbox.models import Conversation
from regulars.inbox.queries.pages import waiting_for_us
from regulars.inbox.telling import LIST, tell
from regulars.timeline.actions import on
from regulars.timeline.models import Entry

_TOLD = (
    facts.InquiryReceived,
    facts.ReplyReceived,
    facts.InquiryAnswered,
    facts.AnswerTakenBack,
    facts.AnswerFailed,
    facts.InquiryNoteWritten,
    facts.CallNoted,
    facts.InquiryChanged,
    facts.InquiryClosed,
    facts.InquiryReopened,
    facts.InquiryWoken,
    facts.InquiriesMerged,
    facts.InquiriesUnmerged,
)


def plug_in() -> None:
    """Fill the sockets."""
    menu.add(
        menu.Place(
            name="inbox",
            label=_("Inbox"),
            icon="inbox",
            url_name="inbox:list",
            key="i",
            permission="inbox.view",
            order=15,
            on_dock=True,
            count=waiting_for_us,
        )
    )
    menu.add(
        menu.Command(
            name="new-inquiry",
            label=_("New inquiry"),
            icon="square-pen",
            url_name="inbox:new",
            permission="inbox.edit",
            key="i",
            order=15,
        )
    )
    about.plug_in()
    live.opens(LIST, _may_listen)
    for fact in _TOLD:
        on(fact, at_once=True)(follow)


def follow(entry: Entry) -> None:
    """Tell open pages of a fact."""
    public_id = entry.data.get("conversation", "")
    if public_id:
        tell(public_id, entry.name)


def _may_listen(user: Any, rest: str) -> bool:
    """To the list who reads the inbox, to a conversation who sees it."""
    if not user.may("inbox.view"):
        return False
    return not rest or Conversation.objects.filter(pk=Conversation.pk_of(rest) or 0).exists()
