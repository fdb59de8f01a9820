import csv
import json
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from regulars.customers.duplicates import person as forms
from regulars.customers.duplicates import words
from regulars.customers.duplicates.clustering import APART, bottlenecks, split
from regulars.customers.duplicates.commands import find_command
from regulars.customers.duplicates.comparing import compare
from regulars.customers.duplicates.deciding import HIGHEST, USUAL, threshold_from
from regulars.customers.duplicates.fields import BY_NAME, FIELDS
from regulars.customers.duplicates.finding import find
from regulars.customers.duplicates.model import Parameters
from regulars.customers.duplicates.person import Person
from regulars.customers.duplicates.reading import columns_of
from regulars.customers.duplicates.table import Table

PEOPLE = Path(__file__).resolve().parents[3] / "tests" / "people"


def run(path, *options):
    result = CliRunner().invoke(find_command, [str(path), *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def pairs_in(path):
    """The pairs that the command prints for a file, by the names of their rows."""
    lines = [json.loads(line) for line in run(path, "--json").stdout.splitlines()]
    return {frozenset((line["left"], line["right"])) for line in lines}


def write(path, header, *rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def level(field, left, right):
    """The word for how two values of one field agree."""
    several = field in {"email", "phone"}
    table = Table([Person(**{field: (value,) if several else value}) for value in (left, right)])
    found = compare(table, np.array([0]), np.array([1])).levels[field][0]
    return BY_NAME[field].levels[found - 1]


def f1(found, true):
    right = len(found & true)
    precision, recall = right / len(found), right / len(true)
    return 2 * precision * recall / (precision + recall), precision


def true_pairs(path, name_of, entity_of):
    entities = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, skipinitialspace=True):
            entities[entity_of(row)].append(name_of(row))
    return {frozenset(pair) for members in entities.values() for pair in combinations(members, 2)}


# ── public sets, by the command and with its defaults


@pytest.mark.parametrize(("name", "true_count"), [("febrl1.csv", 500), ("febrl2.csv", 1_934)])
def test_the_duplicates_of_febrl_are_found_without_labels(name, true_count):
    path = PEOPLE / name
    true = true_pairs(path, lambda row: row["rec_id"], lambda row: row["rec_id"].split("-")[1])
    assert len(true) == true_count
    score, precision = f1(pairs_in(path), true)
    assert score >= 0.99
    assert precision >= 0.995


def test_the_people_of_fake_1000_are_found_as_groups():
    path = PEOPLE / "fake_1000.csv"
    true = true_pairs(path, lambda row: row["unique_id"], lambda row: row["cluster"])
    assert len(true) == 2_031
    score, precision = f1(pairs_in(path), true)
    assert score >= 0.95
    assert precision >= 0.98


def test_habits_the_matching_was_not_made_with_are_found_too(tmp_path):
    from bench.people import write_people

    path = tmp_path / "people.csv"
    write_people(path, 3_000, seed=77)
    true = true_pairs(path, lambda row: row["Customer ID"], lambda row: row["truth"])
    score, precision = f1(pairs_in(path), true)
    assert score >= 0.9
    assert precision >= 0.9


def test_a_file_without_duplicates_has_none(tmp_path):
    from bench.people import People

    seen, rows = set(), []
    for number, one in People(5).rows():
        if number not in seen:
            seen.add(number)
            rows.append([one.given, one.family, one.birth, one.email, one.street, one.city, one.postcode])
        if len(rows) == 1_500:
            break
    path = write(tmp_path / "people.csv", ["fname", "lname", "dob", "email", "address", "city", "zip"], *rows)
    assert len(pairs_in(path)) <= 15  # of 1,500 people, some of them fathers and sons at one address


# ── columns


def test_headings_of_registers_and_test_sets_are_known():
    found = columns_of(["rec_id", " given_name", "surname", "street_number", "address_1", "address_2", "suburb",
                        "postcode", "state", "date_of_birth", "soc_sec_id"])  # fmt: skip
    assert list(found) == ["id", "given", "family", "number", "street", "unit", "city", "postcode", "region", "birth",
                           "id_number"]  # fmt: skip
    assert list(columns_of(["fname_c1", "fname_c2", "lname_c1", "lname_c2", "by", "bm", "bd"])) == [
        "given", "middle", "family", "family2", "birth_year", "birth_month", "birth_day",
    ]  # fmt: skip
    assert columns_of(["Kundennummer", "Vorname", "Nachname", "手机", "phone_number"])["phone"] == (3, 4)


def test_the_column_with_the_truth_is_not_read():
    assert columns_of(["cluster", "ent_id", "entity", "match", "name"]) == {"name": (4,)}


def test_a_file_that_says_nothing_about_people_is_refused_in_words(tmp_path):
    from regulars.core.errors import Invalid

    path = write(tmp_path / "sums.csv", ["sum", "tax"], ["12.00", "2.00"], ["13.00", "2.10"])
    with pytest.raises(Invalid, match=r"No column of this file says who somebody is\. It has: sum, tax"):
        CliRunner().invoke(find_command, [str(path)], catch_exceptions=False)


def test_rows_without_an_id_of_their_own_are_called_by_their_number(tmp_path):
    rows = [["7", "Mara Petersen", "mara@hain.example"], ["7", "Mara Peterson", "mara@hain.example"]]
    assert pairs_in(write(tmp_path / "a.csv", ["id", "name", "email"], *rows)) == {frozenset(("1", "2"))}


# ── levels


@pytest.mark.parametrize(
    ("field", "left", "right", "word"),
    [
        ("given", "robert", "bob", "nickname"),
        ("given", "katharina", "kathi", "nickname"),
        ("given", "小明", "阿明", "nickname"),
        ("given", "r", "robert", "initial"),
        ("given", "jennifer", "jenifer", "nickname"),  # the same by its sound
        ("given", "thomas", "thoams", "typo"),
        ("given", "robert", "susan", "different"),
        ("family", "张", "zhang", "sound"),
        ("family", "smith", "smith jones", "part"),
        ("family", "petersen", "peterson", "typo"),
        ("birth", "19710624", "19710624", "exact"),
        ("birth", "19710506", "19710605", "day_month"),
        ("birth", "19710624", "19710524", "digit"),
        ("birth", "19710624", "20010624", "two_parts"),
        ("birth", "19710000", "19710624", "near"),
        ("birth", "00000624", "19710624", "two_parts"),
        ("birth", "19710624", "19350101", "different"),
        ("phone", "441709123456", "1709123456", "tail"),
        ("phone", "441709123456", "441709123465", "typo"),
        ("email", "mara@hain.example", "mara@hafen.example", "local_part"),
        ("email", "info@hain.example", "info@wieck.example", "different"),
        ("postcode", "sw1a1aa", "sw1a2bb", "area"),
        ("street", "mill street", "mill road", "typo"),
        ("name", "dahl sofie", "sofie dahl", "reordered"),
    ],
)
def test_how_two_values_agree(field, left, right, word):
    assert level(field, left, right) == word
    assert level(field, right, left) == word


def test_swapped_names_are_said_once():
    table = Table([Person(given="isla", family="hall"), Person(given="hall", family="isla")])
    levels = compare(table, np.array([0]), np.array([1])).levels
    assert BY_NAME["given"].levels[levels["given"][0] - 1] == "swapped"
    assert levels["family"][0] == 0


@pytest.mark.parametrize(
    ("text", "birth"),
    [
        ("1971-06-24", "19710624"),
        ("19710624", "19710624"),
        ("24.06.1971", "19710624"),
        ("24 Jun 1971", "19710624"),
        ("1971-06-24T00:00:00Z", "19710624"),
        ("1971", "19710000"),
        ("--06-24", "00000624"),
        ("19211430", "19211430"),  # no such day, and still evidence
        ("unknown", ""),
        ("", ""),
    ],
)
def test_dates_of_birth_are_read_however_they_are_written(text, birth):
    assert forms.birth_date(text) == birth


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", ("ada", "lovelace")),
        ("Lovelace, Ada", ("ada", "lovelace")),
        ("Dr. Ludwig van Beethoven Jr.", ("ludwig", "van beethoven")),
        ("张三", ("三", "张")),
        ("欧阳娜娜", ("娜娜", "欧阳")),
        ("Prince", ("", "prince")),
        ("", ("", "")),
    ],
)
def test_a_whole_name_is_taken_apart(name, parts):
    assert forms.parts_of_name(name) == parts


