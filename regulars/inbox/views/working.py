"""What is done with an inquiry, or with many: whose it is, when it comes back, how it is sorted, that it is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from regulars.core import ids
from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.inbox import showing
from regulars.inbox.actions import working
from regulars.inbox.actions.changing import stale
from regulars.inbox.actions.merging import merge
from regulars.inbox.actions.offers import decline, join_offer
from regulars.inbox.actions.together import do_together, run_macro, undo_work
from regulars.inbox.following import reminding
from regulars.inbox.models import Canned, Conversation, Label, Macro, Status, ThreadOffer, Topic, Work
from regulars.inbox.views.listing import back_to
from regulars.inbox.views.page import conversation_or_404, shown
from regulars.staff.access import requires
from regulars.staff.models import User

_ALONE = frozenset({"sort", "merge"})
_MACRO = "macro:"
_TAKEN_BACK = {"close": gettext_lazy("Done."), "spam": gettext_lazy("It is spam, and so is what comes from there.")}


@requires("inbox.edit")
@require_POST
def work(request: HttpRequest, public_id: str) -> HttpResponse:
    """One thing with one inquiry; the page afterwards is the same one, or the next inquiry where this one is done."""
    user: Any = request.user
    conversation = conversation_or_404(public_id)
    act = request.POST.get("act", "")
    undo_at = ""
    try:
        if act in _ALONE:
            sentence = _sorted(request, conversation)
        elif act in _TAKEN_BACK or act.startswith(_MACRO):
            if said_version(request) not in {None, conversation.version}:
                raise stale()
            if macro := _macro_of(act):
                journal, sentence = run_macro(macro, [conversation], user=user), _done_by(macro)
            else:
                journal = do_together([conversation], steps_=_steps(request, act) or (), user=user)
                sentence = str(_TAKEN_BACK[act])
            undo_at = reverse("inbox:undo-work", args=[journal.public_id])
        else:
            sentence = done(request, conversation, act, said_version(request))
    except Refusal as refusal:
        return shown(request, conversation_or_404(public_id), status=refusal.status, refused=refusal.sentence)
    toast(request, sentence, undo=undo_at)
    return redirect(back_to(request, reverse("inbox:page", args=[public_id])))


def many(request: HttpRequest, conversations: Sequence[Conversation]) -> HttpResponse:
    """The same with many, all of them or none; it can be taken back as one."""
    user: Any = request.user
    act = request.POST.get("act", "")
    macro, steps = _macro_of(act), _steps(request, act)
    if macro is None and steps is None:
        raise _unknown()
    if conversations:
        if macro is not None:
            work = run_macro(macro, conversations, user=user)
        else:
            work = do_together(conversations, steps_=steps or (), user=user)
        count = len(conversations)
        sentence = ngettext("Done with %(n)s inquiry.", "Done with %(n)s inquiries.", count) % {"n": count}
        toast(request, sentence, undo=reverse("inbox:undo-work", args=[work.public_id]))
    return redirect(back_to(request, reverse("inbox:list")))


@requires("inbox.edit")
@require_POST
def undo(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take back what was done with one inquiry or many, where nobody changed it since."""
    user: Any = request.user
    work = Work.objects.filter(pk=Work.pk_of(public_id) or 0).first()
    if work is None:
        raise Http404(_("There is nothing to take back."))
    undone = undo_work(work, user=user)
    toast(request, _("Taken back.") if not undone.kept else _("Taken back, where nobody changed it since."))
    keys = [image["id"] for image in work.images]
    if len(keys) == 1 and (conversation := Conversation.objects.filter(pk=keys[0]).first()):
        return redirect("inbox:page", conversation.public_id)
    return redirect("inbox:list")


def _steps(request: HttpRequest, act: str) -> list[dict[str, Any]] | None:
    """What can be taken back, as steps; None for anything else. Raises Invalid."""
    name, _colon, detail = act.partition(":")
    if name == "later":
        minutes = (_until(request, detail) - timezone.now()).total_seconds() / 60
        return [{"do": "later", "value": max(1, round(minutes))}]
    plain = {
        "take": "take",
        "release": "release",
        "close": "close",
        "reopen": "open",
        "wait": "waiting",
        "spam": "spam",
    }
    return [{"do": plain[name]}] if name in plain else None


