"""One transaction of a channel: states against what we have, takers in their order, and what was learned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.channels import intake
from regulars.channels.applying.states import Name, Rank, State
from regulars.channels.models import Channel, Delivery, Fate, Mirror

KINDS: Mapping[str, Promise | str] = {
    "customer": gettext_lazy("customer"),
    "order": gettext_lazy("order"),
    "return": gettext_lazy("return"),
    "product": gettext_lazy("product"),
    "checkout": pgettext_lazy("a purchase that was begun", "checkout"),
}
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one state, or of all those of a delivery."""

    fate: Fate
    error: str = ""
    local_id: int | None = None
    customer_id: int | None = None
    waits_for: Name | None = None


_OLD = Outcome(Fate.OLD)
_IGNORED = Outcome(Fate.IGNORED)


def lock(channel_id: int) -> Channel:
    """The channel, whose objects nobody else changes until the transaction ends."""
    return Channel.objects.select_for_update(of=("self",), no_key=True).get(pk=channel_id)


def take(channel: Channel, states: Iterable[State], *, again: Collection[State] = ()) -> dict[State, Outcome]:
    """Take in, of each object, the newest state that can be; answers for every one of them.

    A state that we have already is not taken in twice, except those to be taken in `again`. Call it inside a
    transaction, with the channel locked.
    """
    known = intake.known()
    outcomes: dict[State, Outcome] = {}
    waiting: dict[Name, list[State]] = defaultdict(list)
    for state in dict.fromkeys(states):
        if state.name[0] in known:
            waiting[state.name].append(state)
        else:
            outcomes[state] = _IGNORED
    mirrors = _mirrors(channel, waiting)
    for candidates in waiting.values():
        candidates.sort(key=lambda state: state.rank)  # the newest is the last
    repeated = set(again)
    learned: set[Name] = set()
    while waiting:
        newest: dict[Name, State] = {}
        for name in list(waiting):
            newer = _next(waiting[name], mirrors.get(name), outcomes, repeated)
            if newer is None:
                del waiting[name]
            else:
                newest[name] = newer
        _take_newest(channel, known, newest, mirrors, outcomes)
        taken = [state for state in newest.values() if outcomes[state].fate is Fate.APPLIED]
        learned.update(state.name for state in taken)
    _release(channel, learned)
    return outcomes


def _next(
    candidates: list[State], mirror: Mirror | None, outcomes: dict[State, Outcome], repeated: Collection[State]
) -> State | None:
    """The newest state that has to be taken in; what is not newer than what we have is answered."""
    while candidates:
        state = candidates.pop()
        have = _rank(mirror) if mirror is not None else None
        if have is None or state.rank > have or (state.rank == have and state in repeated):
            return state
        outcomes[state] = _OLD
    return None


def _take_newest(
    channel: Channel,
    known: Mapping[str, intake.Intake],
    newest: Mapping[Name, State],
    mirrors: dict[Name, Mirror],
    outcomes: dict[State, Outcome],
) -> None:
    """Hand the states of each kind to who takes them in, those that others need first; then what was deleted.

    What each became is written down before the next kind is taken in.
    """
    for kind, taker in known.items():
        states = [state for name, state in newest.items() if name[0] == kind and not state.is_gone]
        if not states:
            continue
        answers = taker.take(channel, [state.record for state in states])
        for state, taken in zip(states, answers, strict=True):
            outcomes[state] = _outcome(taken)
        # those after it ask what it became: a return for its order
        _remember(channel, [state for state in states if outcomes[state].fate is Fate.APPLIED], mirrors, outcomes)
    for kind, taker in reversed(list(known.items())):
        gone = [state for name, state in newest.items() if name[0] == kind and state.is_gone]
        ids = [
            mirror.local_id
            for state in gone
            if (mirror := mirrors.get(state.name)) and mirror.local_id is not None and not mirror.is_gone
        ]
        if ids:
            taker.remove(channel, ids)
        for state in gone:
            mirror = mirrors.get(state.name)
            outcomes[state] = Outcome(Fate.APPLIED, local_id=mirror.local_id if mirror else None)
        _remember(channel, gone, mirrors, outcomes)


def _outcome(taken: intake.Taken) -> Outcome:
    if taken.problem:
        return Outcome(Fate.FAILED, taken.problem, customer_id=taken.customer_id)
    if taken.waits_for is not None:
        kind, number = taken.waits_for
        sentence = _("It waits for this, which has not come yet: %(kind)s %(number)s.") % {
            "kind": KINDS.get(kind, kind),
            "number": number,
        }
        return Outcome(Fate.HELD, sentence, customer_id=taken.customer_id, waits_for=taken.waits_for)
    return Outcome(Fate.APPLIED, taken.remark, taken.local_id, taken.customer_id)


def _rank(mirror: Mirror) -> Rank:
    return mirror.version, bytes(mirror.digest)


def _mirrors(channel: Channel, names: Collection[Name]) -> dict[Name, Mirror]:
    """What we have of these objects."""
    ids: dict[str, list[str]] = defaultdict(list)
    for kind, external_id in names:
        ids[kind].append(external_id)
    found: dict[Name, Mirror] = {}
    for kind, numbers in ids.items():
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            for mirror in Mirror.objects.filter(channel=channel, kind=kind, external_id__in=some):
                found[mirror.kind, mirror.external_id] = mirror
    return found


def _remember(
    channel: Channel, states: Sequence[State], mirrors: dict[Name, Mirror], outcomes: Mapping[State, Outcome]
) -> None:
    """Write down which states we have now, and which of our rows they are."""
    rows = []
    for state in states:
        kind, external_id = state.name
        version, digest = state.rank
        mirror = Mirror(
            channel=channel,
            kind=kind,
            external_id=external_id,
            local_id=outcomes[state].local_id,
            version=version,
            digest=digest,
            is_gone=state.is_gone,
        )
        mirrors[state.name] = mirror
        rows.append(mirror)
    if rows:
        Mirror.objects.bulk_create(
            rows,
            batch_size=_AT_ONCE,
            update_conflicts=True,
            unique_fields=["channel", "kind", "external_id"],
            update_fields=["local_id", "version", "digest", "is_gone"],
        )


def _release(channel: Channel, names: Collection[Name]) -> None:
    """What was held for one of these is looked at again."""
    held = Delivery.objects.filter(connection__channel=channel, fate=Fate.HELD)
    if not names or not held.exists():
        return
    numbers = [external_id for _kind, external_id in names]
    for start in range(0, len(numbers), _AT_ONCE):
        asked = Q(external_id__in=numbers[start : start + _AT_ONCE])
        found = held.filter(asked).values_list("pk", "kind", "external_id")
        ids = [pk for pk, kind, external_id in found if (kind, external_id) in names]
        Delivery.objects.filter(pk__in=ids).update(fate=Fate.WAITING, error="")