@pytest.mark.parametrize(
    ("text", "street", "number"),
    [
        ("12 High St", "high street", "12"),
        ("Hafenstr. 12a", "hafenstrasse", "12a"),
        ("854 7th Ave between 54th and 55th", "7th avenue", "854"),
        ("南京西路12号", "南京西路", "12"),
        ("High Street", "high street", ""),
    ],
)
def test_a_street_and_its_number_are_found_wherever_they_stand(text, street, number):
    assert forms.street_and_number(text) == (street, number)


@given(st.text(max_size=60))
def test_no_text_is_too_strange_to_be_compared(text):
    person = Person(
        given=forms.given_name(text), birth=forms.birth_date(text), email=forms.several([forms.email_address(text)]),
        phone=forms.several([forms.phone_number(text)]), street=forms.street_and_number(text)[0],
        postcode=forms.post_code(text), company=forms.company_name(text),
    )  # fmt: skip
    compare(
        Table([person, Person(given="mara", birth="19710624", email=("a@b.example",))]), np.array([0]), np.array([1])
    )


# ── bad input


def test_an_empty_file_and_one_row_give_no_pairs(tmp_path):
    assert pairs_in(write(tmp_path / "empty.csv", ["id", "name", "email"])) == set()
    assert pairs_in(write(tmp_path / "one.csv", ["id", "name"], ["1", "Mara Petersen"])) == set()


