"""People from a bare file: which column is what, by its heading, and every row as a Person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.importing import heading_key
from regulars.core.tabular import Table as File
from regulars.customers.duplicates import person as forms
from regulars.customers.duplicates.person import Person
from regulars.customers.duplicates.table import Table
from regulars.customers.importing.headings import KNOWN

_FROM_IMPORT = {
    "external_id": "id", "email": "email", "phone": "phone", "name": "name", "given_name": "given",
    "family_name": "family", "company": "company", "line1": "street", "line2": "unit", "city": "city",
    "region": "region", "postcode": "postcode", "country": "country", "address_phone": "phone",
}  # fmt: skip
# Headings of lists of people that no shop exports: registers, surveys, test sets.
_MORE: dict[str, str] = {
    "id": "rec_id recid record_id unique_id uid row_id person_id client_id contact_id lead_id patient_id voter_id "
          "voter_reg_num ncid tsid index no",
    "given": "fname first given givenname forename fname_c1 name_first christian_name first_nm",
    "middle": "middle_name mname middle middlename middle_initial mi fname_c2 second_name midl_name",
    "family": "lname last lname_c1 name_last sname last_nm",
    "family2": "lname_c2 second_surname",
    "name": "fullname full_nm person person_name site_name",
    "birth": "dob date_of_birth birth_date birthdate birthday born geburtsdatum geburtstag geboren "
             "出生日期 生日 出生年月",
    "birth_year": "by byear birth_year yob year_of_birth geburtsjahr 出生年份",
    "birth_month": "bm bmonth birth_month mob month_of_birth",
    "birth_day": "bd bday birth_day day_of_birth",
    "id_number": "soc_sec_id ssn social_security_number social_security_no social_security soc_sec_no sin national_id "
                 "national_insurance_number nino nhs_number tax_id passport passport_number drivers_license "
                 "driver_license id_card identity_number medicare_no 身份证 身份证号 身份证号码",
    "phone": "phone_num phone_no telephone_number telephone_no tel_no home_phone work_phone phone_home phone_work "
             "phone1 phone2 mobile_phone_number cellphone fax",
    "email": "email1 email2 mail_address emailaddress e_mail_1 work_email personal_email home_email",
    "gender": "gender sex gender_code sex_code geschlecht 性别",
    "number": "street_number street_no stno st_no house_number house_no house_num houseno streetnumber hausnummer "
              "addr_no 门牌号",
    "street": "street_name address_1 addr addr1 add1 addr_1 addressline1 street_1 streetname street_address_1 "
              "residential_address home_address mail_addr1 res_street_address street_addr addr_line1",
    "unit": "address_2 addr2 add2 addr_2 unit unit_number apt apartment flat addressline2 street_2 addr_line2",
    "city": "locality place res_city_desc city_name town_city municipality suburb_town city_desc",
    "region": "state_cd state_code stateprovince territory",
    "postcode": "zipcode zip5 zip_cd postcode_fake post_code pcode postal areacode area_code",
    "country": "nation country_name land",
    "birth_place": "birth_place birthplace place_of_birth pob geburtsort 出生地",
    "occupation": "occupation profession job job_title beruf 职业",
    "company": "organization_name organisation_name employer business",
}  # fmt: skip
_PREFIXES = (
    "customer",
    "contact",
    "client",
    "person",
    "billing",
    "shipping",
    "home",
    "primary",
    "patient",
    "res",
    "current",
)
_SEVERAL = frozenset({"email", "phone"})
_SAMPLED = 5_000
_WHO = ("given", "family", "name", "email", "phone", "id_number", "company")
_FIRMS = re.compile(
    r"\b(?:the|of|and|restaurant|cafe|grill|bar|house|club|hotel|inc|ltd|gmbh|llc|co|school|center|centre|company|shop)\b"
    r"|[&\d]"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each field stands in a row, and how the file writes what can be written in several ways."""

    columns: Mapping[str, tuple[int, ...]]
    is_month_first: bool = False
    has_parted_names: bool = True


@dataclass(slots=True)
class Rows:
    """A file of people: the table, what each row is called, and how many rows could not be read."""

    table: Table
    names: list[str]
    unread: int = 0
    columns: dict[str, list[str]] = field(default_factory=dict)


def read(file: File) -> Rows:
    """All people of an opened file. Raises Invalid where no column says who somebody is."""
    layout = _layout(file)
    rows = Rows(
        Table(), [], columns={name: [file.header[at] for at in places] for name, places in layout.columns.items()}
    )
    ids = layout.columns.get("id", ())
    for line in file.rows():
        if line.problem:
            rows.unread += 1
            continue
        rows.table.add(person_of(line.cells, layout))
        rows.names.append(line.cells[ids[0]].strip() if ids else str(len(rows.names) + 1))
    return rows


