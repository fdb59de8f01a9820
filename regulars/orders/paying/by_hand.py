"""Paid by hand: the customer transfers the money, and somebody of the shop marks the order as paid."""

from __future__ import annotations

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from regulars.orders.models import PaymentLink
from regulars.orders.paying.protocol import Way


class ByHand:
    """A bank transfer to the account of REGULARS_BANK_ACCOUNT, with the order's number as its reference."""

    key = "by-hand"
    label: str | Promise = gettext_lazy("Bank transfer")

    def way(self, link: PaymentLink) -> Way:
        """The account as the shop wrote it, line by line, and the reference."""
        account = [line.strip() for line in settings.BANK_ACCOUNT.replace("|", "\n").splitlines() if line.strip()]
        if not account:
            return Way()
        lines = [_labelled(line) for line in account]
        lines.append((pgettext("of a transfer", "Reference"), link.order.number))
        return Way(
            sentence=_("Please transfer the amount to this account, and write the reference with it."),
            lines=tuple(lines),
        )


def _labelled(line: str) -> tuple[str, str]:
    """“IBAN: DE02…” is a label and what it says; any other line stands by itself."""
    label, colon, value = line.partition(":")
    return (label.strip(), value.strip()) if colon and value.strip() else ("", line)
