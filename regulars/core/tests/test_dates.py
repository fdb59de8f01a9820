"""Dates of files."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from regulars.core.dates import BadDate, Order, parse_moment

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
        ("12 March 2026", "2026-03-11T23:00"),
        ("Mar 12, 2026 9:30 PM", "2026-03-12T20:30"),
        ("12. März 2026", "2026-03-11T23:00"),
        ("12-Dec-2026", "2026-12-11T23:00"),
        ("12.03.98", "1998-03-11T23:00"),
        ("20260312", "2026-03-11T23:00"),
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


def ordered(*texts):
    order = Order()
    for text in texts:
        order.add(text)
    return order


def test_the_dates_of_a_column_say_in_which_order_they_are():
    assert ordered("03/04/2026", "14/04/2026", "2026-01-01").found == "dmy"
    assert ordered("03/04/2026", "04/14/2026").found == "mdy"
    assert ordered("03.04.2026", "14.04.2026").found == "dmy"
    undecided = ordered("", "03/04/2026", "05/05/2026")
    assert (undecided.found, undecided.is_open, undecided.example) == ("", True, "03/04/2026")
    assert not ordered("2026-03-04", "03.04.2026", "05/05/2026").is_open
    assert ordered("14/04/2026", "04/14/2026", "01/02/2026").is_open


def test_a_date_that_does_not_fit_its_column_is_refused_and_never_swapped():
    assert parse_moment("03/04/2026", zone=dt.UTC, order="dmy").month == 4
    assert parse_moment("03/04/2026", zone=dt.UTC, order="mdy").month == 3
    assert parse_moment("2026-03-04", zone=dt.UTC, order="dmy").month == 3
    for text, order in (("04/14/2026", "dmy"), ("14/04/2026", "mdy")):
        with pytest.raises(BadDate, match="does not fit the other dates"):
            parse_moment(text, zone=dt.UTC, order=order)
