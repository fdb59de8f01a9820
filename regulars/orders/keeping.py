"""What the books keep of somebody who is erased: their sales, under a number that stands for nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.core import shop
from regulars.core.background import every
from regulars.customers.models import Customer
from regulars.customers.privacy import keeping, laws
from regulars.orders.models import (
    KeptSale,
    Order,
    OrderAddress,
    OrderTag,
    Payment,
    PaymentLink,
    Return,
    Status,
)

_AT_ONCE = 500


def keep_sales(customer: Customer) -> None:
    """Cut a customer's sales loose and note until when the law wants them; what never became a sale is dropped.

    The amounts, the products and the numbers stay, so that no total changes. What somebody wrote about the person goes:
    addresses, notes, tags, links to pay, from where they came, and by which numbers a payment leads to them.
    """
    orders = Order.objects.filter(customer=customer)
    orders.filter(status=Status.DRAFT).delete()
    returns = Return.objects.filter(customer=customer)
    number, years = keeping.anonymous_number(), laws.period(shop.current().country).years
    zone = shop.zone()

    def until(moment: dt.datetime) -> dt.date:
        return laws.kept_until(moment.astimezone(zone).date(), years)

    sold = [(pk, None, at) for pk, at in orders.values_list("pk", "placed_at")]
    came_back = [(None, pk, at) for pk, at in returns.values_list("pk", "returned_at")]
    KeptSale.objects.bulk_create(
        [
            KeptSale(order_id=order, returned_id=returned, anonymous=number, until=until(at))
            for order, returned, at in [*sold, *came_back]
        ],
        ignore_conflicts=True,
        batch_size=_AT_ONCE,
    )
    OrderAddress.objects.filter(order__customer=customer).delete()
    OrderTag.objects.filter(order__customer=customer).delete()
    PaymentLink.objects.filter(order__customer=customer).delete()
    Payment.objects.filter(order__customer=customer).update(reference="")
    orders.update(customer=None, note="", referrer="")
    returns.update(customer=None, reason="")


@every("03:35", label=gettext_lazy("Drop sales of erased people that the law does not want any more"))
def drop_kept_sales() -> int:
    """Drop what was kept of erased people and is not wanted by law any more; how many orders and returns."""
    due = KeptSale.objects.filter(until__lt=shop.today())
    count = 0
    while some := list(due.order_by("pk").values_list("pk", "order_id", "returned_id")[:_AT_ONCE]):
        Return.objects.filter(pk__in=[returned for _pk, _order, returned in some if returned]).delete()
        Order.objects.filter(pk__in=[order for _pk, order, _returned in some if order]).delete()
        count += len(some)
    return count


def _stays(records: Sequence[int]) -> Iterable[keeping.Stay]:
    period = laws.period(shop.current().country)
    orders = Order.objects.filter(customer__in=records).exclude(status=Status.DRAFT)
    returns = Return.objects.filter(customer__in=records)
    for rows, column, what in (
        (orders, "placed_at", _("Orders, without the person")),
        (returns, "returned_at", _("Returns, without the person")),
    ):
        count = rows.count()
        if count:
            last = rows.aggregate(last=Max(column))["last"].astimezone(shop.zone()).date()
            yield keeping.Stay(
                what=what,
                count=count,
                reason=_("The books are kept for %(years)s years in %(country)s. %(source)s")
                % {"years": period.years, "country": period.country, "source": period.source},
                until=laws.kept_until(last, period.years),
            )


def _hinders(records: Sequence[int]) -> Iterable[str]:
    open_ones = Order.objects.filter(customer__in=records, status=Status.OPEN, is_test=False)
    count = open_ones.count()
    if count:
        yield ngettext(
            "%(count)s order is open: it is not paid or not finished.",
            "%(count)s orders are open: they are not paid or not finished.",
            count,
        ) % {"count": count}
    credit = Order.objects.filter(customer__in=records, refunded_minor__gt=F("total_minor")).count()
    if credit:
        yield ngettext(
            "%(count)s order has more refunded than it came to. Settle it first.",
            "%(count)s orders have more refunded than they came to. Settle them first.",
            credit,
        ) % {"count": credit}


def _excludes(records: Sequence[int]) -> set[int]:
    return set(
        Order.objects.filter(customer__in=records, status=Status.OPEN, is_test=False).values_list(
            "customer_id", flat=True
        )
    )


KEEPER = keeping.Keeper(
    name="orders", label=gettext_lazy("Orders and returns"), stays=_stays, hinders=_hinders, excludes=_excludes
)
