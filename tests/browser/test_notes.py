"""Notes, tags and own fields as people use them: with keys, with drafts that stay, in the dark, and without scripts."""

import pytest
from django.utils import timezone

from regulars.customers.actions import tags
from regulars.customers.actions.custom_fields import create_field
from regulars.customers.actions.notes import write_note
from regulars.customers.models import Customer, Mention, Note
from regulars.timeline.actions import acting

pytestmark = pytest.mark.browser


@pytest.fixture
def customer(transactional_db, settings, tmp_path):
    settings.ATTACHMENTS = tmp_path / "attachments"
    return Customer.objects.create(name="Élodie Marchetti", customer_since=timezone.now())


def is_too_wide(page):
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")


def test_a_note_names_a_colleague_and_its_draft_stays_until_it_is_saved(visit, ada, ben, customer):
    page = visit(f"/customers/{customer.public_id}", ada)
    page.keyboard.press("n")
    page.keyboard.type("Please look, @Be")
    page.wait_for_selector(".mentlist li[aria-selected=true]")
    page.keyboard.press("Enter")
    page.keyboard.type("today")
    assert page.input_value("#text") == "Please look, @Ben Agent today"
    page.wait_for_timeout(2_300)  # drafts are kept every two seconds
    page.reload()
    assert page.input_value("#text") == "Please look, @Ben Agent today"
    # a file that is refused takes nothing with it
    page.set_input_files(
        "input[name=attached]", {"name": "page.pdf", "mimeType": "application/pdf", "buffer": b"<html>"}
    )
    page.get_by_role("button", name="Save note").click()
    page.wait_for_selector("#note-error")
    assert page.input_value("#text") == "Please look, @Ben Agent today"
    page.focus("#text")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".ev.note")
    assert page.input_value("#text") == ""
    page.reload()
    assert page.input_value("#text") == ""
    assert Note.objects.get().text == "Please look, @Ben Agent today"
    assert Mention.objects.get().user == ben
    assert [said for said in page.complaints if "422" not in said] == []


def test_t_gives_a_tag_and_its_cross_takes_it_off(visit, ada, customer):
    tags.ensure_tags(["Green tea", "Wholesale"])
    page = visit(f"/customers/{customer.public_id}", ada)
    page.keyboard.press("t")
    page.wait_for_selector("#tag-names option", state="attached")
    page.keyboard.type("green tea, Friend")
    page.keyboard.press("Enter")
    page.locator("#tags .tag").nth(1).wait_for()
    assert page.locator("#tags .tag a").all_inner_texts() == ["Friend", "Green tea"]
    cross = page.get_by_role("button", name="Take the tag Friend off")
    cross.click()
    cross.wait_for(state="detached")
    assert [tag.name for tag in tags.tags_of(customer)] == ["Green tea"]
    assert page.complaints == []


def test_without_scripts_notes_are_written_and_deleted_and_tags_given(visit, ada, customer):
    page = visit(f"/customers/{customer.public_id}", ada, has_scripts=False)
    page.fill("#text", "By hand")
    page.get_by_role("button", name="Save note").click()
    assert page.locator(".ev.note").count() == 1
    page.locator("#tags summary").click()
    page.fill("#tags input[name=tags]", "VIP")
    page.locator("#tags .menu button").click()
    assert page.locator("#tags .tag a").all_inner_texts() == ["VIP"]
    page.locator(".ev.note").get_by_role("button", name="Delete").click()
    assert page.locator(".ev.note").count() == 0
    page.locator(".toast").get_by_role("button", name="Undo").click()
    assert page.locator(".ev.note").count() == 1


@pytest.mark.parametrize(
    "look", [{"width": 1440, "theme": "dark"}, {"width": 390}, {"width": 390, "language": "zh-CN"}]
)
def test_pages_with_much_on_them_fit_their_window(visit, ada, ben, customer, look):
    create_field(label="A field with a long name " * 3, type="text", seen_by=["owner", "manager", "agent"])
    create_field(label="Teas", type="several_of", options=["Gyokuro", "Sencha"])
    tags.tag(customer, names=["w" * 60, *(f"Tag {number}" for number in range(12))])
    with acting(ben.pk, "page"):
        write_note(customer, text="@Ada " + "w" * 300, kind="restriction", is_pinned=True)
    for path in (
        f"/customers/{customer.public_id}",
        f"/customers/{customer.public_id}?show=note",
        f"/customers/{customer.public_id}/edit",
        "/customers/tags",
        "/customers/fields",
        "/",
    ):
        page = visit(path, ada, **look)
        assert (path, page.complaints, is_too_wide(page)) == (path, [], False)
