"""The search index: what is added is found, what is merged twice or at the same time is not lost."""

import random
import threading

import numpy as np
import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.customers import indexing, search, standings
from regulars.customers.grams import codes_of, extract, range_of
from regulars.customers.models import Customer, Gram, Unindexed
from regulars.customers.postings import all_of, any_of, joined, shortest
from regulars.customers.queries import ListRequest, customer_count, customer_page
from regulars.customers.queries.pages import Count

lines = st.text(alphabet="ab 张é\U00020000", max_size=6)


def grams_of(text):
    """The grams of a text, by hand."""
    found = set()
    for line in text.split("\n"):
        ended = line + "\n"
        found |= {(ended[n], ended[n + 1]) for n in range(len(line))}
        found |= {tuple(line[n : n + 3]) for n in range(len(line) - 2)}
    return {
        ord(gram[0]) << 21 | ord(gram[1]) if len(gram) == 2 else ord(gram[0]) << 42 | ord(gram[1]) << 21 | ord(gram[2])
        for gram in found
    }


def postings_of(extracted):
    """Every pair of id and code."""
    found, start = set(), 0
    for block, code, end in zip(extracted.blocks, extracted.codes, extracted.ends, strict=True):
        found |= {(int(block) << 16 | int(low), int(code)) for low in extracted.lows[start:end]}
        start = end
    assert len(found) == len(extracted.lows)
    return found


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 300_000), st.lists(lines, max_size=3).map("\n".join)), max_size=12))
def test_extraction_finds_every_gram_of_every_text(rows):
    rows = list(dict(rows).items())

    extracted = extract([pk for pk, _text in rows], [text for _pk, text in rows])

    assert postings_of(extracted) == {(pk, code) for pk, text in rows for code in grams_of(text)}
    assert extracted.ids.tolist() == sorted(pk for pk, _text in rows)


@settings(deadline=None)
@given(st.text(alphabet="ab张", min_size=1, max_size=8), st.text(alphabet="ab张 ", max_size=4))
def test_a_text_that_holds_a_term_has_the_grams_of_the_term(term, around):
    grams = grams_of(around + term + around)

    if len(term) == 1:
        low, high = range_of(term)
        assert any(low <= gram <= high for gram in grams)
    else:
        assert set(codes_of(term)) <= grams


def test_a_long_text_is_cut_in_slices_without_losing_a_gram(monkeypatch):
    monkeypatch.setattr("regulars.customers.grams._SLICE", 5)
    texts = ["abcdefghij", "klm\nno", "", "p", "qr\nstuvw"]

    extracted = extract(range(1, 6), texts)

    assert postings_of(extracted) == {(pk, code) for pk, text in enumerate(texts, 1) for code in grams_of(text)}


def test_a_batch_of_more_characters_than_a_key_has_room_for_is_cut_too(monkeypatch):
    rows = {70_001: "ab张\nab", 65_536: "abab", 5: "b\U00020000"}
    plain = extract(list(rows), list(rows.values()))
    monkeypatch.setattr("regulars.customers.grams._KEY_BITS", 20)

    slow = extract(list(rows), list(rows.values()))

    assert postings_of(slow) == postings_of(plain)


members = st.sets(st.integers(0, 65_535), max_size=40).map(sorted)


@settings(deadline=None)
@given(st.lists(st.tuples(members, st.booleans()), min_size=1, max_size=4))
def test_postings_join_and_meet_in_either_form(made):
    # a full posting is stored as bits
    sets = [set(some) | (set(range(0, 60_000, 7)) if is_large else set()) for some, is_large in made]
    stored = [bytes(shortest(np.asarray(sorted(one), dtype="<u2").tobytes())) for one in sets]

    assert set(np.flatnonzero(all_of(stored))) == set.intersection(*sets)
    assert set(np.flatnonzero(any_of(stored))) == set.union(*sets)
    whole = b""
    for one in sets:
        if one:
            new = joined(whole, memoryview(np.asarray(sorted(one), dtype="<u2").tobytes()))
            whole = whole if new is None else bytes(new)
    assert set(np.flatnonzero(any_of([whole]))) == set.union(*sets)


