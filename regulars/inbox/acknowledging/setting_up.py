"""Whether inquiries are acknowledged by themselves, and in which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regulars.inbox.acknowledging import telling
from regulars.inbox.models import Acknowledging
from regulars.inbox.promises.facts import PromisesChanged
from regulars.staff.policy import verb
from regulars.timeline.actions import record


@verb
def change(*, is_on: bool, ways: Sequence[str], texts: Mapping[str, Mapping[str, str]]) -> Acknowledging:
    """Say whether, by which ways, and in which words; texts were tried before (`texts.example`)."""
    rules = Acknowledging.objects.select_for_update().first() or Acknowledging()
    was = (rules.is_on, rules.ways, rules.texts)
    rules.is_on = is_on
    rules.ways = [way.value for way in telling.WAYS if way.value in ways]
    rules.texts = {language: dict(text) for language, text in texts.items()}
    if was != (rules.is_on, rules.ways, rules.texts):
        rules.save()
        deed = "changed" if was[0] == is_on else "switched on" if is_on else "switched off"
        record(PromisesChanged(deed=deed, what="acknowledgement"), subject=rules)
    return rules
