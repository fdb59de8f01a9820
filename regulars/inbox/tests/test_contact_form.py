"""A contact form is asked without a cookie or a script, and each one sent is one inquiry of its own."""

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.customers.actions import create_customer
from regulars.customers.models import Customer
from regulars.inbox.acknowledging import setting_up as acknowledgement
from regulars.inbox.actions import setting_up as sorting
from regulars.inbox.actions import working
from regulars.inbox.contact import setting_up, taking, tickets
from regulars.inbox.models import ContactForm, Conversation, File, Post, SpamSender
from regulars.messaging.models import Message
from regulars.orders.models import Order
from regulars.timeline.models import Entry

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
SAID = {"name": "Anna Roth", "email": "anna@post.example", "message": "The lid of my pot is cracked. What now?"}


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Nobody waits three seconds in a test, but where it is tested."""
    monkeypatch.setattr(tickets, "QUICKEST", dt.timedelta(0))


@pytest.fixture
def topic(db):
    return sorting.save_topic(name="Damage")


@pytest.fixture
def form(topic):
    return setting_up.set_up_usual()


def address(form):
    return f"/contact/{form.public_id}"


def ticket_in(answer):
    return re.search(r'name="ticket" value="([^"]+)"', answer.content.decode())[1]


def send(client, form, **typed):
    """Open the form and send it, as somebody does who types that."""
    ticket = typed.pop("ticket", None) or ticket_in(client.get(address(form)))
    return client.post(address(form), {"ticket": ticket, **SAID, **typed})


def test_a_sent_form_is_an_inquiry_of_a_new_guest(client, form, topic):
    answer = send(client, form, kind="complaint", topic=topic.public_id, phone="0151 234", order="1042")
    assert answer.status_code == 303
    conversation = Conversation.objects.get()
    assert (conversation.by, conversation.kind, conversation.topic, conversation.status, conversation.subject) == (
        "form", "complaint", topic, "open", "Damage",
    )  # fmt: skip
    assert (conversation.reply_to, conversation.language) == ("anna@post.example", "en")
    assert (conversation.customer.name, conversation.customer.is_guest) == ("Anna Roth", True)
    assert Post.objects.get().text == (
        f"{SAID['message']}\n\nPhone, as they typed it: 0151 234\nOrder, as they typed it: 1042"
    )
    told = list(Entry.objects.filter(customer=conversation.customer).order_by("pk").values_list("name", flat=True))
    assert [name for name in told if name.startswith("inquiry")] == ["inquiry.received", "inquiry.complaint_raised"]
    seen = client.get(answer.url).content.decode()
    assert "Thank you, your message has arrived" in seen
    assert "Damage" not in seen


def test_nothing_on_the_page_needs_a_script_or_a_cookie(client, form):
    seen = client.get(address(form))
    assert seen.status_code == 200
    assert not seen.cookies
    assert not client.post(address(form), {}).cookies
    assert "<script" not in seen.content.decode()
    assert "frame-ancestors 'none'" in seen.headers["Content-Security-Policy"]
    assert seen.headers["X-Frame-Options"] == "DENY"


def test_sent_twice_it_is_one_inquiry(client, form):
    ticket = ticket_in(client.get(address(form)))
    first, second = send(client, form, ticket=ticket), send(client, form, ticket=ticket)
    assert (first.status_code, second.status_code) == (303, 303)
    assert Conversation.objects.count() == Post.objects.count() == Customer.objects.count() == 1


def test_what_was_changed_and_sent_once_more_is_not_lost(client, form):
    ticket = ticket_in(client.get(address(form)))
    send(client, form, ticket=ticket)
    again = send(client, form, ticket=ticket, message="And the pot, too.")
    assert again.status_code == 409
    assert "And the pot, too." in again.content.decode()
    assert Conversation.objects.count() == 1
    assert send(client, form, ticket=ticket_in(again), message="And the pot, too.").status_code == 303
    assert Conversation.objects.count() == 2


def test_a_claimed_address_joins_no_conversation_and_tells_nothing(client, form):
    known = create_customer(values={"name": "Sofie Dahl", "email": "anna@post.example"})
    first = client.get(send(client, form).url).content
    assert Conversation.objects.get().customer == known
    known.refresh_from_db()
    assert known.name == "Sofie Dahl"
    other = client.get(send(client, form, email="nobody@post.example").url).content
    assert first == other
    send(client, form, message="Once more, the same pot.")
    assert Conversation.objects.count() == 3


def test_only_an_order_of_theirs_is_linked(client, form, make_order):
    known = create_customer(values={"name": "Anna Roth", "email": "anna@post.example"})
    theirs, strangers = make_order(known, "A-1"), make_order(create_customer(values={"name": "Mara Petersen"}), "B-2")
    for number in ("#A-1", "B-2", "C-3"):
        assert send(client, form, order=number).status_code == 303
    linked = [list(one.orders.all()) for one in Conversation.objects.order_by("pk")]
    assert linked == [[theirs], [], []]
    assert strangers.number not in Post.objects.order_by("pk").first().text


@pytest.fixture
def make_order(db):
    def make(customer, number):
        from regulars.channels.models import Channel

        channel, _is_new = Channel.objects.get_or_create(code="web", defaults={"name": "Web"})
        return Order.objects.create(
            customer=customer, channel=channel, number=number, placed_at=timezone.now(), currency="EUR", total_minor=100
        )

    return make


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Please tell us your name."),
        ({"name": "Win at www.win.example"}, "Please write a name without links."),
        ({"email": "anna(at)post"}, "anna(at)post"),
        ({"email": "a@b.example\nbcc: c@d.example"}, "bcc"),
        ({"message": " \u200b "}, "Please write what it is about."),
        ({"message": "x" * 1_000_000}, "1,000,000 characters|1000000 characters"),
        ({"message": "a\0b"}, "NUL byte"),
        ({"topic": "top_gone"}, "top_gone|valid choice"),
        ({"files": SimpleUploadedFile("setup.exe", b"MZ\x90\0\0")}, "setup.exe"),
        ({"files": SimpleUploadedFile("page.html", b"<html><script>")}, "page.html"),
        ({"files": [SimpleUploadedFile(f"{n}.png", PNG) for n in range(6)]}, "At most 5 files"),
        ({"files": SimpleUploadedFile("nothing.png", b"")}, "Please choose your files"),
    ],
    ids=["name", "spam name", "address", "line", "empty", "long", "nul", "topic", "exe", "html", "six", "no bytes"],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(client, form, typed, sentence):
    if typed.get("files") and not isinstance(typed["files"], list) and not typed["files"].size:
        typed = {**typed, "email": "wrong"}
    answer = send(client, form, **typed)
    seen = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(sentence.replace("(", r"\(").replace(")", r"\)"), seen)
    assert ("Anna Roth" in seen) == ("name" not in typed)
    assert "\0" not in seen
    assert not Conversation.objects.exists()
    assert not Customer.objects.exists()


def test_files_come_with_it_and_too_many_bytes_leave_the_words(client, form, settings):
    assert send(client, form, files=[SimpleUploadedFile("lid.png", PNG)]).status_code == 303
    file = File.objects.get()
    assert (file.name, file.media_type, file.size) == ("lid.png", "image/png", len(PNG))
    settings.ATTACHMENT_SIZE = 1 << 20
    answer = send(client, form, files=[SimpleUploadedFile("big.png", PNG + b"0" * (2 << 20))])
    assert answer.status_code == 422
    assert "The files may have 1 MB together." in answer.content.decode()
    assert SAID["message"] in answer.content.decode()
    assert File.objects.count() == 1


def test_words_of_all_the_world_arrive_as_they_are(client, form):
    said = "مرحبا، الغطاء مكسور \u202eabc 🫖 您好"
    assert send(client, form, message=said, name="Łukasz 李娜 🫖").status_code == 303
    assert Post.objects.get().text == "مرحبا، الغطاء مكسور abc 🫖 您好"
    assert Customer.objects.get().name == "Łukasz 李娜 🫖"


def test_it_speaks_the_language_of_the_browser_or_of_the_page_around_it(client, form):
    assert 'lang="zh-Hans"' in client.get(address(form), headers={"accept-language": "zh-CN"}).content.decode()
    seen = client.get(f"{address(form)}?lang=zh-TW&frame=1&theme=dark").content.decode()
    assert 'lang="zh-Hans" data-theme="dark"' in seen
    action = re.search(r'action="([^"]+)"', seen)[1].replace("&amp;", "&")
    answer = client.post(action, {"ticket": re.search(r'ticket" value="([^"]+)', seen)[1], **SAID})
    assert answer.url.endswith("?lang=zh-hans&theme=dark&frame=1")
    assert Conversation.objects.get().language == "zh-hans"


def test_a_trap_and_bare_links_end_as_spam_that_can_be_looked_at(client, form, run_jobs):
    acknowledgement.change(is_on=True, ways=["form"], texts={})
    assert send(client, form, website="https://win.example").status_code == 303
    assert send(client, form, message="https://win.example/1 http://win.example/2 win!").status_code == 303
    assert send(client, form, message="See https://shop.example/pot: is it still to be had?").status_code == 303
    run_jobs()
    found = Conversation.objects.order_by("pk").values_list("status", flat=True)
    assert list(found) == ["spam", "spam", "open"]
    assert Message.objects.count() == 1
    assert not SpamSender.objects.exists()


def test_a_form_marked_as_spam_silences_nobody_who_has_that_address(client, form, ada):
    send(client, form)
    working.mark_spam(Conversation.objects.get())
    assert Conversation.objects.get().status == "spam"
    assert not SpamSender.objects.exists()


def test_too_fast_too_late_and_forged_tickets_ask_once_more(client, form, monkeypatch):
    other = setting_up.save(name="Other", texts={}, asks=[])
    monkeypatch.setattr(tickets, "QUICKEST", dt.timedelta(seconds=3))
    early = send(client, form)
    assert (early.status_code, "very quick" in early.content.decode()) == (422, True)
    monkeypatch.setattr(tickets, "QUICKEST", dt.timedelta(0))
    monkeypatch.setattr(tickets, "LONGEST", dt.timedelta(seconds=-1))
    late = send(client, form)
    monkeypatch.setattr(tickets, "LONGEST", dt.timedelta(days=1))
    for answer in (late, send(client, form, ticket="forged"), send(client, form, ticket=tickets.issue(other))):
        assert (answer.status_code, "open for a long time" in answer.content.decode()) == (422, True)
        assert SAID["message"] in answer.content.decode()
    assert not Conversation.objects.exists()
    assert send(client, form, ticket=ticket_in(late)).status_code == 303


def test_a_flood_waits_and_nothing_of_it_is_lost(client, form):
    answers = [send(client, form, message=f"The pot number {n} has a crack.") for n in range(11)]
    assert [one.status_code for one in answers] == [303] * 10 + [429]
    assert "The pot number 10 has a crack." in answers[-1].content.decode()
    assert Conversation.objects.count() == 10
    assert send(client, form, REMOTE_ADDR="ignored").status_code == 429
    ticket = tickets.issue(form)
    elsewhere = client.post(address(form), {"ticket": ticket, **SAID}, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 303


def test_it_is_acknowledged_by_the_rule_there_is(client, form, run_jobs):
    acknowledgement.change(is_on=True, ways=["form"], texts={})
    answer = send(client, form)
    run_jobs()
    (message,) = Message.objects.all()
    assert (message.to, message.cause.startswith("acknowledge:")) == ("anna@post.example", True)
    assert "A confirmation comes by e-mail" in client.get(answer.url).content.decode()
    assert SAID["message"] not in message.text + message.subject


def test_only_sites_that_the_shop_named_show_it(client, form):
    assert "frame" not in client.get(f"{address(form)}.js").content.decode()
    setting_up.save(
        name="Contact", texts={}, asks=[], form=form,
        origins=["Shop.Example/contact", "http://localhost:3000", "https://teeläden.example:443/"],
    )  # fmt: skip
    seen = client.get(f"{address(form)}?frame=1")
    ancestors = seen.headers["Content-Security-Policy"].partition("frame-ancestors ")[2]
    assert ancestors == "'self' https://shop.example http://localhost:3000 https://xn--teelden-8wa.example"
    assert "X-Frame-Options" not in seen.headers
    script = client.get(f"{address(form)}.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert f'"{address(form)}"' in script.content.decode()
    assert not script.cookies


@pytest.mark.parametrize(
    "site",
    ["javascript:alert(1)", "https://*", "https://a.example; script-src *", "https://u:p@a.b", "ftp://a.b", "https://"],
)
def test_what_is_no_site_is_refused(form, site):
    from regulars.core.errors import Invalid

    with pytest.raises(Invalid) as refused:
        setting_up.save(name="Contact", texts={}, asks=[], form=form, origins=[site])
    assert list(refused.value.fields) == ["origins"]


def test_a_form_that_is_off_or_gone_says_so(client, form, topic):
    answer = send(client, form)
    setting_up.switch(form, is_on=False)
    for seen in (client.get(address(form)), client.post(address(form), SAID), client.get("/contact/frm_0")):
        assert (seen.status_code, "not in use any more" in seen.content.decode()) == (404, True)
    assert client.get(answer.url).status_code == 200
    assert Conversation.objects.count() == 1
    setting_up.remove(form)
    assert client.get(answer.url).status_code == 404


def test_forms_are_set_up_on_their_page(client_of, ada, topic):
    client = client_of(ada)
    assert "No contact form yet" in client.get("/settings/inbox/forms").content.decode()
    made = client.post("/settings/inbox/forms")
    form = ContactForm.objects.get()
    assert (made.url, form.asks, form.topics) == (
        f"/settings/inbox/forms/{form.public_id}", ["phone", "order", "kind", "topic", "files"], [topic.pk],
    )  # fmt: skip
    typed = {
        "name": "Service", "asks": ["phone", "topic"], "topics": [topic.pk], "topic": topic.pk,
        "origins": "shop.example\n", "title_en": "Talk to us", "thanks_zh-hans": "谢谢！",
    }  # fmt: skip
    assert client.post(made.url, typed).status_code == 302
    seen = client.get(made.url).content.decode()
    assert f"/contact/{form.public_id}.js&quot; async&gt;" in seen
    form.refresh_from_db()
    assert (form.name, form.asks, form.origins, form.texts) == (
        "Service", ["phone", "topic"], ["https://shop.example"],
        {"en": {"title": "Talk to us"}, "zh-hans": {"thanks": "谢谢！"}},
    )  # fmt: skip
    assert "Talk to us" in client.get(address(form)).content.decode()
    refused = client.post(made.url, {**typed, "topics": [], "name": ""})
    assert refused.status_code == 422
    told = Entry.objects.filter(name="inbox.setting_changed", data__what="contact form").order_by("pk")
    assert [entry.data["deed"] for entry in told] == ["added", "changed"]
    setting_up.switch(form, is_on=False)
    assert client.post(f"{made.url}/switch").status_code == 302
    assert ContactForm.objects.get().is_on
    assert client.post(f"{made.url}/remove").status_code == 302
    assert not ContactForm.objects.exists()


def test_the_list_asks_as_much_for_three_as_for_one(client_of, ada, form):
    client = client_of(ada)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/settings/inbox/forms").status_code == 200
        return len(queries)

    asked()
    one = asked()
    for name in ("Second", "Third"):
        setting_up.save(name=name, texts={}, asks=[])
    assert asked() == one


def test_links_and_hardly_a_word_are_told_from_a_question():
    assert taking.is_only_links("[url=https://a.example]x[/url] https://b.example")
    assert not taking.is_only_links("https://a.example 这个茶壶还有货吗？")
    assert not taking.is_only_links("no links at all")


def test_programs_read_the_forms(api_of, ada, form):
    (shown,) = api_of(ada).get("/api/v1/contact_forms").json()["items"]
    assert shown == api_of(ada).get(f"/api/v1/contact_forms/{form.public_id}").json()
    assert (shown["id"], shown["name"], shown["url"].endswith(address(form))) == (form.public_id, "Contact", True)
    assert f'{address(form)}.js" async' in shown["snippet"]
    assert api_of(ada, "inbox.view").get("/api/v1/contact_forms").status_code == 403
