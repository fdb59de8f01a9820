"""Forms of promises, calendars and acknowledgements."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from regulars.channels.models import Channel
from regulars.core import shop
from regulars.core.forms import PageForm
from regulars.customers.models import Category
from regulars.customers.names import category_name
from regulars.customers.places import time_zones
from regulars.inbox.acknowledging import telling, texts
from regulars.inbox.models import Acknowledging, By, Calendar, Mailbox, Promise, Topic
from regulars.inbox.promises import saying, writing
from regulars.messaging.templating import BadTemplate, MissingValues

_TIMES = ("first_minutes", "next_minutes", "solution_minutes")


class _Length(forms.CharField):
    """A length of time as people write it; its value is minutes, or None."""

    def clean(self, value: Any) -> Any:
        try:
            return writing.read_length(super().clean(value) or "")
        except writing.CannotRead as wrong:
            raise forms.ValidationError(str(wrong)) from wrong


class PromiseForm(PageForm):
    """What is promised to whom."""

    name = forms.CharField(label=_("For whom"), max_length=80, help_text=_("“Friends”, “Complaints”, “Everybody”."))
    first_minutes = _Length(
        label=_("First answer within"), required=False, max_length=40, help_text=_("“2 h”, “45 min”.")
    )
    next_minutes = _Length(label=_("Every further answer within"), required=False, max_length=40)
    solution_minutes = _Length(label=_("Solved within"), required=False, max_length=40)
    calendar = forms.ModelChoiceField(label=_("Counted in the working time of"), queryset=Calendar.objects.none())
    category = forms.ModelChoiceField(
        label=_("Customers of the category"), queryset=Category.objects.none(), required=False
    )
    by = forms.ChoiceField(label=_("Who came by"), required=False)
    topic = forms.ModelChoiceField(label=_("About"), queryset=Topic.objects.none(), required=False)
    channel = forms.ModelChoiceField(label=_("From the sales channel"), queryset=Channel.objects.none(), required=False)
    mailbox = forms.ModelChoiceField(label=_("To the mailbox"), queryset=Mailbox.objects.none(), required=False)
    runs_on_later = forms.BooleanField(
        label=_("The clock runs on while an inquiry is put off for later"), required=False, initial=True
    )

    def __init__(self, *args: Any, promise: Promise | None = None, **kwargs: Any) -> None:
        if promise is not None:
            values = {name: getattr(promise, name) for name in ("name", "runs_on_later", "by")}
            values |= {name: writing.length(getattr(promise, name)) for name in _TIMES}
            values |= {
                name: getattr(promise, f"{name}_id") for name in ("calendar", "category", "topic", "channel", "mailbox")
            }
            kwargs.setdefault("initial", values)
        super().__init__(*args, **kwargs)
        anything = pgettext("no condition", "any")
        fields: dict[str, Any] = self.fields
        fields["calendar"].queryset = Calendar.objects.all()
        fields["calendar"].empty_label = None
        fields["category"].queryset = Category.objects.all()
        fields["category"].label_from_instance = category_name
        fields["topic"].queryset = Topic.objects.filter(is_archived=False)
        fields["channel"].queryset = Channel.objects.order_by("name")
        fields["mailbox"].queryset = Mailbox.objects.all()
        for name in ("category", "topic", "channel", "mailbox"):
            fields[name].empty_label = anything
        fields["by"].choices = [("", anything), *((one, saying.way(one)) for one in By.values)]
        if promise is not None and promise.is_default:
            for name in ("category", "by", "topic", "channel", "mailbox"):
                del self.fields[name]

    @property
    def values(self) -> dict[str, Any]:
        """What setting_up.save_promise takes."""
        return dict(self.cleaned_data)


class CalendarForm(PageForm):
    """When the shop works."""

    name = forms.CharField(label=_("Name"), max_length=80)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    days = forms.CharField(
        label=_("Days that are not like others"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_(
            "One a line. “2026-12-25: Christmas” is a day off, “2026-12-24 09:00–13:00: Christmas Eve” a short one, "
            "and “2026-10-10 = Monday” a Saturday that works like a Monday."
        ),
    )
    is_default = forms.BooleanField(label=_("Use this one where nothing else is said"), required=False)

    def __init__(self, *args: Any, calendar: Calendar | None = None, **kwargs: Any) -> None:
        week = calendar.week if calendar is not None else [[["09:00", "18:00"]]] * 5 + [[], []]
        values: dict[str, Any] = {f"day_{number}": writing.windows(day) for number, day in enumerate(week)}
        if calendar is not None:
            values |= {"name": calendar.name, "time_zone": calendar.time_zone, "is_default": calendar.is_default}
            values["days"] = writing.days(calendar.days.all())
        kwargs.setdefault("initial", values)
        super().__init__(*args, **kwargs)
        for number, name in WEEKDAYS.items():
            self.fields[f"day_{number}"] = forms.CharField(label=name, required=False, max_length=80)
        own = gettext("The shop's: %(zone)s") % {"zone": shop.current().time_zone}
        self.fields["time_zone"].choices = [("", own), *((one, one) for one in time_zones())]  # type: ignore[attr-defined]

    def week_fields(self) -> list[Any]:
        """The seven days, to be shown."""
        return [self[f"day_{number}"] for number in range(7)]

    def clean(self) -> dict[str, Any]:
        """Read what was typed into windows and days."""
        found: dict[str, Any] = super().clean() or {}
        week: list[list[list[str]]] = []
        for number in range(7):
            name = f"day_{number}"
            try:
                week.append(writing.read_windows(found.get(name, "")))
            except writing.CannotRead as wrong:
                self.add_error(name, str(wrong))
        try:
            found["days"] = writing.read_days(found.get("days", ""))
        except writing.CannotRead as wrong:
            self.add_error("days", str(wrong))
        return {**found, "week": week}

    @property
    def values(self) -> dict[str, Any]:
        """What setting_up.save_calendar takes."""
        return {name: self.cleaned_data[name] for name in ("name", "time_zone", "week", "days", "is_default")}


class AcknowledgingForm(PageForm):
    """Whether inquiries are acknowledged, by which ways, and in which words."""

    is_on = forms.BooleanField(label=_("Acknowledge every inquiry at once"), required=False)
    ways = forms.MultipleChoiceField(
        label=_("That came by"), required=False, widget=forms.CheckboxSelectMultiple(), choices=()
    )

    def __init__(self, *args: Any, rules: Acknowledging, **kwargs: Any) -> None:
        self.languages = sorted({*texts.BUILT_IN, *rules.texts})
        values: dict[str, Any] = {"is_on": rules.is_on, "ways": rules.ways}
        for language in self.languages:
            text = {**texts.BUILT_IN, **rules.texts}[language]
            values |= {f"subject_{language}": text["subject"], f"text_{language}": text["text"]}
        kwargs.setdefault("initial", values)
        super().__init__(*args, **kwargs)
        self.fields["ways"].choices = [(way.value, saying.way(way)) for way in telling.WAYS]  # type: ignore[attr-defined]
        for language in self.languages:
            code = "zh-Hans" if language == texts.CHINESE else language
            line = forms.TextInput(attrs={"lang": code})
            self.fields[f"subject_{language}"] = forms.CharField(label=_("Subject"), max_length=250, widget=line)
            area = forms.Textarea(attrs={"rows": 9, "lang": code})
            self.fields[f"text_{language}"] = forms.CharField(label=_("Text"), max_length=10_000, widget=area)

    def clean(self) -> dict[str, Any]:
        """Try every text, so that none is kept that could not be sent."""
        found: dict[str, Any] = super().clean() or {}
        for language in self.languages:
            text = {"subject": found.get(f"subject_{language}", ""), "text": found.get(f"text_{language}", "")}
            try:
                texts.example(text, now=timezone.now(), language=language)
            except (BadTemplate, MissingValues) as wrong:
                self.add_error(f"text_{language}", wrong.sentence)
        return found

    def texts(self) -> dict[str, dict[str, str]]:
        """The texts that were changed; those of the house stay as the house writes them."""
        found = {}
        for language in self.languages:
            text = {
                "subject": self.cleaned_data[f"subject_{language}"],
                "text": self.cleaned_data[f"text_{language}"].replace("\r\n", "\n"),
            }
            if text != texts.BUILT_IN.get(language):
                found[language] = text
        return found

    def text_fields(self) -> list[tuple[str, Any, Any]]:
        """For each language its name and its two fields, to be shown."""
        names = {"en": gettext("English"), texts.CHINESE: gettext("Simplified Chinese")}
        return [(names.get(one, one), self[f"subject_{one}"], self[f"text_{one}"]) for one in self.languages]
