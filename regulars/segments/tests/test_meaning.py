"""A query means the same to the evaluator, over the records, and over the lake: in random shops, on any day."""

import datetime as dt
import itertools
import os
import random
import shutil
from contextlib import contextmanager
from unittest import mock

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from regulars.segments.actions.grading import keep_grades
from regulars.segments.engine import asking
from regulars.segments.lake import building, versions, view
from regulars.segments.language import dates
from regulars.segments.tests.meaning import Meaning
from regulars.segments.tests.shops import RandomShop
from regulars.segments.tests.strategies import DAYS, clauses, queries
from regulars.segments.vocabulary.words import words_for

SHOPS, ROUNDS, QUERIES = 2, 2, 500
"""By day some 2,000 pairs of a query and a shop, half of them on each database; by night as REGULARS_PAIRS says."""
PAIRS = int(os.environ.get("REGULARS_PAIRS", "100000"))
_AT_NIGHT = 1_000  # queries of one shop in one state


def prove(number, *, rounds, each):
    """One shop: ask it, let things happen, ask it again; the lake is as old as the beginning, or in between."""
    rng = random.Random(number)
    made = RandomShop(rng, rng.choice(DAYS))
    keep_grades(bounds=bounds(), customers=100)
    building.build()
    words = words_for()
    asked = clauses(words) | queries(words, most=4)
    for turn in range(rounds):
        ask(asked, each, begin=number * 1000 + turn)
        for _ in range(rng.randint(5, 20)):
            made.happens()
        if rng.random() < 0.3:
            building.build()


def ask(asked, count, *, begin):
    """Random queries, each of the same shop as it is now."""
    meaning = Meaning()
    opened = {engine: view.open(engine=engine) for engine in ("records", "lake")}
    first = min(dates.day_of(row["added"].replace(tzinfo=dt.UTC), meaning.zone) for row in meaning.tables["customers"])

    @seed(begin)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # what fails says its query; to look for a smaller one takes minutes
        suppress_health_check=[*HealthCheck],
    )
    @given(asked, st.sampled_from(DAYS), st.integers(-400, 1))
    def agree(node, today, ago):
        assert asking.read(asking.canonical(node)) == node
        day = today + dt.timedelta(days=ago)
        as_of = day if ago < 0 and day >= first else None
        meant = meaning.of(node, as_of or today, is_past=as_of is not None)
        for engine, state in opened.items():
            with (
                mock.patch.object(asking, "today", return_value=today),
                mock.patch.object(view, "open", return_value=state),
            ):
                found = set(asking.members(node, as_of=as_of, engine=engine))
            assert found == meant, (engine, asking.canonical(node), today, as_of)

    agree()


def bounds():
    """Bounds in the middle of what random customers have."""
    moments = [int(dates.midnight(day, dt.UTC).timestamp()) * 1_000_000 for day in sorted(DAYS)[3:15:3]]
    return {
        "orders_thirds": [2, 4],
        "spent_thirds": [1999, 5000],
        "recent_fifths": moments,
        "orders_fifths": [1, 2, 2, 4],
        "spent_fifths": [0, 1999, 2001, 6000],
    }


@contextmanager
def stage():
    """Nothing of what happens inside stays: no rows, no lake, and nothing that a process remembers."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    cache.clear()
    view.forget()
    shutil.rmtree(versions.folder(), ignore_errors=True)


def test_every_engine_means_what_the_evaluator_means(db):
    prove(["sqlite", "postgresql"].index(connection.vendor), rounds=ROUNDS, each=QUERIES)


@pytest.mark.slow
def test_every_engine_means_what_the_evaluator_means_in_many_shops(db):
    for number in itertools.islice(itertools.count(SHOPS), -(-PAIRS // (ROUNDS * _AT_NIGHT))):
        with stage():
            prove(number, rounds=ROUNDS, each=_AT_NIGHT)
