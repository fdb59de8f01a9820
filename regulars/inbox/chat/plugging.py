"""What chats plug into the house."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from regulars.core import menu
from regulars.core.api import problems
from regulars.customers import belongings
from regulars.inbox.chat import handing, holding, mailing
from regulars.inbox.facts import ReplyReceived
from regulars.messaging import transports
from regulars.messaging.facts import MessageBounced, MessageFailed
from regulars.messaging.models import Way
from regulars.timeline.actions import on


def plug_in() -> None:
    """Fill the sockets."""
    transports.add(Way.CHAT.value, handing.transport)
    belongings.add(holding.HOLDER)
    on(ReplyReceived, at_once=True)(mailing.goes_on_by_mail)
    on(MessageFailed)(mailing.mail_failed)
    on(MessageBounced)(mailing.mail_failed)
    menu.add_setting(
        menu.Place(
            name="chat",
            label=_("Chat"),
            icon="messages-square",
            url_name="chats:list",
            permission="inbox.setup",
            order=32,
        )
    )
    problems.describe(
        "chat-closed",
        status=HTTPStatus.FORBIDDEN,
        title=_("The chat is closed"),
        text=_("Nothing is taken from this visitor any more."),
    )
