"""What outgoing webhooks plug into the house."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from regulars.channels.models import Endpoint
from regulars.channels.outgoing import pump, signing, verbs
from regulars.core import menu, resealing
from regulars.core.background import worker
from regulars.staff import duties
from regulars.staff.models import User


def _count(person: User) -> int:
    return Endpoint.objects.filter(owner=person).count()


def _said(count: int) -> str:
    return ngettext("%(count)s webhook", "%(count)s webhooks", count) % {"count": count}


worker.beside(worker.Beside("webhooks", run=pump.run, once=pump.once))
resealing.add_secrets(Endpoint, "secret", place=signing.place)
duties.add(duties.Duty(name="webhooks", count=_count, said=_said, hand_over=verbs.hand_over))
menu.add_setting(
    menu.Place(
        name="webhooks", label=_("Webhooks"), icon="webhook", url_name="webhooks", permission="webhooks.edit", order=38
    )
)
