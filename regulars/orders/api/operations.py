"""The operations of orders, returns and payments are registered here; and what they may refuse with, explained."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy

from regulars.core.api import problems
from regulars.core.api.routes import Routes

routes = Routes(tags=["Orders"])

problems.describe(
    "number-taken",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The channel already has this number"),
    text=gettext_lazy(
        "The number of an order is unique in its channel. Change the order that has it, or take another number."
    ),
)
problems.describe(
    "bad-cursor",
    status=HTTPStatus.BAD_REQUEST,
    title=gettext_lazy("The cursor cannot be read"),
    text=gettext_lazy("Take cursors from “next” and “previous” as they are. Begin again at the first page."),
)
problems.describe(
    "not-a-draft",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The order is no draft"),
    text=gettext_lazy("It was opened already, maybe a moment ago by somebody else. Read it again."),
)
problems.describe(
    "cannot-cancel",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The order has gone too far to be cancelled"),
    text=gettext_lazy(
        "Only an open or paid order of which nothing was sent and nothing came back can be cancelled. Let the rest "
        "come back instead, or pay it back."
    ),
)
problems.describe(
    "payment-state",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The order or the payment is not in a state for this"),
    text=gettext_lazy(
        "An order is paid once, a payment is taken back once, and what a platform told is changed there. Read the "
        "order again."
    ),
)
problems.describe(
    "return-state",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The return has come too far for this step"),
    text=gettext_lazy(
        "A return is requested, received, and then refunded, exchanged or refused, each once. Read the return again."
    ),
)
