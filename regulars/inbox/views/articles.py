"""Where the team writes help articles: the list with its figures, the editor, former texts, the help centre itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.core.errors import Invalid, Stale
from regulars.core.ui.toasts import toast
from regulars.inbox.articles import counting, languages, reading, rendering, writing
from regulars.inbox.articles import listing as lists
from regulars.inbox.forms.articles import ArticleForm, SectionForm
from regulars.inbox.models import Article, ArticleSection, ArticleState, ArticleVersion
from regulars.inbox.views import help_centre
from regulars.staff.access import requires

_HISTORY = 20
_TOLD = {
    ArticleState.PUBLISHED: gettext_lazy("Published. Everybody can read it now."),
    ArticleState.DRAFT: gettext_lazy("It is a draft again. Only the team sees it."),
    ArticleState.ARCHIVED: gettext_lazy("Archived. Nobody finds it any more."),
}


@requires("inbox.view")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every article with its figures; filtered by words, section, state and language."""
    user: Any = request.user
    asked = {name: request.GET.get(name, "")[:80] for name in ("q", "section", "state", "language")}
    wanted = lists.Wanted(asked["q"].strip(), asked["section"], asked["state"], languages.known(asked["language"]))
    context = {
        "lines": lists.lines(wanted, _readers()),
        "asked": asked,
        "is_filtered": any(asked.values()),
        "sections": [(row.public_id, reading.name_of(row, _readers())) for row in ArticleSection.objects.all()],
        "states": ArticleState.choices,
        "languages": languages.NAMES.items(),
        "misses": lists.misses(),
        "is_open": reading.is_open(),
        "may_write": user.may("inbox.setup"),
    }
    return render(request, "inbox/articles/list.html", context)


@requires("inbox.setup")
def new(request: HttpRequest) -> HttpResponse:
    """A new article, in one language; others are written once it is there."""
    language = languages.known(request.POST.get("language") or request.GET.get("language", "")) or _readers()[0]
    form = ArticleForm(request.POST or None, wanted=_readers())
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            row = writing.create(
                texts={language: (said["title"], said["body"])},
                slug=said["slug"],
                section=form.chosen_section,
                position=said["position"],
            )
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("Kept as a draft. Publish it when it is right."))
            return redirect(_address(row, language))
    return _editor(request, None, form, language)


@requires("inbox.view")
def article(request: HttpRequest, public_id: str) -> HttpResponse:
    """One article in one language: what it says, who changed it when, and what readers found of it."""
    user: Any = request.user
    row = _found(public_id)
    texts = {text.language: text for text in row.texts.all()}
    asked = languages.known(request.POST.get("language") or request.GET.get("language", ""))
    language = asked or languages.best(texts, _readers())
    text = texts.get(language)
    initial = {
        "title": text.title if text else "",
        "body": text.body if text else "",
        "section": row.section.public_id if row.section else "",
        "position": row.position,
        "slug": row.slug,
    }
    is_published = row.published_at is not None
    form = ArticleForm(request.POST or None, initial=initial, wanted=_readers(), is_published=is_published)
    if request.method != "POST":
        return _editor(request, row, form, language)
    if not user.may("inbox.setup"):
        return requires("inbox.setup")(article)(request, public_id)
    if form.is_valid():
        said = form.cleaned_data
        values = {"section": form.chosen_section, "slug": said["slug"] or row.slug}
        if said["position"] is not None:
            values["position"] = said["position"]
        try:
            writing.change(
                row, values=values, texts={language: (said["title"], said["body"])}, seen=_seen(request, row)
            )
        except Stale as refusal:
            return _editor(request, _found(public_id), form, language, crossed=refusal.sentence)
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("Saved."))
            return redirect(_address(row, language))
    return _editor(request, row, form, language)


@requires("inbox.setup")
@require_POST
def state(request: HttpRequest, public_id: str) -> HttpResponse:
    """Publish, take back, archive; the toast takes it back."""
    row = _found(public_id)
    before = row.state
    to = request.POST.get("state") or request.GET.get("state", "")
    try:
        writing.set_state(row, state=to, seen=_seen(request, row))
    except Invalid as refused:
        raise Http404(refused.sentence) from refused
    undo = f"{reverse('articles:state', args=[public_id])}?state={before}"
    toast(request, str(_TOLD[ArticleState(to)]), undo=undo if before != to else "")
    return redirect("articles:list" if to == ArticleState.ARCHIVED else _address(row, ""))


