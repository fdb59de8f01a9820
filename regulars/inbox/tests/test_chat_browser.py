"""The chat on a page of another origin, in a real browser: written there, answered here, read there; and offline."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from regulars.core import live
from regulars.core.live import hub
from regulars.inbox.actions import answering
from regulars.inbox.chat import throttle
from regulars.inbox.chat.saying import topic_of
from regulars.inbox.models import Chat, ChatVisitor, Conversation, Post

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(live_server, transactional_db):
    """A page of the shop on a port of its own, with the chat's line in it; its address."""
    throttle.forget()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if self.path == "/":
                line = f'<script async src="{live_server.url}/chat/{chat.public_id}.js"></script>'
                self.wfile.write(f'<!doctype html><html lang="en"><body><h1>Tea</h1>{line}</body></html>'.encode())

        def log_message(self, *_said):
            """A test prints nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    address = f"http://127.0.0.1:{server.server_port}"
    chat = Chat.objects.create(name="Shop", origins=[address], asks_email="optional", greeting={"en": "Ahoy!"})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address
    server.shutdown()
    server.server_close()


def test_a_visitor_of_the_shop_writes_is_answered_and_loses_nothing_offline(shop, chromium, ben):
    context = chromium.new_context(viewport={"width": 390, "height": 800}, locale="en", has_touch=True)
    try:
        page = context.new_page()
        page.set_default_timeout(8_000)
        complaints = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(shop)
        page.click("text=Chat with us")
        page.wait_for_selector("text=Ahoy!")
        assert Conversation.objects.count() == 0
        page.keyboard.type("Is the teapot back?")
        page.keyboard.press("Enter")
        page.wait_for_selector(".own:not(.unsent)")
        talk = Conversation.objects.get()
        answering.answer(talk, author=ben, text="Yes, it is.")
        page.wait_for_selector("text=Yes, it is.")
        assert complaints == []
        assert (context.cookies(), page.evaluate("innerWidth - document.documentElement.scrollWidth")) == ([], 0)
        context.set_offline(True)
        page.keyboard.type("Then I take two.")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Not sent yet")
        assert Post.objects.filter(kind="in").count() == 1
        context.set_offline(False)
        page.wait_for_selector(".own:not(.unsent) >> text=Then I take two.")
        assert list(Post.objects.order_by("pk").values_list("conversation", flat=True)) == [talk.pk] * 3
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "open"
    finally:
        context.close()
        _let_streams_go()


def _let_streams_go():
    """A stream whose page is gone ends when it next says something; none may look into the next test's database."""
    until = time.monotonic() + 5
    while len(hub.HUB) and time.monotonic() < until:
        for visitor in ChatVisitor.objects.all():
            live.tell(topic_of(visitor.digest), {})
        time.sleep(0.1)
    assert len(hub.HUB) == 0
