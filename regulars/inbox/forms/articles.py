"""Forms of help articles and their sections."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.core.forms import PageForm
from regulars.inbox.articles import languages, reading
from regulars.inbox.articles.writing import LONGEST, LONGEST_TITLE
from regulars.inbox.models import ArticleSection


class ArticleForm(PageForm):
    """One text of an article, and where it stands."""

    title = forms.CharField(label=pgettext_lazy("of an article", "Title"), max_length=LONGEST_TITLE)
    body = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=LONGEST,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "class": "mono", "spellcheck": "true"}),
        help_text=gettext_lazy("Markdown: # heading, **bold**, - list, 1. list, [words](https://…), | table |."),
    )
    section = forms.ChoiceField(label=gettext_lazy("Section"), required=False)
    position = forms.IntegerField(
        label=gettext_lazy("Place in the section"), min_value=0, max_value=1_000_000, required=False
    )
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("What stands behind /help/. Empty: made of the title."),
    )

    def __init__(self, *args: Any, wanted: list[str], is_published: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        self._sections = {row.public_id: row for row in ArticleSection.objects.all()}
        names = [(key, reading.name_of(row, wanted)) for key, row in self._sections.items()]
        fields["section"].choices = [("", _("None")), *names]
        if is_published:
            fields["slug"].disabled = True
            fields["slug"].help_text = _("It stays: it stands in answers and on other pages.")

    @property
    def chosen_section(self) -> ArticleSection | None:
        """The section that was chosen."""
        return self._sections.get(self.cleaned_data.get("section") or "")


class SectionForm(PageForm):
    """A section: what it is called in each language, and where it stands."""

    slug = forms.SlugField(label=gettext_lazy("Address"), max_length=60, required=False)
    position = forms.IntegerField(label=gettext_lazy("Place"), min_value=0, max_value=1_000_000, required=False)

    def __init__(self, *args: Any, section: ArticleSection | None = None, **kwargs: Any) -> None:
        if section is not None:
            names = {f"name_{code}": name for code, name in section.names.items()}
            kwargs.setdefault("initial", {"slug": section.slug, "position": section.position, **names})
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        for code, label in languages.NAMES.items():
            fields[f"name_{code}"] = forms.CharField(
                label=_("Name in %(language)s") % {"language": label}, max_length=80, required=False
            )
        self.order_fields([f"name_{code}" for code in languages.NAMES])

    @property
    def names(self) -> dict[str, str]:
        """What was written, by language."""
        return {code: self.cleaned_data.get(f"name_{code}", "") for code in languages.NAMES}
