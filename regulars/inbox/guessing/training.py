"""When it is learned: each night where anything changed, within the hour where much did; and how all is forgotten."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy

from regulars.core.background import background, every
from regulars.core.background.overview import waits
from regulars.customers.models import Customer
from regulars.inbox.facts import InboxSettingChanged
from regulars.inbox.guessing import deciding, examples, keeping
from regulars.inbox.guessing.child import learn_apart
from regulars.inbox.guessing.keeping import current
from regulars.inbox.guessing.model import Model
from regulars.inbox.models import Canned, CannedGuess, Conversation, Guess, Guessing, Post, Topic
from regulars.staff.policy import unmasked, verb
from regulars.timeline.actions import record

_MUCH = 1.2
_TRIES = 3


@background(label=gettext_lazy("Learn from the shop’s own inquiries"), retries=2)
@unmasked
def learn() -> bool:
    """Learn anew from what there is; whether there is a model afterwards. What is forgotten meanwhile is not in it."""
    Guessing.objects.get_or_create(pk=1)  # so that what is forgotten meanwhile can be noted
    for _try in range(_TRIES):
        rules = current()
        if not (rules.topics_on or rules.answers_on):
            return False
        stock = examples.stock()
        made = _learned(stock)
        if _keep(made, stock=stock, forgotten=rules.forgotten):
            deciding.guess_open()
            return made is not None
    return False


@every("04:10", label=gettext_lazy("Learn from the inquiries of the day"))
@unmasked
def learn_nightly() -> bool:
    """Learn where what there is to learn from is not what it was."""
    rules = current()
    is_gone = rules.is_learned and not keeping.is_there(rules.number)
    if not is_gone and examples.stock().digest == rules.learned_from:
        return False
    return bool(learn())


@every(minutes=60, label=gettext_lazy("Look whether there is much to learn"))
@unmasked
def learn_soon() -> bool:
    """Do not wait for the night where there is enough for the first time, or a fifth more."""
    rules = current()
    if not (rules.topics_on or rules.answers_on):
        return False
    stock = examples.stock()
    if stock.digest == rules.learned_from or not stock.is_enough:
        return False
    if rules.is_learned and stock.count < _MUCH * rules.examples:
        return False
    return bool(learn())


@verb
def change(*, topics_on: bool, sets_topics: bool, answers_on: bool) -> Guessing:
    """Say what is suggested. What was suggested and is not wanted any more goes; what people decided stays."""
    rules = _held()
    wanted = (topics_on, sets_topics and topics_on, answers_on)
    if wanted == (rules.topics_on, rules.sets_topics, rules.answers_on):
        return rules
    rules.topics_on, rules.sets_topics, rules.answers_on = wanted
    rules.save(update_fields=["topics_on", "sets_topics", "answers_on"])
    if not topics_on:
        Guess.objects.filter(state=Guess.State.OFFERED).delete()
    if not answers_on:
        CannedGuess.objects.filter(used_at=None).delete()
    said = [name for name, is_on in zip(("topics", "by itself", "answers"), wanted, strict=True) if is_on]
    record(InboxSettingChanged(what="suggestions", called=", ".join(said) or "off"), subject=rules)
    return rules


@verb
def forget_all() -> Guessing:
    """Forget all that was learned and suggested, and learn nothing until somebody switches it on again."""
    rules = _held()
    rules.topics_on = rules.sets_topics = rules.answers_on = False
    rules.save(update_fields=["topics_on", "sets_topics", "answers_on"])
    Guess.objects.all().delete()
    CannedGuess.objects.all().delete()
    _unlearn()
    record(InboxSettingChanged(what="suggestions", deed="forgotten"), subject=rules)
    rules.refresh_from_db()
    return rules


def forget_person(customer: Customer) -> None:
    """Somebody is to be forgotten: the model, which may have words of theirs, goes at once, and is learned anew."""
    wrote = Conversation._base_manager.filter(customer=customer).exists()
    if not wrote and not Post._base_manager.filter(customer=customer).exists():
        return
    was_learned = Guessing.objects.filter(is_learned=True).exists()
    _unlearn()
    if was_learned and not waits(learn):
        learn.later()


def learn_now() -> None:
    """Have it learned by the next worker that is free."""
    if not waits(learn):
        learn.later()


def _unlearn() -> None:
    Guessing.objects.update(is_learned=False, learned_from="", forgotten=F("forgotten") + 1)
    transaction.on_commit(keeping.remove)


def _held() -> Guessing:
    Guessing.objects.get_or_create(pk=1)
    return Guessing.objects.select_for_update().get(pk=1)


def _learned(stock: examples.Stock) -> bytes | None:
    """The model as bytes; None where there is too little to learn from."""
    lessons = examples.lessons()
    answers = sum(bool(one.canned) for one in lessons)
    takes_topics, takes_answers = stock.is_enough, answers >= examples.LEAST_ANSWERS
    given = [
        (
            one.text,
            one.writer,
            Topic(pk=one.topic).public_id if takes_topics and one.topic else "",
            [Canned(pk=key).public_id for key in one.canned] if takes_answers else [],
        )
        for one in lessons
    ]
    given = [one for one in given if one[2] or one[3]]
    return learn_apart(given, least=examples.LEAST_EACH) if given else None


@verb
def _keep(made: bytes | None, *, stock: examples.Stock, forgotten: int) -> bool:
    """Put the model to use; not where something had to be forgotten since its examples were read."""
    rules = _held()
    if rules.forgotten != forgotten:
        return False
    rules.learned_from, rules.learned_at, rules.is_learned = stock.digest, timezone.now(), made is not None
    rules.examples, rules.topics = stock.count, len(stock.ready)
    rules.answers, rules.accuracy, rules.usual, rules.shown, rules.precision, rules.hits = 0, *([None] * 5)
    if made is not None:
        rules.number += 1
        keeping.keep(rules.number, made)
        _tell(rules, Model.from_bytes(made))
    rules.save()
    number = rules.number
    transaction.on_commit(lambda: keeping.remove(but=number))
    return True


def _tell(rules: Guessing, model: Model) -> None:
    if model.topics is not None:
        figures = model.topics.figures
        rules.accuracy, rules.usual = figures.accuracy, figures.usual
        rules.shown, rules.precision = figures.shown, figures.precision
    if model.answers is not None:
        rules.answers, rules.hits = len(model.answers.given), model.answers.hits
