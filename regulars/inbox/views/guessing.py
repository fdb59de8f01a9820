"""Suggestions: taken or dismissed beside an inquiry, and the page that says what was learned and from what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from regulars.core.background.overview import running_of, waits
from regulars.core.errors import Refusal
from regulars.core.forms import PageForm
from regulars.core.ui.toasts import toast
from regulars.inbox.guessing import deciding, examples, keeping, offering, training
from regulars.inbox.models import Guess, Guessing
from regulars.inbox.views.listing import back_to
from regulars.inbox.views.page import conversation_or_404, shown
from regulars.staff.access import requires


class SuggestionsForm(PageForm):
    """What is suggested, and what is done by itself."""

    topics_on = forms.BooleanField(label=gettext_lazy("Suggest topics"), required=False)
    sets_topics = forms.BooleanField(
        label=gettext_lazy("Set the topic by itself"),
        required=False,
        help_text=gettext_lazy("What is sure enough to be suggested is set at once, and can be taken back."),
    )
    answers_on = forms.BooleanField(label=gettext_lazy("Suggest canned answers"), required=False)


@requires("inbox.edit")
@require_POST
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a suggested topic, or say that it is another one."""
    user: Any = request.user
    conversation = conversation_or_404(public_id)
    guess = Guess.objects.filter(conversation=conversation).first()
    act = request.POST.get("act", "")
    if guess is None or act not in {"accept", "dismiss"}:
        gone = _("This suggestion is not there any more.")
        return shown(request, conversation, status=Refusal.status, refused=gone)
    was_set = guess.state == Guess.State.SET
    if act == "accept":
        deciding.accept(guess, user=user)
        toast(request, _("The topic stays.") if was_set else _("The topic is set."))
    else:
        deciding.dismiss(guess, user=user)
        toast(request, _("The topic is taken back.") if was_set else _("This topic is not suggested here again."))
    return redirect(back_to(request, reverse("inbox:page", args=[public_id])))


@requires("inbox.setup")
def settings(request: HttpRequest) -> HttpResponse:
    """The switches, what was learned and from what, and how often suggestions were right."""
    rules = keeping.current()
    names = ("topics_on", "sets_topics", "answers_on")
    form = SuggestionsForm(request.POST or None, initial={name: getattr(rules, name) for name in names})
    if request.method == "POST":
        form.is_valid()  # three switches have nothing that could be wrong
        training.change(**{name: form.cleaned_data[name] for name in names})
        toast(request, _("Saved."))
        return redirect("guessing:settings")
    context = {
        "form": form,
        "rules": rules,
        "is_busy": waits(training.learn) or running_of(training.learn) is not None,
        "missing": offering.missing(examples.stock()),
        "least": examples.LEAST,
        "least_each": examples.LEAST_EACH,
        "lately": offering.lately(),
        **_shares(rules),
    }
    return render(request, "inbox/suggestions.html", context)


@requires("inbox.setup")
@require_POST
def learn(request: HttpRequest) -> HttpResponse:
    """Learn now instead of tonight."""
    training.learn_now()
    toast(request, _("It is being learned. That takes a minute or two."))
    return redirect("guessing:settings")


@requires("inbox.setup")
@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Forget all that was learned, and switch it off."""
    training.forget_all()
    toast(request, _("All of it is forgotten, and suggestions are switched off."))
    return redirect("guessing:settings")


def _shares(rules: Guessing) -> dict[str, str]:
    """The measured shares as percents; empty where there is none."""
    names = ("accuracy", "usual", "shown", "precision", "hits")
    values = {name: getattr(rules, name) for name in names}
    return {name: "" if value is None else number_format(round(100 * value)) for name, value in values.items()}
