"""The mail that brings an invitation to work here. Its link is made anew from the shop's secret: no fact carries it."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from regulars.core import shop
from regulars.messaging.accounts import can_mail
from regulars.messaging.sending import send
from regulars.staff.actions.invitations import token_of
from regulars.staff.models import Invitation
from regulars.staff.queries import role_line
from regulars.timeline.models import Entry


def invite_by_mail(entry: Entry) -> None:
    """Write the mail of an invitation that still holds, where there is a mail server; told twice, it is one mail.

    Without a server nothing is written: a link that waits here for days would be of no use to anybody but a thief.
    """
    found = Invitation.objects.select_related("invited_by").filter(pk=entry.subject_id or 0).first()
    if found is None or not found.is_open or not can_mail():
        return
    token = token_of(found)
    if not token:
        return  # the shop's secret was changed meanwhile; whoever invited sends it again
    line = role_line(found.role)
    with override(shop.current().language):
        context = {
            "shop": shop.current(),
            "invitation": found,
            "role": line.title if line else found.role,
            "link": settings.PUBLIC_URL + reverse("staff:accept", args=[token]),
        }
        send(
            cause=f"invitation {found.pk} {found.version}",
            customer=None,
            to=found.email,
            subject=_("Work with us at %(shop)s") % {"shop": shop.current().name},
            text=render_to_string("messaging/mail/invitation.txt", context).strip() + "\n",
            is_fleeting=True,
        )
