"""Every way we know in which a text table can be broken: each line comes in or says why not, and harms no other."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
import os
import random
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.tabular import Unreadable, open_table
from regulars.core.tabular.delimited import RECORD_LINES
from regulars.core.tabular.table import CELL_LIMIT

DATA = Path(__file__).parent / "data"
SPECTRUM = sorted((DATA / "csv_spectrum" / "csvs").glob("*.csv"))


def read(path):
    """The header, the good rows, and {line: problem}."""
    table = open_table(path)
    rows = list(table.rows())
    return table.header, [r.cells for r in rows if not r.problem], {r.number: r.problem for r in rows if r.problem}


def written(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_csv_spectrum_reads_as_its_answers_say(path):
    header, rows, problems = read(path)
    answer = json.loads((DATA / "csv_spectrum" / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
    # The collection was stored with line ends of one kind, one answer still has the other; and one row is no list.
    answer = answer if isinstance(answer, list) else [answer]
    kept = [{name: cell.replace("\r\n", "\n") for name, cell in row.items()} for row in answer]
    for row in kept:
        if row.get("Contact Phone Number") == "1234567890":  # the answer was anonymised, the file was not
            row["Contact Phone Number"] = "2095257564"
    assert [dict(zip(header, cells, strict=True)) for cells in rows] == kept
    assert problems == {}


@pytest.mark.parametrize(
    ("name", "header", "rows", "problems"),
    [
        ("dummy.tsv", ["a", "b", "c"], [["1", "2", "3"]], {}),
        ("sniff_limit.csv", ["a", "b", "c"], [["1", "2", "3"]], {}),
        ("test_utf8_bom.csv", ["foo", "bar", "baz"], [["1", "2", "3"], ["4", "5", "ʤ"]], {}),
        ("test_utf16_big.csv", ["a", "b", "c"], [["1", "2", "3"], ["4", "5", "ʤ"]], {}),
        ("test_utf16_little.csv", ["a", "b", "c"], [["1", "2", "3"], ["4", "5", "ʤ"]], {}),
        ("test_latin1.csv", ["a", "b", "c"], [["1", "2", "3"], ["4", "5", "©"]], {}),
        ("mac_newlines.csv", ["a", "b", "c"], [["1", "2", "3"], ["Once upon\ra time", "5", "6"]], {}),
        ("test_header_newline.csv", ["start end", "b", "c"], [["d", "e", "f"]], {}),
        ("test_skip_lines.csv", ["a", "b", "c"], [["1", "2", "3"]], {}),
        ("test_empty_columns.csv", ["a", "b", "c"], [["a", "", ""], ["", "", "c"]], {}),
        ("test_empty_columns_long_row.csv", ["a", "b", "c"], [], {}),
        ("test_no_leading_zeroes.csv", ["a", "b", "c"], [["01", "00.11", "0.1"]], {}),
        ("null_byte.csv", ["a", "b", "c"], [], {2: "The line contains a NUL character."}),
        ("test_extra_header.csv", ["a", "b", "c", "d"], [], {2: "The line has 3 cells, the header has 4."}),
        (
            "bad_skip_lines.csv",
            ["column_a", "column_b", "column_c"],
            [["0", "mixed types.... uh oh", "17"]],
            {5: "The line has 4 cells, the header has 3.", 6: "The line has 2 cells, the header has 3."},
        ),
    ],
)
def test_files_that_broke_others(name, header, rows, problems):
    assert read(DATA / "csvkit" / name) == (header, rows, problems)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.csv", "is empty"),
        ("no_header_row.csv", "no header"),
        ("no_header_row3.csv", "no header"),
        ("test_geojson.json", "JSON"),
        ("testdbf.dbf", "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_in_words(name, words):
    with pytest.raises(Unreadable, match=words.replace("(", "\\(").replace(")", "\\)")):
        open_table(DATA / "csvkit" / name)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n  \n", "empty"),
        (b"\0" * 4096, "empty"),
        (b"%PDF-1.7\nname,email\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture"),
        (b"<!DOCTYPE html><table><tr><td>name", "web page"),
        (b'[{"name": "Ada"}]', "JSON"),
        (b"PK\x03\x04 and then nothing", "damaged or cut off"),
        (random.Random(4).randbytes(50_000), "not a table of text"),
        (b"ada@shop.example,Ada,12\nben@shop.example,Ben,13\n", "no header"),
    ],
)
def test_other_content_is_refused_in_words(tmp_path, content, words):
    with pytest.raises(Unreadable, match=words):
        open_table(written(tmp_path, content))


def test_a_folder_a_missing_file_and_a_device_are_refused_in_words(tmp_path):
    for path, words in ((tmp_path, "folder"), (tmp_path / "no", "No such file"), (Path("/dev/zero"), "not a file")):
        with pytest.raises(Unreadable, match=words):
            open_table(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused_in_words(tmp_path):
    path = written(tmp_path, "name\nAda\n")
    path.chmod(0)
    with pytest.raises(Unreadable, match="Permission denied"):
        open_table(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encoding_delimiter_and_line_ends_are_found(tmp_path, encoding, delimiter, end):
    lines = [
        ["姓名", "城市", "备注"],
        ["张三", "北京市", "老客户"],
        ["欧阳娜", "上海市", 'said "好"'],
        ["李喆", "重庆", ""],
    ]
    text = end.join(
        delimiter.join(f'"{c.replace(chr(34), chr(34) * 2)}"' if '"' in c else c for c in row) for row in lines
    )
    assert read(written(tmp_path, (text + end).encode(encoding))) == (lines[0], lines[1:], {})


def test_western_letters_without_any_mark_are_read(tmp_path):
    text = "name;ville\nJosé;Besançon\nMüller;Köln\nNoël;Île-d’Yeu\n"
    table = open_table(written(tmp_path, text.encode("cp1252")))
    assert table.encoding == "cp1252"
    assert next(line.cells for line in table.rows()) == ["José", "Besançon"]
    assert [line.cells for line in table.rows()][2] == ["Noël", "Île-d’Yeu"]


def test_evidence_is_found_behind_a_megabyte_of_plain_letters(tmp_path):
    content = b"name,city\n" + b"Ada,London\n" * 150_000 + "张三,北京\n".encode("gb18030")
    assert list(open_table(written(tmp_path, content)).rows())[-1].cells == ["张三", "北京"]


def test_an_encoding_that_cannot_be_told_is_not_guessed(tmp_path):
    noise = random.Random(7)
    words = [bytes(noise.choices(range(0xA0, 0x100), k=7)) for _word in range(60)]
    content = b"name,city\n" + b"\n".join(a + b"," + b for a, b in zip(words[::2], words[1::2], strict=True))
    with pytest.raises(Unreadable, match="encoding of the file cannot be told"):
        open_table(written(tmp_path, content))
    assert open_table(written(tmp_path, content), encoding="koi8-r").header == ["name", "city"]


def test_an_encoding_that_is_said_is_believed(tmp_path):
    content = "name,city\nJörg,Köln\n".encode("cp850")
    assert open_table(written(tmp_path, content), encoding="cp437").encoding == "cp437"


TEXTS = {
    "gb18030": "姓名,城市\n张三,北京\n李四光,杭州市\n",
    "big5hkscs": "姓名,城市,備註\n陳大文,臺北市,老客戶\n林志玲,高雄市,要電話\n",
    "cp932": "氏名,住所\n山田太郎,東京都渋谷区1-2\nスズキ,ひらがな\n",
    "euc_jp": "氏名,住所\n鈴木花子,大阪府大阪市\nスズキ,ひらがな\n",
    "cp949": "이름,도시\n김철수,서울\n이영희,부산광역시\n",
    "cp1252": "nom;ville\nHélène Lefèvre;Besançon\nNoël;Île-d’Yeu\nMüller;Köln\n",
    "mac_roman": "customer,total\nNeil Französisch,91\nResi Pölking,28\nAnna Häberlin,5\n",
    "cp850": "Name;Ort\nJörg Weiß;Köln\nKäthe Müller;Düsseldorf\n",
    "cp1250": "imię;miasto\nŁukasz Wiśniewski;Łódź\nGrażyna Dąbrowska;Gdańsk\n",
    "iso8859_2": "imię;miasto\nŁukasz Wiśniewski;Łódź\nGrażyna Dąbrowska;Gdańsk\n",
    "cp1251": "имя,город\nАлександр,Москва\nНаталья Иванова,Тверь\n",
    "koi8_u": "имя,город\nАлександр,Москва\nНаталья Иванова,Тверь\n",
    "cp866": "имя,город\nАлександр,Москва\nНаталья Иванова,Тверь\n",
    "cp1253": "όνομα,πόλη\nΓιώργος Παπαδόπουλος,Αθήνα\n",
    "cp1254": "ad,şehir\nAyşe Yılmaz,İstanbul\nÇağrı,Eskişehir\n",
    "cp1255": "שם,עיר\nדוד כהן,תל אביב\n",
    "cp1256": "الاسم,المدينة\nمحمد علي,القاهرة\n",
    "cp1257": "vārds,pilsēta\nJānis Bērziņš,Rīga\nŽ. Kļaviņa,Liepāja\n",
    "cp874": "ชื่อ,เมือง\nสมชาย ใจดี,กรุงเทพ\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_the_encoding_is_the_one_in_which_the_bytes_are_the_likeliest_text(tmp_path, encoding):
    text = TEXTS[encoding]
    table = open_table(written(tmp_path, text.encode(encoding)))
    expected = [re.split("[,;]", line) for line in text.splitlines()]
    assert [table.header, *(line.cells for line in table.rows())] == expected
    assert [finding.kind for finding in table.findings] == ["encoding"]


@pytest.mark.parametrize("packer", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_table_is_unpacked(tmp_path, packer):
    path = tmp_path / "table.csv.packed"
    path.write_bytes(packer("name,city\nZoë,Köln\n".encode()))
    table = open_table(path)
    assert [line.cells for line in table.rows()] == [["Zoë", "Köln"]]
    assert [line.cells for line in table.rows()] == [["Zoë", "Köln"]]
    assert [finding.kind for finding in table.findings] == ["packed"]


@pytest.mark.parametrize("packer", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_table_that_breaks_off_is_refused(tmp_path, packer):
    path = tmp_path / "table.csv.packed"
    path.write_bytes(packer(random.Random(1).randbytes(5_000))[:2_000])
    with pytest.raises(Unreadable, match="damaged or cut off"):
        open_table(path)


def test_of_two_columns_with_one_heading_none_is_lost(tmp_path):
    header, rows, _problems = read(written(tmp_path, "Email,email,name,Email,email (2)\na,b,c,d,e\n"))
    assert header == ["Email", "email (3)", "name", "Email (4)", "email (2)"]
    assert rows == [["a", "b", "c", "d", "e"]]


def test_a_column_without_a_heading_is_part_of_the_table_where_the_header_has_a_cell_for_it(tmp_path):
    assert read(written(tmp_path, "name,,city,\nAda,x,London,y\n")) == (
        ["name", "", "city", ""],
        [["Ada", "x", "London", "y"]],
        {},
    )
    assert open_table(written(tmp_path, "name,,city,\nAda,x,London,y\n")).label(3) == "Column D"


def test_one_broken_byte_costs_one_line(tmp_path):
    content = "name,city\nJosé,Köln\nM\udcfcller,Bonn\n张三,北京\n".encode("utf-8", "surrogateescape")
    _header, rows, problems = read(written(tmp_path, content))
    assert rows == [["José", "Köln"], ["张三", "北京"]]
    assert list(problems) == [3]
    shown = next(line for line in open_table(written(tmp_path, content)).rows() if line.problem)
    assert shown.cells == ["M\\xfcller", "Bonn"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_byte_that_breaks_much_later_costs_one_line(tmp_path, encoding):
    good = "姓名,城市\n" + "张三,北京\n" * 200_000
    content = bytearray(good.encode(encoding))
    place = len(content) - (60 if encoding == "utf-16" else 40)
    content[place - place % 2 : place - place % 2 + 2] = b"\x00\xd8" if encoding == "utf-16" else b"\xff\xff"
    rows = list(open_table(written(tmp_path, bytes(content))).rows())
    assert len(rows) >= 199_999
    assert 1 <= sum(1 for row in rows if row.problem) <= 2


def test_a_quote_that_is_never_closed_costs_one_line(tmp_path):
    lines = [f"{number},name {number},city" for number in range(5_000)]
    lines[17] = '17,"name 17,city'
    _header, rows, problems = read(written(tmp_path, "id,name,city\n" + "\n".join(lines)))
    assert problems == {19: "A quotation mark is opened here and not closed."}
    assert len(rows) == 4_999
    assert rows[17] == ["18", "name 18", "city"]


def test_a_quote_that_meets_the_next_one_costs_one_line(tmp_path):
    text = 'id,name,city\n1,"Ada,London\n2,Ben,Bonn\n3,"Chen, Li",Bath\n4,Dora,Rome\n'
    _header, rows, problems = read(written(tmp_path, text))
    assert rows == [["2", "Ben", "Bonn"], ["3", "Chen, Li", "Bath"], ["4", "Dora", "Rome"]]
    assert list(problems) == [2]


def test_a_cell_may_hold_many_lines_but_not_the_whole_file(tmp_path):
    note = "\n".join(["line"] * (RECORD_LINES - 1))
    assert read(written(tmp_path, f'id,note\n1,"{note}"\n2,short\n'))[1] == [["1", note], ["2", "short"]]


def test_text_behind_a_closing_quote_is_a_problem_of_its_line(tmp_path):
    _header, rows, problems = read(written(tmp_path, 'id,name\n1,"Ada" Lovelace\n2,Ben\n'))
    assert rows == [["2", "Ben"]]
    assert list(problems) == [2]
    assert "twice" in problems[2]


def test_a_hundred_megabytes_in_one_line_cost_neither_memory_nor_the_lines_after(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("id,name\n1,Ada\n")
        for _ in range(100):
            file.write("x" * 1_000_000)
        file.write("\n2,Ben\n3," + "y" * (CELL_LIMIT + 1) + "\n4,Chen\n")
    tracemalloc.start()
    _header, rows, problems = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == [["1", "Ada"], ["2", "Ben"], ["4", "Chen"]]
    assert problems == {
        3: "The line is longer than 1000000 characters.",
        5: "A cell is longer than 100000 characters.",
    }
    assert peak < 20_000_000


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("id,name,note\n" + "".join(f'{n},"Name {n}",plain\n' for n in range(40_000)))
    tracemalloc.start()
    count = sum(1 for _line in open_table(path).rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 40_000
    assert peak < 5_000_000


def test_titles_above_the_header_are_passed_over(tmp_path):
    table = open_table(
        written(tmp_path, "Customers of 2026;;\n\nmade on;2026-03-01;\nName;E-Mail;Ort\nAda;a@b.example;Bonn\n")
    )
    assert (table.header, table.header_line) == (["Name", "E-Mail", "Ort"], 4)
    assert [line.number for line in table.rows()] == [5]


def test_a_spreadsheets_own_word_for_its_delimiter_is_believed(tmp_path):
    table = open_table(written(tmp_path, "sep=|\nname|city, country\nAda|London, UK\n"))
    assert (table.header, table.delimiter) == (["name", "city, country"], "|")


def test_line_separators_of_unicode_do_not_end_a_line(tmp_path):
    text = "name,note\nAda,one\u2028two\x0bthree\x85four\nBen,x\n"
    assert read(written(tmp_path, text))[1] == [["Ada", "one\u2028two\x0bthree\x85four"], ["Ben", "x"]]


def test_short_lines_long_lines_and_blank_lines(tmp_path):
    _header, rows, problems = read(written(tmp_path, "a,b,c\n1,2\n\n ,, \n1,2,3,,\n1,2,3,4\nx,y,z"))
    assert rows == [["1", "2", "3"], ["x", "y", "z"]]
    assert problems == {2: "The line has 2 cells, the header has 3.", 6: "The line has 4 cells, the header has 3."}


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30).filter(
    lambda text: not text.startswith("'")
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=30), quoting=st.sampled_from([0, 1]))
def test_whatever_a_csv_writer_writes_is_read_back(tmp_path_factory, rows, quoting):
    path = tmp_path_factory.mktemp("round") / "table.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, quoting=quoting)
        writer.writerow(["first", "second", "third"])
        writer.writerows(rows)
    kept = [list(row) for row in rows if any(cell.strip() for cell in row)]
    table = open_table(path, delimiter=",")
    assert [line.cells for line in table.rows()] == kept


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=400))
def test_no_bytes_at_all_break_the_reader(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("noise") / "noise.csv"
    path.write_bytes(content)
    try:
        table = open_table(path)
        for line in table.rows():
            assert line.problem or len(line.cells) == len(table.header)
    except Unreadable:
        return


def test_single_quotes_around_every_name_are_quotes(tmp_path):
    assert read(written(tmp_path, "'name','city'\n'Ada, Countess','London'\n'O''Brien','Cork'\n")) == (
        ["name", "city"],
        [["Ada, Countess", "London"], ["O'Brien", "Cork"]],
        {},
    )


def test_a_second_byte_order_mark_is_no_part_of_a_name(tmp_path):
    assert read(written(tmp_path, "\ufeff\ufeffname,city\nAda,London\n"))[0] == ["name", "city"]
