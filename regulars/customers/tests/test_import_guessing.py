"""What the columns of other systems' exports are, by headings and by values, and what is mended on the way."""

import pytest

from regulars.core.dates import Order
from regulars.core.errors import Invalid
from regulars.core.tabular import Line, open_table
from regulars.customers.importing.guessing import guess
from regulars.customers.importing.mapping import dialled_in
from regulars.customers.importing.repairs import LostDigits, Mender, counted_moment, exact
from regulars.customers.importing.survey import date_orders

# Headings as the systems write them: facts of the platforms.
EXPORTS = {
    "Shopify": (
        (
            "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
            "Default Address Address1,Default Address Address2,Default Address City,Default Address Province Code,"
            "Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,"
            "Total Spent,Total Orders,Note,Tax Exempt,Tags"
        ),
        (
            "external_id given_name family_name email email_consent company line1 line2 city region country postcode "
            "address_phone phone sms_consent - - note - tags"
        ),
    ),
    "Shopify until 2023": (
        (
            "First Name,Last Name,Email,Accepts Email Marketing,Company,Address1,Address2,City,Province,Province Code,"
            "Country,Country Code,Zip,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt"
        ),
        (
            "given_name family_name email email_consent company line1 line2 city region - country - postcode phone "
            "sms_consent - - tags note -"
        ),
    ),
    "WooCommerce": (
        (
            "Name,Username,Last Active,Date Registered,Email,Orders,Total Spend,AOV,Country / Region,City,Region,"
            "Postal Code"
        ),
        "name external_id - customer_since email - - - country city region postcode",
    ),
    "Magento": (
        (
            "email,_website,created_at,dob,firstname,gender,group_id,lastname,password_hash,prefix,taxvat,_address_city,"
            "_address_country_id,_address_postcode,_address_region,_address_street"
        ),
        (
            "email - customer_since birthday given_name gender - family_name - title vat_number city country postcode "
            "region line1"
        ),
    ),
    "Zoho": (
        (
            "Record Id,Contact Owner,Lead Source,First Name,Last Name,Account Name,Email,Title,Phone,Date of Birth,"
            "Created Time,Salutation,Email Opt Out,Mailing Street,Mailing City,Mailing State,Mailing Zip,"
            "Mailing Country,"
            "Description,Tag"
        ),
        (
            "external_id looked_after_by - given_name family_name company email position phone birthday customer_since "
            "title - line1 city region postcode country note tags"
        ),
    ),
    "Odoo": (
        (
            "External ID,Display Name,Company Type,Email,Phone,Street,Street2,City,State,Zip,Country,Tax ID,Tags,"
            "Salesperson,Notes,Job Position,Language"
        ),
        (
            "external_id name kind email phone line1 line2 city region postcode country vat_number tags "
            "looked_after_by "
            "note position language"
        ),
    ),
    "BigCommerce": (
        (
            "Customer ID,First Name,Last Name,Company,Email,Phone,Notes,Store Credit,Customer Group,Date Joined,"
            "Address Line 1 - 1,Address Line 2 - 1,City/Suburb - 1,State/Province - 1,Zip/Postcode - 1,Country - 1"
        ),
        (
            "external_id given_name family_name company email phone note - tags customer_since line1 line2 city region "
            "postcode country"
        ),
    ),
    "PrestaShop": (
        "ID,Social title,First name,Last name,Email address,Sales,Enabled,Newsletter,Registration,Last visit",
        "external_id title given_name family_name email - status email_consent customer_since -",
    ),
    "Youzan": (
        "客户昵称,姓名,手机号,性别,生日,微信号,累计消费金额,标签,成为客户时间,省份,城市",
        "external_id name phone gender birthday - - tags customer_since region city",
    ),
    "a shop in Taipei": (
        "客戶編號,姓名,電話,電子郵件,地址,縣市,郵遞區號,性別,備註",
        "external_id name phone email line1 city postcode gender note",
    ),
    "a German till": (
        (
            "Kd.-Nr.,Anrede,Vorname,Nachname,Firma,Straße/Nr.,PLZ,Ort,Land,Handynummer,E-Mail,Geburtsdatum,Kunde seit,"
            "Bemerkung,Kundengruppe,USt-IdNr.,Umsatz"
        ),
        (
            "external_id title given_name family_name company line1 postcode city country phone email birthday "
            "customer_since note tags vat_number -"
        ),
    ),
}


