"""What asking who may be refused with, explained for programs."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy

from regulars.core.api import problems

problems.describe(
    "bad-query",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=gettext_lazy("The query cannot be understood"),
    text=gettext_lazy(
        "The sentence names the place and what could stand there. Names are listed in the guide on groups."
    ),
)
problems.describe(
    "bad-day",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=gettext_lazy("Nothing is known of this day"),
    text=gettext_lazy("Ask about today, or about a day on which there were customers already."),
)
problems.describe(
    "query-too-long",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=gettext_lazy("Counting took too long"),
    text=gettext_lazy("It was stopped, and nothing was changed. Ask for less at once."),
)
problems.describe(
    "query-too-large",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=gettext_lazy("Counting needed too much memory"),
    text=gettext_lazy("It was stopped, and nothing was changed. Ask for less at once."),
)
problems.describe(
    "group-cycle",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=gettext_lazy("A group cannot stand on itself"),
    text=gettext_lazy("The sentence names the groups that ask for each other. Take one of them out."),
)
problems.describe(
    "unknown-group",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=gettext_lazy("There is no such group"),
    text=gettext_lazy("Groups are named as the list of groups shows them, without regard to capitals."),
)
