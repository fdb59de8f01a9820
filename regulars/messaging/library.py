"""The library of templates: who makes them, what they say in each language, and how they are filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import override

from regulars.core.errors import Invalid
from regulars.messaging.facts import TemplateChanged
from regulars.messaging.models import Template, TemplateVersion, Way
from regulars.messaging.templating import SUBJECT, BadTemplate, names_in, ready, render, values
from regulars.messaging.templating.design import design, html_of, plain_of
from regulars.staff.policy import verb
from regulars.timeline.actions import record, who_acts

LANGUAGES = (("en", "English"), ("zh-hans", "简体中文"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español"))


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its gaps filled, ready for the gate."""

    subject: str
    text: str
    html: str = ""


@verb
def add_template(*, name: str, folder: str = "", purpose: str, way: str = Way.EMAIL, from_ready: str = "") -> Template:
    """A new template, empty or made from a ready text in all its languages. Raises Invalid where the name is taken."""
    if Template.objects.filter(name=name.strip()).exists():
        sentence = _("There is a template of this name already.")
        raise Invalid(sentence, fields={"name": [sentence]})
    template = Template.objects.create(
        name=name.strip(), folder=folder.strip(), purpose=purpose, way=way, ready=from_ready
    )
    found = ready.BY_KEY.get(from_ready)
    for language, said in found.said.items() if found else ():
        is_marketing = purpose == Template.Purpose.MARKETING
        with override(language):
            no = _("I want no more of these mails") if is_marketing else ""
        _add_version(
            template,
            language,
            subject=said.subject,
            text=ready.text_of(said, with_no=is_marketing),
            mjml=ready.mjml_of(said, with_no=no) if way == Way.EMAIL else "",
        )
    record(TemplateChanged(template=template.name), subject=template)
    return template


@verb
def change_template(template: Template, *, name: str, folder: str, purpose: str) -> Template:
    """Change what it is called, where it stands and what for. Raises Invalid where the name is taken."""
    if Template.objects.filter(name=name.strip()).exclude(pk=template.pk).exists():
        sentence = _("There is a template of this name already.")
        raise Invalid(sentence, fields={"name": [sentence]})
    template.name, template.folder, template.purpose = name.strip(), folder.strip(), purpose
    template.save(update_fields=["name", "folder", "purpose"])
    record(TemplateChanged(template=template.name), subject=template)
    return template


@verb
def write_template(template: Template, *, language: str, subject: str, text: str, mjml: str = "") -> TemplateVersion:
    """What a template says in a language from now on; those before it stay. Raises Invalid with every mistake."""
    said = {"subject": subject, "text": text, "mjml": mjml}
    wrong = problems_of(template.way, said)
    if wrong:
        raise Invalid(_("Some of it cannot be kept as it is."), fields=wrong)
    newest = version_of(template, language)
    if newest is not None and all(getattr(newest, name) == value for name, value in said.items()):
        return newest
    version = _add_version(template, language, **said)
    record(TemplateChanged(template=template.name, language=language, number=version.number), subject=template)
    return version


@verb
def archive_template(template: Template, *, is_archived: bool = True) -> None:
    """Put a template away, or take it out again."""
    Template.objects.filter(pk=template.pk).update(is_archived=is_archived)
    record(TemplateChanged(template=template.name), subject=template)


def problems_of(way: str, said: Mapping[str, str]) -> dict[str, list[str]]:
    """What is wrong with a text before it is kept: by field, in sentences."""
    wrong: dict[str, list[str]] = {}
    for name, text in said.items():
        try:
            unknown = values.unknown(names_in(text))
            if name == "mjml" and text.strip():
                html_of(text)
        except BadTemplate as refusal:
            wrong[name] = [refusal.sentence]
            continue
        if unknown:
            wrong[name] = [_("There is no such value: %(names)s.") % {"names": ", ".join(unknown)}]
    if way == Way.EMAIL and not said["subject"].strip():
        wrong["subject"] = [_("A mail needs a subject.")]
    if not said["text"].strip() and not said["mjml"].strip():
        wrong["text"] = [_("Write something.")]
    return wrong


def version_of(template: Template, language: str) -> TemplateVersion | None:
    """What holds in a language; None where nobody wrote it in that one."""
    return template.versions.filter(language=language).order_by("-number").first()


def version_for(template: Template, language: str) -> TemplateVersion | None:
    """What comes nearest to somebody's language: theirs, else the one without its region, else English, else any."""
    newest = {row.language: row for row in template.versions.order_by("number")}
    asked = language.lower().replace("_", "-")
    chinese = ["zh-hans"] if asked.startswith("zh") else []
    for one in (asked, *chinese, asked.partition("-")[0], "en"):
        if one in newest:
            return newest[one]
    return next(iter(newest.values()), None)


def fill(version: TemplateVersion, given: Mapping[str, Any], *, way: str = Way.EMAIL) -> Filled:
    """The version with its gaps filled; the text is made from the design where there is none. Raises MissingValues."""
    language = version.language
    subject = render(version.subject, given, way=SUBJECT, language=language) if way == Way.EMAIL else ""
    html = design(version.mjml, given, language=language) if version.mjml.strip() and way == Way.EMAIL else ""
    text = render(version.text, given, way=way, language=language) if version.text.strip() else plain_of(html)
    return Filled(subject, text, html)


def _add_version(template: Template, language: str, *, subject: str, text: str, mjml: str) -> TemplateVersion:
    last = template.versions.filter(language=language).aggregate(last=Max("number"))["last"] or 0
    return TemplateVersion.objects.create(
        template=template,
        language=language,
        number=last + 1,
        subject=subject.strip(),
        text=text,
        mjml=mjml,
        made_by_id=who_acts().user_id,
    )
