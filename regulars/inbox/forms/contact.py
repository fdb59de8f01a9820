"""The contact form as customers fill it in, and as the shop sets it up."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.channels.models import Channel
from regulars.core.contact import BadContact, parse_email
from regulars.core.file_kinds import clean_name, sniff
from regulars.core.forms import PageForm
from regulars.core.text import BadText, clean, clean_lines
from regulars.inbox.contact import setting_up
from regulars.inbox.contact.taking import Sent, has_link
from regulars.inbox.files import Incoming
from regulars.inbox.models import Asks, ContactForm, Kind, Topic
from regulars.staff.models import Team

MOST_FILES: Final = 5
LONGEST: Final = 20_000
TRAP: Final = "website"
"""A field that people do not see, and programs fill in."""

_TOPICS: Final = gettext_lazy("Topics to choose from")


class _Line(forms.CharField):
    """One line, cleaned as the house keeps it; what cannot be kept is said in its sentence."""

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest = longest
        self.validators = []  # a NUL byte is said by `clean`, as everything else that is wrong
        self.widget.attrs["maxlength"] = str(longest)

    def to_python(self, value: Any) -> str:
        try:
            return self.cleaned(str(value or ""))
        except BadText as problem:
            raise forms.ValidationError(str(problem)) from problem

    def cleaned(self, text: str) -> str:
        return clean(text, limit=self.longest)


class _Lines(_Line):
    widget = forms.Textarea

    def cleaned(self, text: str) -> str:
        return clean_lines(text, limit=self.longest)


class _Files(forms.FileInput):
    allow_multiple_selected = True


class SendingForm(PageForm):
    """What a contact form asks. An error leaves everything as it was typed, its files apart: no page can do that."""

    name = _Line(
        longest=120,
        label=pgettext_lazy("in a contact form", "Your name"),
        error_messages={"required": gettext_lazy("Please tell us your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = _Line(
        longest=254,
        label=gettext_lazy("Your e-mail"),
        error_messages={"required": gettext_lazy("Please tell us where to send the answer.")},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )
    phone = _Line(
        longest=60,
        required=False,
        label=gettext_lazy("Phone, if you like"),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    order = _Line(longest=60, required=False, label=gettext_lazy("Order number, if it is about one"))
    kind = forms.ChoiceField(label=gettext_lazy("What is it?"), required=False)
    topic = forms.ChoiceField(label=gettext_lazy("What is it about?"), required=False)
    message = _Lines(
        longest=LONGEST,
        label=gettext_lazy("Your message"),
        error_messages={"required": gettext_lazy("Please write what it is about.")},
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, *args: Any, contact_form: ContactForm, is_too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_too_large = is_too_large
        fields: dict[str, Any] = self.fields
        for one in Asks.values:
            if one not in contact_form.asks:
                fields.pop(one, None)
        if "kind" in fields:
            fields["kind"].choices = [(kind.value, KINDS[kind]) for kind in KINDS]
            fields["kind"].initial = Kind.INQUIRY
        if "topic" in fields:
            self.topics = {one.public_id: one for one in setting_up.topics_of(contact_form)}
            fields["topic"].choices = [("", _("Please choose")), *((key, one.name) for key, one in self.topics.items())]
        if Asks.FILES in contact_form.asks:
            sentence = _("Up to %(count)s files, %(most)s MB together: pictures, PDF, texts, office files.")
            said = {"count": MOST_FILES, "most": settings.ATTACHMENT_SIZE >> 20}
            fields["files"] = forms.Field(label=_("Files"), required=False, widget=_Files, help_text=sentence % said)

    def clean_name(self) -> str:
        """A name, which greets somebody in a mail of ours: no stranger gets a link into it."""
        name: str = self.cleaned_data["name"]
        if has_link(name):
            raise forms.ValidationError(_("Please write a name without links."))
        return name

    def clean_email(self) -> str:
        """An address that mail can be sent to."""
        try:
            return parse_email(self.cleaned_data["email"])
        except BadContact as problem:
            raise forms.ValidationError(str(problem)) from problem

    def clean_files(self) -> list[Incoming]:
        """The files, if there are not too many, none is too large, and each is of a kind that is taken."""
        found: list[Incoming] = []
        sent: Sequence[UploadedFile] = self.files.getlist("files") if hasattr(self.files, "getlist") else []
        if self.is_too_large or sum(one.size or 0 for one in sent) > settings.ATTACHMENT_SIZE:
            most = settings.ATTACHMENT_SIZE >> 20
            raise forms.ValidationError(_("The files may have %(most)s MB together.") % {"most": most})
        if len(sent) > MOST_FILES:
            raise forms.ValidationError(_("At most %(count)s files can be sent.") % {"count": MOST_FILES})
        for one in sent:
            name = clean_name(one.name or "")
            data = one.read()
            if not data:
                raise forms.ValidationError(_("“%(name)s” is empty.") % {"name": name})
            kind = sniff(io.BytesIO(data))
            if not kind:
                sentence = _("“%(name)s” cannot be taken. Pictures, PDF, texts and office files can.")
                raise forms.ValidationError(sentence % {"name": name})
            found.append(Incoming(name, kind, data))
        return found

    def show_again(self) -> None:
        """Let it be shown as it was typed, without what no page may hold."""
        if not isinstance(self.data, QueryDict):
            return
        typed = self.data.copy()
        for name, values in list(typed.lists()):
            typed.setlist(name, [value.replace("\0", "") for value in values])
        self.data = typed

    def sent(self, language: str) -> Sent:
        """What was typed, once it is valid."""
        typed = self.cleaned_data
        return Sent(
            name=typed["name"],
            email=typed["email"],
            message=typed["message"],
            phone=typed.get("phone", ""),
            order=typed.get("order", ""),
            kind=typed.get("kind") or Kind.INQUIRY,
            topic=self.topics.get(typed["topic"]) if typed.get("topic") else None,
            files=typed.get("files") or (),
            language=language,
            is_trapped=bool(self.data.get(TRAP)),
        )


KINDS: Final = {
    Kind.INQUIRY: gettext_lazy("A question"),
    Kind.SUGGESTION: gettext_lazy("A suggestion"),
    Kind.COMPLAINT: gettext_lazy("A complaint"),
    Kind.COMPLIMENT: gettext_lazy("Praise"),
    Kind.RETURN: gettext_lazy("Something to return"),
}
"""What sorts of messages customers choose from, in their words."""


class ContactFormForm(PageForm):
    """How a contact form is set up."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("Only the team sees this name.")
    )
    asks = forms.MultipleChoiceField(
        label=gettext_lazy("What it asks beside name, e-mail and message"),
        choices=Asks.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    topics = forms.ModelMultipleChoiceField(
        label=_TOPICS, queryset=Topic.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    topic = forms.ModelChoiceField(
        label=gettext_lazy("Topic, where nobody chose one"),
        queryset=Topic.objects.none(),
        required=False,
        empty_label="—",
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("Team that gets it"), queryset=Team.objects.none(), required=False, empty_label="—"
    )
    channel = forms.ModelChoiceField(
        label=gettext_lazy("Sales channel"), queryset=Channel.objects.none(), required=False, empty_label="—"
    )
    origins = forms.CharField(
        label=gettext_lazy("Sites that may show it in their pages"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "https://shop.example", "spellcheck": "false"}),
        help_text=gettext_lazy("One address a line. Without any, it stands on its own page alone."),
    )

    def __init__(self, *args: Any, contact_form: ContactForm | None = None, **kwargs: Any) -> None:
        if contact_form is not None:
            kwargs.setdefault("initial", _initial(contact_form))
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["topics"].queryset = fields["topic"].queryset = Topic.objects.filter(is_archived=False)
        fields["team"].queryset = Team.objects.all()
        fields["channel"].queryset = Channel.objects.all()
        labels = {
            "title": _("Title in %(language)s"),
            "intro": _("Introduction in %(language)s"),
            "thanks": _("Thank-you text in %(language)s"),
        }
        for name, limit in setting_up.TEXTS.items():
            for code, language in settings.LANGUAGES:
                is_line = name == "title"
                widget = forms.TextInput() if is_line else forms.Textarea(attrs={"rows": 3})
                label = labels[name] % {"language": _(str(language))}
                fields[f"{name}_{code}"] = forms.CharField(label=label, max_length=limit, required=False, widget=widget)
        self.order_fields([name for name in fields if name != "origins"])  # the sites stand last

    def values(self) -> dict[str, Any]:
        """What was chosen, as the verb takes it."""
        typed = self.cleaned_data
        texts = {
            code: {name: typed.get(f"{name}_{code}", "") for name in setting_up.TEXTS}
            for code, _language in settings.LANGUAGES
        }
        plain = {name: typed[name] for name in ("name", "asks", "topic", "team", "channel")}
        return {**plain, "topics": list(typed["topics"]), "texts": texts, "origins": typed["origins"].splitlines()}


def _initial(row: ContactForm) -> dict[str, Any]:
    said = {f"{name}_{code}": text for code, texts in row.texts.items() for name, text in texts.items()}
    return {
        "name": row.name,
        "asks": row.asks,
        "topics": row.topics,
        "topic": row.topic_id,
        "team": row.team_id,
        "channel": row.channel_id,
        "origins": "\n".join(row.origins),
        **said,
    }
