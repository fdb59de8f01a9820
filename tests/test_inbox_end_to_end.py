"""The whole way of an inquiry, as people go it: a customer with their mail program, colleagues in a browser.

The shop's mailbox and the customer's are on a real IMAP server, the customer writes with a real mail program that
makes its own headers, and a worker runs beside the pages as in every shop.
"""

import datetime as dt
import email
import email.policy
import imaplib
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone
from playwright.sync_api import TimeoutError  # noqa: A004 — the browser's

from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.customers.models import Customer
from regulars.inbox.acknowledging.expecting import catch_up
from regulars.inbox.models import Arrival, Conversation, Expectation, Outcome, Post, PostKind, Rating
from regulars.inbox.rating.asking import ask_due
from regulars.messaging.models import Message
from tools import dovecot, mail_program
from tools.product import free_port

pytestmark = pytest.mark.browser

SHOP, CUSTOMER = f"service@{dovecot.DOMAIN}", "aoife@brennan.example"
MINUTES = 20  # that every answer took so far


class Post_Office:  # noqa: N801 — what it is
    """The SMTP server that both sides hand their mails to; it lays them into the mailboxes."""

    def __init__(self, server):
        self.server, self.envelopes = server, []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 — the library's name
        for to in envelope.rcpt_tos:
            self.envelopes.append((envelope.mail_from, to))
            self.server.deliver(to.partition("@")[0], [envelope.content], sender=envelope.mail_from)
        return "250 OK"


@pytest.fixture
def post_office(imap_server):
    office = Post_Office(imap_server)
    running = Controller(office, hostname="127.0.0.1", port=free_port())
    running.start()
    office.port = running.port
    yield office
    running.stop()


@pytest.fixture
def aoife(imap_server, post_office, tmp_path):
    """A customer whom the shop does not know yet, at her own mail program."""
    if mail_program.ensure() is None and not os.environ.get("REGULARS_ALL_TESTS"):
        pytest.skip("there is no mail program on this machine; install the package s-nail")
    return mail_program.MailProgram(tmp_path, "Aoife Brennan", CUSTOMER, imap_server, post_office.port)


@pytest.fixture
def start_worker(database_url, live_server, tmp_path):
    """Start the worker of the shop whose pages the browser looks at."""
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "REGULARS_URL": live_server.url,
        "REGULARS_PRIVATE_HOSTS": "127.0.0.1",
    }
    started = []

    def start():
        with (tmp_path / "worker").open("w") as log:
            command = [sys.executable, "-m", "regulars.config.cli", "worker"]
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def until(condition, seconds=30):
    ends_at = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.1)
    return found


def inbox_of(server, user):
    """The mails in somebody's mailbox, as a mail program gets them."""
    with imaplib.IMAP4("127.0.0.1", server.port) as line:
        line.login(user, dovecot.PASSWORD)
        count = int(line.select(readonly=True)[1][0])
        raw = [line.fetch(str(number), "(BODY.PEEK[])")[1][0][1] for number in range(1, count + 1)]
    return [email.message_from_bytes(one, policy=email.policy.default) for one in raw]


def sees(page, selector):
    """Wait until something stands on a page; what stands there instead, where it does not."""
    try:
        page.wait_for_selector(selector)
    except TimeoutError as late:
        raise AssertionError(f"{page.url} says: {page.locator('body').inner_text()[:1500]}") from late


def fill(page, path, **values):
    """Fill in the form of a page, and save it."""
    page.goto(page.base + path)
    for name, value in values.items():
        field = page.locator(f"#{name}")
        if value is True:
            field.check()
        elif field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.click(".formend .btn.primary")


def set_up(page, imap_server, post_office):
    """Everything a shop says once, by its pages."""
    server = {"host": "127.0.0.1", "security": "none"}
    fill(
        page, "/settings/messages/senders/new", name="Hain & Hafen", address=SHOP, port=str(post_office.port), **server
    )
    sees(page, "text=Saved. Check now whether it works.")
    box = {"name": "Service", "address": SHOP, "user": "service", "password": dovecot.PASSWORD}
    fill(page, "/settings/inbox/mailboxes/add", **box, port=str(imap_server.port), **server)
    sees(page, "text=is joined")
    week = {f"day_{day}": "00:00–24:00" for day in range(7)}
    fill(page, "/settings/inbox/calendars/new", name="Always", **week, is_default=True)
    fill(page, "/settings/inbox/promises/new", name="Everybody", first_minutes="4 h")
    sees(page, "text=Everybody")
    fill(page, "/settings/inbox/acknowledgement", is_on=True)
    sees(page, "text=Saved")
    fill(page, "/settings/inbox/rating", is_on=True, after_hours="0")
    sees(page, "text=Saved")


