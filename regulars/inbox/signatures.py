"""What stands below an answer."""

from __future__ import annotations

from django.db.models import Q

from regulars.inbox.models import Mailbox, Signature
from regulars.staff.models import User


def signature_for(user: User | None, mailbox: Mailbox | None) -> str:
    """The signature of a person in a mailbox, else the person's, else the mailbox's; empty where there is none."""
    rows = Signature.objects.filter(Q(user=user) | Q(user=None), Q(mailbox=mailbox) | Q(mailbox=None))
    found = {(row.user_id, row.mailbox_id): row.text for row in rows}
    person, box = (user.pk if user else None), (mailbox.pk if mailbox else None)
    for key in ((person, box), (person, None), (None, box)):
        if key != (None, None) and key in found:
            return found[key]
    return ""
