"""Put tags on many customers, and take them off."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from regulars.core import bulk
from regulars.core.errors import Invalid
from regulars.core.text import fold
from regulars.customers import journal
from regulars.customers.actions.tags import MOST, cleaned, ensure_tags, split
from regulars.customers.bulk.action import Images, Line, Outcome, Params
from regulars.customers.journal import Image
from regulars.customers.models import Customer, Tag, Tagging
from regulars.customers.standings import id_list

_MOST_AT_ONCE = 20


def names_in(text: str) -> list[str]:
    """The tags that somebody wrote with commas between them, each once and as it is called. Raises Invalid."""
    found: dict[str, str] = {}
    for name in split(text):
        kept = cleaned(name)
        found.setdefault(fold(kept), kept)
    sentence = ""
    if not found:
        sentence = _("Write a tag, or several with commas between them.")
    elif len(found) > _MOST_AT_ONCE:
        sentence = _("At most %(most)s tags at once.") % {"most": _MOST_AT_ONCE}
    if sentence:
        raise Invalid(sentence, fields={"tags": [sentence]})
    known = dict(Tag.objects.filter(key__in=found).values_list("key", "name"))
    return [known.get(key, name) for key, name in found.items()]


def tag_title(params: Params) -> str:
    """Tag “spring-card”."""
    names = _quoted(params)
    return ngettext("Tag %(names)s", "Tags %(names)s", len(params["tags"])) % {"names": names}


def untag_title(params: Params) -> str:
    """Take off the tag “spring-card”."""
    names = _quoted(params)
    return ngettext("Take off the tag %(names)s", "Take off the tags %(names)s", len(params["tags"])) % {"names": names}


def plan_tag(numbers: Sequence[int], params: Params) -> Iterable[Line]:
    """Who gets which of the tags; who has all of them stays the same."""
    names = {fold(name): str(name) for name in params["tags"]}
    tags = dict(Tag.objects.filter(key__in=names).values_list("pk", "key"))
    has = _having(numbers, tags)
    most = MOST - len(names)
    full = set(
        Tagging.objects.filter(customer__in=id_list(numbers))
        .values("customer")
        .annotate(count=Count("pk"))
        .filter(count__gt=most)
        .values_list("customer", flat=True)
    )
    new = {"tags": ["", list(names.values())]}
    for number in _listed(numbers):
        keys = {tags[tag] for _row, _record, tag in has.get(number, ())} if number in has else frozenset[str]()
        missing = [name for key, name in names.items() if key not in keys]
        if not missing:
            yield Line(number, Outcome.SAME)
        elif number in full:
            yield Line(number, Outcome.REFUSED, reason=_("A customer has at most %(most)s tags.") % {"most": MOST})
        else:
            yield Line(number, Outcome.CHANGED, {"tags": ["", missing]} if keys else new)


def apply_tag(numbers: Sequence[int], params: Params, _at: dt.datetime) -> Images:
    """Write the taggings that are missing; a tag nobody had yet is made."""
    tags = {one.key: one.pk for one in ensure_tags(params["tags"])}
    has = _having(numbers, tags.values())
    table = journal.name_of(Tagging)
    wanted = [
        (number, tag)
        for number in numbers
        for tag in tags.values()
        if number not in has or all(tag != known for _row, _record, known in has[number])
    ]
    made = [(row, number, tag) for row, (number, tag) in zip(bulk.take_ids(Tagging, len(wanted)), wanted, strict=True)]
    bulk.insert(Tagging, ("id", "customer_id", "tag_id"), made)
    images: dict[int, list[str]] = defaultdict(list)
    for row, number, tag in made:
        images[number].append(f'["{table}",{row},null,{{"id":{row},"customer_id":{number},"tag_id":{tag}}}]')
    return {number: f"[{','.join(of_customer)}]" for number, of_customer in images.items()}


def plan_untag(numbers: Sequence[int], params: Params) -> Iterable[Line]:
    """Who loses which of the tags; who has none of them stays the same."""
    keys = [fold(name) for name in params["tags"]]
    tags = dict(Tag.objects.filter(key__in=keys).values_list("pk", "name"))
    has = _having(numbers, tags)
    for number in _listed(numbers):
        names = sorted({tags[tag] for _row, _record, tag in has.get(number, ())})
        yield Line(number, Outcome.CHANGED if names else Outcome.SAME, {"tags": [names, ""]} if names else {})


def apply_untag(numbers: Sequence[int], params: Params, _at: dt.datetime) -> Images:
    """Take the taggings away, those of merged records too: whoever reads a customer's tags reads these with them."""
    keys = [fold(name) for name in params["tags"]]
    has = _having(numbers, Tag.objects.filter(key__in=keys).values_list("pk", flat=True))
    images: dict[int, list[Image]] = {number: [] for number in numbers}
    going = []
    for number, rows in has.items():
        for row, record, tag in rows:
            going.append(row)
            images[number].append(journal.gone(Tagging, row, {"id": row, "customer_id": record, "tag_id": tag}))
    gone = Tagging.objects.filter(id__in=id_list(going))
    gone._raw_delete(gone.db)
    return images


def _having(numbers: Sequence[int], tags: Iterable[int]) -> dict[int, list[tuple[int, int, int]]]:
    """The taggings (row, record, tag) of customers with some tags, by the customer who shows them."""
    wanted = list(tags)
    if not wanted:
        return {}
    owner: dict[int, Any] = dict(
        Customer.everyone.filter(merged_into__in=id_list(numbers)).values_list("pk", "merged_into_id")
    )
    whose = Q(customer__in=id_list(numbers))
    if owner:
        whose |= Q(customer__in=id_list(owner))
    found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for row, record, tag in Tagging.objects.filter(whose, tag__in=wanted).values_list("pk", "customer_id", "tag_id"):
        found[owner.get(record, record)].append((row, record, tag))
    return found


def _listed(numbers: Sequence[int]) -> list[int]:
    return list(Customer.objects.filter(id__in=id_list(numbers)).values_list("id", flat=True))


def _quoted(params: Params) -> str:
    quoted = [pgettext("a name in a sentence", "“%(name)s”") % {"name": name} for name in params["tags"]]
    return pgettext("between the words of a list", ", ").join(quoted)
