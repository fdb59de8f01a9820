"""Settings: what stands below answers, of oneself and of the shop."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.inbox.actions import setting_up
from regulars.inbox.forms.signing import SignatureForm
from regulars.inbox.queries import signatures
from regulars.inbox.queries.signatures import Place
from regulars.messaging.templating import values
from regulars.staff.access import requires
from regulars.staff.models import User

_NOUNS = ("agent", "shop", "customer", "conversation")


@requires("inbox.edit")
def own(request: HttpRequest) -> HttpResponse:
    """One's own signature, below all answers or those from one mailbox."""
    user: Any = request.user
    return _page(request, user, "sorting:signature")


@requires("inbox.setup")
def shared(request: HttpRequest) -> HttpResponse:
    """The shop's signatures, for whoever has none of their own."""
    return _page(request, None, "sorting:signatures")


def _page(request: HttpRequest, user: User | None, url_name: str) -> HttpResponse:
    places = signatures.places(user)
    place = next((one for one in places if one.key == request.GET.get("in", "")), None)
    if place is None:
        raise Http404(_("There is no such mailbox."))
    form = SignatureForm(request.POST or None, place=place)
    is_looking = "look" in request.POST
    address = reverse(url_name) + (f"?in={place.key}" if place.key else "")
    if request.method == "POST" and form.is_valid() and not is_looking and _saved(form, place):
        toast(request, _("Saved."))
        return redirect(address)
    said = form.texts if is_looking and form.is_valid() else place.texts()
    actor: Any = request.user
    context = {
        "form": form,
        "is_own": user is not None,
        "here": address,
        "below": [
            {"label": one.label or _("All answers"), "url": f"?in={one.key}", "is_here": one == place} for one in places
        ],
        "previews": [one for one in (_preview(code, text, actor) for code, text in sorted(said.items())) if one],
        "nouns": [noun for noun in values.nouns() if noun.name in _NOUNS],
        "may_set_up": actor.may("inbox.setup"),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "inbox/signature.html", context, status=status)


def _saved(form: SignatureForm, place: Place) -> bool:
    """Keep all texts, or none and say what is wrong with which."""
    code = ""
    try:
        with transaction.atomic():
            for code, text in form.texts.items():
                setting_up.save_signature(
                    text=text, user=place.user, mailbox=place.mailbox, account=place.account, language=code
                )
    except Invalid as refused:
        form.refuse_text(code, refused.sentence)
        return False
    return True


def _preview(language: str, text: str, user: User) -> dict[str, str] | None:
    """A signature as it would stand below an answer, or why it would not."""
    if not text.strip():
        return None
    try:
        return {"language": language, "text": signatures.preview(text, user, language)}
    except Refusal as refusal:
        return {"language": language, "problem": refusal.sentence}
