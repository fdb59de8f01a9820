"""The inbox in a real browser: keys, the live list and thread, two who write at once, and no script at all."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.customers.actions import create_customer
from regulars.inbox.actions import answering, setting_up
from regulars.inbox.actions.receiving import receive
from regulars.inbox.models import Conversation, Post

pytestmark = pytest.mark.browser


def asked(number):
    customer = create_customer(values={"name": f"Aoife {number}", "email": f"a{number}@brennan.example"})
    at = timezone.now() - dt.timedelta(minutes=9 - number)
    return receive(
        cause=f"t{number}", customer=customer, by="email", at=at, subject=f"Lid {number}", text="It is cracked."
    ).conversation


def test_an_inquiry_is_read_answered_and_taken_back_by_keys(visit, ben):
    first, second = asked(1), asked(2)
    page = visit("/inbox", ben)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector(f'.thread[data-open="{first.public_id}"], .thread[data-open="{second.public_id}"]')
    page.keyboard.press("r")
    page.keyboard.type("So sorry.")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast form")
    assert page.locator(".msg.out").inner_text().count("So sorry.") == 1
    page.keyboard.press("z")
    page.wait_for_selector("text=Taken back")
    assert page.input_value("#text") == "So sorry."
    assert page.complaints == []


def test_what_is_said_elsewhere_appears_and_the_row_stays(visit, ada, ben):
    first = asked(1)
    page = visit(f"/inbox/{first.public_id}", ben)
    page.wait_for_timeout(900)
    answering.note(first, author=ada, text="I am on it.")
    page.wait_for_selector("text=I am on it.")
    asked(2)
    page.wait_for_selector("#mnew:not([hidden])")
    assert page.locator("#rows [data-row]").count() == 1
    page.click("#mnew a")
    assert page.locator("#rows [data-row]").count() == 2
    assert page.complaints == []


def test_macros_start_by_keys_with_what_is_open_and_with_what_is_chosen(visit, ben):
    first, second = asked(1), asked(2)
    setting_up.save_macro(name="Mine", key="l", steps=[{"do": "take"}])
    setting_up.save_macro(name="Complaint", key="w", steps=[{"do": "kind", "value": "complaint"}])
    page = visit(f"/inbox/{first.public_id}", ben)
    page.keyboard.press("m")
    with page.expect_navigation():
        page.keyboard.press("l")
    first.refresh_from_db()
    assert (first.assignee, first.kind) == (ben, "inquiry")
    for check in page.locator("#rows [data-select]").all():
        check.check(force=True)
    page.locator("body").press("m")
    assert page.locator("#bulk [data-macros][open]").count() == 1
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("w")
    assert list(Conversation.objects.order_by("pk").values_list("kind", "assignee")) == [
        ("complaint", ben.pk),
        ("complaint", None),
    ]
    assert second.public_id in page.content()
    assert page.complaints == []


def test_it_works_without_scripts_and_on_a_phone(visit, ben):
    first = asked(1)
    page = visit("/inbox", ben, width=390, has_scripts=False)
    page.click("text=Lid 1")
    assert not page.locator(".mlist").is_visible()
    page.fill("#text", "A new lid leaves today.")
    page.click("text=Send and close")
    assert Post.objects.get(kind="out").text == "A new lid leaves today."
    assert Conversation.objects.get(pk=first.pk).answers_count == 0  # it has not left yet
    page.click(".backb")
    assert page.locator(".mlist").is_visible()
