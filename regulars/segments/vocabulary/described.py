"""The tables of the vocabulary in docs/guide/groups.md: everything that every shop can ask, each with an example."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import override

from regulars.segments.language.words import Attribute, Kind, Parameter, Total
from regulars.segments.vocabulary import declared
from regulars.segments.vocabulary.declared import Column, Known, Rows

_KINDS = {
    Kind.TEXT: "text",
    Kind.NUMBER: "whole number",
    Kind.DECIMAL: "number",
    Kind.MONEY: "amount",
    Kind.MOMENT: "date",
    Kind.DAY: "date",
    Kind.YES_NO: "yes or no",
    Kind.CHOICE: "one of",
    Kind.LIST: "list",
    Kind.PLACE: "place",
}
# whose values are those of this shop, or too many for a table
_OPEN = frozenset(
    {
        *("category", "assigned_to", "customer_tags", "sales_channels", "favourite_categories", "payment_methods"),
        *("customer_countries", "country", "channel", "payment_method", "brand", "topic"),
    }
)
_OPEN_OF = frozenset({("events", "kind"), ("joined_segment", "name")})

EXAMPLES: dict[str, str] = {
    "name": "STARTS WITH 'Li'",
    "first_name": "= 'Sofie'",
    "last_name": "= 'Dahl'",
    "title": "IS NULL",
    "kind": "= 'company'",
    "company": "CONTAINS 'gmbh'",
    "companies": "CONTAINS 'hafen'",
    "position": "CONTAINS 'buyer'",
    "occupation": "= 'Teacher'",
    "gender": "IN ('female', 'other')",
    "birth_date": ">= 1990-01-01",
    "age": "BETWEEN 30 AND 39",
    "email": "ENDS WITH '.de'",
    "customer_email_domain": "!= 'gmail.com'",
    "phone": "STARTS WITH '+49'",
    "city": "= 'Hamburg'",
    "postal_code": "STARTS WITH '20'",
    "customer_cities": "CONTAINS 'Hamburg'",
    "customer_regions": "CONTAINS 'US-CA'",
    "customer_countries": "IN ('AT', 'CH', 'DE')",
    "customer_language": "= 'de'",
    "time_zone": "= 'Europe/Berlin'",
    "email_subscription_status": "= 'SUBSCRIBED'",
    "sms_subscription_status": "!= 'UNSUBSCRIBED'",
    "whatsapp_subscription_status": "= 'SUBSCRIBED'",
    "phone_subscription_status": "= 'NOT_SUBSCRIBED'",
    "post_subscription_status": "IN ('SUBSCRIBED', 'PENDING')",
    "status": "= 'active'",
    "category": "= 'vip'",
    "customer_tags": "CONTAINS 'wholesale'",
    "assigned_to": "IS NULL",
    "is_blocked": "= false",
    "pays_in_advance": "= true",
    "has_no_credit": "= true",
    "payment_days": "> 14",
    "payment_preference": "IS NOT NULL",
    "vat_number": "STARTS WITH 'DE'",
    "preferred_channels": "CONTAINS 'whatsapp'",
    "contact_times": "CONTAINS 'weekday-evening'",
    "interests": "CONTAINS 'ceramics'",
    "shopping_frequency": "= 'monthly'",
    "customer_added_date": ">= start_of(year)",
    "is_guest": "= true",
    "created_by_import": "= true",
    "sales_channels": "CONTAINS 'web'",
    "customer_account_status": "= 'ENABLED'",
    "created_by_app_id": "IS NULL",
    "product_subscription_status": "= 'SUBSCRIBED'",
    "number_of_orders": ">= 3",
    "amount_spent": "> 499.99",
    "amount_refunded": "> 0",
    "average_order_amount": "BETWEEN 50 AND 100",
    "first_order_date": "= today",
    "last_order_date": "< -90d",
    "number_of_returns": "= 0",
    "number_of_inquiries": ">= 3",
    "number_of_complaints": ">= 1",
    "number_of_open_inquiries": "= 0",
    "last_inquiry_date": "< -90d",
    "days_between_orders": "<= 30.5",
    "profit_contribution": "< 0",
    "abandoned_checkout_date": ">= -7d",
    "favourite_products": "CONTAINS 'Harbour Mug'",
    "favourite_categories": "CONTAINS 'Tableware'",
    "payment_methods": "CONTAINS 'PayPal'",
    "purchase_frequency_band": "= 'HIGH'",
    "spend_band": "!= 'LOW'",
    "rfm_group": "IN ('AT_RISK', 'ALMOST_LOST')",
    "customer_within_distance": "coordinates = (53.55, 9.99), distance_km <= 25",
    "customer_within_distance.coordinates": "coordinates = '53.55,9.99', distance_km <= 25",
    "customer_within_distance.distance_km": "coordinates = (53.55, 9.99), distance_km <= 25",
    "customer_within_distance.distance_mi": "coordinates = (53.55, 9.99), distance_mi < 10",
    "events": "kind = 'order.placed', date >= -30d, count >= 2",
    "events.kind": "kind = 'customer.note_written'",
    "events.date": "date = yesterday",
    "events.count": "count = 0",
    "joined_segment": "name = 'VIP', date >= -30d",
    "joined_segment.name": "name = 'VIP'",
    "joined_segment.date": "date BETWEEN -2m AND -1m",
    "orders_placed": "date >= -90d, count = 0",
    "orders_placed.date": "date BETWEEN 2026-01-01 AND 2026-03-31",
    "orders_placed.amount": "amount >= 100",
    "orders_placed.sum_amount": "sum_amount > 1000, date >= -1y",
    "orders_placed.average_amount": "average_amount < 20",
    "orders_placed.count": "count BETWEEN 2 AND 4",
    "orders_placed.channel": "channel = 'web'",
    "orders_placed.payment_method": "payment_method = 'Invoice'",
    "orders_placed.discount_code": "discount_code = 'SPRING10'",
    "orders_placed.country": "country != 'DE'",
    "orders_placed.status": "status IN ('part_refunded', 'refunded')",
    "orders_placed.first": "first = true, date >= -30d",
    "orders_placed.tag": "tag = 'gift'",
    "orders_placed.source": "source = 'newsletter'",
    "orders_placed.campaign": "campaign = 'spring'",
    "orders_placed.weekday": "weekday IN ('saturday', 'sunday')",
    "orders_placed.month": "month = 12",
    "orders_placed.hour": "hour >= 18",
    "products_purchased": "category = 'Tableware', date >= -6m, count >= 2",
    "products_purchased.id": "id = 'prd_0123456789'",
    "products_purchased.sku": "sku = 'MUG-BLUE'",
    "products_purchased.name": "name = 'Harbour Mug'",
    "products_purchased.tag": "tag = 'new'",
    "products_purchased.category": "category != 'Tableware'",
    "products_purchased.brand": "brand = 'Hain & Hafen'",
    "products_purchased.variant": "variant = 'Blue'",
    "products_purchased.date": "date >= -1y",
    "products_purchased.count": "sku = 'MUG-BLUE', count >= 3",
    "products_purchased.quantity": "quantity >= 12",
    "products_purchased.sum_quantity": "sum_quantity > 50",
    "products_purchased.amount": "amount > 200",
    "products_purchased.sum_amount": "category = 'Tableware', sum_amount > 500",
    "products_purchased.channel": "channel = 'web'",
    "products_purchased.returned": "returned = true",
    "orders_returned": "date >= -1y, count >= 2",
    "inquiries": "kind = 'complaint', opened >= -30d",
    "inquiries.opened": "opened >= -30d",
    "inquiries.last": "last < -1y",
    "inquiries.count": "opened >= -90d, count >= 3",
    "inquiries.kind": "kind = 'complaint'",
    "inquiries.status": "status = 'open'",
    "inquiries.topic": "topic = 'Parcels'",
    "inquiries.by": "by IN ('email', 'form')",
    "inquiries.channel": "channel = 'web'",
    "orders_returned.date": "date >= -30d",
    "orders_returned.amount": "amount > 50",
    "orders_returned.sum_amount": "sum_amount > 200",
    "orders_returned.count": "count >= 3",
    "orders_returned.reason": "reason = 'Too small'",
    "orders_returned.channel": "channel = 'web'",
}
"""What stands behind the name of an attribute; the conditions of a function, also `function.parameter`."""


def example(name: str) -> str:
    """A whole clause with an attribute, a function, or a parameter (`function.parameter`)."""
    function = name.partition(".")[0]
    return f"{function} MATCHES ({EXAMPLES[name]})" if function in declared.rows() else f"{name} {EXAMPLES[name]}"


def tables() -> str:
    """All attributes by section, then each function with its parameters, in Markdown."""
    with override("en"):
        return "\n".join([*_attributes(), *_functions()])


def _attributes() -> Iterator[str]:
    of_section: dict[str, list[Known]] = {}
    for one in declared.permanent():
        of_section.setdefault(str(one.section), []).append(one)
    for section, found in of_section.items():
        yield f"### {section}\n"
        yield from _table(
            ("attribute", "says", "type", "earlier days", "example"),
            (
                (
                    f"`{one.attribute.name}`",
                    _said(one.attribute.label, one.about),
                    _kind(one.attribute),
                    _earlier(one),
                    f"`{example(one.attribute.name)}`",
                )
                for one in found
            ),
        )


def _functions() -> Iterator[str]:
    yield "### Functions\n"
    for name, one in declared.rows().items():
        yield f"**`{name}`**: {_said(one.function.label, one.about)} `{example(name)}`\n"
        yield from _table(
            ("parameter", "says", "type", "example"),
            (
                (
                    f"`{column.parameter.name}`",
                    _said(column.parameter.label, column.about),
                    _of_parameter(one, column),
                    f"`{example(f'{name}.{column.parameter.name}')}`",
                )
                for column in one.columns
            ),
        )


def _of_parameter(rows: Rows, column: Column) -> str:
    parameter = column.parameter
    if parameter.total is not None:
        return f"{_KINDS[parameter.kind]}, of all" if parameter.total is not Total.COUNT else "how many"
    is_open = (rows.function.name, parameter.name) in _OPEN_OF
    return _KINDS[parameter.kind] if is_open else _kind(parameter)


def _kind(asked: Attribute | Parameter) -> str:
    word = _KINDS[asked.kind]
    if asked.values is None or asked.name in _OPEN:
        return word if asked.kind is not Kind.CHOICE else "one of the shop's"
    return f"{word}: {', '.join(f'`{value}`' for value, _label in asked.values())}"


def _earlier(one: Known) -> str:
    """Whether the value of an earlier day is that of then."""
    is_of_then = one.figure is not None or one.gathered is not None or one.as_of is not None or one.is_age
    return "as it was" if is_of_then or one.attribute.name == "customer_added_date" else "as it is today"


def _said(label: object, about: object) -> str:
    return f"{label}. {about}" if str(about) else f"{label}."


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""