def answer_as_ever():
    """What the shop learns from: sixty inquiries of weeks ago, each answered after twenty minutes."""
    jonas, now = create_customer(values={"name": "Jonas Wieck", "email": "jonas@wieck.example"}), timezone.now()
    rows = []
    for number in range(60):
        began = now - dt.timedelta(days=20, hours=number)
        at = began + dt.timedelta(minutes=MINUTES)
        row = {"customer": jonas, "by": "email", "status": "closed", "subject": f"Old {number}", "answers_count": 1}
        rows.append(Conversation(**row, began_at=began, last_at=at, first_answer_at=at, closed_at=at, posts_count=1))
    rows = Conversation.objects.bulk_create(rows)
    said = [Post(conversation=row, customer=jonas, kind="in", by="email", at=row.began_at, text="Old.") for row in rows]
    Post.objects.bulk_create(said)
    assert catch_up() == 60


def told(came):
    """The moment that must be told: twenty minutes on, rounded up as people say times, on the shop's clock."""
    local = (came + dt.timedelta(minutes=MINUTES)).astimezone(shop.zone())
    is_today = local.date() == came.astimezone(shop.zone()).date()
    step = 30 if is_today else 60
    past = dt.timedelta(minutes=local.minute % step, seconds=local.second, microseconds=local.microsecond)
    return local + dt.timedelta(minutes=step) - past if past else local


