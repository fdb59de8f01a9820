"""The pages of the inbox: what stands on them, for whom, and what their forms do."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from regulars.core import live
from regulars.core.models import LiveEvent
from regulars.customers.actions import create_customer
from regulars.inbox.actions import answering, working
from regulars.inbox.actions.receiving import receive
from regulars.inbox.files import Incoming
from regulars.inbox.models import Conversation, Draft, Label, Post, Topic

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"


def asked(number=1, **more):
    name = f"Aoife {number}"
    customer = create_customer(values={"name": name, "email": f"aoife{number}@brennan.example"})
    said = {"subject": f"Lid {number}", "text": "The lid is cracked.", "people": {"from": customer.email}} | more
    at = timezone.now() - dt.timedelta(minutes=5)
    return receive(cause=f"test {number}", customer=customer, by="email", at=at, **said).conversation


@pytest.fixture
def inquiry(db):
    return asked()


def page_of(conversation):
    return reverse("inbox:page", args=[conversation.public_id])


def test_the_list_has_what_is_open_and_counts_it(client_of, ben, inquiry):
    second = asked(2)
    working.assign(second, to=ben)
    html = client_of(ben).get("/inbox").content.decode()
    assert "Aoife 1" in html
    assert "Aoife 2" in html
    assert 'data-open="2" data-mine="1" data-nobody="1"' in html
    mine = client_of(ben).get("/inbox?tab=mine").content.decode()
    assert "Aoife 2" in mine
    assert "Aoife 1" not in mine
    assert "Aoife 1" not in client_of(ben).get("/inbox?tab=done").content.decode()


def test_filters_narrow_the_list_and_can_be_dropped(client_of, ben, inquiry):
    topic = Topic.objects.create(name="Damage")
    working.set_topic(asked(2), topic=topic)
    html = client_of(ben).get(f"/inbox?topic={topic.pk}").content.decode()
    assert "Aoife 2" in html
    assert "Aoife 1" not in html
    assert '<a class="fchip" href="/inbox?">' in html
    assert "Aoife 1" in client_of(ben).get("/inbox?topic=x&by=nothing&n=-1").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_many_rows_as_for_one(client_of, ben, django_assert_max_num_queries, count):
    for number in range(count):
        working.label(asked(number), labels=[Label.objects.get_or_create(name="a")[0]])
    client = client_of(ben)
    client.get("/inbox")
    with django_assert_max_num_queries(26):
        assert client.get("/inbox").status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_a_conversation_asks_as_often_for_many_posts_as_for_one(
    client_of, ben, inquiry, django_assert_max_num_queries, count
):
    for number in range(count):
        answering.note(inquiry, author=ben, text=f"note {number}")
    client = client_of(ben)
    client.get(page_of(inquiry))
    with django_assert_max_num_queries(75):
        assert client.get(page_of(inquiry)).status_code == 200


def test_an_answer_is_written_sent_and_taken_back(client_of, ben, inquiry):
    client = client_of(ben)
    seen = Post.objects.get().pk
    answer = client.post(
        f"{page_of(inquiry)}/answer", {"mode": "answer", "text": "So sorry.", "seen": seen, "then": "closed"}
    )
    assert (answer.status_code, answer.url) == (302, page_of(inquiry))
    post = Post.objects.get(kind="out")
    assert (post.text, post.author) == ("So sorry.", ben)
    assert post.message.due_at > post.at
    html = client.get(page_of(inquiry)).content.decode()
    assert reverse("inbox:undo", args=[post.public_id]) in html
    client.post(reverse("inbox:undo", args=[post.public_id]))
    assert not Post.objects.filter(kind="out", deleted_at=None).exists()
    assert Draft.objects.get().text == "So sorry."
    assert "So sorry." in client.get(page_of(inquiry)).content.decode()


def test_two_answers_do_not_cross_unseen(client_of, ada, ben, inquiry):
    seen = Post.objects.get().pk
    answering.answer(inquiry, author=ada, text="A new lid leaves today.")
    answer = client_of(ben).post(f"{page_of(inquiry)}/answer", {"mode": "answer", "text": "Please wait.", "seen": seen})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "A new lid leaves today." in html
    assert ">Please wait.</textarea>" in html
    assert Post.objects.filter(kind="out").count() == 1


def test_a_note_stays_in_the_house(client_of, ben, inquiry):
    client_of(ben).post(f"{page_of(inquiry)}/answer", {"mode": "note", "text": "Third of this batch."})
    note = Post.objects.get(kind="note")
    assert (note.text, note.message) == ("Third of this batch.", None)


def test_work_is_done_and_a_mistake_is_said_on_the_page(client_of, ben, inquiry):
    client, address = client_of(ben), f"{page_of(inquiry)}/work"
    client.post(address, {"act": "take"})
    client.post(address, {"act": "later:tomorrow"})
    inquiry.refresh_from_db()
    assert (inquiry.assignee, inquiry.status) == (ben, "later")
    client.post(address, {"act": "sort", "topic": "", "kind": "complaint", "priority": "3", "labels": "Broken, Lid"})
    inquiry.refresh_from_db()
    assert (inquiry.kind, inquiry.priority) == ("complaint", 3)
    assert sorted(inquiry.labels.values_list("name", flat=True)) == ["Broken", "Lid"]
    refused = client.post(address, {"act": "later", "until": "yesterday"})
    assert refused.status_code == 422
    assert "a moment that is still to come" in refused.content.decode()
    assert client.post(address, {"act": "close", "version": "1"}).status_code == 412
    client.post("/inbox/bulk", {"act": "close", "chosen": [inquiry.public_id], "next": "https://elsewhere.example/"})
    inquiry.refresh_from_db()
    assert inquiry.status == "closed"


def test_a_call_is_written_down_for_whoever_has_the_number(client_of, ben):
    someone = create_customer(values={"name": "Marta Kowalska", "phone": "+48601222333"})
    client = client_of(ben)
    assert "Marta Kowalska" in client.get("/inbox/new/who?who=601222333").content.decode()
    call = {"by": "phone", "customer": someone.public_id, "text": "Wants a quote.", "minutes": "6", "outcome": "open"}
    client.post("/inbox/new", call)
    post = Post.objects.get()
    assert (post.kind, post.customer, post.data["minutes"], post.text) == ("call", someone, 6, "Wants a quote.")
    assert client.post("/inbox/new", {"by": "phone", "text": "x", "who": ""}).status_code == 422
    assert Post.objects.count() == 1


def test_mail_is_framed_so_that_it_can_do_nothing(client_of, ben):
    inquiry = asked(html='<p>Hi</p><img src="https://spy.example/a.png"><img src="cid:lid">',
                    files=[Incoming("lid.png", "image/png", PNG, "lid", True)])  # fmt: skip
    post = inquiry.posts.get()
    framed = client_of(ben).get(reverse("inbox:html", args=[post.public_id]))
    policy = framed["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert "img-src data:;" in policy + ";"
    assert "https:" not in policy
    assert "data:image/png;base64," in framed.content.decode()
    shown = client_of(ben).get(reverse("inbox:html", args=[post.public_id]) + "?images=1")
    assert shown["Content-Security-Policy"].endswith("img-src data: https:")
    page = client_of(ben).get(page_of(inquiry))
    assert page["Content-Security-Policy"].endswith("; frame-src 'self'")
    assert "spy.example" not in page.content.decode()


def test_files_are_downloads_and_safe_pictures_can_be_shown(client_of, ben):
    inquiry = asked(
        files=[Incoming("lid.png", "text/html", PNG), Incoming("a.html", "image/png", b"<script>1</script>")]
    )
    picture, page = inquiry.posts.get().files.order_by("pk")
    client = client_of(ben)
    shown = client.get(reverse("inbox:file", args=[picture.public_id]) + "?shown=1")
    assert (shown["Content-Type"], shown["Content-Disposition"].partition(";")[0]) == ("image/png", "inline")
    assert b"".join(shown.streaming_content) == PNG
    for query in ("", "?shown=1"):
        kept = client.get(reverse("inbox:file", args=[page.public_id]) + query)
        assert kept["Content-Disposition"].startswith("attachment")
        assert kept["Content-Security-Policy"].startswith("sandbox;")


def test_charlie_reads_and_does_nothing(client_of, charlie, inquiry):
    post, client = inquiry.posts.get(), client_of(charlie)
    for address in ("/inbox", "/inbox/rows", "/inbox/new", page_of(inquiry), f"{page_of(inquiry)}/posts",
                    reverse("inbox:html", args=[post.public_id])):  # fmt: skip
        assert client.get(address).status_code == 403
    for address in (f"{page_of(inquiry)}/answer", f"{page_of(inquiry)}/work", "/inbox/bulk"):
        assert client.post(address, {"act": "close", "text": "x", "chosen": inquiry.public_id}).status_code == 403
    assert client.get(f"/live?topics=inbox.{inquiry.public_id}").status_code == 403
    assert Post.objects.count() == 1
    inquiry.refresh_from_db()
    assert inquiry.status == "open"


def test_who_only_reads_sees_no_forms(client_of, inquiry, db):
    from regulars.staff.models import User

    reader = User.objects.create(name="Rita Reader", email="rita@shop.example", role="read_only", password="!")
    html = client_of(reader).get(page_of(inquiry)).content.decode()
    assert "You can read inquiries but not answer them." in html
    assert 'id="reply"' not in html
    assert 'value="close"' not in html


def test_open_pages_hear_what_happens_and_nothing_of_what_was_said(inquiry, ben):
    start = live.mark()
    answering.note(inquiry, author=ben, text="secret words")
    told = LiveEvent.objects.filter(pk__gt=start)
    assert {event.topic for event in told} == {"inbox", f"inbox.{inquiry.public_id}"}
    assert "secret" not in str([event.data for event in told])


def test_who_else_is_here_is_shown(client_of, ada, ben, inquiry):
    client_of(ada).post(f"{page_of(inquiry)}/here", {"state": "writing"})
    assert "Ada is writing" in client_of(ben).get(page_of(inquiry)).content.decode()
    client_of(ada).post(f"{page_of(inquiry)}/here", {"state": "gone"})
    assert "Ada is writing" not in client_of(ben).get(page_of(inquiry)).content.decode()


def test_drafts_are_kept_for_whoever_writes_them(client_of, ada, ben, inquiry):
    client_of(ben).post(f"{page_of(inquiry)}/draft", {"mode": "answer", "text": "Dear Ao"})
    assert ">Dear Ao</textarea>" in client_of(ben).get(page_of(inquiry)).content.decode()
    assert "Dear Ao" not in client_of(ada).get(page_of(inquiry)).content.decode()
    client_of(ben).post(f"{page_of(inquiry)}/draft", {"mode": "answer", "text": ""})
    assert not Draft.objects.exists()


def test_a_merged_inquiry_leads_to_the_one_that_shows_it(client_of, ben, inquiry):
    other = receive(cause="again", customer=inquiry.customer, by="email", text="x", subject="Lid", at=timezone.now())
    gone = other.conversation
    client_of(ben).post(f"{page_of(inquiry)}/work", {"act": "merge", "merge": gone.public_id})
    assert client_of(ben).get(page_of(gone)).url == page_of(inquiry)
    assert Conversation.objects.get(pk=gone.pk).merged_into == inquiry


def test_the_customer_page_opens_the_form_for_them_and_the_way_at_once(client_of, ben, inquiry):
    customer = inquiry.customer
    message = receive(
        cause="by sms", customer=customer, by="sms", text="And the lid?", people={"number": "+4915112345678"},
        at=timezone.now(),
    ).conversation  # fmt: skip
    html = client_of(ben).get(f"/customers/{customer.public_id}").content.decode()
    form = f"/inbox/new?customer={customer.public_id}&amp;by="
    assert [html.count(f'href="{one}"') for one in (f"{form}email", f"{form}phone", f"{page_of(message)}#text")] == [
        1
    ] * 3
    written = client_of(ben).get(f"/inbox/new?customer={customer.public_id}&by=email").content.decode()
    assert "Aoife 1" in written
    assert 'value="email" checked' in written


def test_the_page_of_mails_stands_under_mailboxes(client_of, ada):
    html = client_of(ada).get("/settings/inbox/mails").content.decode()
    assert '<a href="/settings/inbox/mailboxes" aria-current="page"' in html
