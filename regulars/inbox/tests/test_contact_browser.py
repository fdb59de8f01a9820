"""A contact form in a real browser: in the page of a shop that may show it, and in one that may not."""

import datetime as dt
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from regulars.inbox.contact import setting_up, tickets
from regulars.inbox.models import Conversation

pytestmark = pytest.mark.browser


@pytest.fixture
def sites():
    """Two sites of others, and the page that both show."""
    shown = {"page": ""}

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(shown["page"].encode())

        def log_message(self, *_said):
            pass

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Site) for _number in range(2)]
    for server in servers:
        Thread(target=server.serve_forever, daemon=True).start()
    yield shown, *(f"http://127.0.0.1:{server.server_port}" for server in servers)
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_form_in_a_shops_page_grows_with_what_is_in_it_and_is_sent(visit, live_server, sites, monkeypatch):
    shown, shop, stranger = sites
    monkeypatch.setattr(tickets, "QUICKEST", dt.timedelta(0))
    form = setting_up.save(name="Contact", texts={}, asks=["kind"], origins=[shop])
    script = f"{live_server.url}/contact/{form.public_id}.js"
    shown["page"] = f'<!doctype html><html lang="zh"><body><script src="{script}"></script>'
    page = visit(f"/contact/{form.public_id}", width=390)
    page.goto(shop)
    frame = page.frame_locator("iframe")
    frame.locator("#name").fill("Sofie Dahl")
    frame.locator("#email").fill("sofie@post.example")
    empty = page.locator("iframe").bounding_box()["height"]
    frame.locator("button").click()
    frame.locator("[role=alert]").wait_for()
    page.wait_for_function(f"document.querySelector('iframe').clientHeight > {empty}")
    assert frame.locator("#name").input_value() == "Sofie Dahl"
    frame.locator("#message").fill("锅盖裂了，怎么办？")
    frame.locator("button").click()
    frame.locator("[role=status]").wait_for()
    page.wait_for_function(f"document.querySelector('iframe').clientHeight < {empty}")
    assert (Conversation.objects.get().language, page.context.cookies()) == ("zh-hans", [])
    page.goto(stranger)
    page.wait_for_function("document.querySelector('iframe')")
    page.wait_for_timeout(300)
    assert frame.locator("form").count() == 0
    assert any("frame-ancestors" in said for said in page.complaints)
