"""Views of the inbox: filters that somebody keeps by a name."""

from __future__ import annotations

from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, NotAllowed
from regulars.core.text import BadText, clean
from regulars.inbox.facts import InboxSettingChanged
from regulars.inbox.models import InboxView
from regulars.staff.models import User
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_LONGEST = 1000


@verb
def save_view(*, user: User, name: str, query: str, is_shared: bool = False) -> InboxView:
    """Keep filters by a name; one of the same name of this person is replaced. Raises Invalid."""
    try:
        kept = clean(name, limit=80)
    except BadText as problem:
        raise Invalid(str(problem), fields={"name": [str(problem)]}) from problem
    if not kept or len(query) > _LONGEST:
        sentence = _("Give it a name.") if not kept else _("These are too many filters to be kept.")
        raise Invalid(sentence, fields={"name": [sentence]})
    view, is_new = InboxView.objects.update_or_create(
        user=user, name=kept, defaults={"query": query, "is_shared": is_shared}
    )
    if is_shared:
        record(InboxSettingChanged(what="view", deed="added" if is_new else "changed", called=kept))
    return view


@verb
def remove_view(view: InboxView, *, user: User) -> None:
    """Let go of a view: of one's own, or of a shared one by whoever sets up the inbox. Raises NotAllowed."""
    if view.user_id != user.pk and not (view.is_shared and user.may("inbox.setup")):
        raise NotAllowed(_("This view is somebody else’s."), permission="inbox.setup")
    view.delete()
    if view.is_shared:
        record(InboxSettingChanged(what="view", deed="removed", called=view.name))
