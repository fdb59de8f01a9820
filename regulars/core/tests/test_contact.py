"""Contacts: the quick ways agree with the libraries that decide, and every refusal is a sentence."""

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regulars.core.contact import (
    BadContact,
    _plain_phone,
    format_phone,
    is_plain_email,
    parse_country,
    parse_email,
    parse_phone,
)

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def test_an_email_is_kept_in_lower_case():
    assert parse_email("Sofie.Dahl@Mail.EXAMPLE") == "sofie.dahl@mail.example"
    assert parse_email("Jörg@MÜNCHEN.example") == "jörg@münchen.example"
    assert parse_email("") == ""


@pytest.mark.parametrize(
    "text", ["nobody", "a@b", "a b@c.example", "a@b..example", "a@-b.example", "a@b.invalid", "@b.example"]
)
def test_what_is_no_email_is_refused_with_the_text(text):
    with pytest.raises(BadContact, match="is not an e-mail address") as refused:
        parse_email(text)
    assert text in str(refused.value)


_LOCAL = st.text(alphabet="abcXYZ019._-+'!#", min_size=1, max_size=70)
_DOMAIN = st.one_of(
    st.lists(st.text(alphabet="abz09-", min_size=1, max_size=66), min_size=1, max_size=5).map(".".join),
    st.sampled_from(["mail.example", "x.test", "foo.local", "xn--mnchen-3ya.de", "a.b.c.d.co", "arpa", "in.arpa"]),
)


@settings(max_examples=600)
@given(local=_LOCAL, domain=_DOMAIN)
@example(local="a", domain="a--b.de")
@example(local="a" * 64, domain="b" * 63 + ".de")
def test_the_quick_way_for_emails_agrees_with_the_library(local, domain):
    text = f"{local}@{domain}".lower()
    try:
        expected = validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        expected = None
    if is_plain_email(text):
        assert expected == text


def test_a_phone_is_kept_as_e164_and_shown_with_spaces():
    assert parse_phone("030 1234567", country="DE") == "+49301234567"
    assert parse_phone("(020) 7946 0018", country="GB") == "+442079460018"
    assert parse_phone("138 1234 5678", country="CN") == "+8613812345678"
    assert parse_phone("0039 06 698 12345", country="DE") == "+390669812345"
    assert parse_phone("+1 (212) 555-0123", country="") == "+12125550123"
    assert parse_phone("", country="DE") == ""
    assert format_phone("+8613812345678") == "+86 138 1234 5678"


@pytest.mark.parametrize(
    ("text", "words"), [("12", "in Germany"), ("+999 123 4567", "of any country"), ("not a phone", "in Germany")]
)
def test_a_phone_of_nowhere_is_refused(text, words):
    with pytest.raises(BadContact, match=words):
        parse_phone(text, country="DE")


def _by_library(text, country):
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@st.composite
def _numbers(draw):
    """Valid numbers of every country and kind, written in several ways, and then a little broken."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.sampled_from([0, 1, 2, 3, 4, 6]))
    number = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
    form = draw(st.sampled_from([0, 1, 2]))
    text = phonenumbers.format_number(number, form)
    digits = list(text)
    for _turn in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(digits) - 1))
        digits[place] = draw(st.sampled_from("0123456789 ()-./+"))
    return "".join(digits), draw(st.sampled_from([region, region, "DE", "US", "CN", "IT", ""]))


@settings(max_examples=1000, deadline=None)
@given(_numbers())
@example(("0800 1111", "GB"))
@example(("+046534456789", "JE"))
@example(("+7 701 234 5678", "DE"))
@example(("8 912 345 67 89", "RU"))
@example(("+44 (0) 20 7946 0018", "DE"))
def test_the_quick_way_for_phones_agrees_with_the_library(case):
    text, country = case
    quick = _plain_phone(text, country)
    if quick:
        assert quick == _by_library(text, country)


@settings(max_examples=500, deadline=None)
@given(st.from_regex(r"\+?[0-9][0-9 ()./-]{3,18}", fullmatch=True), st.sampled_from(REGIONS))
def test_the_quick_way_agrees_on_numbers_that_mostly_do_not_exist(text, country):
    quick = _plain_phone(text, country)
    if quick:
        assert quick == _by_library(text, country)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"), ("de", "DE"), ("DEU", "DE"), ("276", "DE"), ("Germany", "DE"), ("Deutschland", "DE"),
        ("德国", "DE"), ("EIRE", "IE"), ("UK", "GB"), ("England", "GB"), ("USA", "US"),
        ("United States of America", "US"), ("RSA", "ZA"),
        ("中国", "CN"), ("台灣", "TW"), ("Hong Kong", "HK"), ("Czech Republic", "CZ"), ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("South Korea", "KR"), ("Côte d’Ivoire", "CI"), ("Bosnia & Herzegovina", "BA"), ("Saint Lucia", "LC"),
        ("The Netherlands", "NL"), ("Channel Islands", ""), ("European Community", ""), ("Unspecified", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_country_is_known_by_code_and_by_name(text, code):
    assert parse_country(text) == code


def test_an_unknown_country_is_refused_by_name():
    with pytest.raises(BadContact, match="“Atlantis” is not a country we know"):
        parse_country("Atlantis")
    with pytest.raises(BadContact, match=r"x{60}…"):
        parse_country("x" * 500)
