"""Forms of canned answers, macros, rules, topics and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.channels.models import Channel
from regulars.core.forms import PageForm
from regulars.customers.models import Category
from regulars.customers.names import category_name
from regulars.inbox.actions import rules
from regulars.inbox.actions import steps as doings
from regulars.inbox.models import By, Canned, Kind, Label, Macro, Mailbox, Priority, Rule, Topic
from regulars.staff.models import Team, User

STEPS, CONDITIONS = 6, 4
_TYPED = frozenset({"words", "hours", "weekdays", "language"})


class NamedForm(PageForm):
    """A name: of a topic or a label."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)


class CannedForm(PageForm):
    """A canned answer: one text for each language of the product."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    shortcut = forms.CharField(
        label=gettext_lazy("Shortcut"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Typed behind a “/” in an answer. Latin letters and digits."),
    )
    topic = forms.ModelChoiceField(
        label=gettext_lazy("Topic"), queryset=Topic.objects.none(), required=False, empty_label="–"
    )

    def __init__(self, *args: Any, canned: Canned | None = None, **kwargs: Any) -> None:
        if canned is not None:
            texts = {f"text_{one.language}": one.text for one in canned.texts.all()}
            said = {"name": canned.name, "shortcut": canned.shortcut, "topic": canned.topic_id}
            kwargs.setdefault("initial", {**said, **texts})
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["topic"].queryset = Topic.objects.filter(is_archived=False)
        for code, language in settings.LANGUAGES:
            fields[f"text_{code}"] = forms.CharField(
                label=_("Text in %(language)s") % {"language": _(str(language))},
                widget=forms.Textarea(attrs={"rows": 5}),
                required=False,
            )

    @property
    def texts(self) -> dict[str, str]:
        """What was written, by language."""
        return {code: self.cleaned_data.get(f"text_{code}", "") for code, _language in settings.LANGUAGES}


class _StepsForm(PageForm):
    """A form with rows of steps."""

    for_rules = False

    def add_steps(self, steps: Sequence[Mapping[str, Any]]) -> None:
        """Rows for the steps there are, and empty ones behind them."""
        fields: dict[str, Any] = self.fields
        known = [one for one in doings.DOINGS.values() if one.in_rules or not self.for_rules]
        named = [("", "—"), *_things(with_canned=not self.for_rules)]
        for number in range(STEPS):
            step = steps[number] if number < len(steps) else {}
            is_typed = doings.DOINGS[step["do"]].takes in {"minutes", "text"} if step else False
            fields[f"do_{number}"] = forms.ChoiceField(
                label=_("Step %(number)s") % {"number": number + 1},
                choices=[("", "—"), *((one.name, one.label) for one in known)],
                required=False,
                initial=step.get("do", ""),
            )
            fields[f"value_{number}"] = forms.ChoiceField(
                label=pgettext_lazy("of a step", "What, whom"),
                choices=named,
                required=False,
                initial="" if is_typed else step.get("value", ""),
            )
            if not self.for_rules:
                fields[f"typed_{number}"] = forms.CharField(
                    label=gettext_lazy("Minutes, or the words of a note"),
                    required=False,
                    initial=step.get("value", "") if is_typed else "",
                )

    @property
    def steps(self) -> list[dict[str, str]]:
        """The steps that were chosen."""
        found = []
        for number in range(STEPS):
            do = self.cleaned_data.get(f"do_{number}", "")
            if do:
                typed = self.cleaned_data.get(f"typed_{number}", "")
                is_typed = doings.DOINGS[do].takes in {"minutes", "text"}
                found.append({"do": do, "value": typed if is_typed else self.cleaned_data.get(f"value_{number}", "")})
        return found


class MacroForm(_StepsForm):
    """Several steps under one name and key."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    key = forms.CharField(label=gettext_lazy("Key"), max_length=1, required=False)

    def __init__(self, *args: Any, macro: Macro | None = None, **kwargs: Any) -> None:
        if macro is not None:
            kwargs.setdefault("initial", {"name": macro.name, "key": macro.key})
        super().__init__(*args, **kwargs)
        self.add_steps(macro.steps if macro else [])


