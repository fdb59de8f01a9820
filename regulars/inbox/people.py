"""Who wrote: the customer behind an address, a number, or a chat's id."""

from __future__ import annotations

import re
from http import HTTPStatus

from django.db import connection
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.contact import BadContact, parse_email, parse_phone
from regulars.core.errors import Invalid, Refusal
from regulars.customers import people
from regulars.customers.actions import create_customer
from regulars.customers.actions.profile import EmailTaken
from regulars.customers.models import ContactPoint, Customer, OwnProfile
from regulars.inbox import digests
from regulars.inbox.models import Conversation
from regulars.messaging.models.accounts import Way
from regulars.staff.policy import verb

_BY_NUMBER = frozenset({Way.SMS, Way.WHATSAPP, "phone"})
_BY_MAIL = frozenset({Way.EMAIL, "form"})
_DIGITS = re.compile(r"\D")
_LONGEST_NAME = 120


class UnknownSender(Refusal):
    """Nobody can be made of what came as the sender: there is no address."""

    slug = "unknown-sender"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


@verb
def sender_of(way: str, address: str, name: str = "") -> Customer:
    """The customer who has this address, or a new guest who does.

    Several may have it: then the one who was active last. Mails and forms are found by e-mail, texts, WhatsApp and
    calls by number, chats by the conversations they had before. Raises UnknownSender where there is no address.
    """
    kept = address_of(way, address)
    take_turns(f"sender {kept}")
    found = known_as(way, kept)
    if found is not None:
        return found
    shown = " ".join(name.split())[:_LONGEST_NAME]
    if way in _BY_MAIL:
        shown = shown or kept.partition("@")[0]
    values = {"name": shown or _("Guest of a chat"), "is_guest": True, **_contact(way, kept)}
    try:
        return create_customer(values=values)
    except EmailTaken as taken:
        return taken.customer.person
    except Invalid:
        # a name or an address that cannot be kept is no reason to lose what somebody wrote
        return create_customer(values={"name": _("Somebody without a name"), "is_guest": True})


def known_as(way: str, address: str) -> Customer | None:
    """The listed customer who has an address of this way already; of several the one who was active last."""
    owners: set[int] = set()
    for kind, value in _contact(way, address).items():
        owners |= _owners(kind, value)
    if not owners:
        rows = Conversation._base_manager.filter(reply_digest=digests.of(address), by=way)
        owners = set(rows.values_list("customer", flat=True))
    roots = set(people.roots_of(owners).values()) if owners else set()
    # who bought or wrote last, then whoever is known for the longest
    return max(Customer.objects.filter(pk__in=roots), key=_newest, default=None)


def address_of(way: str, address: str) -> str:
    """An address as it is kept: an e-mail in small letters, a number as the world dials it, what is neither as it is.

    Raises UnknownSender where there is none.
    """
    text = " ".join(address.split())[:250]
    if not text:
        raise UnknownSender(_("There is no sender to answer to."))
    return next(iter(_contact(way, text).values()), text.lower() if way in _BY_MAIL else text)


def _contact(way: str, address: str) -> dict[str, str]:
    """The e-mail or phone that an address is; nothing where it is none that the customer file keeps."""
    try:
        if way in _BY_MAIL:
            return {"email": parse_email(address)}
        if way in _BY_NUMBER:
            country = shop.current().country
            return {"phone": parse_phone(address if address.startswith("+") else _dialled(address), country=country)}
    except BadContact:
        return {}
    return {}


def take_turns(key: str) -> None:
    """Let two who are about to write the same new thing do it one after the other, to the end of the transaction."""
    if connection.vendor == "postgresql":  # on SQLite every writer waits for the other
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"inbox {key}"])


def _dialled(text: str) -> str:
    """Providers tell numbers as the world dials them, without the plus: eleven digits and more are one of those."""
    digits = _DIGITS.sub("", text)
    return f"+{digits}" if len(digits) > 10 and not digits.startswith("0") else text


def _owners(kind: str, value: str) -> set[int]:
    points = ContactPoint._base_manager.filter(kind=kind, value=value).values_list("customer", flat=True)
    rows = Customer._base_manager.filter(**{kind: value}).values_list("pk", flat=True)
    # what one of several records of a person says by itself, while their row shows another one
    own = OwnProfile._base_manager.filter(email=value).values_list("pk", flat=True) if kind == "email" else ()
    return {*points, *rows, *own}


def _newest(customer: Customer) -> tuple[float, float, int]:
    last = Conversation._base_manager.filter(customer__in=people.records(customer)).order_by("-last_at")
    moments = [moment for moment in (customer.last_order_at, last.values_list("last_at", flat=True).first()) if moment]
    newest = max((moment.timestamp() for moment in moments), default=0.0)
    return (newest, -customer.customer_since.timestamp(), -customer.pk)
