"""What outgoing webhooks plug into the house."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from regulars.channels.models import Endpoint
from regulars.channels.outgoing import sending, signing, verbs  # noqa: F401 — the clock knows them from the start
from regulars.core import menu, resealing
from regulars.staff import duties
from regulars.staff.models import User


def _count(person: User) -> int:
    return Endpoint.objects.filter(owner=person).count()


def _said(count: int) -> str:
    return ngettext("%(count)s webhook", "%(count)s webhooks", count) % {"count": count}


resealing.add_secrets(Endpoint, "secret", place=signing.place)
duties.add(duties.Duty(name="webhooks", count=_count, said=_said, hand_over=verbs.hand_over))
menu.add_setting(
    menu.Place(
        name="webhooks", label=_("Webhooks"), icon="webhook", url_name="webhooks", permission="webhooks.edit", order=38
    )
)
