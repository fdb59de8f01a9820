"""Ready templates of groups: a title, what it is for, and a query that stands as it is or is changed before saving."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from django.core.cache import cache
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.customers.models import Customer
from regulars.segments.vocabulary import declared

Query = str | Callable[[], str]

_SAMPLE = 5_000
_KEPT = 3_600  # seconds


class Category(Enum):
    """Under which headings templates stand, in this order."""

    VALUE = _("Who matters most")
    FIRST = _("New and first orders")
    FREQUENCY = _("How often they buy")
    SPEND = _("How much they spend")
    BACK = _("Win back")
    ABANDONED = _("Abandoned checkouts")
    PRODUCTS = _("Products")
    PLACES = _("Where they live")
    REACH = _("Whom we may write to")
    DAYS = _("Birthdays and anniversaries")
    RETURNS = _("Returns and discounts")
    KINDS = _("Kinds of customers")


@dataclass(frozen=True, slots=True)
class Template:
    """`query` is a text, or says it as the shop is now: its country, its commonest city, one of its channels."""

    key: str
    category: Category
    title: str | Promise
    description: str | Promise
    _query: Query

    @property
    def query(self) -> str:
        return self._query if isinstance(self._query, str) else self._query()


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _at_home() -> str:
    return f"customer_countries CONTAINS {_quoted(shop.current().country)}"


def _abroad() -> str:
    return f"customer_countries NOT CONTAINS {_quoted(shop.current().country)} AND customer_countries IS NOT NULL"


def _in_the_city() -> str:
    city = _commonest("city")
    return f"city = {_quoted(city)}" if city else "city IS NOT NULL"


def _around_the_city() -> str:
    code = _commonest("postcode")[:2]
    return f"postal_code STARTS WITH {_quoted(code)}" if code else "postal_code IS NOT NULL"


def _in_the_region() -> str:
    """The region of the commonest city, as queries name it; a state is often missing from addresses."""
    region = _commonest("region")
    return f"customer_regions CONTAINS {_quoted(region)}" if region else "customer_regions IS NOT NULL"


def _other_language() -> str:
    return f"customer_language IS NOT NULL AND customer_language != {_quoted(shop.current().language)}"


def _by_channel() -> str:
    code = _first_value("orders_placed", "channel")
    return f"orders_placed MATCHES (channel = {_quoted(code)})" if code else "orders_placed MATCHES (count >= 1)"


def _of_a_category() -> str:
    name = _first_value("products_purchased", "category")
    return f"products_purchased MATCHES (category = {_quoted(name)})" if name else "favourite_categories IS NOT NULL"


def _twice_of_a_category() -> str:
    name = _first_value("products_purchased", "category")
    return f"favourite_categories CONTAINS {_quoted(name)}" if name else "favourite_categories IS NOT NULL"


def _first_value(function: str, parameter: str) -> str:
    known = declared.rows().get(function)
    columns = known.columns if known is not None else ()
    for column in columns:
        if column.parameter.name == parameter and column.parameter.values is not None:
            return next((value for value, _label in column.parameter.values()), "")
    return ""


def _commonest(column: str) -> str:
    """What stands most often in a column of the newest customers; an hour old at most."""
    key = f"segments.commonest.{column}"
    known: str | None = cache.get(key)
    if known is None:
        rows = Customer.objects.order_by("-pk").values_list(column, flat=True)[:_SAMPLE]
        counted = Counter(str(value) for value in rows if value)
        known = counted.most_common(1)[0][0] if counted else ""
        cache.set(key, known, _KEPT)
    return known


_V, _F, _Q, _S = Category.VALUE, Category.FIRST, Category.FREQUENCY, Category.SPEND
_B, _A, _P, _L = Category.BACK, Category.ABANDONED, Category.PRODUCTS, Category.PLACES
_R, _D, _X, _K = Category.REACH, Category.DAYS, Category.RETURNS, Category.KINDS

_ALL = (
    Template("vip", _V, _("VIP"), _("High spenders who buy often: those to look after first."),
             "spend_band = 'HIGH' AND purchase_frequency_band = 'HIGH'"),
    Template("champions", _V, _("Champions"),
             _("Bought lately, often and for much money, compared with the rest of the shop."),
             "rfm_group = 'CHAMPIONS'"),
    Template("regular", _V, _("Regular"), _("Three orders or more, the last within half a year."),
             "number_of_orders >= 3 AND last_order_date >= -6m"),
    Template("high-value-asleep", _V, _("High value, asleep"), _("Spent much, and have not ordered for half a year."),
             "spend_band = 'HIGH' AND last_order_date < -6m"),
    Template("never-discount", _V, _("Loyal without discounts"), _("Three orders or more, none of them with a code."),
             "number_of_orders >= 3 AND orders_placed NOT MATCHES (discount_code IS NOT NULL)"),
    Template("new", _F, _("New"), _("Known for thirty days at most."), "customer_added_date >= -30d"),
    Template("first-order", _F, _("First order in the last 30 days"), _("Say welcome, and ask how it went."),
             "first_order_date >= -30d"),
    Template("bought-once", _F, _("Bought once"), _("One order so far: a reason to come back is what they need."),
             "number_of_orders = 1"),
    Template("bought-more", _F, _("Bought more than once"), _("They came back, and may like to hear what is new."),
             "number_of_orders > 1"),
    Template("not-bought", _F, _("Not bought yet"), _("We know them, and they never ordered."), "number_of_orders = 0"),
    Template("frequency-high", _Q, _("Buys often"), _("The upper third of the shop by number of orders."),
             "purchase_frequency_band = 'HIGH'"),
    Template("frequency-middle", _Q, _("Buys now and then"), _("The middle third by number of orders."),
             "purchase_frequency_band = 'MEDIUM'"),
    Template("frequency-low", _Q, _("Buys seldom"), _("The lower third by number of orders."),
             "purchase_frequency_band = 'LOW'"),
    Template("spend-big", _S, _("Big spenders"), _("The upper third of the shop by amount spent."),
             "spend_band = 'HIGH'"),
    Template("spend-middle", _S, _("Middle spenders"), _("The middle third by amount spent."), "spend_band = 'MEDIUM'"),
    Template("spend-small", _S, _("Small spenders"), _("The lower third by amount spent."), "spend_band = 'LOW'"),
    Template("large-baskets", _S, _("Large baskets"), _("Their average order is worth 100 or more."),
             "average_order_amount >= 100"),
    Template("going-quiet", _B, _("Going quiet"),
             _("Two orders or more, usually every month or two, and nothing for three months."),
             "number_of_orders >= 2 AND days_between_orders <= 60 AND last_order_date < -90d"),
    Template("win-back", _B, _("Win back"), _("Bought more than once, and the last order was a year ago or longer."),
             "number_of_orders > 1 AND last_order_date < -1y"),
    Template("at-risk", _B, _("At risk"), _("Good customers once, compared with the shop, who stay away."),
             "rfm_group IN ('AT_RISK', 'ALMOST_LOST')"),
    Template("dormant", _B, _("Asleep for two years"), _("Ordered once upon a time, and not for two years."),
             "last_order_date < -2y"),
    Template("abandoned", _A, _("Abandoned checkout in the last 30 days"),
             _("Left a basket, and may need help or a reminder."), "abandoned_checkout_date >= -30d"),
    Template("abandoned-new", _A, _("Abandoned, and never bought"), _("Were about to buy for the first time."),
             "abandoned_checkout_date >= -30d AND number_of_orders = 0"),
    Template("product-interest", _P, _("Bought from a category"), _("Choose the category they have bought from."),
             _of_a_category),
    Template("product-favourite", _P, _("Comes back for a category"), _("Bought from it in two orders or more."),
             _twice_of_a_category),
    Template("interests", _P, _("Told us their interests"), _("Whoever said what they like to hear about."),
             "interests IS NOT NULL"),
    Template("country", _L, _("In our country"), _("Customers with an address in the shop’s country."), _at_home),
    Template("abroad", _L, _("Abroad"), _("Customers with addresses in other countries alone."), _abroad),
    Template("region", _L, _("In our region"), _("An address in the region most customers come from."), _in_the_region),
    Template("city", _L, _("In our city"), _("The city that most customers live in."), _in_the_city),
    Template("around", _L, _("Around our city"), _("Postcodes that begin like those of most customers."),
             _around_the_city),
    Template("email-subscribers", _R, _("E-mail subscribers"), _("Agreed to hear from us by e-mail."),
             "email_subscription_status = 'SUBSCRIBED'"),
    Template("newsletter-never-bought", _R, _("Newsletter, but never bought"),
             _("Read what we write, and have not ordered yet."),
             "email_subscription_status = 'SUBSCRIBED' AND number_of_orders = 0"),
    Template("buyers-without-consent", _R, _("Buyers we may not write to"),
             _("Bought, and nobody asked them for their consent."),
             "number_of_orders > 0 AND email_subscription_status = 'NOT_SUBSCRIBED'"),
    Template("text-subscribers", _R, _("SMS or WhatsApp subscribers"), _("Agreed to messages on their phone."),
             "sms_subscription_status = 'SUBSCRIBED' OR whatsapp_subscription_status = 'SUBSCRIBED'"),
    Template("language", _R, _("Another language"), _("Their language is another one than the shop’s."),
             _other_language),
    Template("birthday-month", _D, _("Birthday in the next 30 days"), _("Whose birthday comes within a month."),
             "anniversary(birth_date) BETWEEN today AND +30d"),
    Template("birthday-week", _D, _("Birthday in the next seven days"), _("In time for a parcel."),
             "anniversary(birth_date) BETWEEN today AND +7d"),
    Template("first-order-anniversary", _D, _("Anniversary of the first order"),
             _("A year, or some, since they first bought; in the next seven days."),
             "anniversary(first_order_date) BETWEEN today AND +7d AND first_order_date < -300d"),
    Template("returned-much", _X, _("Returned much"), _("Three returns or more in a year."),
             "orders_returned MATCHES (count >= 3, date >= -1y)"),
    Template("discount-hunters", _X, _("Discount hunters"), _("Two orders or more with a code in a year."),
             "orders_placed MATCHES (discount_code IS NOT NULL, count >= 2, date >= -1y)"),
    Template("business", _K, _("Business"), _("Companies, and who has a VAT number."),
             "kind = 'company' OR vat_number IS NOT NULL"),
    Template("guests", _K, _("Guests"), _("Bought without an account."), "is_guest = true"),
    Template("by-channel", _K, _("By sales channel"), _("Ordered through one channel; choose which."), _by_channel),
    Template("restricted", _K, _("Restricted"), _("Blocked, pays in advance, or has no credit."),
             "is_blocked = true OR pays_in_advance = true OR has_no_credit = true"),
)  # fmt: skip


def templates() -> tuple[Template, ...]:
    """All templates, by category."""
    return _ALL


def template(key: str) -> Template | None:
    """The template of that key, or None."""
    return next((one for one in _ALL if one.key == key), None)
