"""What the reference pages say is what the code does; addresses in the documents lead somewhere."""

import re
from pathlib import Path

import pytest

from tools import reference

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_reference_pages_are_what_the_code_says():
    assert reference.check() == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_in_documents_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_test_that_the_threat_model_names_is_there():
    text = (ROOT / "THREAT_MODEL.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|regulars)/[\w/]+\.py)`", text))
    assert len(named) > 30
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []
    cases = re.findall(r"^\| (\d+) \|", text, flags=re.MULTILINE)
    assert cases == [str(number) for number in range(1, len(cases) + 1)]
    assert len(cases) >= 25


def test_the_licence_is_whole():
    text = (ROOT / "LICENSE").read_text()
    assert text.split("\n")[0].strip() == "GNU AFFERO GENERAL PUBLIC LICENSE"
    assert len(text.encode()) == 34523
