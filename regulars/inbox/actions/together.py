"""Work on one inquiry or many at once, all or nothing, with a journal by which it can be taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Refusal
from regulars.inbox.actions import answering, changing, steps
from regulars.inbox.actions.changing import held, image, restore, settle
from regulars.inbox.facts import InboxWorkDone
from regulars.inbox.models import Canned, Conversation, Macro, Post, SpamSender, Status, Work
from regulars.inbox.queries import canned
from regulars.staff.models import User
from regulars.staff.policy import verb
from regulars.timeline.actions import record

MOST = 1000


class UndoneAlready(Refusal):
    """It was taken back before."""

    slug = "undone-already"


@dataclass(frozen=True, slots=True)
class Undone:
    """How many inquiries are as they were, and how many were left because somebody changed them since."""

    count: int
    kept: int


@verb
def do_together(
    conversations: Collection[Conversation], *, steps_: Sequence[steps.Step], user: User, act: str = ""
) -> Work:
    """Do some steps with all of these inquiries, or with none of them. Raises Invalid, and what an answer may raise."""
    if len(conversations) > MOST:
        sentence = _("Choose at most %(most)s inquiries at once.") % {"most": MOST}
        raise Invalid(sentence, fields={"conversations": [sentence]})
    wanted = steps.checked(steps_)
    images = [_done(one, wanted, user) for one in sorted(conversations, key=lambda one: one.pk)]
    work = Work.objects.create(user=user, act=act[:80] or "+".join(step["do"] for step in wanted)[:80], images=images)
    if len(images) > 1:
        record(InboxWorkDone(work=work.public_id, deed="done", count=len(images)))
    return work


@verb
def run_macro(macro: Macro, conversations: Collection[Conversation], *, user: User) -> Work:
    """Do the steps of a macro, all of them or none. Raises Invalid, MissingValues, and what an answer may raise."""
    if not macro.is_on:
        sentence = _("This macro is switched off.")
        raise Invalid(sentence, fields={"macro": [sentence]})
    return do_together(conversations, steps_=macro.steps, user=user, act=macro.name)


@verb
def undo_work(work: Work, *, user: User) -> Undone:
    """Take back what was done: each inquiry that nobody changed since is as it was, and answers that have not left go.

    Raises UndoneAlready, and Invalid where somebody else did it.
    """
    current = Work.objects.select_for_update(of=("self",)).get(pk=work.pk)
    if current.undone_at is not None:
        raise UndoneAlready(_("This was taken back already."))
    if current.user_id != user.pk:
        sentence = _("Somebody else did this, and takes it back.")
        raise Invalid(sentence, fields={"work": [sentence]})
    count = sum(_undone(one) for one in current.images)
    current.undone_at = timezone.now()
    current.save(update_fields=["undone_at"])
    kept = len(current.images) - count
    record(InboxWorkDone(work=current.public_id, deed="undone", count=count, kept=kept))
    return Undone(count, kept)


def _done(conversation: Conversation, wanted: Sequence[steps.Step], user: User) -> dict[str, Any]:
    current = held(conversation)
    first = before = image(current)
    closes = wanted[-1]["do"] == "close"
    posts: list[int] = []
    for step in wanted:
        if step["do"] not in steps.SAYING:
            if not (step["do"] == "close" and posts):
                steps.apply(current, step, user=user)
            continue
        settle(current, before)
        post = _said(current, step, user, then=Status.CLOSED if closes else Status.WAITING)
        if step["do"] == "answer":
            posts.append(post.pk)
        current = held(conversation)
        before = image(current)
    settle(current, before)
    changed = changing.differences(first, image(current))
    return {
        "id": current.pk,
        "before": {name: old for name, (old, _new) in changed.items()},
        "after": {name: new for name, (_old, new) in changed.items()},
        "posts": posts,
        "is_spam": current.status == Status.SPAM,
    }


def _said(current: Conversation, step: steps.Step, user: User, *, then: str) -> Post:
    if step["do"] == "note":
        return answering.note(current, author=user, text=step["value"])
    found = Canned.objects.prefetch_related("texts").get(pk=Canned.pk_of(step["value"]) or 0)
    text = canned.written(found, current, user)
    soon = timezone.now() + answering.UNDO
    return answering.answer(current, author=user, text=text, after=soon, then=then, canned=found.public_id)


def _undone(done: dict[str, Any]) -> bool:
    row = Conversation.objects.filter(pk=done["id"]).first()
    if row is None:
        return False
    for pk in done.get("posts") or ():
        post = Post.objects.filter(pk=pk).first()
        if post is not None:
            answering.undo(post)
    current = held(row)
    now, before, after = image(current), dict(done["before"]), dict(done["after"])
    if done.get("posts"):
        # the answer that was taken back has set the state back already
        after = {name: value for name, value in after.items() if name not in {"status", "waiting_since", "closed_at"}}
    if current.pk != done["id"] or any(now[name] != value for name, value in after.items()):
        return False
    restore(current, {name: value for name, value in before.items() if name in after})
    if done.get("is_spam") and current.reply_digest:
        SpamSender.objects.filter(digest=current.reply_digest).delete()
    settle(current, now)
    return True
