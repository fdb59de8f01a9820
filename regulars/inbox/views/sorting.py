"""Settings: topics and labels, canned answers, macros and rules of the inbox."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.inbox.actions import rules as ruling
from regulars.inbox.actions import setting_up
from regulars.inbox.actions import steps as doings
from regulars.inbox.forms.sorting import CannedForm, MacroForm, NamedForm, RuleForm
from regulars.inbox.models import Canned, Label, Macro, Rule, Signature, Topic
from regulars.inbox.queries.macros import is_alone
from regulars.messaging.templating import values
from regulars.staff.access import requires

_KINDS: dict[str, Any] = {"topic": Topic, "label": Label, "answer": Canned, "macro": Macro, "rule": Rule}
_HOME = {
    "topic": "sorting:topics",
    "label": "sorting:topics",
    "answer": "sorting:answers",
    "macro": "sorting:macros",
    "rule": "sorting:rules",
}


@requires("inbox.setup")
def topics(request: HttpRequest) -> HttpResponse:
    """Topics and labels, with how many inquiries have each; both are added here."""
    form = NamedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        what = "label" if request.POST.get("what") == "label" else "topic"
        known = _row(what, request.POST["id"]) if request.POST.get("id") else None
        try:
            if what == "label":
                setting_up.save_label(name=form.cleaned_data["name"], label=known)
            else:
                archived = bool(known and known.is_archived)
                setting_up.save_topic(name=form.cleaned_data["name"], topic=known, is_archived=archived)
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("Saved."))
            return redirect("sorting:topics")
    context = {
        "form": form,
        "what": request.POST.get("what", ""),
        "topics": Topic.objects.annotate(count=Count("conversations")),
        "labels": Label.objects.annotate(count=Count("labellings")),
    }
    return render(request, "inbox/topics.html", context, status=_status(form))


@requires("inbox.setup")
@require_POST
def archive(request: HttpRequest, public_id: str) -> HttpResponse:  # noqa: ARG001
    """Offer a topic no more, or again."""
    topic = _row("topic", public_id)
    setting_up.save_topic(name=topic.name, topic=topic, is_archived=not topic.is_archived)
    return redirect("sorting:topics")


@requires("inbox.edit")
def answers(request: HttpRequest) -> HttpResponse:
    """The canned answers, and one's own signature."""
    user: Any = request.user
    own = Signature.objects.filter(user=user, mailbox=None, account=None).order_by("language").first()
    context = {
        "answers": Canned.objects.select_related("topic").prefetch_related("texts"),
        "signature": own.text if own else "",
        "may_set_up": user.may("inbox.setup"),
    }
    return render(request, "inbox/answers.html", context)


@requires("inbox.setup")
def answer(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """One canned answer, or a new one."""
    current = _row("answer", public_id) if public_id else None
    form = CannedForm(request.POST or None, canned=current)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            setting_up.save_canned(
                name=said["name"], shortcut=said["shortcut"], texts=form.texts, topic=said["topic"], canned=current
            )
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("Saved."))
            return redirect("sorting:answers")
    context = {"form": form, "row": current, "what": "answer", "back": "sorting:answers", "nouns": values.nouns()}
    return render(request, "inbox/sorting_form.html", context, status=_status(form))


@requires("inbox.setup")
def macros(request: HttpRequest) -> HttpResponse:
    """The macros, with what each does."""
    lines = [
        {"row": one, "steps": doings.described(one.steps), "is_alone": is_alone(one.key)} for one in Macro.objects.all()
    ]
    return render(request, "inbox/macros.html", {"lines": lines})


@requires("inbox.setup")
def macro(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """One macro, or a new one."""
    current = _row("macro", public_id) if public_id else None
    form = MacroForm(request.POST or None, macro=current)
    if request.method == "POST" and form.is_valid():
        said, is_on = form.cleaned_data, current.is_on if current else True
        try:
            setting_up.save_macro(name=said["name"], key=said["key"], steps=form.steps, is_on=is_on, macro=current)
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("Saved."))
            return redirect("sorting:macros")
    context = {"form": form, "row": current, "what": "macro", "back": "sorting:macros"}
    return render(request, "inbox/sorting_form.html", context, status=_status(form))


@requires("inbox.setup")
def rules(request: HttpRequest) -> HttpResponse:
    """The rules in their order, with what each does."""
    lines = [
        {"row": one, "steps": doings.described(one.steps), "count": len(one.conditions)} for one in Rule.objects.all()
    ]
    return render(request, "inbox/rules.html", {"lines": lines})


@requires("inbox.setup")
def rule(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """One rule, or a new one; before it is saved it can be tried on the last inquiries."""
    current = _row("rule", public_id) if public_id else None
    form = RuleForm(request.POST or None, rule=current)
    tried: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        said, is_on = form.cleaned_data, current.is_on if current else True
        try:
            if "look" in request.POST:
                found = ruling.try_out(form.conditions)
                fitting = [one.conversation for one in found if one.fits]
                tried = {"count": len(fitting), "of": len(found), "rows": fitting[:20]}
            else:
                setting_up.save_rule(
                    name=said["name"],
                    conditions=form.conditions,
                    steps=form.steps,
                    stops=said["stops"],
                    is_on=is_on,
                    rule=current,
                )
                toast(request, _("Saved."))
                return redirect("sorting:rules")
        except Invalid as refused:
            form.refuse(refused)
    context = {"form": form, "row": current, "what": "rule", "back": "sorting:rules", "tried": tried, "can_try": True}
    return render(request, "inbox/sorting_form.html", context, status=_status(form))


@requires("inbox.setup")
@require_POST
def move(request: HttpRequest, public_id: str) -> HttpResponse:
    """A rule up or down the list."""
    setting_up.move_rule(_row("rule", public_id), is_up=request.POST.get("to") == "up")
    return redirect("sorting:rules")


@requires("inbox.setup")
@require_POST
def switch(request: HttpRequest, what: str, public_id: str) -> HttpResponse:  # noqa: ARG001
    """A rule or a macro on, or off."""
    if what not in {"rule", "macro"}:
        raise Http404
    row = _row(what, public_id)
    setting_up.switch(row, is_on=not row.is_on)
    return redirect(_HOME[what])


@requires("inbox.setup")
@require_POST
def remove(request: HttpRequest, what: str, public_id: str) -> HttpResponse:
    """Let go of a topic, a label, a canned answer, a macro or a rule."""
    row = _row(what, public_id)
    setting_up.remove(row)
    toast(request, _("Removed."))
    return redirect(_HOME[what])


def _row(what: str, public_id: str) -> Any:
    model = _KINDS.get(what)
    row = model.objects.filter(pk=model.pk_of(public_id) or 0).first() if model else None
    if row is None:
        raise Http404(_("There is nothing of this name any more."))
    return row


def _status(form: Any) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
