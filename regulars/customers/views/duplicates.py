"""The review of duplicates: compare two customers, merge them, keep them apart, and take any of it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.customers import belongings, comparison, people, presenting, reads
from regulars.customers.actions import merging
from regulars.customers.actions.duplicates import decide_household, decide_never
from regulars.customers.actions.duplicates import reopen as take_back
from regulars.customers.models import Customer, DuplicatePair, MergeLink
from regulars.customers.queries import ListRequest, customer_page, duplicates
from regulars.customers.queries.duplicates import Pair
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires

_MOST = 5
_FOUND = 12
_LISTS = ("open", "merged", "apart")


@requires("customers.merge")
def review(request: HttpRequest, pair_id: int | None = None) -> HttpResponse:
    """The pairs, and one of them side by side: the one of the address, else the surest."""
    which = request.GET.get("show", "open")
    which = which if which in _LISTS else "open"
    after = request.GET.get("after", "")
    if which == "merged":
        links, following = duplicates.active_links(after=after)
        return render(request, "customers/duplicates.html", {**_frame(which), "links": links, "following": following})
    page = duplicates.kept_apart(after=after) if which == "apart" else duplicates.open_pairs(after=after)
    chosen = _pair_or_404(pair_id) if pair_id is not None else next(iter(page.rows), None)
    context = {
        **_frame(which),
        "is_chosen": pair_id is not None,
        "pairs": page.rows,
        "following": page.next_cursor,
        "pair": chosen,
        "after": after,
        **(_beside(request, chosen, page.rows) if chosen else {}),
    }
    return render(request, "customers/duplicates.html", context)


@requires("customers.merge")
def compare(request: HttpRequest) -> HttpResponse:
    """Any customers side by side, whom somebody chose by hand."""
    customers = _customers(request.GET.getlist("with"))
    if len(customers) < 2:
        return redirect("customers:duplicates")
    reads.opened([one.pk for one in customers], "comparison")
    known = duplicates.pair_of(customers[0].pk, customers[1].pk) if len(customers) == 2 else None
    context = {
        **_frame("open"),
        "is_chosen": True,
        "pairs": duplicates.open_pairs().rows,
        "comparison": comparison.compare(customers, evidence=known.evidence if known else ()),
        "is_by_hand": True,
    }
    return render(request, "customers/duplicates.html", context)


@requires("customers.merge")
def merge_with(request: HttpRequest, public_id: str) -> HttpResponse:
    """Look for the customer whom this one is as well."""
    customer = customer_or_404(public_id)
    typed = request.GET.get("q", "")
    context = {
        "customer": customer,
        "typed": typed,
        "found": [one for one in _found(typed) if one.pk != customer.pk],
        "likely": duplicates.pairs_of(people.records(customer), most=_MOST),
    }
    return render(request, "customers/merge_with.html", context)


@requires("customers.merge")
def merge(request: HttpRequest) -> HttpResponse:
    """Make the chosen customers one person, and go on to the next pair."""
    if request.method != "POST":
        return redirect("customers:duplicates")
    customers = _customers(request.POST.getlist("with"))
    following = request.POST.get("next", "")
    if len(customers) < 2:
        toast(request, _("They are one customer already."))
        return _onward(following, customers[0] if customers else None)
    links = merging.merge(keep=customers[0], others=customers[1:], choices=_choices(request, customers))
    names = {"kept": customers[0], "merged": ", ".join(str(one) for one in customers[1:])}
    undo = reverse("customers:merge-undo", args=[links[0].public_id])
    toast(request, _("Merged: %(merged)s is %(kept)s now.") % names, undo=undo)
    return _onward(following, customers[0])


@requires("customers.merge")
def answer(request: HttpRequest, pair_id: int) -> HttpResponse:
    """Say of a pair that it is two people, or two of one household; it holds for all their records."""
    if request.method != "POST":
        return redirect("customers:duplicates")
    pair = _pair_or_404(pair_id)
    is_household = request.POST.get("answer") == "household"
    decide = decide_household if is_household else decide_never
    with transaction.atomic():
        for row in duplicates.between(pair.left, pair.right):
            decide(row)
    names = {"left": pair.left, "right": pair.right}
    said = _("%(left)s and %(right)s live together.") if is_household else _("%(left)s and %(right)s are two people.")
    toast(request, said % names, undo=reverse("customers:pair-reopen", args=[pair.id]))
    return _onward(request.POST.get("next", ""), None)


@requires("customers.merge")
def reopen(request: HttpRequest, pair_id: int) -> HttpResponse:
    """Take back what was said of a pair."""
    if request.method != "POST":
        return redirect("customers:duplicates")
    pair = _pair_or_404(pair_id)
    with transaction.atomic():
        for row in duplicates.between(pair.left, pair.right):
            take_back(row)
    toast(request, _("The pair is to be decided again."))
    return redirect("customers:pair", pair_id)


@requires("customers.merge")
def undo(request: HttpRequest, link_id: str) -> HttpResponse:
    """Take back a merge that was made a moment ago, with all who took part in it."""
    if request.method != "POST":
        return redirect("customers:duplicates")
    link = _link_or_404(link_id)
    try:
        merging.unmerge_group(link)
    except Refusal as refused:
        toast(request, refused.sentence)
        return redirect("customers:duplicates")
    toast(request, _("The merge is taken back. Each has again what is theirs."))
    pair = duplicates.pair_of(link.kept_id, link.merged_id)
    if pair is not None and pair.state == DuplicatePair.State.OPEN:
        return redirect("customers:pair", pair.pk)
    return redirect("customers:page", link.kept.person.public_id)


@requires("customers.merge")
def unmerge(request: HttpRequest, link_id: str) -> HttpResponse:
    """Take one merge back at any later time; what came to the merged person is asked for, row by row."""
    link = _link_or_404(link_id)
    if link.undone_at is not None:
        toast(request, _("This merge was taken back already."))
        return redirect("customers:page", link.merged.person.public_id)
    root = link.kept.person
    came = belongings.came_since(root.pk, link.marks)
    if request.method == "POST":
        moves = {
            name: [row.key for row in rows if f"{name}:{row.key}" in request.POST.getlist("move")]
            for name, rows in came.items()
        }
        merging.unmerge(link, moves=moves, is_never_again="never" in request.POST)
        toast(request, _("%(name)s is a customer of their own again.") % {"name": link.merged})
        return redirect("customers:page", link.merged.public_id)
    labels = {holder.name: holder.label or holder.name for holder in belongings.holders()}
    context = {
        "link": link,
        "root": root,
        "apart": link.merged,
        "came": [{"name": name, "label": labels[name], "rows": rows} for name, rows in came.items()],
        "shares_email": bool(link.merged.email) and link.merged.email == presenting.itself(root).email,
    }
    return render(request, "customers/unmerge.html", context)


def _frame(which: str) -> dict[str, Any]:
    count, is_all = duplicates.open_count()
    return {"which": which, "count": count, "is_all": is_all}


def _beside(request: HttpRequest, pair: Pair, rows: Sequence[Pair]) -> dict[str, Any]:
    """The comparison of a pair, and where its list goes on."""
    customers = comparison.who_stays([pair.left, pair.right])
    reads.opened([one.pk for one in customers], "comparison")
    if request.GET.get("keep") == customers[1].public_id:
        customers.reverse()
    known = DuplicatePair.objects.get(pk=pair.id)
    places = [row.id for row in rows]
    place = places.index(pair.id) if pair.id in places else -1
    before = places[place - 1] if place > 0 else None
    following = places[place + 1] if place + 1 < len(places) else None
    return {
        "comparison": comparison.compare([people.gather(one) for one in customers], evidence=known.evidence),
        "evidence": known.evidence,
        "previous": reverse("customers:pair", args=[before]) if before else "",
        "next": reverse("customers:pair", args=[following]) if following else "",
        "next_id": following or before or "",
        "swapped": f"?{urlencode({'keep': customers[1].public_id})}",
        "is_open": pair.state == DuplicatePair.State.OPEN,
    }


def _customers(public_ids: Sequence[str]) -> list[Customer]:
    """The customers of some ids, each once, in their order."""
    found = [people.gather(customer_or_404(public_id)) for public_id in public_ids[:_MOST]]
    return list({one.pk: one for one in found}.values())


def _choices(request: HttpRequest, customers: Sequence[Customer]) -> dict[str, int]:
    """Whose value somebody chose, group by group: `choice-phone=phone:cus_…`."""
    ids = {one.public_id: one.pk for one in customers}
    chosen = {}
    for group in presenting.BY_NAME:
        name, _colon, public_id = request.POST.get(f"choice-{group}", "").partition(":")
        if name == group and public_id in ids:
            chosen[group] = ids[public_id]
    return chosen


def _onward(following: str, customer: Customer | None) -> HttpResponse:
    """To the next pair of the list, else to the customer, else to the list."""
    if following.isdecimal() and len(following) < 19 and duplicates.pair(int(following)):
        return redirect("customers:pair", int(following))
    if customer is not None and following == "customer":
        return redirect("customers:page", customer.public_id)
    return redirect("customers:duplicates")


def _found(typed: str) -> list[Customer]:
    if not typed.strip():
        return []
    try:
        wanted = ListRequest.from_query({"q": typed, "limit": str(_FOUND)}, language=get_language() or "en")
    except Invalid:
        return []
    found = customer_page(wanted).rows
    reads.listed(wanted, found, "duplicates")
    return found


def _pair_or_404(pair_id: int) -> Pair:
    found = duplicates.pair(pair_id) if pair_id < 2**63 else None
    if found is None:
        raise Http404(_("There is no such pair. Perhaps the two are one customer already."))
    return found


def _link_or_404(link_id: str) -> MergeLink:
    rows = MergeLink.objects.select_related("kept__merged_into", "merged__merged_into")
    found = rows.filter(pk=MergeLink.pk_of(link_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such merge."))
    return found
