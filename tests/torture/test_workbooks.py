"""Workbooks: cells as people read them, constant memory, and archives that are made to harm."""

from __future__ import annotations

import datetime as dt
import gzip
import random
import time
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from regulars.core.tabular import Unreadable, open_table

DATA = Path(__file__).parent / "data" / "csvkit"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(tmp_path, rows, *, name="book.xlsx", change=None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    path = tmp_path / name
    book.save(path)
    return path


def repacked(path, change, *, method=zipfile.ZIP_DEFLATED):
    """The same archive with its parts changed: {name: bytes} through `change`."""
    with zipfile.ZipFile(path) as source:
        parts = change({name: source.read(name) for name in source.namelist()})
    target = path.with_name(f"changed-{path.name}")
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def sheet_with(cells):
    """A workbook whose sheet is this XML."""
    return lambda parts: {
        **parts,
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'.encode(),
    }


HEADER = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c><c r="B1" t="inlineStr"><is><t>city</t></is></c></row>'
)


def test_cells_are_what_people_read(tmp_path):
    def change(book):
        sheet = book.active
        sheet["C2"].number_format = "00000"
        sheet["D2"].number_format = "yyyy-mm-dd"
        sheet["E2"].number_format = "dd.mm.yyyy hh:mm"
        sheet["F2"].number_format = "hh:mm"
        sheet["J2"].number_format = '#,##0.00 "days"'

    path = workbook(
        tmp_path,
        [
            ["text", "id", "postcode", "day", "moment", "time", "yes", "price", "big", "days"],
            ["007", 12.0, 1234, 45000, 45000.5, 0.25, True, 0.1, 491711234567, 3.5],
        ],
        change=change,
    )
    [line] = open_table(path).rows()
    assert line.cells == [
        *["007", "12", "01234", "2023-03-15", "2023-03-15 12:00:00", "06:00:00", "true", "0.1", "491711234567", "3.5"]
    ]


@pytest.mark.parametrize("name", ["dummy.xlsx", "test.xlsx", "sheets.xlsx", "test_skip_lines.xlsx"])
def test_values_are_those_another_reader_finds(name):
    """The dates of both epochs, the numbers and the texts: python-calamine is the judge."""
    table = open_table(DATA / name)
    rows = CalamineWorkbook.from_path(DATA / name).get_sheet_by_name(table.sheet).to_python(skip_empty_area=False)
    judged = [[_as_text(cell) for cell in row] for row in rows]
    width = max(len(row) for row in judged)
    for line in table.rows():
        assert (line.cells + [""] * width)[:width] == judged[line.number - 1]


def _as_text(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    return str(value)


def test_shared_texts_pieces_escapes_and_reading_aids(tmp_path):
    texts = (
        f'<sst xmlns="{MAIN}"><si><t>name</t></si><si><t>city</t></si>'
        "<si><r><t>Ada </t></r><r><t>Lovelace</t></r></si>"
        "<si><t>東京</t><rPh><t>トウキョウ</t></rPh></si><si><t>a_x000D_b &amp; c</t></si><si><t/></si></sst>"
    )
    cells = "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>{first}</v></c><c r="B{row}" t="s"><v>{second}</v></c></row>'
        for row, first, second in ((1, 0, 1), (2, 2, 3), (3, 4, 5))
    )
    base = tmp_path / "base.xlsx"
    base.write_bytes((DATA / "test.xlsx").read_bytes())
    path = repacked(base, lambda parts: {**sheet_with(cells)(parts), "xl/sharedStrings.xml": texts.encode()})
    assert [line.cells for line in open_table(path).rows()] == [["Ada Lovelace", "東京"], ["a\rb & c", ""]]


