"""`regulars privacy …`: what the pages do, for who runs the shop."""

import json
import zipfile

import pytest

from regulars.config import cli
from regulars.customers.actions import create_customer
from regulars.customers.actions.privacy import ask_for_right, limit_person
from regulars.customers.models import Customer, Erasure


@pytest.fixture
def elodie(transactional_db, settings, tmp_path):
    settings.REGULARS_HOME = tmp_path / "home"
    settings.REGULARS_HOME.mkdir()
    settings.ATTACHMENTS = settings.REGULARS_HOME / "attachments"
    settings.BACKUP_PLACES = [str(tmp_path / "home.backups")]
    return create_customer(values={"name": "Élodie Marchetti", "email": "elodie@posteo.example"})


def said(capsys):
    return json.loads(capsys.readouterr().out)


def test_a_copy_is_written_into_a_file_and_never_over_one(elodie, tmp_path, capsys):
    file = tmp_path / "copy.zip"
    assert cli.run(["privacy", "copy", elodie.public_id, str(file), "--json"]) == 0
    with zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("person.json"))["digest"] == said(capsys)["digest"]
    assert file.stat().st_mode & 0o077 == 0
    assert cli.run(["privacy", "copy", elodie.public_id, str(file)]) != 0
    assert cli.run(["privacy", "copy", "cus_nobody", str(tmp_path / "other.zip")]) == 2


def test_erasing_is_previewed_and_then_done_with_a_certificate(elodie, capsys):
    assert cli.run(["privacy", "erase", elodie.public_id, "--preview", "--json"]) == 0
    assert said(capsys)["records"] == 1
    assert Customer.objects.filter(pk=elodie.pk).exists()
    assert cli.run(["privacy", "erase", elodie.public_id, "--yes", "--json"]) == 0
    answer = said(capsys)
    assert (answer["state"], answer["certificate"]["searched"]["found"]) == ("done", 0)
    assert not Customer.everyone.filter(pk=elodie.pk).exists()
    assert cli.run(["privacy", "verify", "--case", answer["case"], "--json"]) == 0
    capsys.readouterr()
    Erasure.objects.update(certificate={"case": answer["case"]})
    assert cli.run(["privacy", "verify", "--json"]) == 1
    assert said(capsys)["changed"] == [answer["case"]]


def test_a_legal_hold_stops_the_command_with_a_sentence(elodie, capsys):
    limit_person(elodie, kind="legal_hold", reason="In court")
    assert cli.run(["privacy", "erase", elodie.public_id, "--yes"]) == 2
    assert "In court" in capsys.readouterr().err
    assert Customer.objects.filter(pk=elodie.pk).exists()


def test_a_search_tells_places_and_never_texts(elodie, capsys):
    assert cli.run(["privacy", "verify", "--search", "elodie@posteo.example", "--json"]) == 1
    out = capsys.readouterr().out
    assert any(place.startswith("customers_customer.email") for place in json.loads(out)["places"])
    assert "elodie@" not in out


def test_rules_and_requests_are_listed(elodie, capsys):
    ask_for_right(elodie, kind="copy", law="gdpr")
    assert cli.run(["privacy", "requests", "--json"]) == 0
    assert [one["kind"] for one in said(capsys)["requests"]] == ["copy"]
    assert cli.run(["privacy", "retention", "--preview", "--json"]) == 0
    assert said(capsys)["rules"]["leads"] == {
        "is_on": False, "months": 24, "people": 0, "excluded": 0, "files": 0, "entries": 0,
    }  # fmt: skip
    assert cli.run(["privacy", "retention", "--json"]) == 0
    assert said(capsys)["count"] == 0
