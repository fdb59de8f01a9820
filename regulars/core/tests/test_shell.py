"""What every answer carries: headers, language, theme, the stylesheet, refusals as pages."""

import re
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

import regulars
from regulars.core import menu
from regulars.core.errors import Invalid, NotAllowed, Stale
from regulars.core.middleware.refusals import Refusals
from regulars.core.ui.stylesheet import sheet

ROOT = Path(regulars.__file__).parent
# a mail is read elsewhere, under no policy of ours, and has no style sheet to name classes in
# the file that a person gets of their data stands alone, and brings its own look; so do mails
ALONE = {"privacy/_style.html"}
TEMPLATES = sorted(
    path
    for path in ROOT.glob("*/templates/**/*.html")
    if path.parent.name != "mail" and f"{path.parent.name}/{path.name}" not in ALONE
)


def test_every_page_forbids_foreign_and_inline_scripts_and_styles(client, db):
    policy = client.get("/sign-in").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_writes_what_the_policy_forbids(path):
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\sstyle=", text) == []
    assert re.findall(r"\son[a-z]+=[\"']", text) == []
    assert re.findall(r"<style|<script(?![^>]*\ssrc=)", text) == []


def test_the_stylesheet_may_be_kept_for_ever_under_its_own_address(client):
    known = sheet()
    kept = client.get(f"/assets/regulars.css?v={known.digest}")
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept.content == known.text
    assert client.get("/assets/regulars.css?v=old").headers["Cache-Control"] == "no-cache"
    assert client.get("/assets/regulars.css", headers={"Accept-Encoding": "gzip"}).content == known.packed


def test_every_part_of_the_stylesheet_stands_in_a_layer():
    text = re.sub(r"/\*.*?\*/", "", sheet().text.decode(), flags=re.DOTALL)
    depth, outside = 0, []
    for piece in re.split(r"([{}])", text):
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth -= 1
        elif depth == 0 and piece.strip():
            outside.append(piece.strip())
    assert [one for one in outside if not one.startswith("@layer")] == []
    assert depth == 0


@pytest.mark.parametrize(
    ("accepted", "cookie", "lang"),
    [
        ("", "", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "zh-Hans"),
        ("zh-TW", "", "zh-Hans"),
        ("fr,de;q=0.5", "", "en"),
        ("en-US", "zh-hans", "zh-Hans"),
        ("zh-CN", "en", "en"),
        ("en", "klingon", "en"),
    ],
)
def test_the_door_speaks_the_browsers_language_or_the_chosen_one(client, db, accepted, cookie, lang):
    if cookie:
        client.cookies["django_language"] = cookie
    page = client.get("/sign-in", headers={"Accept-Language": accepted})
    assert f'<html lang="{lang}"' in page.content.decode()


def test_a_persons_own_language_wins_over_the_browsers(client_of, ada):
    ada.language = "zh-hans"
    ada.save()
    page = client_of(ada).get("/settings/profile", headers={"Accept-Language": "en"})
    assert '<html lang="zh-Hans"' in page.content.decode()


@pytest.mark.parametrize(
    ("refusal", "status", "title"),
    [
        (NotAllowed("Only owners may.", permission="shop.edit"), 403, "You cannot open this"),
        (Stale("Li Na changed it."), 412, "Someone else was faster"),
        (Invalid("There is no such day.", fields={}), 422, "This was not done"),
    ],
)
def test_a_refusal_becomes_a_page_that_says_why(ada, refusal, status, title):
    request = RequestFactory().get("/")
    request.user = ada
    page = Refusals(lambda _request: HttpResponse()).process_exception(request, refusal)
    assert page.status_code == status
    assert title in page.content.decode()
    assert refusal.sentence in page.content.decode()


def test_an_error_of_ours_is_no_refusal(ada):
    request = RequestFactory().get("/")
    request.user = ada
    assert Refusals(lambda _request: HttpResponse()).process_exception(request, KeyError("x")) is None


def test_a_key_leads_to_one_place_only():
    place = menu.Place(name="second", label="Second", icon="house", url_name="today", key="t")
    with pytest.raises(ValueError, match="the key t leads to today already"):
        menu.add(place)
    assert "second" not in {known.name for known in menu.places(_Everything())}


def test_places_that_need_a_permission_are_not_shown_without(charlie):
    assert {place.name for place in menu.places(charlie)} == {"today", "settings"}
    assert {page.name for page in menu.settings_pages(charlie)} == {"profile", "security", "about"}
    assert menu.commands(charlie) == []


def test_machines_are_answered_without_asking_for_the_shop(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


class _Everything:
    def may(self, _permission):
        return True
