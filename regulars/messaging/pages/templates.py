"""Settings > Templates: the library, the editor with what comes out for a real person, and the list of values."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any, Final

from django import forms
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from regulars.core.errors import Invalid, Refusal
from regulars.core.forms import PageForm
from regulars.core.middleware.headers import CONTENT_SECURITY_POLICY
from regulars.core.ui.toasts import toast
from regulars.customers.models import Customer
from regulars.messaging import library
from regulars.messaging.models import Template, TemplateVersion, Way
from regulars.messaging.sending import send
from regulars.messaging.templating import filters, ready, values
from regulars.staff.access import requires

_WITH_FRAMES: Final = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
_PREVIEW: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
_PLAIN = {"spellcheck": "false", "autocomplete": "off"}


class TemplateForm(PageForm):
    """What a template is called, and what for."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    folder = forms.CharField(label=gettext_lazy("Folder"), max_length=80, required=False)
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"), choices=Template.Purpose.choices)


class NewTemplateForm(TemplateForm):
    """A new template, empty or from a ready text."""

    way = forms.ChoiceField(label=gettext_lazy("Way"), choices=[(Way.EMAIL, Way.EMAIL.label), (Way.SMS, Way.SMS.label)])
    from_ready = forms.ChoiceField(label=gettext_lazy("Begin with"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("An empty text")), *((one.key, one.name) for one in ready.ALL)]
        self.fields["from_ready"].choices = choices  # type: ignore[attr-defined]


class VersionForm(PageForm):
    """What a template says in one language."""

    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=250, required=False)
    text = forms.CharField(
        label=gettext_lazy("Text"), required=False, max_length=100_000, widget=forms.Textarea(attrs={"rows": 12})
    )
    mjml = forms.CharField(
        label=gettext_lazy("Design (MJML)"),
        required=False,
        max_length=200_000,
        help_text=gettext_lazy(
            "Without one, the mail is plain text. Without a text, the text is made from the design."
        ),
        widget=forms.Textarea(attrs={"rows": 14, **_PLAIN}),
    )


@requires("messages.setup")
@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    """The library by folder, and those put away."""
    is_past = "past" in request.GET
    rows = Template.objects.filter(is_archived=is_past).annotate(changed_at=Max("versions__made_at"))
    languages: dict[int, list[str]] = {}
    for pk, language in TemplateVersion.objects.order_by("language").values_list("template_id", "language").distinct():
        languages.setdefault(pk, []).append(language)
    context = {"rows": [(row, languages.get(row.pk, [])) for row in rows], "is_past": is_past}
    return render(request, "messaging/templates.html", context)