def test_two_rows_that_say_the_same_are_one_person_and_two_that_do_not_are_two(tmp_path):
    header = ["id", "name", "email", "phone"]
    same = write(tmp_path / "a.csv", header, *[[n, "Mara Petersen", "mara@hain.example", "01709123456"] for n in "12"])
    assert pairs_in(same) == {frozenset("12")}
    other = write(
        tmp_path / "b.csv",
        header,
        ["1", "Mara Petersen", "mara@hain.example", ""],
        ["2", "Jonas Wieck", "jonas@w.example", ""],
    )
    assert pairs_in(other) == set()


def test_five_thousand_identical_rows_do_not_explode(tmp_path):
    rows = [[str(n), "Mara Petersen", "mara@hain.example", "1971-06-24"] for n in range(5_000)]
    path = write(tmp_path / "same.csv", ["id", "name", "email", "dob"], *rows)
    # every row with the first one: twelve million pairs would say no more
    assert pairs_in(path) == {frozenset(("0", str(n))) for n in range(1, 5_000)}


def test_empty_rows_are_nobody(tmp_path):
    rows = [[str(n), "", ""] for n in range(300)]
    assert pairs_in(write(tmp_path / "empty.csv", ["id", "name", "email"], *rows)) == set()


def test_nul_bytes_and_endless_names_are_survived(tmp_path):
    path = tmp_path / "odd.csv"
    long = "a" * 10_000
    same = f"{long} {long},x@y.example\n"
    path.write_bytes(f"id,name,email\n1,Mara\0 Petersen,mara@hain.example\n2,{same}3,{same}".encode())
    result = run(path, "--json")
    found = {frozenset((line["left"], line["right"])) for line in map(json.loads, result.stdout.splitlines())}
    assert found == {frozenset("23")}


def test_fields_nobody_has_are_not_in_the_way(tmp_path):
    rows = [["a", "Li Na", "", ""], ["b", "Li Na", "", ""], ["c", "Sofie Dahl", "", ""]]
    pairs_in(write(tmp_path / "a.csv", ["key", "name", "email", "phone"], *rows))


