"""The rows of a list on their way out, and the fact that they went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from django.db.models import QuerySet
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.customers import columns
from regulars.customers.exporting.formats import FORMATS, Head
from regulars.customers.facts import CustomersExported
from regulars.customers.models import Customer
from regulars.customers.queries import ListRequest, customer_page
from regulars.timeline.actions import acting, record, who_acts

_PAGE = 250
_REASON = 250


def export(
    rows: Iterable[Customer],
    shown: Sequence[columns.Column],
    *,
    wish: str,
    reason: str,
    what: str = "",
) -> Iterator[bytes]:
    """The bytes of a file with these customers and columns; written down with their number when the last one has gone.

    A file that somebody breaks off is written down with as many as went out. `what` are the filters of the list. Raises
    Invalid for a format there is not, and where no reason is given.
    """
    kind = FORMATS.get(wish)
    if kind is None:
        sentence = _("There is no format “%(format)s”. There are: %(formats)s.") % {
            "format": wish[:20],
            "formats": ", ".join(FORMATS),
        }
        raise Invalid(sentence, fields={"format": [sentence]})
    try:
        why = clean(reason, limit=_REASON)
    except BadText as problem:
        raise Invalid(str(problem), fields={"reason": [str(problem)]}) from problem
    if not why:
        sentence = _("Say what the file is for. It is written down with it.")
        raise Invalid(sentence, fields={"reason": [sentence]})
    heads = [Head("id", _("Id"))]
    in_files = [column for column in shown if column.panel is None]
    heads += [Head(column.name, str(column.label), column.kind) for column in in_files]
    counted = _Counted(rows, in_files)
    # the stream is read when the request is over, so that it carries along who asked and in which language
    acts, language = who_acts(), get_language() or "en"

    def stream() -> Iterator[bytes]:
        try:
            with override(language):
                yield from kind.write(heads, counted)
        finally:
            with acting(acts.user_id, acts.source):
                record(CustomersExported(count=counted.count, format=wish, reason=why, filters=what[:1000]))

    return stream()


def picked(ids: Sequence[int]) -> QuerySet[Customer]:
    """Some customers by id, in the order of the list."""
    return Customer.objects.filter(pk__in=ids).select_related("channel").order_by("sort_name", "pk")


def everybody(wanted: ListRequest) -> Iterator[Customer]:
    """Everybody of a list, page by page, so that a million people need no memory."""
    wanted = replace(wanted, size=_PAGE)
    while True:
        page = customer_page(wanted)
        yield from page.rows
        if not page.next_cursor:
            return
        wanted = replace(wanted, after=wanted.key_of(page.next_cursor, "after"))


class _Counted:
    """The cells of customers, and how many there were."""

    def __init__(self, rows: Iterable[Customer], shown: Sequence[columns.Column]) -> None:
        self.count = 0
        self._rows, self._shown = rows, shown

    def __iter__(self) -> Iterator[list[str]]:
        waiting = iter(self._rows)
        while some := list(islice(waiting, _PAGE)):
            for customer, cells in zip(some, columns.texts(self._shown, some), strict=True):
                self.count += 1
                yield [customer.public_id, *cells]
