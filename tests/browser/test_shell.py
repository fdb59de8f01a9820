"""The shell in a real browser: keys, palette, toasts, theme, phones, and everything without scripts."""

import pytest

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.orders.actions import place_order

pytestmark = pytest.mark.browser

PLACES = ["/", "/find", "/ui", "/settings/profile", "/settings/people", "/settings/tokens", "/settings/about"]


@pytest.fixture
def margarethe(transactional_db):
    from django.utils import timezone

    shop.change(name="Hain & Hafen", currency="GBP", time_zone="Europe/London", country="GB")
    margarethe = create_customer(values={"name": "Margarethe von Thun"})
    place_order(
        values={"number": "HH-48213", "placed_at": timezone.now(), "status": "paid"},
        lines=[{"sku": "TEA", "title": "Tea", "quantity": 1, "unit_price": "118.50"}],
        customer=margarethe,
        channel=channel_for("web"),
    )
    return margarethe


@pytest.fixture
def mara(transactional_db):
    from regulars.staff.models import User

    mara = User(name="Mara Petersen", email="mara@hainhafen.example", role="owner")
    mara.set_password("a kettle full of sencha")
    mara.save()
    return mara


def overflows(page):
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_every_page_of_the_shell_is_whole_at_every_width(visit, ada, margarethe, width, theme):
    page = visit("/", ada, width=width, theme=theme)
    for path in PLACES:
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + path)
        assert page.locator("h1").count() == 1, path
        assert not overflows(page), path
    assert page.complaints == []


def test_somebody_signs_in_without_any_script(visit, mara, margarethe):
    page = visit("/customers", has_scripts=False)
    page.fill("#email", "mara@hainhafen.example")
    page.fill("#password", "wrong")
    page.click("button.primary")
    assert "4 tries left" in page.inner_text("#password_error")
    page.fill("#password", "a kettle full of sencha")
    page.click("button.primary")
    assert page.url.endswith("/customers")
    page.click(".side .find")
    page.fill(".main input[name=q]", "thun")
    page.click(".main button.primary")
    page.click("text=Margarethe von Thun")
    assert page.inner_text("h1") == "Margarethe von Thun"
    # the menu of the corner opens without a script as well
    page.click(".me")
    page.click("#me-menu >> text=Dark")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.click(".me")
    page.click("#me-menu >> text=Sign out")
    assert "/sign-in" in page.url


def test_g_and_a_letter_go_places_and_a_letter_in_a_field_is_a_letter(visit, ada, margarethe):
    page = visit("/", ada)
    page.keyboard.press("g")
    assert page.locator(".side .nav kbd").first.is_visible()
    page.keyboard.press("c")
    page.wait_for_url("**/customers")
    page.goto(page.url.replace("/customers", "/settings/profile"))
    page.click("#name")
    page.keyboard.type("gt?")
    assert page.url.endswith("/settings/profile")
    assert page.input_value("#name").endswith("gt?")
    assert page.locator("#keymap").is_hidden()


def test_single_keys_can_be_switched_off_but_the_palette_stays(visit, ada, margarethe):
    ada.has_single_keys = False
    ada.save()
    page = visit("/", ada)
    page.keyboard.press("?")
    page.keyboard.press("c")
    assert page.locator("#keymap").is_hidden()
    assert page.url.endswith("/")
    page.keyboard.press("Control+k")
    assert page.locator("#palette").is_visible()


def test_the_key_map_opens_and_esc_gives_the_focus_back(visit, ada, margarethe):
    page = visit("/", ada)
    page.keyboard.press("?")
    assert page.locator("#keymap").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#keymap").is_hidden()


def test_the_palette_finds_opens_and_knows_what_can_be_done(visit, ada, margarethe):
    page = visit("/", ada)
    page.keyboard.press("Control+k")
    page.keyboard.type("marg")
    page.wait_for_selector("#palette mark")
    chosen = page.locator('#palette [aria-selected="true"]')
    assert "Margarethe" in chosen.inner_text()
    page.keyboard.press("Tab")
    page.wait_for_selector("#palette >> text=Edit")
    page.keyboard.press("Backspace")
    page.wait_for_selector("#palette [role=option]")
    page.keyboard.type("HH-48")
    page.wait_for_selector("#palette mark >> text=HH-48")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    assert page.complaints == []


def test_the_palette_does_commands(visit, ada, margarethe):
    page = visit("/", ada)
    page.keyboard.press("Control+k")
    page.keyboard.type(">dark")
    page.wait_for_selector('#palette [data-submits="look-dark"]')
    page.keyboard.press("Enter")
    page.wait_for_selector('html[data-theme="dark"]')
    ada.refresh_from_db()
    assert ada.theme == "dark"


def test_j_and_k_move_a_cursor_and_enter_opens(visit, ada, margarethe):
    page = visit("/", ada)
    page.keyboard.press("j")
    assert page.locator("[data-row].cursor").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/ord_*")


def test_a_theme_changes_at_once_and_is_remembered(visit, ada, margarethe):
    page = visit("/", ada)
    ground = "getComputedStyle(document.querySelector('.main')).backgroundColor"
    light = page.evaluate(ground)
    page.click(".me")
    with page.expect_response("**/look"):
        page.click("#me-menu >> text=Dark")
    assert page.evaluate(ground) != light
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_what_was_saved_is_said_and_goes_away_by_itself(visit, ada, margarethe):
    page = visit("/settings/profile", ada)
    page.click("text=Save")
    toast = page.locator("#toasts .toast")
    assert "Your profile is saved." in toast.inner_text()
    page.wait_for_selector("#toasts .toast", state="detached", timeout=12_000)


def test_the_first_bad_field_has_the_focus(visit, ada, margarethe):
    page = visit("/settings/profile", ada)
    page.fill("#name", "")
    page.click("text=Save")
    page.wait_for_selector("#name_error")
    assert page.evaluate("document.activeElement.id") == "name"
    assert page.locator("#name").get_attribute("aria-describedby") == "name_error"


def test_the_page_speaks_chinese_when_asked_at_the_door(visit, mara):
    page = visit("/sign-in")
    page.click("text=简体中文")
    page.wait_for_selector('html[lang="zh-Hans"]')


def test_the_phone_has_a_dock_with_targets_for_thumbs(visit, ada, margarethe):
    page = visit("/", ada, width=390)
    assert page.locator(".side").is_hidden()
    boxes = [entry.bounding_box() for entry in page.locator(".dock > *").all()]
    assert len(boxes) == 5
    assert all(box["height"] >= 44 and box["width"] >= 44 for box in boxes)
    page.click(".dock >> text=More")
    page.click("#more-menu >> text=Settings")
    assert page.inner_text("h1") == "Settings"
