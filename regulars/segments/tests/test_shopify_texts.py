"""Segments of a Shopify shop, pasted into ours as they are: what we know is read, the rest refused by its name."""

from __future__ import annotations

import pytest

from regulars.segments.language.canonical import canonical
from regulars.segments.language.errors import Code, QueryError
from regulars.segments.language.parsing import parse
from regulars.segments.tests.test_parsing import SHOPIFY_TEXTS
from regulars.segments.vocabulary.words import words_for

UNKNOWN_HERE = (
    *("shopify_email.", "storefront.", "store_credit_accounts", "predicted_spend_tier", "app_id"),
    *("customer.metafields.facts.points", "metafields.my-app.note", "metafields.facts.is_member"),
)


@pytest.mark.django_db
def test_a_shop_reads_what_shopify_s_pages_show():
    words = words_for()
    unknown = []
    for text, ours in SHOPIFY_TEXTS.items():
        if isinstance(ours, Code):
            continue
        found, error = read(text, words)
        if error is None:
            one = (text if ours is None else ours).replace("metafields.facts.birth_date", "birth_date")
            assert found == one
        else:
            unknown.append(text[slice(*error.span)])
            assert error.code in {Code.UNKNOWN_NAME, Code.UNKNOWN_FUNCTION, Code.UNKNOWN_PARAMETER}, text
    assert len(unknown) == 11
    assert all(name.startswith(UNKNOWN_HERE) for name in unknown)


def read(text, words):
    try:
        return canonical(parse(text, words)), None
    except QueryError as error:
        return None, error
