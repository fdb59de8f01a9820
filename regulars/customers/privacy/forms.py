"""The forms of people's rights."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.customers.forms import ShopForm
from regulars.customers.models import ConsentState, Law, Limit, PrivacyRequest
from regulars.customers.privacy import laws
from regulars.customers.privacy.permitting import GUARDIAN, Purpose


class RequestForm(ShopForm):
    """What somebody asks for."""

    kind = forms.ChoiceField(label=_("What they ask for"), choices=PrivacyRequest.Kind.choices)
    law = forms.ChoiceField(
        label=_("Law"), choices=Law.choices, help_text=_("It decides until when the answer is due.")
    )
    way = forms.ChoiceField(label=_("How it came"), choices=PrivacyRequest.Way.choices)
    asked_on = forms.DateField(label=_("Asked on"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    asked_by = forms.CharField(
        label=_("Who asked"),
        required=False,
        max_length=250,
        help_text=_("Where it is not the customer: a parent, a lawyer, somebody we do not know yet."),
    )
    details = forms.CharField(
        label=_("What exactly"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000
    )


class CheckForm(ShopForm):
    """How we made sure who asks."""

    check_made = forms.ChoiceField(label=_("How we made sure who asks"), choices=PrivacyRequest.Check.choices)
    customer = forms.CharField(
        label=_("Customer"),
        required=False,
        max_length=40,
        help_text=_("The id or the e-mail of the customer, where it is not known yet who they are."),
    )


class PutOffForm(ShopForm):
    """Until when it takes longer, and why."""

    due_on = forms.DateField(label=_("New day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    extension = forms.CharField(label=_("Why it takes longer"), max_length=250)


class AnswerForm(ShopForm):
    """How a request ended."""

    state = forms.ChoiceField(
        label=_("How it ended"),
        choices=[
            (PrivacyRequest.State.DONE, _("Done")),
            (PrivacyRequest.State.REFUSED, _("Refused")),
            (PrivacyRequest.State.WITHDRAWN, _("Withdrawn")),
        ],
    )
    answer = forms.CharField(
        label=_("What was answered"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=10_000,
        help_text=_("What was sent, and by which way; where it was refused, why."),
    )


class LimitForm(ShopForm):
    """What may not be done with somebody's data."""

    kind = forms.ChoiceField(
        label=_("What may not be done"),
        choices=[
            (Limit.Kind.NO_MARKETING, _("Write to them with offers (they objected)")),
            (Limit.Kind.NO_PROFILING, _("Sort and judge them by programs (they objected)")),
            (Limit.Kind.RESTRICTED, _("Anything but keeping their data (restricted)")),
            (Limit.Kind.LEGAL_HOLD, _("Erase them (legal hold)")),
        ],
    )
    reason = forms.CharField(label=_("Why"), max_length=250)


class ConsentOfItsOwnForm(ShopForm):
    """What is asked for by itself, whichever way somebody is reached."""

    purpose = forms.ChoiceField(
        label=_("What for"),
        choices=[
            (Purpose.SENSITIVE, _("Keep sensitive data (PIPL 29)")),
            (Purpose.ABROAD, _("Send data abroad (PIPL 39)")),
            (GUARDIAN, _("A guardian agrees for a child (GDPR 8, PIPL 31)")),
        ],
    )
    state = forms.ChoiceField(
        label=_("The answer"),
        choices=[(ConsentState.AGREED, _("agrees")), (ConsentState.REFUSED, _("does not want it"))],
    )
    reason = forms.CharField(label=_("How they told you"), max_length=250)


class WordsForm(ShopForm):
    """What only the owner can say."""

    controller = forms.CharField(
        label=_("Controller"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who answers for the data: name, address, e-mail."),
    )
    officer = forms.CharField(
        label=_("Data protection officer"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    representative = forms.CharField(
        label=_("Representative"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("In the European Union or in China, where the shop is neither in one nor in the other."),
    )
    authority = forms.CharField(label=_("Supervisory authority"), required=False, max_length=250)
    measures = forms.CharField(
        label=_("Further security measures"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line: locked office, training, who cleans."),
    )
    default_law = forms.ChoiceField(label=_("Law by default"), choices=Law.choices)
    pipl_days = forms.IntegerField(label=_("Days to answer under PIPL"), min_value=1, max_value=60)
    child_age = forms.IntegerField(
        label=_("Age below which a guardian decides"),
        min_value=13,
        max_value=18,
        help_text=_("16 in most of the European Union, 14 in China, 13 in the United Kingdom."),
    )
    needs_separate_consent = forms.BooleanField(
        label=_("Ask for separate consent, as PIPL wants it: for sensitive data, and before data go abroad"),
        required=False,
    )


class BasesForm(ShopForm):
    """The legal basis of each purpose, in the owner's words; and what they say of each recipient."""

    def __init__(self, *args: Any, purposes: Any, recipients: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purposes, self.recipients = list(purposes), list(recipients)
        for place, purpose in enumerate(self.purposes):
            self.fields[f"basis{place}"] = forms.CharField(
                label=purpose.label, required=False, max_length=250, initial=purpose.basis
            )
        for place, one in enumerate(self.recipients):
            name = f"{one.kind}: {one.name}"
            self.fields[f"country{place}"] = forms.CharField(
                label=name, required=False, max_length=60, initial=one.country, help_text=_("Country")
            )
            self.fields[f"contract{place}"] = forms.CharField(
                label=_("Contract"), required=False, max_length=250, initial=one.contract
            )
            self.fields[f"abroad{place}"] = forms.BooleanField(
                label=_("Data go abroad"),
                required=False,
                initial=one.is_abroad,
                widget=forms.CheckboxInput(attrs={"class": "check"}),
            )

    def said(self) -> dict[str, Any]:
        """What was written, by purpose and recipient."""
        data = self.cleaned_data
        return {
            "purposes": {purpose.key: {"basis": data[f"basis{place}"]} for place, purpose in enumerate(self.purposes)},
            "recipients": {
                one.key: {
                    "country": data[f"country{place}"],
                    "contract": data[f"contract{place}"],
                    "is_abroad": data[f"abroad{place}"],
                }
                for place, one in enumerate(self.recipients)
            },
        }

    @property
    def purpose_rows(self) -> list[Any]:
        return [self[f"basis{place}"] for place in range(len(self.purposes))]

    @property
    def recipient_rows(self) -> list[tuple[Any, ...]]:
        return [
            (one, self[f"country{place}"], self[f"contract{place}"], self[f"abroad{place}"])
            for place, one in enumerate(self.recipients)
        ]


def request_initial() -> dict[str, Any]:
    """What a new request begins with."""
    return {"law": laws.own_words().default_law, "asked_on": shop.today(), "way": PrivacyRequest.Way.EMAIL}
