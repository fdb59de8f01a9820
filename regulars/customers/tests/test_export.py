"""Exports: what a list shows, in four formats, harmless to spreadsheets, asked for and written down."""

import csv
import io
import json

import openpyxl
import pytest
from django.http import QueryDict
from pyarrow import parquet

from regulars.config import cli
from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.tabular import open_table
from regulars.customers import columns, exporting
from regulars.customers.actions.profile import create_customer
from regulars.customers.queries import ListRequest
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db
SHOWN = ["name", "email", "city", "number_of_orders", "amount_spent", "customer_added_date"]


@pytest.fixture(autouse=True)
def _people():
    shop.change(country="DE", time_zone="Europe/Berlin", currency="EUR")
    create_customer(
        values={"name": "=HYPERLINK(1)", "email": "ada@mail.example", "customer_since": "2026-03-12"},
        address={"line1": "Kai 1", "city": "Köln", "country": "DE"},
    )
    create_customer(values={"name": "王\x7f雨桐", "email": "wang@mail.example", "customer_since": "2025-01-02"})


def exported(user, wish, filters=""):
    shown = columns.chosen(user, SHOWN)
    wanted = ListRequest.from_query(QueryDict(filters), reader=user, language="en")
    return b"".join(exporting.export(exporting.everybody(wanted), shown, wish=wish, reason="Cards", what=filters))


def test_csv_holds_no_formula_and_is_read_back(ada, tmp_path):
    content = exported(ada, "csv")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0][1:4] == ["Name", "E-mail", "Place"]
    assert rows[1][1] == "'=HYPERLINK(1)"
    path = tmp_path / "back.csv"
    path.write_bytes(content)
    assert next(line.cells[1] for line in open_table(path).rows()) == "=HYPERLINK(1)"


def test_a_workbook_has_texts_numbers_and_no_formula(ada, tmp_path):
    path = tmp_path / "customers.xlsx"
    path.write_bytes(exported(ada, "xlsx"))
    sheet = openpyxl.load_workbook(path).active
    assert [cell.data_type for cell in sheet[2]] == ["s", "s", "s", "s", "n", "n", "s"]
    assert sheet["B2"].value == "=HYPERLINK(1)"
    assert (sheet["E2"].value, sheet["D2"].value) == (0, "Köln")
    assert [line.cells[1] for line in open_table(path).rows()] == ["=HYPERLINK(1)", "王雨桐"]


def test_json_lines_have_the_names_of_filters(ada):
    first, second = (json.loads(line) for line in exported(ada, "jsonl").decode().splitlines())
    assert list(first) == ["id", *SHOWN]
    assert (first["number_of_orders"], first["amount_spent"], first["city"]) == (0, "0.00", "Köln")
    assert second["city"] is None


def test_parquet_has_columns_with_types(ada, tmp_path):
    path = tmp_path / "customers.parquet"
    path.write_bytes(exported(ada, "parquet"))
    table = parquet.read_table(path)
    assert [str(field.type) for field in table.schema] == [
        *["string", "string", "string", "string", "int64", "decimal128(24, 6)", "date32[day]"]
    ]
    assert table.num_rows == 2


def test_only_what_the_list_shows_goes_out_and_it_is_written_down(ada):
    assert len(exported(ada, "jsonl", "email=ada@mail.example").splitlines()) == 1
    entry = Entry.objects.get(name="customers.exported")
    assert entry.data == {"count": 1, "format": "jsonl", "reason": "Cards", "filters": "email=ada@mail.example"}


def test_a_file_that_is_broken_off_is_written_down_as_well(ada):
    wanted = ListRequest.from_query(QueryDict(""), reader=ada, language="en")
    stream = exporting.export(exporting.everybody(wanted), columns.chosen(ada, SHOWN), wish="jsonl", reason="Cards")
    next(stream)
    stream.close()
    assert Entry.objects.get(name="customers.exported").data["count"] == 2


@pytest.mark.parametrize(("wish", "reason"), [("doc", "Cards"), ("csv", ""), ("csv", " ")])
def test_no_format_and_no_reason_give_no_file(ada, wish, reason):
    with pytest.raises(Invalid):
        exporting.export([], columns.usual(ada), wish=wish, reason=reason)
    assert not Entry.objects.filter(name="customers.exported").exists()


def test_the_page_asks_what_the_file_is_for(ada, client_of):
    client = client_of(ada)
    page = client.get("/customers/export?email=ada@mail.example").content.decode()
    assert "1 customer" in page
    refused = client.post("/customers/export", {"_go": "1", "query": "", "all": "1", "format": "csv", "reason": ""})
    assert refused.status_code == 422
    sent = client.post(
        "/customers/export",
        {"_go": "1", "query": "email=ada@mail.example", "all": "1", "format": "csv", "reason": "Cards"},
    )
    assert b"HYPERLINK" in b"".join(sent.streaming_content)
    entry = Entry.objects.get(name="customers.exported")
    assert (entry.actor, entry.data["count"], entry.data["reason"]) == (ada, 1, "Cards")


def test_who_may_not_export_gets_no_file(charlie, client_of):
    assert client_of(charlie).get("/customers/export").status_code == 403
    answer = client_of(charlie).post("/customers/export", {"_go": "1", "all": "1", "format": "csv", "reason": "x"})
    assert answer.status_code == 403
    assert not Entry.objects.filter(name="customers.exported").exists()


def test_the_command_writes_a_file(tmp_path):
    path = tmp_path / "out.jsonl"
    assert cli.run(["export", "customers", "--format", "jsonl", "--columns", "name,email", "--output", str(path)]) == 0
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2
    assert path.stat().st_mode & 0o077 == 0
    assert cli.run(["export", "customers", "--filter", "nonsense=1"]) == 2