@requires("inbox.setup")
@require_POST
def restore(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let a text say again what it said."""
    row = _found(public_id)
    number = request.POST.get("version", "")
    version = ArticleVersion.objects.filter(article=row, pk=int(number) if number.isdecimal() else 0).first()
    if version is None:
        raise Http404(_("There is no such version."))
    writing.restore(row, version=version, seen=_seen(request, row))
    toast(request, _("It says again what it said then."))
    return redirect(_address(row, version.language))


@requires("inbox.setup")
@require_POST
def text_gone(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let go of one language."""
    row = _found(public_id)
    language = languages.known(request.POST.get("language", ""))
    writing.remove_text(row, language=language, seen=_seen(request, row))
    toast(request, _("Removed."))
    return redirect(_address(row, ""))


@requires("inbox.view")
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """A text as it will look, while it is written; as a page of its own where no script asks."""
    title, body = request.POST.get("title", "")[:200], request.POST.get("body", "")[: writing.LONGEST]
    language = languages.known(request.POST.get("language", "")) or "en"
    context = {"title": title, "html": rendering.html(body), "html_lang": languages.tag(language)}
    if request.headers.get("HX-Request"):
        return render(request, "inbox/articles/_preview.html", context)
    return help_centre.as_draft(title=title, html=context["html"], language=language)


@requires("inbox.view")
@require_safe
def draft(request: HttpRequest, public_id: str) -> HttpResponse:
    """An article as everybody will see it, before they do."""
    row = _found(public_id)
    texts = {text.language: text for text in row.texts.all()}
    asked = languages.known(request.GET.get("lang", ""))
    text = texts[languages.best(texts, [asked, *_readers()])]
    return help_centre.as_draft(title=text.title, html=rendering.html(text.body), language=text.language)


@requires("inbox.setup")
def centre(request: HttpRequest) -> HttpResponse:
    """The help centre itself: open or not, its sections, and what nobody found in it."""
    if request.method == "POST":
        writing.open_centre(is_on=request.POST.get("is_on") == "on")
        toast(request, _("Saved."))
        return redirect("articles:centre")
    context = {
        "is_open": reading.is_open(),
        "sections": [(row, reading.name_of(row, _readers())) for row in ArticleSection.objects.all()],
        "address": request.build_absolute_uri(reverse("help:help-home")),
    }
    return render(request, "inbox/articles/centre.html", context)


@requires("inbox.setup")
@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Forget what was looked for and not found."""
    counting.forget_everything()
    toast(request, _("Forgotten."))
    return redirect("articles:list")


@requires("inbox.setup")
def section(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """One section, or a new one."""
    row = _section(public_id) if public_id else None
    form = SectionForm(request.POST or None, section=row)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            writing.save_section(names=form.names, slug=said["slug"], position=said["position"], section=row)
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("Saved."))
            return redirect("articles:centre")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    name = reading.name_of(row, _readers()) if row else ""
    return render(request, "inbox/articles/section.html", {"form": form, "row": row, "name": name}, status=status)


@requires("inbox.setup")
@require_POST
def section_gone(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let go of a section; its articles stay."""
    writing.remove_section(_section(public_id))
    toast(request, _("Removed."))
    return redirect("articles:centre")


def _editor(
    request: HttpRequest, row: Article | None, form: ArticleForm, language: str, *, crossed: str = ""
) -> HttpResponse:
    user: Any = request.user
    texts = {text.language: text for text in row.texts.all()} if row else {}
    history = row.versions.filter(language=language).select_related("made_by").order_by("-number") if row else None
    text = texts.get(language)
    context = {
        "row": row,
        "form": form,
        "text": text,
        "language": language,
        "html_lang_of_text": languages.tag(language),
        "language_name": languages.NAMES[language],
        "tabs": [(code, label, code in texts) for code, label in languages.NAMES.items()],
        "history": history[:_HISTORY] if history is not None else [],
        "html": rendering.html(str(form["body"].value() or "")),
        "shown_title": form["title"].value() or "",
        "crossed": crossed,
        "may_write": user.may("inbox.setup"),
        "address": reading.address(row, language) if row else "",
        "can_remove": len(texts) > 1 and text is not None,
    }
    status = HTTPStatus.PRECONDITION_FAILED if crossed else HTTPStatus.OK
    if form.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "inbox/articles/article.html", context, status=status)


def _readers() -> list[str]:
    """The languages in which whoever is signed in reads titles."""
    return [languages.known(get_language() or "en") or "en"]


def _address(row: Article, language: str) -> str:
    return reverse("articles:article", args=[row.public_id]) + (f"?language={language}" if language else "")


def _seen(request: HttpRequest, row: Article) -> int | None:
    """The version that somebody looked at when they decided; none where a toast takes something back."""
    said = request.POST.get("seen", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None if not said else row.version - 1


def _found(public_id: str) -> Article:
    row = Article.objects.select_related("section").filter(pk=Article.pk_of(public_id) or 0).first()
    if row is None:
        raise Http404(_("There is no such article."))
    return row


def _section(public_id: str) -> ArticleSection:
    row = ArticleSection.objects.filter(pk=ArticleSection.pk_of(public_id) or 0).first()
    if row is None:
        raise Http404(_("There is no such section."))
    return row