def test_formulas_give_their_kept_result_and_say_so_where_there_is_none(tmp_path):
    cells = (
        HEADER + '<row r="2"><c r="A2" t="str"><f>B2&amp;"x"</f><v>Ada</v></c><c r="B2"><f>1+1</f><v>2</v></c></row>'
        '<row r="3"><c r="A3"><f>cmd|" /C calc"!A0</f></c><c r="B3"><v>1</v></c></row>'
        '<row r="4"><c r="A4" t="e"><v>#REF!</v></c><c r="B4"><v>1</v></c></row>'
        '<row r="5"><c r="A5" t="inlineStr"><is><t>Ben</t></is></c></row>'
    )
    lines = list(open_table(repacked(workbook(tmp_path, [["a"], ["b"]]), sheet_with(cells))).rows())
    assert [line.cells for line in lines if not line.problem] == [["Ada", "2"], ["Ben", ""]]
    assert {line.number: line.problem for line in lines if line.problem} == {
        3: "Cell A3 holds a formula without a result; open the file in a spreadsheet and save it.",
        4: "Cell A4 holds an error of the spreadsheet, #REF!.",
    }


def test_a_sheet_with_a_prefix_and_without_references_is_read(tmp_path):
    sheet = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>name</x:t></x:is></x:c>'
        '<x:c t="inlineStr"><x:is><x:t>city</x:t></x:is></x:c></x:row><x:row><x:c t="str"><x:v>Ada</x:v></x:c>'
        '<x:c t="str"><x:v>Bath</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    path = repacked(
        workbook(tmp_path, [["a"], ["b"]]), lambda parts: {**parts, "xl/worksheets/sheet1.xml": sheet.encode()}
    )
    assert [line.cells for line in open_table(path).rows()] == [["Ada", "Bath"]]


def test_the_first_visible_sheet_that_holds_something_is_read_or_the_one_named(tmp_path):
    def change(book):
        book.active.title = "empty"
        hidden = book.create_sheet("hidden")
        hidden.append(["secret"])
        hidden.sheet_state = "hidden"
        for name in ("people", "others"):
            sheet = book.create_sheet(name)
            sheet.append(["name"])
            sheet.append([name])

    path = workbook(tmp_path, [], change=change)
    assert open_table(path).sheet == "people"
    assert [line.cells for line in open_table(path, sheet="others").rows()] == [["others"]]
    with pytest.raises(Unreadable, match="no sheet “nobody”; it has: empty, people, others"):
        open_table(path, sheet="nobody")


def test_a_large_sheet_is_read_in_constant_memory(tmp_path):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["id", "name", "city"])
    for number in range(20_000):
        sheet.append([number, f"Somebody {number}", "Bath"])
    book.save(tmp_path / "large.xlsx")
    tracemalloc.start()
    count = sum(1 for _line in open_table(tmp_path / "large.xlsx").rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 5_000_000


def bomb(path, *, rows_of_25_kb):
    """A workbook whose sheet is one row again and again."""
    row = b'<row r="2"><c r="A2" t="str"><v>' + b"0" * 25_000 + b"</v></c></row>"
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist() if "sheet1" not in name}
    target = path.with_name("bomb.xlsx")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData>{HEADER}'.encode())
            for _ in range(rows_of_25_kb // 400):
                sheet.write(row * 400)
            sheet.write(b"</sheetData></worksheet>")
    return target


def refused_at_once(path):
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(Unreadable) as refused:
        list(open_table(path).rows())
    seconds, peak = time.monotonic() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 2
    assert peak < 20_000_000
    return refused.value.sentence


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = bomb(workbook(tmp_path, [["a"], ["b"]]), rows_of_25_kb=44_000)
    assert "larger than 1024 MB" in refused_at_once(path)


def test_a_bomb_that_lies_about_its_size_goes_no_further_than_it_says(tmp_path):
    path = bomb(workbook(tmp_path, [["a"], ["b"]]), rows_of_25_kb=4_000)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        true_size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    at = content.rindex(true_size.to_bytes(4, "little"))
    content[at : at + 4] = (5_000).to_bytes(4, "little")
    path.write_bytes(content)
    assert "damaged or cut off" in refused_at_once(path)


def test_a_sheet_that_shrinks_as_no_sheet_does_is_refused(tmp_path):
    path = bomb(workbook(tmp_path, [["a"], ["b"]]), rows_of_25_kb=4_000)
    assert "no spreadsheet packs" in refused_at_once(path)


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        (f'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet xmlns="{MAIN}"/>', "damaged"),
        (
            f'<worksheet xmlns="{MAIN}"><sheetData><row><c r="AAAA1"><v>1</v></c></row></sheetData></worksheet>',
            "damaged",
        ),
        (f'<worksheet xmlns="{MAIN}"><sheetData><row><c t="s"><v>99</v></c></row></sheetData></worksheet>', "damaged"),
        (f'<worksheet xmlns="{MAIN}"><sheetData><row><c t="n"><v>1', "damaged"),
        (f'<worksheet xmlns="{MAIN}" x="{"y" * 9_000_000}"/>', "damaged"),
        (f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>', "empty"),
    ],
)
def test_sheets_that_are_made_to_harm_end_in_a_sentence(tmp_path, sheet, words):
    path = repacked(
        workbook(tmp_path, [["a"], ["b"]]), lambda parts: {**parts, "xl/worksheets/sheet1.xml": sheet.encode()}
    )
    with pytest.raises(Unreadable, match=words):
        list(open_table(path).rows())