@pytest.mark.parametrize("system", EXPORTS)
def test_headings_of_other_systems_are_known(system):
    heading, fields = EXPORTS[system]
    header = heading.split(",")
    guesses = guess(header, [["x"] * len(header)], chosen={})
    assert [one.field or "-" for one in guesses] == fields.split()
    assert all(one.reason for one in guesses)


def column(values, heading="Spalte 4", beside=()):
    header = [heading, *(name for name, _values in beside)]
    rows = [[value, *(others[at] for _name, others in beside)] for at, value in enumerate(values)]
    return guess(header, rows, chosen={}, country="DE")[0]


def test_columns_without_a_clear_heading_are_known_by_their_values():
    emails = column([f"n{number}@mail.example" for number in range(10)])
    assert (emails.field, emails.reason) == (
        "email", "100% of 10 values are e-mail addresses, like n0@mail.example.",
    )  # fmt: skip
    assert column([f"+49 30 12345{number:02d}" for number in range(20)]).field == "phone"
    assert column(["Germany", "France", "Frankreich", "中国"] * 5).field == "country"
    assert column(["Ada Lovelace", "Grace Hopper", "Mary Shelley", "王雨桐"]).field == "name"
    born = [f"{1950 + number * 2}-03-12" for number in range(20)]
    assert column(born, heading="Tag X").field == "birthday"
    lately = column([f"2026-03-{number:02d}" for number in range(1, 20)], heading="Tag X")
    assert (lately.field, lately.suggestion) == ("", "date")
    cities = ["Kiel", "Bonn", "Bern", "Wien"] * 5
    assert column(["20457", "53111", "30121", "10115"] * 5, beside=[("City", cities)]).field == "postcode"


def test_an_unknown_column_is_offered_as_a_field_of_the_right_type():
    cases = {
        "number": [str(number * 7) for number in range(20)],
        "yes_no": ["yes", "no"] * 10,
        "one_of": ["silver", "gold", "none"] * 10,
        "link": [f"https://mail.example/{number}" for number in range(10)],
        "long_text": ["many words " * 20] * 3,
        "text": [f"code {number}x" for number in range(30)],
    }
    for kind, values in cases.items():
        assert column(values, heading="Shoes").suggestion == kind, kind


def test_a_heading_that_its_values_contradict_does_not_count():
    values = [f"n{number}@mail.example" for number in range(20)]
    assert column(values, heading="Contact name").field == "email"
    assert column(values, heading="Phone").field == "email"


def test_a_second_email_and_a_second_phone_are_kept_beside_the_first():
    header = ["E-Mail", "E-Mail (2)", "Telefon", "Handy", "Email Opt Out"]
    rows = [["a@mail.example", "b@mail.example", "030 1234567", "0151 12345678", "no"]] * 3
    assert [one.field for one in guess(header, rows, chosen={}, country="DE")] == [
        "email", "email_2", "phone", "phone_2", "",
    ]  # fmt: skip


def test_phones_are_dialled_where_the_script_of_their_heading_is_at_home():
    for heading, country in (
        ("電話", "TW"), ("手机号", "CN"), ("電話番号", "JP"), ("전화번호", "KR"), ("Telefon", "GB"),
    ):  # fmt: skip
        assert dialled_in([heading], {"phone": 0}, shop_country="GB") == country
    assert dialled_in(["name"], {}, shop_country="GB") == "GB"


def test_own_fields_are_known_by_their_label_and_their_name():
    own = {"metafields.custom.size": "Shoe size"}
    assert guess(["shoe size"], [["38"]], chosen={}, own_fields=own)[0].field == "metafields.custom.size"
    assert guess(["metafields.custom.size"], [["38"]], chosen={}, own_fields=own)[0].field == "metafields.custom.size"
    with pytest.raises(Invalid):
        guess(["a"], [["1"]], chosen={"metafields.custom.size": "a"})


@pytest.mark.parametrize(
    ("text", "digits"),
    [("4.915112345678E+12", "4915112345678"), ("4,915112345678e+12", "4915112345678"), ("1.5", ""), ("491511", "")],
)
def test_a_number_with_an_exponent_is_exact_where_all_digits_are_there(text, digits):
    assert exact(text) == digits


