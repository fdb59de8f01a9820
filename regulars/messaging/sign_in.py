"""Mails to colleagues about how they sign in: the link for a new password, and what somebody changed."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from regulars.core import shop
from regulars.messaging.accounts import can_mail
from regulars.messaging.sending import send
from regulars.staff.actions.passwords import GOOD_FOR, password_link
from regulars.staff.models import User
from regulars.timeline.models import Entry


def link_by_mail(entry: Entry) -> None:
    """Write the mail with a link for a new password; told twice, it is one mail.

    The link is made here, and its text is forgotten once it left: neither the log nor a backup holds it.
    """
    person = _person_of(entry)
    if person is None or entry.data.get("how") != "mail" or timezone.now() - entry.at > GOOD_FOR:
        return
    with override(person.language or shop.current().language):
        context = {"shop": shop.current(), "person": person, "link": password_link(person)}
        send(
            cause=f"password link {entry.pk}",
            customer=None,
            to=person.email,
            subject=_("A new password for %(shop)s") % {"shop": shop.current().name},
            text=render_to_string("messaging/mail/password.txt", context).strip() + "\n",
            is_fleeting=True,
        )


def notice_by_mail(entry: Entry) -> None:
    """Tell somebody that the way they sign in was changed, so that one who did not do it learns of it."""
    person = _person_of(entry)
    said = _NOTICES.get(entry.name)
    if person is None or said is None:
        return
    with override(person.language or shop.current().language):
        sentence = said(entry)
        context = {
            "shop": shop.current(),
            "person": person,
            "sentence": sentence,
            "at": entry.at,
            "link": settings.PUBLIC_URL + reverse("staff:security"),
        }
        send(
            cause=f"sign-in notice {entry.pk}",
            customer=None,
            to=person.email,
            subject=sentence,
            text=render_to_string("messaging/mail/sign_in_notice.txt", context).strip() + "\n",
        )


def _person_of(entry: Entry) -> User | None:
    """Whom the entry is about; nobody, where no mail can reach them."""
    if not can_mail() or entry.subject_type != User._meta.label_lower:
        return None
    return User.objects.filter(pk=entry.subject_id or 0, is_active=True).first()


def _removed(entry: Entry) -> str:
    if entry.data.get("is_reset"):
        return _("A colleague has reset your second step")
    return _("Codes of an app are not asked for any more")


_NOTICES: dict[str, Callable[[Entry], str]] = {
    "password.changed": lambda _entry: _("Your password was changed"),
    "second_step.added": lambda _entry: _("Codes of an app are asked for at your sign-in"),
    "second_step.removed": _removed,
    "passkey.added": lambda entry: _("A passkey was added: %(name)s") % {"name": entry.data.get("passkey", "")},
    "passkey.removed": lambda entry: _("A passkey was removed: %(name)s") % {"name": entry.data.get("passkey", "")},
    "recovery_codes.used": lambda _entry: _("A recovery code opened the door"),
    "identity.linked": lambda _entry: _("You can sign in through the sign-in service now"),
}
