"""The record of processing (GDPR 30, PIPL 54-56): made from what this shop has set up, and what its owner says.

A room above says by `add_recipients` whom it gives data to, and by `add_measure` how it protects them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.channels.models import Channel
from regulars.core import shop
from regulars.core.backup import places
from regulars.customers import belongings, catalogue
from regulars.customers.models import Customer
from regulars.customers.privacy import laws
from regulars.customers.privacy.previewing import TITLES


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody outside the shop who is given data. `key` is what the owner's words on them are kept under."""

    key: str
    kind: str
    name: str
    country: str = ""
    contract: str = ""
    is_abroad: bool = False


@dataclass(frozen=True, slots=True)
class PurposeOf:
    """What data are used for, on which legal basis, and for how long."""

    key: str
    label: str
    basis: str
    note: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


Read = Callable[[], Iterable[Recipient]]

_RECIPIENTS: dict[str, Read] = {}
_MEASURES: dict[str, Callable[[], str]] = {}

PURPOSES: dict[str, tuple[Promise | str, Promise | str]] = {
    "contract": (
        gettext_lazy("Sell, deliver, take back, answer questions"),
        gettext_lazy("Contract: GDPR 6 (1) b; PIPL 13 (2)"),
    ),
    "books": (
        gettext_lazy("Keep the books that tax and trade law want"),
        gettext_lazy("Legal duty: GDPR 6 (1) c; PIPL 13 (3)"),
    ),
    "service": (
        gettext_lazy("Know customers: figures, notes, categories, duplicates"),
        gettext_lazy("Legitimate interest: GDPR 6 (1) f; PIPL 13 (1), consent"),
    ),
    "marketing": (
        gettext_lazy("Write to customers with offers"),
        gettext_lazy("Consent: GDPR 6 (1) a; PIPL 13 (1)"),
    ),
    "security": (
        gettext_lazy("Protect the shop: audit log, sign-in, backups"),
        gettext_lazy("Legitimate interest and duty: GDPR 6 (1) c and f, 32; PIPL 51"),
    ),
}
"""What this program uses data for. The owner may say it in other words, and on which basis it stands."""


def add_recipients(name: str, read: Read) -> None:
    """Say whom a room gives data to."""
    _RECIPIENTS[name] = read


def add_measure(name: str, say: Callable[[], str]) -> None:
    """Say how a room protects data, in a sentence; an empty one is left out."""
    _MEASURES[name] = say


def purposes() -> list[PurposeOf]:
    """What data are used for, in the owner's words where there are some."""
    said = laws.own_words().purposes
    return [
        PurposeOf(
            key,
            str(label),
            str(said.get(key, {}).get("basis") or basis),
            str(said.get(key, {}).get("note") or ""),
        )
        for key, (label, basis) in PURPOSES.items()
    ]


def recipients() -> list[Recipient]:
    """Everybody outside the shop who is given data, as set up now, with what the owner says of each."""
    said = laws.own_words().recipients
    found = []
    for read in (_own_recipients, *_RECIPIENTS.values()):
        for one in read():
            words = said.get(one.key, {})
            found.append(
                Recipient(
                    key=one.key,
                    kind=one.kind,
                    name=one.name,
                    country=str(words.get("country") or one.country),
                    contract=str(words.get("contract") or ""),
                    is_abroad=bool(words.get("is_abroad")),
                )
            )
    return found


def categories() -> list[dict[str, Any]]:
    """Which data are kept: the tables that hold something of a person, and the fields of the catalogue."""
    fields: dict[str, list[str]] = {}
    for field in catalogue.fields():
        if field.give is not None:
            continue  # a question, and nothing that is kept
        group = str(getattr(field, "group", "") or "")
        fields.setdefault(group, []).append(str(field.label))
    held = [str(TITLES.get(holder.name, holder.name)) for holder in belongings.holders() if holder.name in TITLES]
    return [{"name": _("Kept of a person"), "items": held}] + [
        {"name": name or _("Fields of a customer"), "items": labels} for name, labels in fields.items()
    ]


def measures() -> list[str]:
    """How data are protected, as it is set up now."""
    engine = (
        _("The database file is encrypted with AES-256, under keys that are kept apart from it.")
        if settings.IS_SQLITE and settings.DATABASES["default"]["OPTIONS"].get("is_encrypted")
        else _("Sensitive fields are encrypted with AES-256-GCM, with a key for each person that erasing destroys.")
    )
    found = [
        engine,
        _("Backups are encrypted; each is restored for proof, and tombstones keep erased people out of it."),
        _("Every change and every look at a profile is in an audit log that is sealed against changing."),
        _("Who may see and do what is decided by roles; sensitive deeds ask again who one is."),
        _("Pages are served over HTTPS alone.") if settings.IS_HTTPS else "",
        *(say() for say in _MEASURES.values()),
        *(line.strip() for line in laws.own_words().measures.splitlines()),
    ]
    return [sentence for sentence in found if sentence]


def record() -> dict[str, Any]:
    """The whole record of processing, as it is true today."""
    own = laws.own_words()
    period = laws.period(shop.current().country)
    return {
        "controller": own.controller or shop.current().name,
        "officer": own.officer,
        "representative": own.representative,
        "authority": own.authority,
        "people": _("Customers of the shop, people at companies that buy, staff"),
        "count": Customer.objects.count(),
        "purposes": purposes(),
        "categories": categories(),
        "recipients": recipients(),
        "period": period,
        "measures": measures(),
    }


def _own_recipients() -> Iterable[Recipient]:
    for channel in Channel.objects.order_by("pk"):
        yield Recipient(f"channel.{channel.code}", _("Sales channel"), channel.name)
    if settings.EMAIL_HOST:
        yield Recipient("mail", _("Mail server"), str(settings.EMAIL_HOST))
    for place in places.places():
        yield Recipient(f"backup.{place.label}"[:80], _("Place of backups"), place.label)
    if settings.OIDC:
        yield Recipient("oidc", _("Single sign-on"), str(settings.OIDC.issuer))
