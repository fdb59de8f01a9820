"""Where cities are, and how countries write addresses: the tables that come with the product."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.customers import gazetteer, postal
from regulars.customers.models import Address
from regulars.customers.places import address_lines, countries

CODES = [code for code, _name in countries("en")]


@pytest.mark.parametrize(
    ("country", "city", "place"),
    [
        ("DE", "Hamburg", (53.55, 9.99, "", "Europe/Berlin")),
        ("DE", "münchen", (48.14, 11.58, "", "Europe/Berlin")),
        ("GB", "Bristol, Avon", (51.46, -2.6, "", "Europe/London")),
        ("CN", "苏州市", (31.3, 120.6, "江苏省", "Asia/Shanghai")),
        ("CN", "蘇州", (31.3, 120.6, "江苏省", "Asia/Shanghai")),
        ("US", "Seattle", (47.61, -122.33, "WA", "America/Los_Angeles")),
        ("JP", "Fukuoka", (33.6, 130.42, "福岡県", "Asia/Tokyo")),
    ],
)
def test_a_city_is_found_by_its_names(country, city, place):
    assert gazetteer.find(country, city) == place


def test_the_same_name_in_another_country_is_another_city():
    assert gazetteer.find("GB", "Boston") != gazetteer.find("US", "Boston")
    assert gazetteer.find("DE", "Seattle") is None


@given(st.text(max_size=30), st.sampled_from(["DE", "CN", "", "XX", "ZZ"]))
def test_no_text_is_a_city_by_accident_or_breaks_the_search(city, country):
    found = gazetteer.find(country, city)
    assert found is None or (-90 <= found.latitude <= 90 and -180 <= found.longitude <= 180)


def test_every_line_of_the_table_can_be_found():
    lines = gazetteer._table().decode().splitlines()
    assert lines == sorted(lines, key=str.encode)
    for line in [lines[0], lines[-1], *lines[:: len(lines) // 500]]:
        country, city, latitude, *_rest = line.split("\t")
        assert gazetteer._line(country, city).latitude == float(latitude)


@pytest.mark.parametrize("country", CODES)
def test_the_example_of_every_country_is_one_of_its_postcodes(country):
    example = postal.rules_of(country).example
    if example:
        assert postal.problems({"country": country, "postcode": example}) == {}
        assert postal.tidy({"country": country, "postcode": example.lower()})["postcode"].upper() == example.upper()


@pytest.mark.parametrize("country", CODES)
def test_nothing_of_an_address_is_lost_when_it_is_written(country):
    parts = {"line1": "12 Kai", "line2": "Flat 2", "city": "Stadt", "region": "Region", "postcode": "P0 1"}
    for address in (parts, parts | {"line1": "海港路 12", "city": "城", "region": "省"}):
        written = " ".join(address_lines(Address(name="Mara", country=country, **address)))
        for part in (*address.values(), "Mara"):
            assert part in written


def test_signs_between_parts_go_with_the_part_that_is_missing():
    american = {"country": "US", "line1": "1 Pike St", "city": "Seattle", "postcode": "98101"}
    assert postal.lines_of(american) == ["1 Pike St", "Seattle 98101"]
    assert postal.lines_of(american | {"region": "WA"}) == ["1 Pike St", "Seattle, WA 98101"]
    assert (
        postal.lines_of({"country": "CH", "line1": "Kai 1", "city": "Zürich", "postcode": "8001"})[-1] == "8001 Zürich"
    )


@pytest.mark.parametrize(
    ("country", "postcode", "is_right"),
    [
        ("GB", "BS1 5TY", True), ("GB", "BS1", False), ("DE", "20457", True), ("DE", "2045", False),
        ("US", "98101-1234", True), ("US", "9810", False), ("NL", "1234 AB", True), ("CA", "K1A 0B1", True),
        ("CN", "215005", True), ("CN", "21500", False), ("HK", "anything", True), ("", "anything", True),
    ],
)  # fmt: skip
def test_a_postcode_is_right_or_it_is_told(country, postcode, is_right):
    assert (postal.problems({"country": country, "postcode": postcode}) == {}) is is_right
