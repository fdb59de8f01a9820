"""Batches made ready column by column: what comes out is what the way row by row gives, or the row is left to it."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean, is_clean
from regulars.customers.grams import BLOCK, Extracted, extract, strung
from regulars.customers.importing.preparing import Plan, Preparer

FIELDS = (
    "external_id", "email", "title", "given_name", "family_name", "name", "company", "kind", "language", "status",
    "is_guest", "phone", "customer_since", "line1", "line2", "city", "region", "postcode", "country", "address_name",
    "address_company", "address_phone",
)  # fmt: skip
_WRITTEN = st.text(st.sampled_from("aZ é́ø Σσ\t\u200b\u3000ﬁ\0'\\·张曾三張İı\u3164"), max_size=8)
_NAMES = st.one_of(
    st.sampled_from(["", "Ada", "Łukasz", "张", "三", "Kovács", "  Ben ", "O’Neil", "a" * 300]), _WRITTEN
)
_CELLS = {
    "external_id": st.one_of(st.sampled_from(["", "1", "C-2", " 3 ", "x" * 130]), _WRITTEN),
    "email": st.one_of(
        st.sampled_from(
            ["", "Ada@Mail.example", "nobody", " b@mail.example ", "δοκιμή@παράδειγμα.δοκιμή", "a@b.local"]
        ),
        _WRITTEN,
    ),
    "kind": st.sampled_from(["", "company", "Firma", "person", "robot", " "]),
    "language": st.sampled_from(["", "de", "zh_Hans", "hu", "nonsense!", " "]),
    "status": st.sampled_from(["", "active", "Inaktiv", "gone", " "]),
    "is_guest": st.sampled_from(["", "1", "no", "是", "maybe", " "]),
    "phone": st.sampled_from(["", "+49 (0)30 1234567", "13812345678", "07400 123456", "12", "+1 555", " ", "0" * 90]),
    "customer_since": st.sampled_from(["", "2026-03-12", "31/02/2026", "3/4/2026 9:30 PM", " ", "2026年3月12日"]),
    "postcode": st.sampled_from(["", "20457", "EC1A 1BB", " ec1a  1bb", "２０４５７", "x" * 30]),
    "country": st.sampled_from(["", "DE", "China", "UK", "Atlantis", "EU", " "]),
}
_ROWS = st.lists(st.tuples(*(_CELLS.get(field, _NAMES) for field in FIELDS)).map(list), max_size=8)


def _one_by_one(prepare, cells):
    with suppress(Invalid, BadText):
        return prepare(cells)
    return None


@settings(max_examples=400, deadline=None)
@given(rows=_ROWS, left_out=st.sets(st.sampled_from(FIELDS), max_size=20), country=st.sampled_from(["GB", "US", "CN"]))
def test_a_batch_is_made_ready_as_its_rows_are_one_by_one(rows, left_out, country):
    columns = {field: at for at, field in enumerate(FIELDS) if field not in left_out}
    prepare = Preparer(Plan(columns, country=country, time_zone="Europe/London"))
    for cells, ready in zip(rows, prepare.many(rows), strict=True):
        if ready is not None:
            assert ready == _one_by_one(prepare, cells)


def test_plain_rows_are_not_left_to_the_long_way():
    columns = {field: at for at, field in enumerate(("external_id", "name", "email", "phone", "country"))}
    prepare = Preparer(Plan(columns, country="GB", time_zone="Europe/London"))
    rows = [["1", "Ada Lovelace", "ada@mail.example", "07400 123456", ""], ["2", "张三", "", "13812345678", "China"]]
    assert [ready.customer[7] for ready in prepare.many(rows)] == ["+447400123456", "+8613812345678"]


def test_only_the_row_that_is_not_plain_is_left_to_the_long_way():
    prepare = Preparer(Plan({"name": 0, "email": 1}, country="GB", time_zone="Europe/London"))
    made = prepare.many([["Ada", "ada@mail.example"], ["Ben", "nobody"], ["", ""], ["Zoë ", "zoe@mail.example"]])
    assert [ready and ready.customer[4] for ready in made] == ["Ada", None, None, "Zoë"]


@given(texts=st.lists(st.one_of(_WRITTEN, st.text(max_size=6)), min_size=1, max_size=5))
def test_clean_texts_are_those_that_cleaning_leaves_as_they_are(texts):
    try:
        is_left = [clean(text, limit=1000) for text in texts] == texts
    except BadText:
        is_left = False
    # a text may be called unclean though it is clean; never the other way round
    assert is_left or not is_clean(texts)


@given(texts=st.lists(st.text("ab张 ", max_size=6), min_size=2, max_size=12), cut=st.integers(1, 11))
def test_batches_strung_together_have_the_grams_of_all_their_texts(texts, cut):
    first = BLOCK - 3  # the second block begins among them
    cut = min(cut, len(texts) - 1)
    whole = extract(range(first, first + len(texts)), texts)
    parts = strung([
        extract(range(first, first + cut), texts[:cut]),
        extract(range(first + cut, first + len(texts)), texts[cut:]),
    ])  # fmt: skip
    assert parts.ids.tolist() == whole.ids.tolist()
    assert _postings(parts) == _postings(whole)


def _postings(extracted):
    starts = [0, *extracted.ends.tolist()][:-1]
    keys = zip(extracted.blocks.tolist(), extracted.codes.tolist(), strict=True)
    parts = zip(keys, starts, extracted.ends.tolist(), strict=True)
    found = [(key, extracted.lows[start:end].tolist()) for key, start, end in parts]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_grams_numbered_from_zero_are_moved_to_their_ids():
    texts = ["ada", "张三", "ada"]
    moved = Extracted.unpacked(*extract(range(3), texts).packed()).moved(range(BLOCK + 7, BLOCK + 10))
    there = extract(range(BLOCK + 7, BLOCK + 10), texts)
    for name in ("ids", "blocks", "codes", "ends", "lows"):
        assert np.array_equal(getattr(moved, name), getattr(there, name)), name
    with pytest.raises(ValueError, match="one block"):
        extract(range(3), texts).moved(range(BLOCK - 1, BLOCK + 2))
    with pytest.raises(ValueError, match="one block"):
        extract(range(3), texts).moved([4, 6, 7])
