"""A small lake for tests: tables of our own over the rows of customers and their notes, and what they should say."""

import pyarrow as pa

from regulars.customers import people
from regulars.customers.models import Customer, Note
from regulars.segments.lake import tables

PEOPLE_SCHEMA = pa.schema(
    [("customer", pa.int64()), ("name", pa.string()), ("city", pa.string()), ("spent", pa.int64())]
)
NOTES_SCHEMA = pa.schema([("customer", pa.int64()), ("note", pa.int64()), ("words", pa.list_(pa.string()))])


def read_people(ids):
    rows = Customer.objects.order_by("pk")
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    values = [(one.pk, one.name or None, one.company or None, one.spent_minor) for one in rows]
    # two batches, the later first: readers promise no order
    half = len(values) // 2
    for some in (values[half:], values[:half]):
        yield pa.RecordBatch.from_pylist(
            [dict(zip(PEOPLE_SCHEMA.names, one, strict=True)) for one in some], schema=PEOPLE_SCHEMA
        )


def read_notes(ids):
    rows = []
    for note in Note.objects.order_by("pk"):
        root = people.root_of(note.customer_id)
        is_listed = Customer.objects.filter(pk=root).exists()
        if is_listed and (ids is None or root in ids):
            rows.append({"customer": root, "note": note.pk, "words": note.text.split() or None})
    yield pa.RecordBatch.from_pylist(rows, schema=NOTES_SCHEMA)


PEOPLE = tables.Table(
    name="people_here", schema=lambda: PEOPLE_SCHEMA, read=read_people, texts=lambda: ("name", "city")
)
NOTES = tables.Table(name="notes", schema=lambda: NOTES_SCHEMA, read=read_notes, texts=lambda: ("words",))


def plain(table):
    """A table as Python sees it, dictionaries or not."""
    return table.to_pylist()


def whole(view, name, columns):
    """What a view says of a table: the rows of the version without the touched, and theirs as they are now."""
    rows = [row for row in plain(view.base(name, columns)) if row["customer"] not in view.touched]
    return sorted(rows + plain(view.fresh(name, columns)), key=repr)
