"""What the search of customers asks of orders: whose number is this?"""

from __future__ import annotations

from regulars.orders.models import Order

_SHORTEST, _LONGEST = 3, 60
_MOST = 2_000


def customers_of_number(text: str) -> list[int]:
    """The customers of the orders whose number begins with a text, written in capitals or not.

    Nobody where the text is too short to be the beginning of a number, holds no digit, or begins so many numbers that
    it tells nothing.
    """
    text = text.removeprefix("#")
    if not _SHORTEST <= len(text) <= _LONGEST:
        return []
    if not any(letter.isdigit() for letter in text):
        return []
    found: set[int] = set()
    for written in {text, text.upper(), text.lower()}:
        # a range, so that the index on numbers serves it on both databases
        numbers = Order.objects.filter(number__gte=written, number__lt=f"{written}\U0010ffff")
        rows = list(numbers.order_by("number").values_list("customer_id", flat=True)[: _MOST + 1])
        if len(rows) > _MOST:
            return []
        found.update(row for row in rows if row is not None)
    return sorted(found)
