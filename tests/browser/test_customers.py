"""Customers and orders as people use them: with keys, with a thumb, in the dark, in Chinese, and without scripts."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import change_customer, create_customer
from regulars.customers.models import Customer, Tagging
from regulars.orders.actions import place_order, receive_return
from regulars.timeline.actions import acting
from regulars.timeline.models import Source

pytestmark = pytest.mark.browser


@pytest.fixture
def people(transactional_db):
    """A small shop: somebody with a rhythm, somebody in China, and somebody who never bought."""
    shop.change(name="Hain & Hafen", currency="GBP", time_zone="Europe/London", country="GB")
    web = channel_for("web", name="Web shop")
    elodie = create_customer(
        values={"given_name": "Élodie", "family_name": "Marchetti", "email": "elodie@posteo.example",
                "phone": "+33612478039", "language": "fr"},
        channel=web,
        external_id="1",
        address={"line1": "27 rue des Tables Claudiennes", "postcode": "69001", "city": "Lyon", "country": "FR"},
    )  # fmt: skip
    chen = create_customer(
        values={"name": "陈思远", "given_name": "Siyuan", "family_name": "Chen", "language": "zh-hans"},
        channel=web,
        external_id="2",
        address={"line1": "平江路 68 号", "postcode": "215005", "city": "苏州市", "region": "江苏省", "country": "CN"},
    )
    create_customer(
        values={"name": "Zoe Quiet", "email": "zoe@nowhere.example"}, address={"country": "GB", "city": "Ely"}
    )
    now = timezone.now()
    for number, days in enumerate((300, 240, 180, 120, 60, 41)):
        order = place_order(
            values={"number": f"HH-{number}", "placed_at": now - dt.timedelta(days=days), "payment_method": "PayPal"},
            lines=[{"sku": "GYO", "title": "Yame Gyokuro 50 g", "quantity": 2, "unit_price": str(20 + number)}],
            customer=elodie if number else chen,
            channel=web,
        )
    receive_return(
        values={"number": "R-1", "returned_at": now - dt.timedelta(days=9)},
        lines=[{"sku": "GYO", "title": "Yame Gyokuro 50 g", "quantity": 1, "unit_price": "25"}],
        customer=elodie,
        channel=web,
        order=order,
    )
    return {"elodie": elodie, "chen": chen}


def has_no_scroll_sideways(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_search_open_edit_clash_timeline(visit, ada, ben, people):
    page = visit("/customers", ada)
    page.keyboard.press("/")
    page.keyboard.type("marche")
    page.wait_for_url("**/customers?q=marche")
    page.wait_for_function("document.querySelectorAll('[data-row]').length === 1")
    assert page.locator("#count").inner_text() == "1"
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/customers/cus_\w+\?list="))
    assert page.locator("h1").inner_text() == "Élodie Marchetti"

    page.keyboard.press("e")
    page.wait_for_url("**/edit")
    with acting(ben.pk, Source.PAGE):
        change_customer(people["elodie"], values={"phone": "+8613805124471"})
    page.fill("#phone", "+86 138 0512 4417")
    page.fill("#title", "Dr.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Ben Agent changed this customer").wait_for()
    assert page.input_value("#title") == "Dr."
    page.get_by_text("as you wrote").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved.").wait_for()
    saved = Customer.objects.get(pk=people["elodie"].pk)
    assert (saved.phone, saved.title) == ("+8613805124417", "Dr.")
    assert page.locator(".tl .chg", has_text="Dr.").is_visible()

    page.keyboard.press("z")
    page.get_by_text("Put back as it was.").wait_for()
    saved.refresh_from_db()
    assert (saved.phone, saved.title) == ("+8613805124471", "")
    assert [said for said in page.complaints if "409" not in said] == []


def test_filters_by_keyboard(visit, ada, people):
    page = visit("/customers", ada)
    page.keyboard.press("f")
    page.get_by_role("link", name="Country").press("Enter")
    page.locator("#ask form").wait_for()
    page.keyboard.type("France")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers?customer_countries=FR")
    assert page.locator(".fchip b").inner_text() == "France"
    assert page.locator("[data-row]").count() == 1

    page.locator(".fchip").first.locator("a").first.press("Enter")
    page.locator("#ask form").wait_for()
    page.locator("#ask input[name=_value]").fill("nowhere at all")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")

    page.goto(page.url.split("/customers")[0] + "/customers?customer_countries=FR")
    page.keyboard.press("/")
    page.keyboard.press("Backspace")
    page.wait_for_url("**/customers")
    assert page.locator("[data-row]").count() == 3


def test_rows_are_moved_over_peeked_into_and_picked(visit, ada, people):
    page = visit("/customers", ada)
    for key in ("j", " "):
        page.keyboard.press(key)
    page.locator("[data-peekbox]").wait_for()
    assert page.locator("[data-peekbox] h2").first.inner_text() == "陈思远"
    page.keyboard.press("j")
    page.locator("[data-peekbox] h2", has_text="Élodie Marchetti").wait_for()
    page.keyboard.press("Escape")
    assert page.locator("[data-peekbox]").count() == 0
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("X")
    assert page.locator("[data-bulk]").inner_text().startswith("2 selected")
    page.locator("[data-bulk] button", has_text="Export").click()
    page.fill("#reason", "The spring letter")
    with page.expect_download() as file:
        page.get_by_role("button", name="Export").click()
    text = file.value.path().read_text("utf-8-sig")
    assert [line.split(",")[1] for line in text.splitlines()] == ["Name", "Élodie Marchetti", "Zoe Quiet"]
    assert page.complaints == []


def test_tabs_swap_and_are_addresses(visit, ada, people):
    page = visit(f"/customers/{people['elodie'].public_id}", ada)
    page.keyboard.press("2")
    page.wait_for_url("**/purchases")
    assert page.locator("#tabs [aria-current]").inner_text().startswith("Purchases")
    assert page.locator(".ledger tr.total td").last.inner_text() == "£205.00"
    page.get_by_role("link", name="This year").click()
    page.wait_for_url("**/purchases?from=*")
    page.go_back()
    page.wait_for_url("**/purchases")
    page.reload()
    assert page.locator("#tabs [aria-current]").inner_text().startswith("Purchases")
    assert page.complaints == []


def test_without_scripts_everything_still_works(visit, ada, people):
    page = visit("/customers", ada, has_scripts=False)
    page.fill("#find", "chensiyuan")
    page.press("#find", "Enter")
    assert page.locator("[data-row]").count() == 1
    page.get_by_text("Filter", exact=True).click()
    page.locator("#add a", has_text="Orders").click()
    page.fill("[name=_is_min]", "1")
    page.get_by_role("button", name="Show").last.click()
    assert page.url.endswith("/customers?q=chensiyuan&number_of_orders.min=1")
    page.get_by_role("link", name="Spent").click()
    assert page.locator("th[aria-sort=descending]").inner_text().strip() == "Spent"
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="E-mail", exact=True).check()
    page.get_by_role("button", name="Show").first.click()
    assert page.locator("th", has_text="E-mail").is_visible()
    page.get_by_role("link", name="陈思远").click()
    page.get_by_role("link", name="Purchases").click()
    page.get_by_role("link", name="HH-0").click()
    assert page.locator("h1").inner_text() == "HH-0"
    page.get_by_role("link", name="陈思远").click()
    page.get_by_role("link", name="Profile").last.click()
    page.get_by_role("link", name="Add an address").click()
    page.fill("#city", "上海")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("上海").first.is_visible()


PATHS = (
    "/customers",
    "/customers/new",
    "/customers/changes",
    "/customers/deleted",
    "/customers/views",
    "/customers/{id}",
    "/customers/{id}/purchases",
    "/customers/{id}/profile",
    "/customers/{id}/edit",
    "/orders",
    "/orders/{order}",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1024, "dark")])
def test_pages_fit_small_windows_and_the_dark(path, width, theme, visit, ada, people):
    order = people["elodie"].orders.first()
    page = visit(path.format(id=people["elodie"].public_id, order=order.public_id), ada, width=width, theme=theme)
    assert has_no_scroll_sideways(page)
    assert page.locator("h1").count() == 1
    assert page.complaints == []
    if width == 390:
        small = page.evaluate(
            """[...document.querySelectorAll('.main a, .main button, .main input, .main select')]
               .filter((one) => one.matches('.btn, .tabs a, .input *, [type=submit]') && one.getClientRects().length)
               .filter((one) => (one.closest('.input') || one).getBoundingClientRect().height < 40)
               .map((one) => one.outerHTML.slice(0, 120))"""
        )
        assert small == []


def test_a_row_is_two_lines_on_a_phone(visit, ada, people):
    page = visit("/customers?sort=-amount_spent", ada, width=390)
    row = page.locator("[data-row]").first
    who, much = row.locator("td.who").bounding_box(), row.locator("td.m-1").bounding_box()
    place = row.locator("td.m-2").bounding_box()
    assert much["x"] > who["x"]
    assert place["y"] > who["y"]
    assert not page.locator("thead").is_visible()


def test_the_page_in_chinese(visit, ada, people):
    ada.language = "zh-hans"
    ada.save()
    page = visit(f"/customers/{people['chen'].public_id}", ada)
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    assert page.locator("h1").get_attribute("lang") == "zh-Hans"
    assert page.get_by_text("江苏省苏州市平江路 68 号").first.is_visible()
    assert page.complaints == []


def test_a_person_deletes_brings_back_and_deletes_for_good_with_a_typed_word(visit, ada, people):
    page = visit(f"/customers/{people['elodie'].public_id}", ada)
    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/customers")
    assert not Customer.objects.filter(pk=people["elodie"].pk).exists()
    page.keyboard.press("z")
    page.wait_for_url("**/customers/cus_*")
    assert Customer.objects.filter(pk=people["elodie"].pk).exists()
    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("link", name="Deleted", exact=True).click()
    page.get_by_role("link", name="Élodie Marchetti").click()
    page.get_by_role("link", name="Delete for good…").click()
    page.fill("#word", "delte")
    page.get_by_role("button", name="Delete for good").click()
    assert "Nothing was deleted" in page.locator("#word-error").inner_text()
    page.fill("#word", "delete")
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_url("**/customers/deleted")
    assert not Customer.everyone.filter(pk=people["elodie"].pk).exists()


def test_a_selection_is_tagged_with_keys_and_untagged_with_one(visit, ada, people):
    page = visit("/customers", ada)
    for key in ("j", "x", "j", "X", "t"):
        page.keyboard.press(key)
    page.wait_for_url("**/customers/bulk")
    page.keyboard.type("spring-card")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/changes/chg_*")
    assert page.locator(".finding").inner_text().startswith("2 customers would be changed.")
    page.get_by_role("button", name="Change 2 customers").click()
    page.wait_for_url("**/customers")
    assert page.locator(".toast .said").first.inner_text() == "Tag “spring-card”: 2 customers."
    assert Tagging.objects.count() == 2
    page.keyboard.press("z")
    page.wait_for_function("document.querySelector('.toast .said')?.textContent.startsWith('Taken back')")
    assert Tagging.objects.count() == 0
    assert page.complaints == []


def test_bulk_work_and_saved_views_need_no_scripts(visit, ada, people):
    page = visit("/customers?sort=-amount_spent", ada, has_scripts=False)
    page.get_by_text("Save view", exact=True).click()
    page.fill("#view-name", "Best first")
    page.get_by_role("button", name="Save", exact=True).click()
    assert page.locator(".tabs [aria-current]").inner_text().strip().startswith("Best first")
    page.get_by_label("Select Élodie Marchetti").check()
    page.locator("[data-bulk] button", has_text="Assign").click()
    page.select_option("select[name=value]", label="Ada Owner")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name="Change 1 customer").click()
    assert "view=vue_" in page.url
    people["elodie"].refresh_from_db()
    assert people["elodie"].looked_after_by == ada
    page.get_by_role("link", name="Log").click()
    page.get_by_role("button", name="Undo").click()
    people["elodie"].refresh_from_db()
    assert people["elodie"].looked_after_by is None


@pytest.mark.parametrize("width", [1440, 390])
def test_a_name_without_a_space_in_it_does_not_widen_the_pages(visit, ada, width):
    somebody = create_customer(values={"name": "W" * 250})
    for end in ("", "/edit", "/delete"):
        page = visit(f"/customers/{somebody.public_id}{end}", ada, width=width)
        assert has_no_scroll_sideways(page), end