def test_a_workbook_cut_off_at_any_place_ends_in_a_sentence(tmp_path):
    whole = workbook(tmp_path, [["name", "city"]] + [[f"n{n}", "Bath"] for n in range(300)]).read_bytes()
    for length in range(4, len(whole), len(whole) // 25):
        path = tmp_path / "cut.xlsx"
        path.write_bytes(whole[:length])
        with pytest.raises(Unreadable, match=r"damaged or cut off|not a workbook"):
            list(open_table(path).rows())


def test_a_workbook_with_broken_bytes_ends_in_a_sentence_or_reads(tmp_path):
    whole = workbook(tmp_path, [["name", "city"]] + [[f"n{n}", "Bath"] for n in range(50)]).read_bytes()
    path = tmp_path / "broken.xlsx"
    for place in range(0, len(whole), 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            list(open_table(path).rows())
        except Unreadable:
            continue


def test_archives_that_are_no_workbook_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("customers.csv", "name\nAda\n")
        archive.writestr("orders.csv", "number\n1\n")
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        archive.writestr("customers.csv.gz", gzip.compress(b"name\nAda\n"))
    with zipfile.ZipFile(tmp_path / "letter.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    with zipfile.ZipFile(tmp_path / "table.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(6_000):
            archive.writestr(f"{number}", "")
    for name, words in (
        ("two.zip", "several files: customers.csv, orders.csv"),
        ("twice.zip", "packed twice"),
        ("letter.docx", "not a workbook"),
        ("table.ods", "damaged"),
        ("many.zip", "no spreadsheet"),
    ):
        with pytest.raises(Unreadable, match=words):
            open_table(tmp_path / name)


def test_an_archive_with_one_table_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as archive:
        archive.writestr("export/customers.csv", "name;city\nAda;London\n")
        archive.writestr("__MACOSX/export/._customers.csv", "x")
    table = open_table(tmp_path / "plain.zip")
    assert (table.header, table.delimiter) == (["name", "city"], ";")
    assert [line.cells for line in table.rows()] == [["Ada", "London"]]
    assert [finding.sentence for finding in table.findings] == ["The file was packed; customers.csv in it is read."]


@pytest.mark.parametrize("name", ["dummy", "test", "sheets", "test_skip_lines"])
def test_workbooks_of_the_old_kind_hold_what_the_new_ones_do(name):
    old, new = open_table(DATA / f"{name}.xls"), open_table(DATA / f"{name}.xlsx")
    assert old.format == "xls"
    assert [_plain(line) for line in old.rows()] == [_plain(line) for line in new.rows()]
    assert [_plain(line) for line in old.rows()] == [_plain(line) for line in new.rows()]


def _plain(line):
    # the old kind does not say whether a day has a time
    return [cell.removesuffix(" 00:00:00") for cell in line.cells]


def test_an_old_workbook_that_is_damaged_is_refused(tmp_path):
    content = bytearray((DATA / "test.xls").read_bytes())
    path = tmp_path / "damaged.xls"
    path.write_bytes(content[:3_000])
    with pytest.raises(Unreadable, match="damaged"):
        open_table(path)
    for seed in range(3):
        noise = random.Random(seed)
        for _change in range(200):
            content[noise.randrange(512, len(content))] = noise.randrange(256)
        path.write_bytes(content)
        with suppress(Unreadable):  # or some rows of it; nothing else comes out
            list(open_table(path).rows())


def test_the_other_sheets_of_a_workbook_are_named(tmp_path):
    def change(book):
        book.create_sheet("orders").append(["number"])
        book.create_sheet("secret").append(["x"])
        book["secret"].sheet_state = "hidden"

    table = open_table(workbook(tmp_path, [["name"], ["Ada"]], change=change))
    assert table.sheets == ("Sheet", "orders")
    assert [finding.sentence for finding in table.findings] == [
        "The sheet “Sheet” is read; the workbook also has: orders.",
        "Hidden sheets are not read: secret.",
    ]


def test_a_formula_without_a_result_stands_in_what_goes_back(tmp_path):
    path = workbook(tmp_path, [["name", "city"], ['="Ada"&"x"', "London"]])
    [line] = open_table(path).rows()
    assert "formula without a result" in line.problem
    assert line.cells == ['="Ada"&"x"', "London"]


def test_a_locked_workbook_is_named(tmp_path):
    path = tmp_path / "locked.xlsx"
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 99
    )
    with pytest.raises(Unreadable, match="password"):
        open_table(path)


def test_merged_cells_count_for_each_of_their_rows(tmp_path):
    def change(book):
        book.active.merge_cells("B2:B4")

    rows = [["name", "city"], ["Ada", "Kiel"], ["Bea", None], ["Cleo", None], ["Dora", None]]
    table = open_table(workbook(tmp_path, rows, change=change))
    expected = [["Ada", "Kiel"], ["Bea", "Kiel"], ["Cleo", "Kiel"], ["Dora", ""]]
    assert [line.cells for line in table.rows()] == expected
    assert [(finding.kind, finding.times) for finding in table.findings] == [("merged", 1)]


def test_a_heading_over_several_columns_is_passed_over_for_the_names_below(tmp_path):
    def change(book):
        for cells in ("A1:A2", "B1:C1"):
            book.active.merge_cells(cells)

    rows = [["name", "reach", None], [None, "email", "phone"], ["Ada", "a@mail.example", "030"]]
    table = open_table(workbook(tmp_path, rows, change=change))
    assert table.header == ["name", "email", "phone"]
    assert [line.cells for line in table.rows()] == [["Ada", "a@mail.example", "030"]]


def test_a_number_longer_than_a_spreadsheet_keeps_does_not_look_whole(tmp_path):
    path = workbook(tmp_path, [["id", "name"], [1, "Ada"]])
    cells = HEADER + '<row r="2"><c r="A2"><v>1.2345678901234568E+17</v></c><c r="B2"><v>2</v></c></row>'
    assert [line.cells for line in open_table(repacked(path, sheet_with(cells))).rows()] == [
        ["1.23456789012346E+17", "2"]
    ]


def test_all_columns_that_a_spreadsheet_can_have_are_read(tmp_path):
    table = open_table(workbook(tmp_path, [["first", *[None] * 16_382, "last"], ["a", *[None] * 16_382, "b"]]))
    [line] = table.rows()
    assert (len(table.header), line.cells[0], line.cells[-1]) == (16_384, "a", "b")


def test_an_open_document_is_read(tmp_path):
    path = tmp_path / "table.ods"
    office, table, text = (f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text"))
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in (["name", "city"], ["Zoë", "Köln"])
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{office}" xmlns:table="{table}" xmlns:text="{text}"><office:body>'
            f'<office:spreadsheet><table:table table:name="people">{rows}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    opened = open_table(path)
    assert (opened.format, opened.sheet) == ("ods", "people")
    assert [line.cells for line in opened.rows()] == [["Zoë", "Köln"]]
