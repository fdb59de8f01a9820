"""What a spreadsheet would run is written so that it does not, and read back as it was."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.tabular import open_table
from regulars.core.tabular_out import SafeWriter, neutral, restored

PAYLOADS = [
    'DDE ("cmd";"/C calc";"!A0")A0',
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "=10+20+cmd|' /C calc'!A0",
    "=cmd|' /C notepad'!'A1'",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    '"=1+1',
    "'=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\u00a0=1+1",
    "=",
    "-1-1",
    "+49-170-555",
    "-1e5",
]
HARMLESS = [
    "",
    "Ada",
    "-12.50",
    "+44 20 7946 0958",
    "+4930123456",
    "-",
    "-1,234.50",
    "-12 %",
    "O'Neill",
    "'t Hart",
    "12=12",
]


@pytest.mark.parametrize("text", PAYLOADS)
def test_what_could_be_a_formula_gets_an_apostrophe(text):
    assert neutral(text) == f"'{text}"
    assert restored(neutral(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_plain_words_and_numbers_stay_as_they_are(text):
    assert neutral(text) == text
    assert restored(text) == text


def test_the_known_payloads_are_all_neutralised():
    path = Path(__file__).resolve().parents[3] / "tests" / "torture" / "data" / "csv-injection-payloads.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6
    stream = io.StringIO()
    SafeWriter(stream).writerows([line] for line in lines)
    assert [row[0] for row in csv.reader(io.StringIO(stream.getvalue()))] == [f"'{line}" for line in lines]


def test_what_was_written_is_read_back_as_it_was(tmp_path):
    path = tmp_path / "rejects.csv"
    cells = [cell for cell in (*PAYLOADS, *HARMLESS) if cell.strip()]
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = SafeWriter(stream)
        writer.writerow(["name", "note"])
        writer.writerows([cell, "张三"] for cell in cells)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert [line.cells for line in open_table(path).rows()] == [[cell, "张三"] for cell in cells]


@given(st.text())
def test_restoring_undoes_neutralising_whatever_the_text(text):
    assert restored(neutral(text)) == text


def test_nothing_and_numbers_can_be_written():
    stream = io.StringIO()
    SafeWriter(stream).writerow([None, 12, -3, "a;b"])
    assert stream.getvalue() == ",12,-3,a;b\r\n"
