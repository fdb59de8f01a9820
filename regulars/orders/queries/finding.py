"""What the search of customers asks of orders: whose number is this?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from regulars.core.text import fold
from regulars.customers.grams import BLOCK_BITS, codes_of, range_of
from regulars.customers.postings import all_of, any_of
from regulars.customers.standings import id_list
from regulars.orders.models import NumberGram, Order, UnindexedNumber

LIMIT = 500
_FEW = 50
_LONGEST = 60
_READ_AT_ONCE = 1_000
_MOST_READ = 3_000  # some 10 µs each


def customers_of_number(text: str) -> list[int]:
    """Whose orders have this text anywhere in their number: what the search of customers shows for a term."""
    return customer_ids_with_order_number(text, limit=LIMIT)


def customer_ids_with_order_number(text: str, limit: int) -> list[int]:
    """The customers of orders that have `text` anywhere in their number, whatever its capitals.

    A number and its beginning are always found. Of more than `limit` customers those of the newest orders, and of a
    text like 0000, whose pieces nearly every number has, those among the newest orders that have the pieces. A text
    that tells little, because it has less than three characters or no digit, finds somebody only where few orders have
    it: every order of a web shop has “web” in its number, and nobody who types that wants all of them.
    """
    wanted = fold(text.removeprefix("#"))
    if not wanted or len(wanted) > _LONGEST:
        return []
    tells_little = len(wanted) < 3 or not any(letter.isdigit() for letter in wanted)
    found: dict[int, None] = {}
    matches = read = 0
    for ids in _candidates(text, wanted, at_most=_FEW if tells_little else None):
        for start in range(0, len(ids), _READ_AT_ONCE):
            part = ids[start : start + _READ_AT_ONCE]
            rows = Order.objects.filter(pk__in=id_list(part)).order_by("-pk")
            for number, customer_id in rows.values_list("number", "customer_id"):
                if wanted in fold(number):
                    matches += 1
                    if customer_id is not None:
                        found[customer_id] = None
            if tells_little and matches > _FEW:
                return []
            read += len(part)
            if len(found) >= limit or read >= _MOST_READ:
                return list(found)[:limit]
    return list(found)


def orders_of_number(text: str, *, most: int) -> list[Order]:
    """Orders with this text anywhere in their number, with customer: what the palette shows.

    Those whose number begins with it come first, then the newest; only so many are looked at.
    """
    wanted = fold(text.removeprefix("#"))
    found: list[Order] = []
    read = 0
    if not wanted or len(wanted) > _LONGEST:
        return found
    tells_little = len(wanted) < 3 or not any(letter.isdigit() for letter in wanted)
    for ids in _candidates(text, wanted, at_most=_FEW if tells_little else None):
        for start in range(0, len(ids), _READ_AT_ONCE):
            part = ids[start : start + _READ_AT_ONCE]
            rows = Order.objects.filter(pk__in=id_list(part)).order_by("-pk")
            found += [order for order in rows.select_related("customer__merged_into") if wanted in fold(order.number)][
                :most
            ]
            read += len(part)
            if len(found) >= most or read >= _MOST_READ:
                return found[:most]
    return found


def _beginning(text: str, *, most: int) -> Sequence[int]:
    """Orders whose number begins with the text as typed, in capitals or in small letters: a range of the index."""
    found: dict[int, None] = {}
    for written in {text, text.upper(), text.lower()}:
        numbers = Order.objects.filter(number__gte=written, number__lt=f"{written}\U0010ffff").order_by("number")
        found.update(dict.fromkeys(numbers.values_list("pk", flat=True)[:most]))
    return list(found)


def _candidates(text: str, wanted: str, *, at_most: int | None) -> Iterator[Sequence[int]]:
    """Orders that may have the text, the newest first.

    Those whose number begins with it come first. Those that are noted only are few, and are read as they are; then
    block by block what the finder knows. Where one block alone has more than `at_most`, a part of them is enough to see
    that they are too many. No order comes twice.
    """
    most = LIMIT if at_most is None else at_most + 1
    seen = set(beginning := _beginning(text.removeprefix("#").strip(), most=most))
    yield beginning
    noted = set(UnindexedNumber.objects.order_by().values_list("order_id", flat=True)) - seen
    seen |= noted
    yield sorted(noted, reverse=True)
    if len(wanted) == 1:
        low, high = range_of(wanted)
        grams, join, least = NumberGram.objects.filter(code__gte=low, code__lte=high), any_of, 1
    else:
        codes = codes_of(wanted)
        grams, join, least = NumberGram.objects.filter(code__in=codes), all_of, len(codes)
    postings: dict[int, list[bytes]] = defaultdict(list)
    for block, posting in grams.filter(block__gte=0).values_list("block", "ids"):
        postings[block].append(bytes(posting))
    for block in sorted(postings, reverse=True):
        if len(postings[block]) >= least:
            lows = np.flatnonzero(join(postings[block]))[::-1]
            ids = ((block << BLOCK_BITS) + lows[: at_most and 2 * at_most + len(seen)]).tolist()
            yield [pk for pk in ids if pk not in seen]