# ── people from pairs


def test_a_chain_is_cut_where_its_ends_contradict_each_other():
    odds = {(1, 2): 5.0, (2, 3): 4.0, (1, 3): -9.0}
    assert sorted(map(sorted, split([1, 2, 3], odds, least=0.0))) == [[1, 2], [3]]


def test_a_weak_link_holds_where_the_others_are_strong():
    odds = {(1, 2): 9.0, (2, 3): 6.0, (1, 3): -1.0}
    assert [sorted(group) for group in split([1, 2, 3], odds, least=0.0)] == [[1, 2, 3]]


def test_nothing_outweighs_that_two_are_apart():
    odds = dict.fromkeys(combinations(range(6), 2), 10.0) | {(0, 5): APART}
    groups = split(list(range(6)), odds, least=0.0)
    assert not any({0, 5} <= set(group) for group in groups)


def test_the_weakest_link_of_the_strongest_way_counts():
    ways = bottlenecks([1, 2, 3], {(1, 2): 0.9, (2, 3): 0.8, (1, 3): 0.1})
    assert ways == {(1, 2): 0.9, (2, 3): 0.8, (1, 3): 0.8}


def test_rows_that_are_apart_are_never_one_person():
    same = Person(given="mara", family="petersen", email=("mara@hain.example",), birth="19710624")
    table = Table([same, same._replace(phone=("441709123456",)), same._replace(city="kiel"), same])
    assert sorted(map(sorted, find(table).people)) == [[0, 1, 2, 3]]
    for group in find(table, apart={(0, 1)}).people:
        assert not {0, 1} <= set(group)
    for group in find(table, apart={(0, 3)}).people:
        assert not {0, 3} <= set(group)


# ── what is learnt and said


def test_a_model_is_the_same_after_it_was_kept():
    table = Table(Person(given=f"n{n % 7}", family=f"f{n // 2}", birth=f"19{n // 2 % 90 + 10}0101") for n in range(400))
    learnt = find(table).model.parameters
    kept = Parameters.from_data(json.loads(json.dumps(learnt.as_data())))
    assert kept.as_data() == learnt.as_data()


def test_shares_of_levels_add_up():
    for field in FIELDS:
        assert sum(field.same) == pytest.approx(1, abs=0.002), field.name
        assert sum(field.chance) == pytest.approx(1, abs=0.002), field.name


def test_few_decisions_leave_the_threshold_and_wrong_ones_raise_it():
    assert threshold_from([(0.7, False)] * 5, usual=USUAL) == USUAL
    assert threshold_from([(0.7, True)] * 50, usual=USUAL) == USUAL
    mixed = [(0.95, True)] * 60 + [(0.7, False)] * 20
    assert threshold_from(mixed, usual=USUAL) == 0.95
    assert threshold_from([(0.9, False)] * 40, usual=USUAL) == HIGHEST


def test_every_field_and_level_has_words():
    for field in FIELDS:
        assert field.name in words.FIELDS
        assert set(field.levels) <= set(words.LEVELS)


def test_evidence_is_said_as_a_sentence():
    piece = {"field": "birth", "left": "19710506", "right": "19710605", "level": "day_month", "weight": 7.1}
    assert words.sentence(piece) == (
        "Date of birth: day and month in each other’s place (19710506 and 19710605), "
        "which speaks strongly for one person."
    )


def test_the_table_for_people_names_both_and_says_why():
    result = run(PEOPLE / "fake_1000.csv")
    first = result.stdout.splitlines()[0]
    assert first.split()[:2] == ["4", "5"]
    assert "E-mail: the same (grace.kelly52@jones.com)" in first
    assert "records are one person" in result.stderr


def test_the_words_are_there_in_chinese():
    with translation.override("zh-hans"):
        assert words.field_label("birth") != "Date of birth"
