"""The table of the lake about inquiries: what somebody asked when, of which sort it is, and how it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa

from regulars.segments.lake.reading import MOMENT, Kind, People, Source, read
from regulars.segments.lake.tables import CUSTOMER, Table

_INQUIRIES = Source(
    columns={
        "opened": ("q.began_at", Kind.MOMENT),
        "last": ("q.last_at", Kind.MOMENT),
        "answered": ("q.first_answer_at", Kind.MOMENT),
        "kind": ("q.kind", Kind.TEXT),
        "status": ("q.status", Kind.TEXT),
        "by": ("q.by", Kind.TEXT),
        "channel": ("q.channel_id", Kind.WHOLE),
        # an inquiry has one topic or none: the name of it stands in a subquery, so that no row is lost
        "topic": ("(SELECT t.name FROM inbox_topic t WHERE t.id = q.topic_id)", Kind.TEXT),
        "is_complaint": ("(q.kind = 'complaint')", Kind.FLAG),
        "is_open": ("(q.status IN ('open', 'later'))", Kind.FLAG),
    },
    tables="inbox_conversation q",
    where="q.status <> 'spam' AND q.merged_into_id IS NULL",
    whose="q.customer_id",
    key="q.id",
)
_SCHEMA = pa.schema(
    {
        CUSTOMER: pa.int64(), "opened": MOMENT, "last": MOMENT, "answered": MOMENT, "kind": pa.string(),
        "status": pa.string(), "by": pa.string(), "channel": pa.int64(), "topic": pa.string(),
        "is_complaint": pa.bool_(), "is_open": pa.bool_(),
    }
)  # fmt: skip


def read_inquiries(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `inquiries`: what somebody asked, spam left out, and what is shown in another inquiry."""
    for rows in read(_INQUIRIES, People(customers)):
        yield pa.record_batch([rows.column(name) for name in _SCHEMA.names], schema=_SCHEMA)


ALL = (Table(name="inquiries", schema=lambda: _SCHEMA, read=read_inquiries),)