class RuleForm(_StepsForm):
    """What a rule asks, and what it does."""

    for_rules = True

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    stops = forms.BooleanField(label=gettext_lazy("No rule behind it is looked at"), required=False)

    def __init__(self, *args: Any, rule: Rule | None = None, **kwargs: Any) -> None:
        if rule is not None:
            kwargs.setdefault("initial", {"name": rule.name, "stops": rule.stops})
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        named = [("", "—"), *_marks()]
        for number in range(CONDITIONS):
            known = rule.conditions[number] if rule and number < len(rule.conditions) else {}
            on, values = known.get("on", ""), known.get("is", [])
            fields[f"on_{number}"] = forms.ChoiceField(
                label=_("Condition %(number)s") % {"number": number + 1},
                choices=[("", "—"), *rules.CONDITIONS.items()],
                required=False,
                initial=on,
            )
            fields[f"is_{number}"] = forms.ChoiceField(
                label=pgettext_lazy("of a condition", "Is"),
                choices=named,
                required=False,
                initial=f"{on}:{values[0]}" if on and on not in _TYPED else "",
            )
            fields[f"typed_is_{number}"] = forms.CharField(
                label=gettext_lazy("Or one of, with commas"),
                required=False,
                initial=", ".join(values) if on in _TYPED or len(values) > 1 else "",
                help_text=gettext_lazy("Words, languages (de, zh), hours (18:00, 08:00), weekdays (1 is Monday)."),
            )
        self.add_steps(rule.steps if rule else [])

    @property
    def conditions(self) -> list[dict[str, Any]]:
        """The conditions that were chosen."""
        found = []
        for number in range(CONDITIONS):
            on = self.cleaned_data.get(f"on_{number}", "")
            if on:
                typed = self.cleaned_data.get(f"typed_is_{number}", "")
                chosen = self.cleaned_data.get(f"is_{number}", "").partition(":")
                values = typed.split(",") if typed else [chosen[2]] if chosen[0] == on else []
                found.append({"on": on, "is": values})
        return found


def _things(*, with_canned: bool) -> Iterator[tuple[Any, list[tuple[str, Any]]]]:
    """Everything a step can name, in groups."""
    users = User.objects.select_related("definition").filter(is_active=True).order_by("name")
    yield (
        _("Colleagues"),
        [
            *([(doings.ME, _("Whoever does it"))] if with_canned else []),
            *((one.public_id, one.name) for one in users if one.may("inbox.edit")),
        ],
    )
    yield _("Teams"), [(one.public_id, one.name) for one in Team.objects.order_by("name")]
    yield _("Topics"), [(one.public_id, one.name) for one in Topic.objects.filter(is_archived=False)]
    yield _("Labels"), [(one.public_id, one.name) for one in Label.objects.all()]
    if with_canned:
        yield _("Canned answers"), [(one.public_id, one.name) for one in Canned.objects.all()]
    yield _("Priorities"), [(str(value), label) for value, label in Priority.choices]
    yield _("Kinds"), list(Kind.choices)


def _marks() -> Iterator[tuple[Any, list[tuple[str, Any]]]]:
    """Everything a condition can ask for, in groups; each says first for which condition it is."""
    yield _("Came by"), [(f"by:{value}", label) for value, label in By.choices]
    yield _("Mailboxes"), [(f"mailbox:{one.pk}", one.name) for one in Mailbox.objects.all()]
    yield _("Sales channels"), [(f"channel:{one.pk}", one.name) for one in Channel.objects.order_by("name")]
    yield _("Topics"), [(f"topic:{one.pk}", one.name) for one in Topic.objects.filter(is_archived=False)]
    yield _("Categories"), [(f"category:{one.key}", category_name(one)) for one in Category.objects.all()]
    yield _("Kinds"), [(f"kind:{value}", label) for value, label in Kind.choices]