def _macro_of(act: str) -> Macro | None:
    """The macro that an act names; None for any other act. Raises Refusal where it is gone."""
    if not act.startswith(_MACRO):
        return None
    macro = Macro.objects.filter(pk=Macro.pk_of(act.removeprefix(_MACRO)) or 0).first()
    if macro is None:
        raise _unknown()
    return macro


def _done_by(macro: Macro) -> str:
    return _("“%(macro)s” is done.") % {"macro": macro.name}


def _until(request: HttpRequest, detail: str) -> dt.datetime:
    until = showing.later_until(detail or request.POST.get("until", ""))
    if until is None:
        sentence = _("Say until when: a moment that is still to come.")
        raise Invalid(sentence, fields={"until": [sentence]})
    return until


def done(request: HttpRequest, conversation: Conversation, act: str, version: int | None) -> str:
    """Do it, and say what was done. Raises Refusal."""
    user: Any = request.user
    name, _colon, detail = act.partition(":")
    match name:
        case "take":
            working.assign(conversation, to=user, version=version)
            return _("It is yours now.")
        case "assign":
            to = User.objects.filter(pk=ids.decode(User.id_prefix, detail) or 0, is_active=True).first()
            if to is None:
                raise _unknown()
            working.assign(conversation, to=to, version=version)
            return _("%(who)s has it now.") % {"who": to.name}
        case "release":
            working.release(conversation, version=version)
            return _("It is nobody’s now.")
        case "later":
            until = _until(request, detail)
            working.snooze(conversation, until=until, version=version)
            return _("It comes back %(moment)s.") % {"moment": showing.by_when(until)}
        case "follow":
            reminding.remind(conversation, user=user, version=version, **_follow_up(request))
            return _("It comes back if they do not answer.")
        case "follow-not":
            reminding.forget(conversation)
            return _("Nobody is reminded of it.")
        case "reopen":
            working.reopen(conversation, version=version)
            return _("It is open again.")
        case "wait":
            working.set_status(conversation, status=Status.WAITING, version=version)
            return _("It waits for the customer.")
        case "join" | "decline":
            offer = ThreadOffer.objects.filter(pk=int(detail) if detail.isdigit() else 0).first()
            if offer is None or offer.post.conversation_id != conversation.pk:
                raise _unknown()
            (join_offer if name == "join" else decline)(offer)
            return _("They are one inquiry now.") if name == "join" else _("They stay two.")
        case "not-spam":
            working.not_spam(conversation, version=version)
            return _("It is an inquiry again.")
    raise _unknown()


def _follow_up(request: HttpRequest) -> dict[str, Any]:
    """After how many days, and with which text to the customer before. Raises Invalid."""
    days, named = request.POST.get("days", ""), request.POST.get("canned", "")
    canned = Canned.objects.filter(pk=Canned.pk_of(named) or 0).first() if named else None
    if named and canned is None:
        raise _unknown()
    return {"days": int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0, "canned": canned}


def _sorted(request: HttpRequest, conversation: Conversation) -> str:
    """Topic, kind, priority and labels as the menu has them; or two that are one."""
    if request.POST.get("act") == "merge":
        other = conversation_or_404(request.POST.get("merge", ""))
        merge(other, into=conversation)
        return _("They are one inquiry now.")
    topic = request.POST.get("topic", "")
    wanted = Topic.objects.filter(pk=int(topic)).first() if topic.isascii() and topic.isdigit() else None
    with transaction.atomic():
        working.set_topic(conversation, topic=wanted, version=said_version(request))
        working.set_kind(conversation, kind=request.POST.get("kind", conversation.kind))
        working.set_priority(conversation, priority=int(request.POST.get("priority", "") or conversation.priority))
        names = [name.strip()[:60] for name in request.POST.get("labels", "").split(",") if name.strip()]
        labels = [Label.objects.get_or_create(name=name)[0] for name in dict.fromkeys(names)]
        known = list(conversation.labels.all())
        working.label(conversation, labels=labels)
        working.unlabel(conversation, labels=[one for one in known if one not in labels])
    return _("Saved.")


def said_version(request: HttpRequest) -> int | None:
    """The version that was read; None where the form has none."""
    said = request.POST.get("version", "")
    return int(said) if said.isascii() and said.isdigit() else None


def moment_of(said: str) -> dt.datetime | None:
    """A moment of a form, in the shop's time."""
    return showing.later_until(said) if said else None


def _unknown() -> Refusal:
    return Refusal(_("This cannot be done."))
