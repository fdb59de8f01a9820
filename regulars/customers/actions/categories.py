"""The shop's categories: the list itself, and the nightly work of sorting customers into it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.background import every
from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean, fold, pinyin_keys
from regulars.customers import presenting, search
from regulars.customers.facts import CategoriesChanged, CustomerChanged
from regulars.customers.models import Category, Customer, OwnProfile
from regulars.customers.privacy.permitting import Purpose, not_for
from regulars.customers.queries import ListRequest, customer_ids
from regulars.customers.standings import id_list
from regulars.staff.policy import verb
from regulars.timeline.actions import record, record_many

_AT_ONCE = 2_000
_MOST = 100
_PAGING = ("after", "before", "limit", "sort")


@verb
def add_category(*, name: str, rule: str = "") -> Category:
    """One more category, at the end of the list. Raises Invalid."""
    name, rule = _name(name), checked_rule(rule)
    if Category.objects.count() >= _MOST:
        raise _refused("name", _("There are %(most)s categories, and that is as many as fit.") % {"most": _MOST})
    position = (Category.objects.aggregate(last=Max("position"))["last"] or 0) + 1
    added = Category.objects.create(key=_key(name), name=name, rule=rule, position=position)
    told = {"name": ["", name], "rule": ["", rule]}
    record(CategoriesChanged(deed="added", key=added.key, changes=told), subject=added)
    return added


@verb
def change_category(category: Category, *, name: str | None = None, rule: str | None = None) -> Category:
    """Call a category something else, or give it another rule; its key stays, so that addresses and programs do.

    Raises Invalid.
    """
    current = Category.objects.select_for_update().get(pk=category.pk)
    wanted = (
        current.name if name is None else _name(name, besides=current),
        current.rule if rule is None else checked_rule(rule),
    )
    if wanted != (current.name, current.rule):
        was = (current.name, current.rule)
        told = {field: [old, new] for field, old, new in zip(("name", "rule"), was, wanted, strict=True) if old != new}
        current.name, current.rule = wanted
        current.version += 1
        current.updated_at = timezone.now()
        current.save(update_fields=["name", "rule", "version", "updated_at"])
        record(CategoriesChanged(deed="changed", key=current.key, changes=told), subject=current)
    return current


@verb
def move_category(category: Category, *, by: int) -> None:
    """Move a category up (-1) or down (1) the list; of several rules that fit, the first one wins."""
    listed = list(Category.objects.select_for_update().order_by("position", "id"))
    at = next(place for place, one in enumerate(listed) if one.pk == category.pk)
    to = min(max(at + by, 0), len(listed) - 1)
    if at == to:
        return
    listed.insert(to, listed.pop(at))
    for position, one in enumerate(listed):
        if one.position != position:
            Category.objects.filter(pk=one.pk).update(position=position)
    told = {"position": [at, to]}
    record(CategoriesChanged(deed="moved", key=category.key, changes=told), subject=category)


@verb
def delete_category(category: Category, *, to: Category | None = None) -> int:
    """Take a category off the list; whoever is in it goes to another one, or to none. How many that were."""
    if to is not None and to.pk == category.pk:
        raise _refused("to", _("They cannot go where they are. Choose another category, or none."))
    ids = list(Customer.everyone.filter(category=category).order_by("pk").values_list("pk", flat=True))
    for own in OwnProfile.objects.filter(values__category_id=category.pk):
        own.values["category_id"] = to.pk if to else None
        own.save(update_fields=["values"])
    _put(ids, to, keep_choice=to is not None)
    told: dict[str, list[Any]] = {"name": [category.name, ""], "rule": [category.rule, ""], "customers": [len(ids), 0]}
    record(CategoriesChanged(deed="removed", key=category.key, changes=told), subject=category)
    category.delete()
    return len(ids)


@every("02:40", label=gettext_lazy("Sort customers into categories"))
def sort_into_categories() -> None:
    """Put everybody where the first rule that fits says, and nobody whom a person put somewhere by hand.

    Who fits no rule any more leaves a category that has one; a category without a rule keeps whom it has. A rule that
    cannot be read any more, because it asks for a field that is gone, is left alone; the settings say so.
    """
    wanted: dict[int, Category] = {}
    ruled = []
    for category in Category.objects.exclude(rule="").order_by("position", "id"):
        try:
            fitting = customer_ids(_request(category.rule))
        except Invalid:
            continue
        ruled.append(category)
        for pk in fitting:
            wanted.setdefault(pk, category)
    for category in ruled:
        here = set(_free().filter(category=category).values_list("pk", flat=True))
        _sort([pk for pk in here if pk not in wanted], None)
        _sort([pk for pk, to in wanted.items() if to is category and pk not in here], category)


def checked_rule(text: str) -> str:
    """A rule as it is kept: the filters of a customer list, without its order and place. Raises Invalid."""
    query = QueryDict(text.strip().partition("?")[2] or text.strip(), mutable=True)
    for name in _PAGING:
        query.pop(name, None)
    written = query.urlencode()
    if len(written) > 1000:
        raise _refused("rule", _("The rule is too long. Take a few filters that matter."))
    if written:
        try:
            request = _request(written)
        except Invalid as refused:
            raise _refused("rule", refused.sentence) from refused
        if request.is_everybody:
            raise _refused("rule", _("The rule leaves nobody out. Give a filter like number_of_orders.min=5."))
    return written


def _request(rule: str) -> ListRequest:
    return ListRequest.from_query(QueryDict(rule))


def _free() -> QuerySet[Customer]:
    """Whom nobody put somewhere by hand, and who did not object to being sorted by a program."""
    return Customer.objects.filter(has_category_by_hand=False).exclude(pk__in=not_for(Purpose.AUTOMATION))


def _sort(ids: Iterable[int], category: Category | None) -> None:
    listed = sorted(ids)
    for first in range(0, len(listed), _AT_ONCE):
        with transaction.atomic():
            free = _free().filter(pk__in=id_list(listed[first : first + _AT_ONCE]))
            _put(list(free.order_by("pk").values_list("pk", flat=True)), category, keep_choice=True)


def _put(ids: list[int], category: Category | None, *, keep_choice: bool) -> None:
    """Write the category of some customers, and tell each one's timeline."""
    before = dict(Customer.everyone.filter(pk__in=id_list(ids)).values_list("pk", "category_id"))
    public = {one.pk: one.public_id for one in Category.objects.all()}
    columns: dict[str, Any] = {"category": category, "version": F("version") + 1, "updated_at": timezone.now()}
    if not keep_choice:
        columns["has_category_by_hand"] = False
    Customer.everyone.filter(pk__in=id_list(ids)).update(**columns)
    to = category.public_id if category else None
    facts = {was: CustomerChanged(changes={"category": [public.get(was or 0), to]}) for was in set(before.values())}
    record_many(((pk, facts[was]) for pk, was in before.items()), subject=Customer)
    presenting.follow(ids)
    search.mark_unindexed(ids, has_new_text=False)


def _name(text: str, *, besides: Category | None = None) -> str:
    try:
        name = clean(text, limit=80)
    except BadText as problem:
        raise _refused("name", str(problem)) from problem
    if not name:
        raise _refused("name", _("A category needs a name."))
    others = Category.objects.exclude(pk=besides.pk) if besides else Category.objects.all()
    if any(fold(other.name) == fold(name) for other in others):
        raise _refused("name", _("There is a category “%(name)s” already.") % {"name": name})
    return name


def _key(name: str) -> str:
    """A short word that addresses and programs use, and that no other category has."""
    plain = re.sub(r"[^a-z0-9]+", "-", (pinyin_keys(name) or [fold(name)])[0]).strip("-")[:36] or "category"
    taken = set(Category.objects.values_list("key", flat=True))
    return next(key for key in (plain, *(f"{plain}-{n}" for n in range(2, _MOST + 2))) if key not in taken)


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})
