"""Files that nobody should send, through the whole command: a sentence or a summary, never a traceback."""

import json
import zipfile

import pytest

from regulars.config import cli
from regulars.core.text import clean
from regulars.customers.models import Customer

pytestmark = pytest.mark.django_db

LONG = "x" * 10_000

# name → (content, customers that come in, rows that come back); None: the file as a whole is refused
FILES = {
    "empty": (b"", None, None),
    "only a header": (b"email,name\n", 0, 0),
    "only line ends": (b"\n\r\n\r\n", None, None),
    "byte order mark": ("\ufeffemail,name\na@mail.example,Zoë\n".encode(), 1, 0),
    "utf-16": ("email,name\na@mail.example,Zoë\n".encode("utf-16"), 1, 0),
    "gb18030": ("姓名,邮箱,城市\n张三,zs@mail.example,上海市\n李四光,ls@mail.example,杭州市\n".encode("gb18030"), 2, 0),
    "old windows": ("email;name\na@mail.example;Jörg Weiß\nb@mail.example;Käthe\n".encode("cp1252"), 2, 0),
    "old mac line ends": (b"email,name\ra@mail.example,Ada\rb@mail.example,Bea\r", 2, 0),
    "windows line ends": (b"email,name\r\na@mail.example,Ada\r\n", 1, 0),
    "tabs": (b"email\tname\na@mail.example\tAda, Countess\n", 1, 0),
    "line ends in quotes": (b'email,name,address\na@mail.example,Ada,"Kai 1\n2nd floor"\n', 1, 0),
    "quotes in quotes": (b'email,name\na@mail.example,"Ada ""the"" Great"\n', 1, 0),
    "a quote that never closes": (b'email,name\na@mail.example,"Ada\nb@mail.example,Bea\n', 1, 1),
    "short and long rows": (b"email,name,phone\na@mail.example\nb@mail.example,Bea,,,\nc@mail.example,Cleo,\n", 2, 1),
    "nul bytes": (b"email,name\na@mail.example,Ad\0a\nb@mail.example,Bea\n", 1, 1),
    "bytes of no encoding": (b"email,name\na@mail.example,\xff\xfe\x00\xd8\nb@mail.example,Bea\n", 1, 1),
    "the same heading twice": (b"email,email,name\na@mail.example,b@mail.example,Ada\n", 1, 0),
    "headings without columns of ours": (b"a,b,c\n1,2,3\n", None, None),
    "a very long name": (f"email,name\na@mail.example,{LONG}\nb@mail.example,Bea\n".encode(), 1, 1),
    "a day that never was": (b"email,created at\na@mail.example,31/02/2026\nb@mail.example,28/02/2026\n", 1, 1),
    "a phone of nowhere": (b"email,phone\na@mail.example,+999 000\nb@mail.example,+49 30 1234567\n", 1, 1),
    "a country of nowhere": (b"email,country\na@mail.example,Atlantis\nb@mail.example,Eire\n", 1, 1),
    "an e-mail of nowhere": (b"email,name\na@@mail,Ada\nb@mail.example,Bea\n", 1, 1),
    "formulas": (b"email,name\na@mail.example,=HYPERLINK(1)\n", 1, 0),
    "zero width only": ("email,name\n,\u200b\u200b\nb@mail.example,\u200bBea\n".encode(), 1, 1),
    "right to left": ("email,name\na@mail.example,\u202eעדה\n".encode(), 1, 0),
    "the same id twice": (b"id,name\n1,Ada\n1,Ada Lovelace\n", 1, 1),
    "json": (b'{"email": "a@mail.example"}\n', None, None),
    "a web page": (b"<html><body><table><tr><td>email</td></tr></table></body></html>", None, None),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, None, None),
    "a zip that is no workbook": (b"PK\x03\x04" + b"\0" * 64, None, None),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_nobody_should_send(name, tmp_path, capfd):
    content, created, rejected = FILES[name]
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    code = cli.run(["import", "customers", str(path), "--json"])
    said = capfd.readouterr()
    assert "Traceback" not in said.err
    if created is None:
        assert (code, said.out) == (2, "")
        assert said.err.startswith("regulars: ")
        assert Customer.objects.count() == 0
    else:
        figures = json.loads(said.out)
        assert (code, figures["created"], figures["rejected"]) == (0, created, rejected)
        assert Customer.objects.count() == created
        assert (figures["rejects_file"] is not None) == (rejected > 0)


def test_a_workbook_that_unzips_to_gigabytes_is_refused_or_read_in_little_memory(tmp_path, capfd):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _piece in range(64):
                sheet.write(b" " * (1 << 20))
    assert cli.run(["import", "customers", str(path)]) == 2
    assert "Traceback" not in capfd.readouterr().err


def test_every_kept_text_is_clean(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("email,name,city\na@mail.example,\u202bמרים\u202c  \u200bלוי,Ha\u00adifa\n", encoding="utf-8")
    assert cli.run(["import", "customers", str(path)]) == 0
    customer = Customer.objects.get()
    assert (customer.name, customer.city) == ("מרים לוי", "Haifa")
    assert clean(customer.search_text.replace("\n", " "), limit=500) == customer.search_text.replace("\n", " ")
