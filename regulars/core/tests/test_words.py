"""Moments, days and numbers as people write them."""

import datetime as dt

import pytest
import time_machine
from django.utils import translation

from regulars.core import shop
from regulars.core.money import Money
from regulars.core.templatetags import ui
from regulars.core.ui import words

NOW = dt.datetime(2026, 3, 12, 8, 42, tzinfo=dt.UTC)  # 09:42 in Berlin


@pytest.fixture(autouse=True)
def at_nine(db):
    shop.change(name="Hain & Hafen", currency="EUR", time_zone="Europe/Berlin")
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("moment", "english", "chinese"),
    [
        (NOW - dt.timedelta(minutes=30), "09:12", "09:12"),
        (dt.datetime(2026, 3, 9, 17, 30, tzinfo=dt.UTC), "Mon 9 Mar", "3月9日 周一"),
        (dt.datetime(2026, 1, 30, 20, 16, tzinfo=dt.UTC), "30 Jan", "1月30日"),
        (dt.datetime(2022, 5, 14, 12, 0, tzinfo=dt.UTC), "14 May 2022", "2022年5月14日"),
        # half past eleven at night in London is tomorrow in Berlin
        (dt.datetime(2026, 3, 11, 23, 30, tzinfo=dt.UTC), "00:30", "00:30"),
        (dt.datetime(2026, 3, 13, 9, 0, tzinfo=dt.UTC), "Fri 13 Mar", "3月13日 周五"),
    ],
)
def test_today_by_the_clock_this_week_by_day_else_the_date(moment, english, chinese):
    with translation.override("en"):
        assert words.when(moment) == english
    with translation.override("zh-hans"):
        assert words.when(moment) == chinese


@pytest.mark.parametrize(
    ("style", "english", "chinese"),
    [
        ("full", "30 Jan 2026", "2026年1月30日"),
        ("heading", "Fri 30 Jan", "1月30日 周五"),
        ("long", "Friday 30 January", "1月30日 星期五"),
        ("month", "Jan 2026", "2026年1月"),
    ],
)
def test_a_day_in_every_style(style, english, chinese):
    day = dt.date(2026, 1, 30)
    with translation.override("en"):
        assert words.day(day, style) == english
    with translation.override("zh-hans"):
        assert words.day(day, style) == chinese


def test_numbers_are_grouped_and_their_minus_lines_up():
    with translation.override("en"):
        assert words.number(1284) == "1,284"
        assert words.number(-1284.5) == "−1,284.5"
        assert words.percent(0.634) == "63%"
    with translation.override("de"):
        assert words.number(1284) == "1.284"
        assert words.percent(0.63) == "63\N{NO-BREAK SPACE}%"


def test_money_drops_its_decimals_from_a_thousand_on_in_lists_alone():
    with translation.override("en"):
        assert ui.money(Money(128450, "EUR")) == "€1,284.50"
        assert ui.money(Money(128450, "EUR"), whole=True) == "€1,285"
        assert ui.money(Money(99999, "EUR"), whole=True) == "€999.99"
        assert ui.money(Money(3800, "EUR"), negative=True) == "−€38.00"
        assert ui.money(None) == ""