def test_a_number_that_lost_digits_is_not_made_up():
    with pytest.raises(LostDigits, match="last digits are lost"):
        exact("4.91761E+11")


def mended(columns, *rows, country="DE"):
    mender = Mender({name: at for at, name in enumerate(columns.split())}, country=country)
    lines = mender.lines([Line(number, list(row)) for number, row in enumerate(rows, 2)])
    return [line.cells for line in lines if not line.problem], lines, mender.repairs


def test_what_spreadsheets_did_is_mended_and_counted():
    cells, lines, repairs = mended(
        "postcode country phone external_id customer_since",
        ["1067", "", "4.91511E+11", "1", "2026-03-12"],
        ["1067", "Germany", "", "1.2345678E+7", "45000"],
        ["8001", "CH", "+41 44 1234567", "3", "1770000000"],
        ["501", "US", "", "4", ""],
    )
    assert lines[0].problem.startswith("phone: “4.91511E+11”")
    assert cells == [
        ["01067", "Germany", "", "12345678", "2023-03-15"],
        ["8001", "CH", "+41 44 1234567", "3", "2026-02-02 02:40:00Z"],
        ["00501", "US", "", "4", ""],
    ]
    assert {finding.kind: finding.times for finding in repairs.findings()} == {
        "postcode": 2, "external_id": 1, "date": 1, "stamp": 1,
    }  # fmt: skip
    assert "1067 is 01067" in " ".join(finding.sentence for finding in repairs.findings())


def test_a_sum_below_the_table_is_nobodys_row():
    cells, lines, _repairs = mended("name email", ["Ada", ""], ["Summe", ""], ["Total", "total@mail.example"])
    assert cells == [["Ada", ""], ["Total", "total@mail.example"]]
    assert lines[1].problem == "This is a sum, and nobody's row."


def test_rows_with_nothing_to_mend_are_the_same_objects():
    lines = [Line(2, ["20457", "DE", "+49301234567"])]
    assert Mender({"postcode": 0, "country": 1, "phone": 2}, country="DE").lines(lines) is lines


def test_a_number_behind_an_apostrophe_is_the_number_and_a_word_keeps_its_apostrophe():
    mender = Mender({"external_id": 0, "phone": 1, "postcode": 2, "name": 3}, country="DE")
    lines = mender.lines(
        [
            Line(2, ["'7000000000001", "'+49301234567", "'01067", "'s Gravenmade"]),
            Line(3, ["'t1", "", "", "O'Brien"]),
        ]
    )
    assert [line.cells for line in lines] == [
        ["7000000000001", "+49301234567", "01067", "'s Gravenmade"],
        ["'t1", "", "", "O'Brien"],
    ]
    [finding] = mender.repairs.findings()
    assert finding.sentence == "3 numbers stood behind an apostrophe: '+49301234567 is +49301234567."


def test_what_a_spreadsheet_counts_as_days_lies_in_this_century_or_the_last():
    assert counted_moment("45000") == ("date", "2023-03-15")
    assert counted_moment("45000.5") == ("date", "2023-03-15 12:00:00")
    assert counted_moment("99999") is None
    assert counted_moment("2026-03-12") is None


def dated(tmp_path, *days, country="DE", chosen=""):
    path = tmp_path / "days.csv"
    path.write_text("name,since\n" + "".join(f"n{number},{day}\n" for number, day in enumerate(days)))
    return date_orders(open_table(path), {"customer_since": 1}, country=country, chosen=chosen)


def test_the_whole_column_decides_the_order_of_day_and_month(tmp_path):
    orders, findings = dated(tmp_path, *["03/04/2026"] * 2_000, "04/14/2026")
    assert orders == {"customer_since": "mdy"}
    assert "month first" in findings[0].sentence
    orders, findings = dated(tmp_path, "03/04/2026", "05/06/2026")
    assert orders == {"customer_since": "dmy"}
    assert "can be read in two ways" in findings[0].sentence
    assert dated(tmp_path, "03/04/2026", country="US")[0] == {"customer_since": "mdy"}
    assert dated(tmp_path, "03/04/2026", chosen="mdy") == ({"customer_since": "mdy"}, [])
    assert dated(tmp_path, "2026-04-03", "2026-04-14") == ({}, [])
    assert isinstance(Order(), Order)
