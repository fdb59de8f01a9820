"""The gate: every message of the house goes out here, after it was written down."""

from __future__ import annotations

import smtplib
from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import shop
from regulars.core.background import background
from regulars.core.errors import Refusal
from regulars.customers import privacy
from regulars.customers.models import Customer
from regulars.messaging.facts import MessageFailed, MessageSent
from regulars.messaging.models import Message
from regulars.staff.policy import verb
from regulars.timeline.actions import record

State = Message.State

_FOR_GOOD = 500  # a reply from here on is final (RFC 5321, 4.2.1)


class NoMailServer(Refusal):
    """Nothing can be sent, because nobody said through which server."""

    slug = "no-mail-server"


class MayNotWrite(Refusal):
    """The person objected, is restricted, or is a child whose guardian has not agreed; the sentence says which."""

    slug = "may-not-write"


class NotWaiting(Refusal):
    """The message was sent already, or is on its way."""

    slug = "not-waiting"


@verb
def write(
    *,
    cause: str,
    customer: Customer | None,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    is_fleeting: bool = False,
    purpose: str = "",
) -> Message:
    """Write a message down and have it sent after the commit. A second call with the same cause gives the first one.

    Without a mail server it is held, until there is one and somebody sends it on. With a `purpose` that people can
    object to, nothing is written to whoever did: raises MayNotWrite. What belongs to a contract has none.
    """
    known = Message.objects.filter(cause=cause).first()
    if known is not None:
        return known
    reason = privacy.may(customer, purpose) if customer is not None and purpose else None
    if reason is not None:
        raise MayNotWrite(reason)
    message = Message.objects.create(
        cause=cause,
        customer=customer,
        to=to,
        subject=" ".join(subject.split())[:250],
        text=text,
        html=html,
        is_fleeting=is_fleeting,
        state=State.WAITING if has_mail_server() else State.HELD,
    )
    message.message_id = f"<{message.public_id}@{_domain()}>"
    message.save(update_fields=["message_id"])
    if message.state == State.WAITING:
        send.later(message_id=message.pk)
    return message


@background(retries=6, label=gettext_lazy("Send a mail"), leaves=True)
def send(*, message_id: int) -> None:
    """Hand a message to the mail server. What is only wrong for now is tried again, with growing delay.

    A worker that was killed while it sent may send a second time: the mail keeps its id, and receivers show it once.
    """
    message = Message.objects.filter(pk=message_id).first()
    if message is None or message.state not in {State.WAITING, State.SENDING}:
        return
    Message.objects.filter(pk=message.pk).update(state=State.SENDING)
    try:
        _mail(message).send()
    except (smtplib.SMTPException, OSError) as wrong:
        refusal = _refusal(wrong)
        if not refusal:
            Message.objects.filter(pk=message.pk).update(state=State.WAITING, problem=str(wrong))
            raise
        _fail(message, refusal)
    else:
        _succeed(message)


@verb
def send_again(message: Message) -> None:
    """Try a message that was held or failed once more. Raises NoMailServer, NotWaiting."""
    if not has_mail_server():
        raise NoMailServer(_("No mail server is set. Name one in REGULARS_MAIL, and start Regulars again."))
    current = Message.objects.select_for_update().get(pk=message.pk)
    if current.state not in {State.HELD, State.FAILED}:
        raise NotWaiting(_("This mail was sent already, or is on its way."))
    Message.objects.filter(pk=current.pk).update(state=State.WAITING, problem="", updated_at=timezone.now())
    send.later(message_id=current.pk)


def has_mail_server() -> bool:
    """Whether somebody said through which server mail goes out."""
    return bool(settings.EMAIL_HOST)


def _mail(message: Message) -> EmailMultiAlternatives:
    sender = formataddr((shop.current().name, settings.DEFAULT_FROM_EMAIL))
    headers = {"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"}
    mail = EmailMultiAlternatives(message.subject, message.text, sender, [message.to], headers=headers)
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail


@verb
def _succeed(message: Message) -> None:
    now = timezone.now()
    Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=now, updated_at=now, problem="")
    if message.is_fleeting:
        Message.objects.filter(pk=message.pk).update(text="", html="")
    fact = MessageSent(message=message.public_id, about=message.subject)
    record(fact, customer=message.customer, subject=message)


@verb
def _fail(message: Message, problem: str) -> None:
    Message.objects.filter(pk=message.pk).update(state=State.FAILED, problem=problem, updated_at=timezone.now())
    fact = MessageFailed(message=message.public_id, about=message.subject, problem=problem)
    record(fact, customer=message.customer, subject=message)


def _refusal(wrong: Exception) -> str:
    """What the server said when it refused for good; empty where another try may help."""
    code: int = 0
    said: bytes | str = ""
    if isinstance(wrong, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(wrong.recipients.values()))
    elif isinstance(wrong, smtplib.SMTPResponseException):
        code, said = wrong.smtp_code, wrong.smtp_error
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return text if code >= _FOR_GOOD else ""


def _domain() -> str:
    return str(settings.DEFAULT_FROM_EMAIL).rpartition("@")[2] or "localhost"