def add(count, text="somebody"):
    made = [
        Customer(name=text, sort_name=text, search_text=text, customer_since="2026-01-01T00:00Z") for _ in range(count)
    ]
    for customer in made:
        customer.save()
    return [customer.pk for customer in made]


def found(text):
    return sorted(c.pk for c in customer_page(ListRequest.from_query({"q": text}), way="narrow").rows)


def test_what_changed_is_found_at_once_and_after_it_was_merged(db):
    old, new = add(2)
    search.index_now([old])
    search.mark_unindexed([new])
    Customer.objects.filter(pk=old).update(search_text="renamed")
    search.mark_unindexed([old])

    assert found("somebody") == [new]
    assert found("renamed") == [old]
    assert search.merge_unindexed(at_least=1) == 2
    assert Unindexed.objects.count() == 0
    assert found("somebody") == [new]
    assert found("renamed") == [old]


def test_few_changes_wait_and_many_are_merged(db):
    numbers = add(3)
    search.mark_unindexed(numbers)

    assert search.merge_unindexed() == 0
    assert Unindexed.objects.count() == 3
    assert search.merge_unindexed(at_least=3) == 3
    assert search.merge_unindexed(at_least=3) == 0


def test_many_at_once_are_indexed_here_and_now(db, monkeypatch):
    monkeypatch.setattr(indexing, "_MANY", 3)
    numbers = add(5)

    search.mark_unindexed(numbers)

    assert Unindexed.objects.count() == 0
    assert found("somebody") == numbers


def test_figures_alone_leave_the_grams_in_peace(db):
    (number,) = add(1)
    search.index_now([number])
    Customer.objects.filter(pk=number).update(orders_count=4)
    grams = set(Gram.objects.values_list("block", "code"))
    search.mark_unindexed([number], has_new_text=False)

    assert [c.pk for c in customer_page(ListRequest.from_query({"number_of_orders": "4"})).rows] == [number]
    search.merge_unindexed(at_least=1)
    assert [c.pk for c in customer_page(ListRequest.from_query({"number_of_orders": "4"})).rows] == [number]
    assert set(Gram.objects.values_list("block", "code")) == grams


def test_reindex_builds_all_anew_and_forgets_what_no_longer_holds(db):
    kept, gone = add(2)
    search.index_now([kept, gone])
    Customer.objects.filter(pk=kept).update(search_text="xyz")
    Customer.objects.filter(pk=gone).delete()
    search.mark_unindexed([kept, gone])

    assert search.reindex() == 1
    assert set(Gram.objects.values_list("code", flat=True)) == grams_of("xyz")
    assert Unindexed.objects.count() == 0
    assert found("xyz") == [kept]
    assert found("somebody") == []


def test_reindex_of_an_empty_shop_is_no_error(db):
    assert search.reindex() == 0
    assert found("a") == []


def test_a_batch_merged_twice_changes_nothing(db):
    numbers = add(3)
    batch = extract(numbers, ["somebody"] * 3)
    search.merge(batch)
    before = [(g.block, g.code, bytes(g.ids)) for g in Gram.objects.order_by("block", "code")]

    search.merge(batch)

    assert [(g.block, g.code, bytes(g.ids)) for g in Gram.objects.order_by("block", "code")] == before


def test_ids_of_several_blocks_are_kept_apart(db):
    add(1)
    far = Customer.objects.create(
        id=3 * 65_536 + 9, search_text="far", sort_name="far", customer_since="2026-01-01T00:00Z"
    )
    near = Customer.objects.create(id=70_000, search_text="far", sort_name="near", customer_since="2026-01-01T00:00Z")
    search.index_now([near.pk, far.pk])

    assert found("far") == [near.pk, far.pk]


def test_a_full_list_of_words_still_finds_every_word(db, monkeypatch):
    monkeypatch.setattr(standings, "_MOST_WORDS", 1)
    numbers = []
    for city in ("Ulm", "Bonn", "Köln"):
        numbers += [Customer.objects.create(city=city, sort_name=city, customer_since="2026-01-01T00:00Z").pk]
    search.index_now(numbers)

    for city, number in zip(("ulm", "bonn", "koln"), numbers, strict=True):
        assert [c.pk for c in customer_page(ListRequest.from_query({"city": city}), way="narrow").rows] == [number]


