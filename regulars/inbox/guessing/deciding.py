"""A guess for what a customer wrote, and what people say of it: taken, dismissed, or something else instead."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext_lazy

from regulars.core.background import background
from regulars.inbox.actions.changing import held, image, settle
from regulars.inbox.actions.working import set_topic
from regulars.inbox.guessing import examples, keeping
from regulars.inbox.guessing.keeping import current
from regulars.inbox.guessing.model import Said
from regulars.inbox.models import Canned, CannedGuess, Conversation, Guess, Guessing, Post, PostKind, Status, Topic
from regulars.staff.models import User
from regulars.staff.policy import unmasked, verb
from regulars.timeline.actions import acting
from regulars.timeline.models import Entry, Source

OFFERED = 3
_OPEN = (Status.OPEN, Status.WAITING, Status.LATER)
_AT_ONCE = 200
_STANDS = (Guess.State.OFFERED, Guess.State.SET)


def hear(entry: Entry) -> None:
    """React to a word of a customer: have it guessed, where anything was learned."""
    if entry.subject_id and Guessing.objects.filter(is_learned=True).exists():
        guess.later(conversation_id=entry.subject_id)


@background(label=gettext_lazy("Suggest a topic and answers"), retries=2)
@unmasked
def guess(*, conversation_id: int) -> None:
    """Ask the model about an inquiry, and keep what it is sure of; nothing where no model is there."""
    rules = current()
    model = keeping.load(rules.number) if rules.is_learned else None
    conversation = Conversation.objects.filter(pk=conversation_id, merged_into=None, status__in=_OPEN).first()
    if model is None or conversation is None:
        return
    said = _said(conversation)
    if not said:
        return
    topic = model.topic_of("\n".join(said)) if rules.topics_on else None
    answers = model.answers_of(said[-1])[:OFFERED] if rules.answers_on else []
    with acting(None, Source.SYSTEM):  # whoever wrote it down, the guess is ours
        keep(conversation, topic=topic, answers=answers, number=rules.number)


def guess_open() -> None:
    """Guess anew what stands open, with what was just learned: the latest inquiries that nobody gave a topic yet."""
    rows = Conversation.objects.filter(status=Status.OPEN, merged_into=None, topic=None).order_by("-last_at")
    for key in list(rows.values_list("pk", flat=True)[:_AT_ONCE]):
        guess(conversation_id=key)


@verb
def keep(conversation: Conversation, *, topic: Said | None, answers: Sequence[str], number: int) -> None:
    """Suggest a topic where none is set and nobody decided yet, and the canned answers that fit the last word.

    Where the shop wants it, the topic is set by that.
    """
    rules, now = current(), timezone.now()
    if not rules.is_learned or rules.number != number:
        return  # what it says was forgotten meanwhile, or is known better
    current_one = held(conversation)
    known = Guess.objects.filter(conversation=current_one).first()
    found = Topic.objects.filter(pk=Topic.pk_of(topic.topic) or 0, is_archived=False).first() if topic else None
    if topic and topic.is_sure and found and current_one.topic_id is None and (known is None or known.state in _STANDS):
        made = {
            "topic": found,
            "confidence": min(99, int(100 * topic.confidence)),
            "number": number,
            "state": Guess.State.SET if rules.sets_topics else Guess.State.OFFERED,
            "made_at": now,
        }
        Guess.objects.update_or_create(conversation=current_one, defaults=made)
        if rules.sets_topics:
            before = image(current_one)
            current_one.topic = found
            settle(current_one, before)
    CannedGuess.objects.filter(conversation=current_one, used_at=None).delete()
    keys = [key for one in answers if (key := Canned.pk_of(one))]
    there = set(Canned.objects.filter(pk__in=keys).values_list("pk", flat=True))
    there -= set(CannedGuess.objects.filter(conversation=current_one).values_list("canned_id", flat=True))
    CannedGuess.objects.bulk_create(
        CannedGuess(conversation=current_one, canned_id=key, place=place, made_at=now)
        for place, key in enumerate(keys, start=1)
        if key in there
    )


@verb
def accept(guess_: Guess, *, user: User) -> Guess:
    """The guess is right: the topic is set, or stays set. One that was decided already stays as it is."""
    current_one = _locked(guess_)
    if current_one.state == Guess.State.OFFERED:
        set_topic(current_one.conversation, topic=current_one.topic)
    if current_one.state in _STANDS:
        _decide(current_one, Guess.State.ACCEPTED, user)
    return current_one


@verb
def dismiss(guess_: Guess, *, user: User) -> Guess:
    """The guess is wrong: it is not made again, and a topic that was set by it is taken back."""
    current_one = _locked(guess_)
    if current_one.state == Guess.State.OFFERED:
        _decide(current_one, Guess.State.DISMISSED, user)
    elif current_one.state == Guess.State.SET:
        _decide(current_one, Guess.State.TAKEN_BACK, user)
        if current_one.conversation.topic_id == current_one.topic_id:
            set_topic(current_one.conversation, topic=None)
    return current_one


@verb
def follow(entry: Entry) -> None:
    """React to a topic that somebody set by hand: that says of a guess whether it was right."""
    change = entry.data.get("changes", {}).get("topic")
    if not change or entry.actor_id is None or entry.data.get("rule"):
        return
    one = Guess.objects.filter(conversation=entry.subject_id, state__in=_STANDS).select_related("topic").first()
    if one is None:
        return
    if change[1] == one.topic.name:
        _decide(one, Guess.State.ACCEPTED, entry.actor)
    elif change[1]:
        _decide(one, Guess.State.OTHER, entry.actor)
    elif one.state == Guess.State.SET:
        _decide(one, Guess.State.TAKEN_BACK, entry.actor)


@verb
def used(entry: Entry) -> None:
    """React to an answer that left: where it is one that was suggested, the suggestion was right."""
    post = Post.objects.filter(pk=Post.pk_of(entry.data.get("post", "")) or 0).first()
    key = Canned.pk_of(str(post.data.get("canned", ""))) if post and post.data.get("canned") else None
    if post is not None and key:
        rows = CannedGuess.objects.filter(conversation=post.conversation_id, canned=key, used_at=None)
        rows.update(used_at=timezone.now())


def _said(conversation: Conversation) -> list[str]:
    """What the customer wrote, or what was written down for them, the oldest first; with the subject."""
    rows = Post.objects.filter(
        conversation=conversation, kind__in=[PostKind.IN, PostKind.CALL], deleted_at=None
    ).order_by("at", "pk")
    return [f"{post.subject}\n{post.text}" for post in rows[: examples.MOST_SAID]]


def _locked(guess_: Guess) -> Guess:
    rows = Guess.objects.select_for_update(of=("self",)).select_related("conversation", "topic")
    return rows.get(pk=guess_.pk)


def _decide(one: Guess, state: str, user: User | None) -> None:
    one.state, one.decided_at, one.decided_by = state, timezone.now(), user
    one.save(update_fields=["state", "decided_at", "decided_by"])
