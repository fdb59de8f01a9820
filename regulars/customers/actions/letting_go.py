"""What happens in the database when somebody goes for good, whoever wants it: one way, for all causes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from regulars.core import sealing
from regulars.core.backup.keys import replace_keys
from regulars.customers import belongings, people, search
from regulars.customers.facts import CustomerErased
from regulars.customers.indexing import forget_postings
from regulars.customers.models import ContactPoint, Customer, Erasure, Tombstone
from regulars.customers.privacy import keeping, permitting
from regulars.customers.read_facts import CustomersSearched
from regulars.staff.policy import verb
from regulars.timeline.actions import blank_many, open_words, record, take_in_reads
from regulars.timeline.actions.reading import WORDS
from regulars.timeline.models import Entry

_FEW = 50


@dataclass(frozen=True, slots=True)
class Gone:
    """Who went: the ids of their records, and the folded names by which indexes know them until they are told."""

    records: tuple[int, ...]
    texts: tuple[str, ...]


@verb
def let_go(customer: Customer, *, erasure: Erasure | None = None, is_one_of_many: bool = False) -> Gone:
    """Let a person go for good, with what belongs to them, every room deciding about its own; which records went.

    The records that a merge put under them are the same person, and go with them. Their key is destroyed in this
    transaction, so that what was sealed for them opens nowhere any more; their e-mails and phones are kept as keyed
    hashes, which answer one question and cannot be read. Who lets many go (`is_one_of_many`) calls `after_letting_go`
    once for all of them.
    """
    now = timezone.now()
    gone = [*Customer.everyone.filter(merged_into=customer).order_by("pk"), customer]
    numbers = [one.pk for one in gone]
    permitting.suppress(_reached_at(numbers), at=now)
    texts = [one.sort_name for one in gone]
    with keeping.under_a_number():
        for one in gone:
            pk, public_id = one.pk, one.public_id
            for holder in belongings.holders():
                holder.forget(one)
            one.delete()
            search.mark_unindexed([pk])
            record(CustomerErased(public_id=public_id))
    sealing.forget_people(numbers)
    Tombstone.objects.bulk_create(
        [Tombstone(customer_id=number, erasure=erasure, erased_at=now) for number in numbers],
        ignore_conflicts=True,  # who came back with a backup goes a second time
    )
    replace_keys()
    went = Gone(tuple(numbers), tuple(texts))
    if not is_one_of_many:
        transaction.on_commit(lambda: after_letting_go([went]))
    return went


def after_letting_go(went: Iterable[Gone]) -> None:
    """What follows when nothing can bring them back: no index remembers their letters, no cache their page, and the log
    of what was looked for does not say that somebody looked for them.
    """
    all_of_them = list(went)
    forget_searches({number for one in all_of_them for number in one.records})
    forget_postings(
        [number for one in all_of_them for number in one.records], [text for one in all_of_them for text in one.texts]
    )
    cache.clear()


def forget_searches(numbers: Collection[int], has: Callable[[str], bool] | None = None) -> int:
    """Take the words out of searches that showed these records, or in whose words `has` finds them; how many.

    What waits to be written down comes first, so that it is among them.
    """
    take_in_reads()
    searches = Entry.objects.filter(name=CustomersSearched.name)
    if has is None and len(numbers) <= _FEW:
        # the log is long: a look at the digits leaves out almost all of it before anything is read
        searches = searches.annotate(text=Cast("data", TextField()))
        searches = searches.filter(reduce(or_, (Q(text__contains=str(number)) for number in numbers), Q()))
    blanked: dict[int, dict[str, Any]] = {}
    for entry in searches.order_by("pk").iterator(chunk_size=2000):
        shown = entry.data.get("shown") or ()
        if not set(shown).isdisjoint(numbers) or (has is not None and has(open_words(entry))):
            rest = [number for number in shown if number not in numbers]
            blanked[entry.pk] = {**entry.data, WORDS: "", "shown": rest}
    if blanked:
        blank_many(list(blanked), data=blanked, reason="erased")
    return len(blanked)


def _reached_at(numbers: Sequence[int]) -> set[tuple[str, str]]:
    found = {("email", email) for emails in people.emails_of(numbers).values() for email in emails}
    found |= {("phone", phone) for phone in Customer.everyone.filter(pk__in=numbers).values_list("phone", flat=True)}
    points = ContactPoint.objects.filter(customer__in=numbers, kind=ContactPoint.Kind.PHONE)
    found |= {("phone", phone) for phone in points.values_list("value", flat=True)}
    return {(kind, value) for kind, value in found if value}