def test_a_mail_is_acknowledged_answered_threaded_closed_rated_and_on_the_timeline(
    visit, ada, ben, live_server, imap_server, post_office, aoife, start_worker, settings
):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    owner = visit("/healthz", ada)
    owner.set_default_timeout(60_000)
    owner.base = live_server.url
    set_up(owner, imap_server, post_office)
    answer_as_ever()
    start_worker()
    page = visit("/inbox", ben)
    page.set_default_timeout(60_000)
    page.evaluate("window.neverReloaded = true")
    assert page.locator("#rows [data-row]").count() == 0

    # ── she writes, and it appears in the open list by itself
    aoife.send(SHOP, "The lid of my teapot", "Hello,\n\nthe lid came in two pieces – what now?\n\nAoife\n")
    sees(page, "#rows [data-row]")
    row = page.locator("#rows [data-row]")
    assert row.count() == 1
    assert "Aoife Brennan" in row.inner_text()
    assert "The lid of my teapot" in row.inner_text()
    assert page.evaluate("window.neverReloaded")
    inquiry = Conversation.objects.get(customer__email=CUSTOMER)

    # ── she is told at once by when she hears from us: worked out from what the shop has done, not what it promises
    until(lambda: inbox_of(imap_server, "aoife"))
    [confirmation] = inbox_of(imap_server, "aoife")
    wrote = inbox_of(imap_server, "service")[0]
    expected = Expectation.objects.get(conversation=inquiry)
    moment = told(inquiry.began_at)
    assert (expected.source, expected.said_at) == ("history", moment)
    assert moment < expected.promised_at
    day = "today" if moment.date() == expected.told_at.astimezone(shop.zone()).date() else "tomorrow"
    by = re.search(r"You will hear from us by (.+?)\.\s", confirmation.get_content())[1]
    assert by == f"{day} {moment:%H:%M}"
    assert (confirmation["To"], confirmation["Auto-Submitted"]) == (CUSTOMER, "auto-replied")
    assert confirmation["In-Reply-To"] == wrote["Message-ID"]

    # ── Ben answers in the page; she has it when the seconds to take it back are over
    row.locator("a[data-open]").click()
    sees(page, f'.thread[data-open="{inquiry.public_id}"]')
    assert "came in two pieces" in page.locator(".msg.in").inner_text()
    assert by in page.locator(".msgs").inner_text()
    page.fill("#text", "I am sorry. A new lid leaves today.")
    page.keyboard.press("Control+Enter")
    sees(page, ".msg.out")
    until(lambda: len(inbox_of(imap_server, "aoife")) == 2)
    answer = inbox_of(imap_server, "aoife")[1]
    assert "A new lid leaves today." in answer.get_content()
    assert answer["Subject"] == "Re: The lid of my teapot"
    assert wrote["Message-ID"] in answer["References"]
    until(lambda: Conversation.objects.get(pk=inquiry.pk).status == "closed")

    # ── she answers from her program, which alone says what it belongs to: it opens the same inquiry again
    aoife.reply(2, "Thank you! To the old address please.")
    until(lambda: Post.objects.filter(conversation=inquiry, kind=PostKind.IN).count() == 2, seconds=60)
    sees(page, ".msg.in >> text=To the old address please.")
    assert page.locator(".msg.in").count() == 2
    back = inbox_of(imap_server, "service")[1]
    assert back["In-Reply-To"] == answer["Message-ID"]
    again = Post.objects.filter(conversation=inquiry, kind=PostKind.IN).latest("pk")
    assert again.text == "Thank you! To the old address please."
    assert "A new lid leaves today." in again.quoted
    until(lambda: Conversation.objects.get(pk=inquiry.pk).status == "open")
    assert Conversation.objects.get(pk=inquiry.pk).reopened_count == 1

    # ── it is closed, she is asked how it was, and one click says it
    page.goto(f"{live_server.url}/inbox/{inquiry.public_id}")
    page.click('#thread-head .acts > form button[value="close"]')
    until(lambda: Conversation.objects.get(pk=inquiry.pk).status == "closed")
    ask_due.later()
    until(lambda: len(inbox_of(imap_server, "aoife")) == 3)
    asking = inbox_of(imap_server, "aoife")[2]
    links = re.findall(r"http\S+/rate/\S+/5\b", asking.get_body(("plain",)).get_content())
    assert len(links) == 1
    assert links[0].startswith(f"{live_server.url}/rate/")
    assert Rating.objects.get().score is None
    hers = visit(links[0].removeprefix(live_server.url), width=390)
    sees(hers, "text=You gave 5 of 5.")
    assert (Rating.objects.get().score, Rating.objects.get().conversation) == (5, inquiry)

    # ── colleagues see it with the inquiry, in the settings, and on the customer's timeline
    page.goto(f"{live_server.url}/inbox/{inquiry.public_id}")
    sees(page, "text=Rated our answer: 5 of 5")
    page.click(".ctx h2 a.nmx")
    sees(page, "h1 >> text=Aoife Brennan")
    timeline = page.locator("main").inner_text()
    for sentence in (
        "Inquiry received",
        "Inquiry answered",
        "Reply received",
        "Inquiry done",
        "Rated our answer: 5 of 5",
    ):
        assert sentence in timeline, sentence
    rated = visit("/settings/inbox/rating", ada)
    sees(rated, "text=1 asked, 1 answered; on average 5.0 of 5.")

    # ── and nothing else happened
    assert Conversation.objects.filter(customer__email=CUSTOMER).count() == 1
    assert Conversation.objects.count() == 61
    assert Customer.objects.count() == 2
    assert [post.kind for post in Post.objects.filter(conversation=inquiry).order_by("at", "pk")] == [
        PostKind.IN,
        PostKind.AUTO,
        PostKind.OUT,
        PostKind.IN,
    ]
    assert sorted(Arrival.objects.values_list("outcome", flat=True)) == [Outcome.INQUIRY, Outcome.REPLY]
    assert {(one.to, one.state) for one in Message.objects.all()} == {(CUSTOMER, "accepted")}
    ours, hers_sent = [(SHOP, CUSTOMER)] * 3, [to for sender, to in post_office.envelopes if sender == CUSTOMER]
    assert [one for one in post_office.envelopes if one[0] != CUSTOMER] == ours
    assert len(hers_sent) == 2
    assert hers_sent[0] == SHOP
    assert len(inbox_of(imap_server, "aoife")) == 3
    assert (page.complaints, hers.complaints) == ([], [])
