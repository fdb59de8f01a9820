"""The shop's settings, the page about the product, and what is said when something goes wrong."""

import datetime as dt

import pytest
from django.test import override_settings
from django.urls import path

from regulars.channels.actions import channel_for
from regulars.config import urls
from regulars.core import shop
from regulars.orders.actions import place_order
from regulars.staff.access import public
from regulars.timeline.models import Entry

SENT = {"name": "Hain & Hafen", "currency": "GBP", "time_zone": "Europe/London", "country": "GB", "language": "en"}


@public
def breaks(_request):
    raise RuntimeError("a secret of the server")


urlpatterns = [path("breaks", breaks), *urls.urlpatterns]
handler404, handler500 = urls.handler404, urls.handler500


def test_an_owner_changes_the_shop_and_it_is_written_down(client_of, ada):
    assert client_of(ada).post("/settings/shop", SENT).status_code == 302
    here = shop.current()
    assert (here.name, here.currency, here.time_zone) == ("Hain & Hafen", "GBP", "Europe/London")
    entry = Entry.objects.get(name="shop.changed")
    assert entry.actor_id == ada.pk
    assert set(entry.data["changes"]) == {"name", "currency", "time_zone", "country"}


def test_the_currency_is_fixed_once_orders_are_summed_up_in_it(client_of, ada):
    client = client_of(ada)
    client.post("/settings/shop", SENT)
    place_order(
        values={"number": "1", "placed_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC), "status": "paid"},
        lines=[{"sku": "TEA", "quantity": 1, "unit_price": "1"}],
        customer=None,
        channel=channel_for("web"),
    )
    client.post("/settings/shop", {**SENT, "currency": "EUR", "name": "New name"})
    assert (shop.current().currency, shop.current().name) == ("GBP", "New name")
    assert "Fixed, because orders are summed up in it." in client.get("/settings/shop").content.decode()


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Olympus"}, {"currency": "XXX"}, {"country": "ZZ"}, {"language": "tlh"}, {"name": " "}]
)
def test_a_setting_that_does_not_exist_is_refused(client_of, ada, wrong):
    answer = client_of(ada).post("/settings/shop", {**SENT, **wrong})
    assert answer.status_code == 422
    assert 'class="err"' in answer.content.decode()
    assert shop.current().name == "Regulars"


@pytest.mark.parametrize("who", ["ben", "charlie"])
def test_only_an_owner_changes_the_shop(client_of, request, who):
    client = client_of(request.getfixturevalue(who))
    answer = client.post("/settings/shop", SENT)
    assert answer.status_code == 403
    assert "It is for: Owner." in answer.content.decode()
    assert shop.current().name == "Regulars"


def test_the_licence_stands_on_the_page_about_the_product(client_of, charlie):
    page = client_of(charlie).get("/settings/about").content.decode()
    assert "GNU Affero General Public License" in page
    assert "Online Retail" not in page


def test_a_missing_page_says_so_inside_the_shell_and_at_the_door(client_of, client, ada):
    outside = client.get("/nowhere")
    assert outside.status_code == 404
    assert "Nothing is here" in outside.content.decode()
    assert 'class="side"' not in outside.content.decode()
    assert 'class="side"' in client_of(ada).get("/nowhere").content.decode()


@override_settings(ROOT_URLCONF=__name__)
def test_a_fault_of_ours_gives_away_nothing(client_of, ada):
    client = client_of(ada)
    client.raise_request_exception = False
    answer = client.get("/breaks")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something broke on our side" in page
    assert "secret" not in page
    assert "Traceback" not in page


def test_every_piece_is_drawn_on_the_living_page(client_of, charlie):
    page = client_of(charlie).get("/ui")
    assert page.status_code == 200
    for piece in ('class="callout bad"', 'class="rhythm"', 'class="spark bars"', 'class="skel"', 'class="job"'):
        assert piece in page.content.decode()
