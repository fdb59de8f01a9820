"""The editor of groups as people use it: type, see counts, change a row, save, ask why."""

import pytest
from playwright.sync_api import expect

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.customers.actions.tags import tag
from regulars.orders.actions import place_order
from regulars.segments.models import Group

pytestmark = pytest.mark.browser


@pytest.fixture
def people(transactional_db):
    """Three customers; two bought, one of them is tagged."""
    shop.change(currency="EUR", time_zone="Europe/Berlin", country="DE")
    web = channel_for("web")
    found = [create_customer(values={"name": name}) for name in ("Elodie Marchetti", "Tomasz Quell", "Zoe Quiet")]
    for number, customer in enumerate(found[:2]):
        place_order(
            values={"number": f"HH-{number}"},
            lines=[{"sku": "GYO", "title": "Gyokuro", "quantity": 1, "unit_price": "50"}],
            customer=customer,
            channel=web,
        )
    tag(found[0], names=["vip"])
    return found


def test_a_rule_is_typed_counted_changed_in_its_rows_saved_and_explained(visit, ada, people):
    page = visit("/groups/new", ada)
    page.keyboard.type("number_of_ord")
    page.keyboard.press("Control+Space")
    page.locator(".qsug [aria-selected=true]", has_text="number_of_orders").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.type(">= 1\nAND customer_tags CONTAINS 'vip'")
    counts = page.locator(".qlines .left b")
    expect(counts).to_have_text(["2", "1"])
    assert page.locator(".brow[data-line='1'].hot").count() == 1

    # a row changes the text
    page.select_option("#b-r1t0-op-0", "NOT CONTAINS")
    expect(page.locator("#text")).to_have_value("number_of_orders >= 1\nAND customer_tags NOT CONTAINS 'vip'")
    page.locator("#g-people", has_text="Tomasz Quell").wait_for()
    # a line that is off is left out
    page.locator("#text").focus()
    page.keyboard.press("Control+/")
    page.locator(".qline.off").wait_for()
    expect(page.locator("#g-people [data-row]")).to_have_count(2)
    page.keyboard.press("Control+/")
    expect(counts).to_have_text(["2", "1"])

    # what is wrong is underlined, and the last count stays
    page.locator("#text").press("Control+End")
    page.keyboard.type(" AND nonsense = 1")
    page.locator("#said .bad").wait_for()
    assert page.locator("code .wrong").inner_text() == "nonsense"
    assert page.locator("#g-now .huge").inner_text() == "1"
    for _letter in " AND nonsense = 1":
        page.keyboard.press("Backspace")
    page.locator("#said .good").wait_for()

    page.fill("#name", "Quiet buyers")
    assert page.locator(".ghead .tag[data-unsaved-sign]").is_visible()
    page.keyboard.press("Control+s")
    page.wait_for_url("**/groups/grp_*")
    assert Group.objects.get().query == "number_of_orders >= 1 AND customer_tags NOT CONTAINS 'vip'"
    assert page.locator(".ghead .tag[data-unsaved-sign]").is_hidden()

    page.locator("h2", has_text="Who is in").click()
    page.keyboard.press("j")
    page.keyboard.press("y")
    page.get_by_text("Why is Tomasz Quell in?").wait_for()
    page.fill("#who", "elodie")
    page.locator("#wf-1").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("One line keeps Elodie Marchetti out: line 2.").wait_for()
    assert page.complaints == []
