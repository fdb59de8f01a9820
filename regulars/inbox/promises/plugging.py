"""What promises and acknowledgements plug into the house."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from regulars.core import commands, menu
from regulars.core.api import problems
from regulars.inbox import facts
from regulars.inbox.acknowledging import telling
from regulars.inbox.figures.commands import figures_command
from regulars.inbox.promises import watching  # noqa: F401 — what runs by the clock
from regulars.timeline.actions import on


def plug_in() -> None:
    """Fill the sockets."""
    for name, label, icon, order in (
        ("promises", _("Promises"), "clock", 61),
        ("acknowledgement", _("Acknowledgements"), "mail-check", 62),
    ):
        menu.add_setting(
            menu.Place(
                name=name, label=label, icon=icon, url_name=f"promises:{name}", permission="inbox.setup", order=order
            )
        )
    menu.add(
        menu.Command(
            name="inbox-figures",
            label=_("Figures of the inbox"),
            icon="chart-line",
            url_name="promises:figures",
            permission="inbox.view",
            order=60,
        )
    )
    commands.add("inbox", "figures", figures_command)
    problems.describe(
        "still-used",
        status=HTTPStatus.CONFLICT,
        title=_("It is still used"),
        text=_("Promises count with this calendar, or it is the last one. Choose another one for them first."),
    )
    on(facts.InquiryReceived)(telling.hear)
    for fact in (facts.InquiryAnswered, facts.AnswerTakenBack):
        on(fact)(telling.compare)
