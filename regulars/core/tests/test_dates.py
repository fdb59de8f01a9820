"""Dates of files."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from regulars.core.dates import BadDate, parse_moment

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-12", "2026-03-11T23:00"),
        ("2026-03-12 09:30", "2026-03-12T08:30"),
        ("2026-03-12T09:30:15Z", "2026-03-12T09:30:15"),
        ("2026-03-12 09:30:00 +0100", "2026-03-12T08:30"),
        ("2026-03-12T09:30:00.123456-05:00", "2026-03-12T14:30"),
        ("12.03.2026", "2026-03-11T23:00"),
        ("12/03/2026", "2026-03-11T23:00"),
        ("3/14/2026 9:30 PM", "2026-03-14T20:30"),
        ("12/31/26 12:00 am", "2026-12-30T23:00"),
        ("2026年3月12日", "2026-03-11T23:00"),
        ("2026/3/12 8:00:00", "2026-03-12T07:00"),
    ],
)
def test_dates_as_files_have_them(text, moment):
    assert parse_moment(text, zone=BERLIN) == dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)


def test_day_and_month_are_told_apart_by_the_shops_habit():
    assert parse_moment("03/04/2026", zone=dt.UTC).month == 4
    assert parse_moment("03/04/2026", zone=dt.UTC, is_month_first=True).month == 3
    assert parse_moment("03.04.2026", zone=dt.UTC, is_month_first=True).month == 4


@pytest.mark.parametrize(
    "text",
    ["31/02/2026", "2026-02-30", "2026-13-01", "tomorrow", "1", "44927", "2026-03-12 25:00", "0001-01-01", "9999-12-31",
     "13/13/2026", "2026-03-12 13:00 PM", "٢٠٢٦-٠٣-١٢"],
)  # fmt: skip
def test_days_that_do_not_exist_are_refused(text):
    with pytest.raises(BadDate):
        parse_moment(text, zone=BERLIN)