@requires("messages.setup")
def new(request: HttpRequest) -> HttpResponse:
    """A new template, empty or made from a ready text."""
    found = ready.BY_KEY.get(request.GET.get("from", ""))
    initial = (
        {"name": found.name, "folder": found.folder, "purpose": found.purpose, "from_ready": found.key} if found else {}
    )
    form = NewTemplateForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            template = library.add_template(**form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return redirect("messaging:template", template.public_id)
    context = {"form": form, "ready": ready.ALL}
    return render(request, "messaging/template_new.html", context, status=_status(form))


@requires("messages.setup")
def template(request: HttpRequest, template_id: str) -> HttpResponse:
    """One template in one language, with its values. Posted to, a new version is kept."""
    row = _found(template_id)
    language = _language(request, row)
    form = VersionForm(request.POST if request.method == "POST" else None, initial=_said(row, language))
    if row.way != Way.EMAIL:
        del form.fields["subject"], form.fields["mjml"]
    if request.method == "POST" and form.is_valid():
        try:
            library.write_template(row, language=language, **{"subject": "", "mjml": "", **form.cleaned_data})
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Saved."))
            return redirect(f"{request.path}?language={language}")
    return _page(request, row, language, form=form)


@requires("messages.setup")
@require_POST
def rename(request: HttpRequest, template_id: str) -> HttpResponse:
    """Change its name, folder or purpose, or put it away."""
    row = _found(template_id)
    if "archive" in request.POST:
        library.archive_template(row, is_archived=not row.is_archived)
        return redirect("messaging:templates")
    form = TemplateForm(request.POST)
    if form.is_valid():
        try:
            library.change_template(row, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Saved."))
            return redirect("messaging:template", template_id)
    return _page(request, row, _language(request, row), naming=form)


@requires("messages.setup")
@require_POST
@xframe_options_sameorigin
def preview(request: HttpRequest, template_id: str) -> HttpResponse:
    """What comes out of the text as it stands in the editor, for a real person or an example; shown in a frame."""
    row = _found(template_id)
    try:
        filled = _filled(request, row)
    except Refusal as refusal:
        page = f'<p style="font:15px sans-serif;color:#8a3324">{escape(refusal.sentence)}</p>'
    else:
        page = filled.html or f'<pre style="font:15px/24px sans-serif;white-space:pre-wrap">{escape(filled.text)}</pre>'
        head = f'<p style="font:600 15px sans-serif;margin:12px">{escape(filled.subject)}</p>' if filled.subject else ""
        page = head + page
    response = HttpResponse(page)
    response["Content-Security-Policy"] = _PREVIEW
    return response


@requires("messages.setup")
@require_POST
def test(request: HttpRequest, template_id: str) -> HttpResponse:
    """Send the text as it stands in the editor to whoever asks for it, and to nobody else."""
    row = _found(template_id)
    language = _language(request, row)
    mine = str(getattr(request.user, "email", ""))
    if row.way == Way.EMAIL:
        try:
            filled = _filled(request, row)
            send(
                cause=f"test {row.public_id} {secrets.token_hex(8)}",
                to=mine,
                subject=_("Test: %(subject)s") % {"subject": filled.subject},
                text=filled.text,
                html=filled.html,
                language=language,
            )
        except Refusal as refusal:
            return _page(request, row, language, problem=refusal.sentence)
        toast(request, _("A test is on its way to %(to)s.") % {"to": mine})
    return redirect(f"{_address(row)}?language={language}")


def _filled(request: HttpRequest, row: Template) -> library.Filled:
    language = _language(request, row)
    said = {name: request.POST.get(name, "") for name in ("subject", "text", "mjml")}
    wrong = library.problems_of(row.way, said)
    if wrong:
        raise Invalid(" ".join(sentence for sentences in wrong.values() for sentence in sentences), fields=wrong)
    given: dict[str, Any] = {**values.examples(), **values.gather(agent=request.user)}
    customer = _person(request.POST.get("person", ""))
    if customer is not None:
        given.update(values.gather(customer=customer))
    version = TemplateVersion(template=row, language=language, number=0, **said)
    return library.fill(version, given, way=row.way)


def _person(asked: str) -> Customer | None:
    """The customer of an id or an address, among those that the reader sees."""
    asked = asked.strip()
    if not asked:
        return None
    found = Customer.objects.filter(pk=Customer.pk_of(asked) or 0) | Customer.objects.filter(email__iexact=asked)
    customer = found.order_by("pk").first()
    if customer is None:
        sentence = _("There is no customer of this address or id.")
        raise Invalid(sentence, fields={"person": [sentence]})
    return customer


def _page(
    request: HttpRequest, row: Template, language: str, *, form: Any = None, naming: Any = None, problem: str = ""
) -> HttpResponse:
    form = form or VersionForm(initial=_said(row, language) | ({**request.POST.dict()} if problem else {}))
    written = set(row.versions.values_list("language", flat=True).distinct())
    context = {
        "row": row,
        "form": form,
        "naming": naming or TemplateForm(initial={"name": row.name, "folder": row.folder, "purpose": row.purpose}),
        "language": language,
        "tabs": [(code, label, code in written) for code, label in library.LANGUAGES],
        "nouns": values.nouns(),
        "filters": filters.NAMES,
        "history": row.versions.filter(language=language).select_related("made_by").order_by("-number")[:10],
        "problem": problem,
        "is_mail": row.way == Way.EMAIL,
    }
    wrong = bool(problem or form.errors or (naming and naming.errors))
    response = render(
        request,
        "messaging/template.html",
        context,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
    )
    response.headers["Content-Security-Policy"] = _WITH_FRAMES
    return response


def _said(row: Template, language: str) -> dict[str, str]:
    version = library.version_of(row, language)
    return {"subject": version.subject, "text": version.text, "mjml": version.mjml} if version else {}


def _language(request: HttpRequest, row: Template) -> str:
    asked = request.POST.get("language") or request.GET.get("language", "")
    if asked in dict(library.LANGUAGES):
        return asked
    version = library.version_for(row, request.LANGUAGE_CODE)
    return version.language if version else "en"


def _found(template_id: str) -> Template:
    row = Template.objects.filter(pk=Template.pk_of(template_id) or 0).first()
    if row is None:
        raise Http404(_("There is no such template."))
    return row


def _address(row: Template) -> str:
    return reverse("messaging:template", args=[row.public_id])


def _status(form: PageForm) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound and form.errors else HTTPStatus.OK