def columns_of(header: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Which columns hold which field, by their headings; e-mails and phones may have several."""
    found: dict[str, list[tuple[int, int]]] = {}
    for place, heading in enumerate(header):
        rank, name = _field_of(heading_key(heading))
        if name:
            found.setdefault(name, []).append((rank, place))
    return {
        name: tuple(place for _rank, place in (sorted(places) if name not in _SEVERAL else places))
        for name, places in found.items()
    }


def _field_of(key: str) -> tuple[int, str]:
    for shorter in (
        key,
        *(key.removeprefix(prefix) for prefix in _PREFIXES if key.startswith(prefix)),
        key.rstrip("0123456789"),
    ):
        if shorter in _HEADINGS:
            return _HEADINGS[shorter]
    return 0, ""


def _known() -> dict[str, tuple[int, str]]:
    headings: dict[str, tuple[int, str]] = {}
    lists = [(_FROM_IMPORT[name], known) for name, known in KNOWN.items() if name in _FROM_IMPORT]
    lists += [(name, tuple(known.split())) for name, known in _MORE.items()]
    for name, known in lists:
        for rank, heading in enumerate(known):
            headings.setdefault(heading_key(heading), (rank, name))
    return headings


_HEADINGS = _known()


def _layout(file: File) -> Layout:
    columns = columns_of(file.header)
    if not any(name in columns for name in _WHO):
        listed = ", ".join(name[:40] for name in file.header[:12] if name)
        raise Invalid(
            _("No column of this file says who somebody is. It has: %(columns)s.") % {"columns": listed}, fields={}
        )
    sample = [line.cells for line in islice(file.rows(), _SAMPLED) if not line.problem]
    if "id" in columns:
        telling = _naming_column(file, columns["id"])
        columns = {**columns, "id": telling} if telling else {k: v for k, v in columns.items() if k != "id"}
    has_parted_names = "given" in columns or "family" in columns
    if not has_parted_names and "name" in columns:
        has_parted_names = _are_people(cells[columns["name"][0]] for cells in sample)
    dates = [cells[at] for cells in sample for at in columns.get("birth", ())[:1]]
    return Layout(columns, _is_month_first(dates), has_parted_names)


def _naming_column(file: File, places: tuple[int, ...]) -> tuple[int, ...]:
    """The first id-like column in which every row says something else; none where there is no such column."""
    seen: dict[int, set[str]] = {place: set() for place in places}
    for line in file.rows():
        if line.problem:
            continue
        for place in [place for place, known in seen.items() if line.cells[place] in known or not line.cells[place]]:
            del seen[place]
        if not seen:
            return ()
        for place, known in seen.items():
            known.add(line.cells[place])
    return tuple(place for place in places if place in seen)[:1]


def _are_people(names: Iterable[str]) -> bool:
    """Whether a column of whole names has people in it, and not shops."""
    counts: Counter[bool] = Counter()
    for name in names:
        folded = name.strip().casefold()
        if folded:
            is_short = 2 <= len(folded.replace(",", " ").split()) <= 4 or (not folded.isascii() and len(folded) <= 6)
            counts[is_short and not _FIRMS.search(folded)] += 1
    return counts[True] >= 0.85 * max(1, counts.total())


def _is_month_first(dates: Iterable[str]) -> bool:
    """What the whole column says: only one of the two numbers is ever above twelve."""
    first, second = 0, 0
    for date in dates:
        parts = forms.date_parts(date)
        if len(parts) == 3 and len(parts[0]) <= 2:
            first += int(parts[0]) > 12
            second += int(parts[1]) > 12
    return second > first


def person_of(cells: Sequence[str], layout: Layout) -> Person:
    """A row of a file as a person."""

    def cell(name: str) -> str:
        for place in layout.columns.get(name, ()):
            if text := cells[place].strip():
                return text
        return ""

    def every(name: str) -> list[str]:
        return [cells[place] for place in layout.columns.get(name, ())]

    given, middle, family = (
        forms.given_name(cell("given")),
        forms.given_name(cell("middle")),
        forms.family_name(cell("family")),
    )
    if second := forms.family_name(cell("family2")):
        family = f"{family} {second}".strip()
    whole = ""
    if not given and not family and (name := cell("name")):
        if layout.has_parted_names:
            given, family = forms.parts_of_name(name)
        else:
            whole = forms.words(name)
    if cell("birth"):
        birth = forms.birth_date(cell("birth"), is_month_first=layout.is_month_first)
    else:
        birth = forms.birth_of(cell("birth_year"), cell("birth_month"), cell("birth_day"))
    street, number = forms.street_and_number(cell("street"), cell("number"))
    return Person(
        given=given,
        middle=middle,
        family=family,
        name=whole,
        birth=birth,
        id_number=forms.id_number(cell("id_number")),
        email=forms.several(map(forms.email_address, every("email"))),
        phone=forms.several(map(forms.phone_number, every("phone"))),
        gender=forms.gender(cell("gender")),
        company=forms.company_name(cell("company")),
        postcode=forms.post_code(cell("postcode")),
        street=street,
        number=number,
        unit=forms.street(cell("unit")),
        city=forms.words(cell("city")),
        region=forms.words(cell("region")),
        country=forms.words(cell("country")),
        birth_place=forms.words(cell("birth_place")),
        occupation=forms.words(cell("occupation")),
    )
