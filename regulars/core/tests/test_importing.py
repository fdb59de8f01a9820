import csv
import stat
from pathlib import Path

import pytest

from regulars.core.errors import Invalid
from regulars.core.importing import find_columns, importing, parse_map, sentence

KNOWN = {"email": ("e-mail", "mail"), "name": ("name", "customer"), "number": ("no",)}


def test_a_map_names_columns_for_fields():
    assert parse_map(r"email=E-Mail, name = Last\, first ,number=3") == {
        "email": "E-Mail",
        "name": "Last, first",
        "number": "3",
    }
    assert parse_map("") == {}


@pytest.mark.parametrize("text", ["email", "=x", "email=", "email=a,email=b"])
def test_a_map_that_is_none_is_refused(text):
    with pytest.raises(Invalid):
        parse_map(text)


def test_columns_are_found_by_heading_whatever_its_case_and_punctuation():
    assert find_columns(["Customer", "E-MAIL ", "No."], known=KNOWN, chosen={}) == {"name": 0, "email": 1, "number": 2}


def test_a_chosen_column_wins_and_is_not_taken_twice():
    header = ["name", "customer", "mail"]
    assert find_columns(header, known=KNOWN, chosen={"number": "name"}) == {"number": 0, "email": 2, "name": 1}
    assert find_columns(header, known=KNOWN, chosen={"number": "2"})["number"] == 1


def test_of_two_columns_of_one_heading_the_first_is_taken():
    assert find_columns(["no", "no"], known=KNOWN, chosen={}) == {"number": 0}


@pytest.mark.parametrize("chosen", [{"colour": "name"}, {"email": "nowhere"}, {"email": "9"}])
def test_a_choice_that_cannot_be_is_refused_with_what_there_is(chosen):
    with pytest.raises(Invalid, match="name"):
        find_columns(["name"], known=KNOWN, chosen=chosen)


def test_rejects_come_back_with_row_and_reason_and_can_be_imported_again(tmp_path, settings):
    settings.REGULARS_HOME = tmp_path
    with importing("things", tmp_path / "a.csv") as run:
        run.rejects.header = ["name", "no"]
        run.reject(3, ["=cmd()", "7"], "No such thing.")
        run.reject(4, ["short"], "Too short.")
        run.reject(5, ["a", "b", "c"], "Too long.")
    file = tmp_path / "imports" / run.summary.rejects_file.rpartition("/")[2]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [
        ["name", "no", "row", "reason"],
        ["'=cmd()", "7", "3", "No such thing."],
        ["short", "", "4", "Too short."],
        ["a", "b", "5", "Too long.", "c"],
    ]

    with importing("things", file) as again:
        again.rejects.header = rows[0]
        again.reject(2, rows[1], "Still not.")
    with Path(again.summary.rejects_file).open(encoding="utf-8-sig", newline="") as stream:
        assert next(iter(csv.reader(stream))) == ["name", "no", "row", "reason"]


def test_a_dry_run_says_reasons_and_leaves_no_file(tmp_path, settings, capsys):
    settings.REGULARS_HOME = tmp_path
    with importing("things", tmp_path / "a.csv", is_dry_run=True) as run:
        run.reject(3, ["x"], "No such thing.")
    assert list(tmp_path.iterdir()) == []
    assert "Row 3: No such thing." in capsys.readouterr().err
    assert sentence(run).endswith("1 row was left out. This was a dry run: nothing was written.")


def test_an_import_that_breaks_off_keeps_its_rejects(tmp_path, settings):
    settings.REGULARS_HOME = tmp_path
    run = None

    def break_off():
        nonlocal run
        with importing("things", tmp_path / "a.csv") as run:
            run.rejects.header = ["name"]
            run.reject(3, ["x"], "No such thing.")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert "No such thing." in Path(run.summary.rejects_file).read_text(encoding="utf-8-sig")
