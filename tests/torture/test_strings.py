"""Strings, addresses, numbers and names that break others, through the import: kept as they are, or a clear reason."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

from regulars.config import cli
from regulars.core import shop
from regulars.core.text import BadText, clean
from regulars.customers.models import Customer
from regulars.orders.models import Order

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parent / "data" / "strings"


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    shop.change(country="DE", time_zone="Europe/Berlin", currency="EUR")


def brought(tmp_path, capfd, header, rows, *, kind="customers", options=()):
    """The summary of an import; every row of the file is in it once."""
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    return summary_of(path, capfd, kind=kind, options=options)


def summary_of(path, capfd, *, kind="customers", options=()):
    code = cli.run(["import", kind, str(path), "--json", *options])
    said = capfd.readouterr()
    assert code == 0, said.err
    return json.loads(said.out)


def rejects(summary):
    with Path(summary["rejects_file"]).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_naughty_strings_are_kept_as_they_are_or_refused_with_a_reason(tmp_path, capfd):
    strings = json.loads((DATA / "blns.json").read_text(encoding="utf-8"))
    rows = [[f"N-{number}", f"n{number}@mail.example", text] for number, text in enumerate(strings)]
    summary = brought(tmp_path, capfd, ["id", "email", "name"], rows)
    assert summary["rows"] == len(strings) == summary["created"] + summary["rejected"]
    back = {row["id"]: row["reason"] for row in rejects(summary)} if summary["rejected"] else {}
    names = dict(Customer.objects.values_list("identities__external_id", "name"))
    for number, text in enumerate(strings):
        key = f"N-{number}"
        try:
            kept = clean(text, limit=250)
        except BadText:
            assert back[key]
            continue
        assert (key in names) is not (key in back), text
        if key in names:
            assert names[key] == kept, text
        else:
            assert "\0" in text or back[key], text
    page = brought(tmp_path, capfd, ["id", "email", "name"], rows)
    assert (page["created"], page["updated"]) == (0, 0)


def test_addresses_that_cannot_exist_come_back_and_valid_ones_come_in(tmp_path, capfd):
    with (DATA / "isemail_tests.csv").open(encoding="utf-8", newline="") as stream:
        cases = list(csv.DictReader(stream))
    rows = [[case["id"], f"Case {case['id']}", case["address"]] for case in cases]
    summary = brought(tmp_path, capfd, ["id", "name", "email"], rows)
    assert summary["rows"] == len(cases) == 164 == summary["created"] + summary["updated"] + summary["rejected"]
    back = {row["id"]: row["reason"] for row in rejects(summary)}
    for case in cases:
        if case["category"] == "ISEMAIL_ERR" and case["address"]:
            assert "is not an e-mail address" in back[case["id"]] or "characters long" in back[case["id"]], case
        if case["category"] == "ISEMAIL_VALID_CATEGORY" and case["id"] in back:
            # what the standard allows and no shop has: a quoted name, a number for a domain
            assert "is not an e-mail address" in back[case["id"]], case


def test_a_phone_number_of_every_country_comes_in_as_it_is_dialled_there(tmp_path, capfd):
    with (DATA / "phones.csv").open(encoding="utf-8", newline="") as stream:
        cases = list(csv.DictReader(stream))
    rows = [[case["id"], f"Case {case['id']}", case["country"], case["phone"]] for case in cases]
    summary = brought(tmp_path, capfd, ["id", "name", "country", "phone"], rows)
    assert summary["rows"] == len(cases) == summary["created"] + summary["rejected"]
    phones = dict(Customer.objects.values_list("identities__external_id", "phone"))
    wrong = [case for case in cases if case["id"] in phones and phones[case["id"]] != case["e164"]]
    assert wrong == []
    assert summary["rejected"] <= 5, [row["reason"] for row in rejects(summary)]


def test_a_spreadsheet_of_an_old_mac_comes_in_whole(tmp_path, capfd):
    """Bare CR, MacRoman, and days written month first: 5,009 orders of 793 customers."""
    path = tmp_path / "sample-orders.csv"
    path.write_bytes(gzip.decompress((DATA / "superstore-mac.csv.gz").read_bytes()))
    summary = summary_of(path, capfd, kind="orders")
    assert (summary["rows"], summary["created"], summary["rejected"]) == (5_009, 5_009, 0)
    assert Order.objects.count() == 5_009
    assert Customer.objects.count() == 793
    assert {"Neil Französisch", "Resi Pölking", "Anna Häberlin"} <= set(Customer.objects.values_list("name", flat=True))
    assert [finding["kind"] for finding in summary["findings"]] == ["encoding"]
    text = io.StringIO(path.read_bytes().decode("mac_roman"), newline=None)
    assert len(list(csv.reader(text))) == 5_010
