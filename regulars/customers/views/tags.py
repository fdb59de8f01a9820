"""Tags: on the page of a customer, and the page of settings where the shop keeps their list in order."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.customers.actions import tags as actions
from regulars.customers.actions.tags import TagTaken
from regulars.customers.models import Customer, Tag
from regulars.customers.queries.tags import tag_counts
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires

_COMPLETED = 500


@requires("customers.edit")
@require_POST
def add(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give a customer the tags of the text, several with commas between them."""
    customer = customer_or_404(public_id)
    typed = request.POST.get("tags", "")
    try:
        new = actions.tag(customer, names=actions.split(typed))
    except Invalid as refused:
        if not request.htmx:  # type: ignore[attr-defined]
            raise
        return _line(request, customer, typed=typed, problem=refused.sentence, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if request.htmx:  # type: ignore[attr-defined]
        return _line(request, customer, is_open=True)
    if new:
        toast(request, _("Tagged: %(tags)s") % {"tags": _names(new)})
    return redirect("customers:page", customer.public_id)


@requires("customers.edit")
@require_POST
def remove(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take one tag off a customer."""
    customer = customer_or_404(public_id)
    gone = actions.untag(customer, names=[request.POST.get("tag", "")])
    if request.htmx:  # type: ignore[attr-defined]
        return _line(request, customer)
    if gone:
        toast(request, _("No longer tagged: %(tags)s") % {"tags": _names(gone)})
    return redirect("customers:page", customer.public_id)


@requires("customers.view")
@require_safe
def names(request: HttpRequest) -> HttpResponse:
    """The tags there are, to complete what is typed."""
    known = Tag.objects.values_list("name", flat=True)[:_COMPLETED]
    return render(request, "customers/_tag_names.html", {"names": known})


@requires("customers.setup")
def tags(request: HttpRequest) -> HttpResponse:
    """Every tag with how many have it, and those that were deleted in the last thirty days."""
    return _settings(request)


@requires("customers.setup")
@require_POST
def rename(request: HttpRequest, tag_id: str) -> HttpResponse:
    """Call a tag something else."""
    tag = _tag_or_404(tag_id)
    name = request.POST.get("name", "")
    try:
        actions.rename_tag(tag, name=name)
    except (Invalid, TagTaken) as refused:
        return _settings(request, tag=tag, typed=name, problem=refused.sentence)
    toast(request, _("Saved."))
    return redirect("customers:tags")


@requires("customers.setup")
@require_POST
def merge(request: HttpRequest, tag_id: str) -> HttpResponse:
    """Let everybody with a tag have another one instead."""
    tag, into = _tag_or_404(tag_id), _tag_or_404(request.POST.get("into", ""))
    try:
        actions.merge_tags(tag, into=into)
    except Invalid as refused:
        return _settings(request, tag=tag, problem=refused.sentence)
    sentence = _("“%(tag)s” is “%(into)s” now.") % {"tag": tag, "into": into}
    toast(request, sentence, undo=reverse("customers:tag-restore", args=[tag.public_id]))
    return redirect("customers:tags")


@requires("customers.setup")
@require_POST
def delete(request: HttpRequest, tag_id: str) -> HttpResponse:
    """Take a tag off everybody."""
    tag = _tag_or_404(tag_id)
    count = tag_counts()[tag.pk]
    actions.delete_tag(tag)
    sentence = ngettext(
        "“%(tag)s” is deleted; %(count)s customer had it.", "“%(tag)s” is deleted; %(count)s customers had it.", count
    ) % {"tag": tag, "count": count}
    toast(request, sentence, undo=reverse("customers:tag-restore", args=[tag.public_id]))
    return redirect("customers:tags")


@requires("customers.setup")
@require_POST
def restore(request: HttpRequest, tag_id: str) -> HttpResponse:
    """Bring back a tag that was deleted or merged."""
    tag = Tag.everyone.filter(pk=Tag.pk_of(tag_id) or 0).first()
    if tag is None:
        raise Http404(_("There is no such tag. It may have gone for good."))
    try:
        actions.restore_tag(tag)
    except TagTaken as refused:
        return _settings(request, problem=refused.sentence)
    toast(request, _("“%(tag)s” is back.") % {"tag": tag})
    return redirect("customers:tags")


def _settings(request: HttpRequest, *, tag: Tag | None = None, typed: str = "", problem: str = "") -> HttpResponse:
    counts, known = tag_counts(), list(Tag.objects.all())
    context: dict[str, Any] = {
        "lines": [{"tag": one, "count": counts[one.pk], "is_bad": one == tag} for one in known],
        "known": known,
        "deleted": Tag.everyone.filter(deleted_at__isnull=False).select_related("merged_into").order_by("-deleted_at"),
        "typed": typed,
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "customers/tags.html", context, status=status)


def _line(
    request: HttpRequest,
    customer: Customer,
    *,
    typed: str = "",
    problem: str = "",
    is_open: bool = False,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    context = {
        "customer": customer,
        "tags": actions.tags_of(customer),
        "may_edit": True,
        "tag_typed": typed,
        "tag_problem": problem,
        "tag_is_open": is_open or bool(problem),
    }
    return render(request, "customers/_tags.html", context, status=status)


def _names(found: list[Tag]) -> str:
    return pgettext("between the words of a list", ", ").join(tag.name for tag in found)


def _tag_or_404(tag_id: str) -> Tag:
    tag = Tag.objects.filter(pk=Tag.pk_of(tag_id) or 0).first()
    if tag is None:
        raise Http404(_("There is no such tag. Perhaps it was deleted."))
    return tag