def test_a_step_that_many_have_come_to_stand_on_is_cut_anew(db, monkeypatch):
    monkeypatch.setattr(standings, "_TALL", 4)
    monkeypatch.setattr(standings, "_FEW", 2)
    assert standings.is_outgrown() is True
    numbers = add(12)
    search.index_now(numbers)
    assert standings.is_outgrown() is False
    for place, number in enumerate(numbers):
        Customer.objects.filter(pk=number).update(spent_minor=100 + place)
    search.index_now(numbers)
    assert standings.is_outgrown() is True

    search.merge_unindexed()

    assert standings.is_outgrown() is False


@pytest.mark.django_db(transaction=True)
def test_two_mergers_at_once_lose_nothing():
    chance = random.Random(5)
    texts = ["".join(chance.choices("abc", k=6)) for _ in range(60)]
    numbers = [add(1, text)[0] for text in texts]
    search.index_now(numbers[:1])
    search.mark_unindexed(numbers[1:])
    start, errors = threading.Barrier(3), []

    def work(verb):
        try:
            start.wait()
            verb()
        except Exception as error:  # noqa: BLE001 — told below
            errors.append(error)
        finally:
            connections.close_all()

    verbs = [
        lambda: search.merge_unindexed(at_least=1),
        lambda: search.merge_unindexed(at_least=1),
        lambda: search.index_now(numbers[30:], texts[30:]),
    ]
    threads = [threading.Thread(target=work, args=[verb]) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert Unindexed.objects.count() == 0
    for text, number in zip(texts, numbers, strict=True):
        assert number in found(text)


def test_short_searches_are_counted_from_the_index_alone(db):
    numbers = add(4)
    search.reindex()
    Customer.objects.filter(pk=numbers[0]).update(search_text="nobody")
    search.mark_unindexed([numbers[0]])
    for text, count in (("s", 3), ("so", 3), ("som", 3), ("nob", 1), ("y", 4), ("dy", 4), ("x", 0)):
        assert customer_count(ListRequest.from_query({"q": text})) == Count(count, is_exact=True), text
    search.merge_unindexed(at_least=1)

    for text, count in (("s", 3), ("so", 3), ("som", 3), ("nob", 1), ("y", 4), ("dy", 4), ("x", 0)):
        request = ListRequest.from_query({"q": text})
        with CaptureQueriesContext(connection) as made:
            assert customer_count(request) == Count(count, is_exact=True), text
        reads = [one["sql"] for one in made if "search_text" in one["sql"]]
        # the one whose text was written anew has postings of both texts; the other three are not read
        assert all(f"[{numbers[0]}]" in sql or f"{{{numbers[0]}}}" in sql for sql in reads), reads
    assert found("som") == numbers[1:]


@given(texts=st.lists(st.text("ab1 ", min_size=1, max_size=4), min_size=1, max_size=6), data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_the_index_is_sure_of_is_so(db, texts, data):
    with transaction.atomic():
        numbers = add(len(texts))
        for number, text in zip(numbers, texts, strict=True):
            Customer.objects.filter(pk=number).update(search_text=text)
        search.reindex()
        changed = data.draw(st.lists(st.tuples(st.sampled_from(numbers), st.text("ab1 ", min_size=1, max_size=4))))
        for number, text in changed:
            Customer.objects.filter(pk=number).update(search_text=text)
            search.mark_unindexed([number])
            if data.draw(st.booleans()):
                search.merge_unindexed(at_least=1)
        now = dict(Customer.objects.filter(pk__in=numbers).values_list("pk", "search_text"))
        for asked in ("a", "ab", "ba1", "ab1", "1"):
            count = sum(asked in text for text in now.values())
            assert customer_count(ListRequest.from_query({"q": asked})) == Count(count, is_exact=True)
        transaction.set_rollback(True)
