"""Forms of what happens by the calendar: where customers stay silent, and how long inquiries are kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.core.forms import PageForm
from regulars.inbox.models import Canned


class SilenceForm(PageForm):
    """After how many days customers are reminded, and when it is done."""

    remind_after = forms.IntegerField(
        label=_("Remind the customer after days"),
        min_value=0,
        max_value=365,
        help_text=_("Counted from our last word. 0: never."),
    )
    remind_with = forms.ModelChoiceField(
        label=_("With the canned answer"), queryset=Canned.objects.none(), required=False
    )
    close_after = forms.IntegerField(
        label=_("Set it to done after days"),
        min_value=0,
        max_value=365,
        help_text=_(
            "Counted from our last word, a reminder among them. 0: never. A word of the customer opens it again."
        ),
    )
    close_with = forms.ModelChoiceField(
        label=_("And tell them with the canned answer"), queryset=Canned.objects.none(), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["remind_with"].queryset = fields["close_with"].queryset = Canned.objects.all()


class KeepingForm(PageForm):
    """After how long what is let go."""

    done_months = forms.IntegerField(
        label=_("Inquiries that are done, after months"),
        min_value=0,
        max_value=240,
        help_text=_("With everything that was said in them, and their files. 0: never."),
    )
    spam_days = forms.IntegerField(
        label=_("Spam, after days"), min_value=0, max_value=3650, help_text=_("From its last mail on. 0: never.")
    )
    raw_days = forms.IntegerField(
        label=_("Mails as they came, after days"),
        min_value=0,
        max_value=3650,
        help_text=_("What was said in them stays in the inquiry; they cannot be read anew. 0: never."),
    )
