"""Every name of Shopify's segment language, with its kind, so that its texts can be read in tests of the language."""

from __future__ import annotations

from regulars.segments.language.words import Attribute, Function, Kind, Parameter, Total, Words

_CONSENTS = ("SUBSCRIBED", "NOT_SUBSCRIBED", "PENDING", "INVALID", "UNSUBSCRIBED", "REDACTED")
_CHOICES = {
    "customer_account_status": ("DECLINED", "DISABLED", "ENABLED", "INVITED"),
    "email_subscription_status": _CONSENTS,
    "sms_subscription_status": _CONSENTS,
    "predicted_spend_tier": ("HIGH", "MEDIUM", "LOW"),
    "product_subscription_status": ("SUBSCRIBED", "PAUSED", "CANCELED", "EXPIRED", "FAILED", "NEVER_SUBSCRIBED"),
    "rfm_group": ("CHAMPIONS", "LOYAL", "ACTIVE", "NEW", "PROMISING", "NEEDS_ATTENTION", "AT_RISK", "DORMANT"),
}
_KINDS = {
    Kind.MOMENT: ("abandoned_checkout_date", "customer_added_date", "first_order_date", "last_order_date"),
    Kind.MONEY: ("amount_spent", "average_order_amount"),
    Kind.NUMBER: ("number_of_orders", "created_by_app_id", "metafields.facts.points"),
    Kind.TEXT: ("companies", "customer_email_domain", "customer_language", "metafields.my-app.note"),
    Kind.LIST: ("customer_cities", "customer_countries", "customer_regions", "customer_tags"),
    Kind.DAY: ("metafields.facts.birth_date",),
    Kind.YES_NO: ("metafields.facts.is_member",),
    Kind.DECIMAL: ("metafields.facts.shoe_size",),
}
_DATE = {"date": Kind.MOMENT, "count": Total.COUNT}
_EMAIL = {"activity_id": Kind.TEXT, **_DATE}
_FUNCTIONS = {
    "products_purchased": {
        "id": Kind.TEXT,
        "tag": Kind.LIST,
        "category": Kind.TEXT,
        "quantity": Kind.NUMBER,
        "sum_quantity": Total.SUM,
        **_DATE,
    },
    "orders_placed": {"amount": Kind.MONEY, "sum_amount": Total.SUM, "app_id": Kind.TEXT, "location_id": Kind.TEXT}
    | _DATE,
    "store_credit_accounts": {
        "balance": Kind.MONEY,
        "currency": Kind.TEXT,
        "next_expiry_date": Kind.MOMENT,
        "last_credit_date": Kind.MOMENT,
    },
    "storefront.product_viewed": {"id": Kind.TEXT, "tag": Kind.LIST, **_DATE},
    "storefront.collection_viewed": {"id": Kind.TEXT, **_DATE},
    "customer_within_distance": {"coordinates": Kind.PLACE, "distance_km": Kind.DECIMAL, "distance_mi": Kind.DECIMAL},
    **{
        f"shopify_email.{event}": _EMAIL
        for event in ("opened", "clicked", "delivered", "bounced", "marked_as_spam", "unsubscribed")
    },
}


def words() -> Words:
    """All of it."""
    attributes = [Attribute(name=name, label=name, kind=kind) for kind, names in _KINDS.items() for name in names]
    for name, values in _CHOICES.items():
        given = [(value, value) for value in values]
        attributes.append(Attribute(name=name, label=name, kind=Kind.CHOICE, values=lambda given=given: given))
    return Words(
        attributes={one.name: one for one in attributes},
        functions={name: _function(name, parameters) for name, parameters in _FUNCTIONS.items()},
    )


def _function(name: str, parameters: dict[str, Kind | Total]) -> Function:
    return Function(
        name=name,
        label=name,
        parameters={key: _parameter(key, kind) for key, kind in parameters.items()},
        is_dated="date" in parameters,
    )


def _parameter(name: str, kind: Kind | Total) -> Parameter:
    if isinstance(kind, Total):
        amount = Kind.MONEY if name == "sum_amount" else Kind.NUMBER
        return Parameter(name=name, label=name, kind=amount, total=kind)
    return Parameter(name=name, label=name, kind=kind)
