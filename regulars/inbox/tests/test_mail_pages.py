"""Settings > Mailboxes and Mails, the API and the command line: what is shown, to whom, and what can be done."""

import json

import pytest
from click.testing import CliRunner
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.inbox.mail import commands, counting, ledger, raw, signing
from regulars.inbox.models import Arrival, Conversation, Mailbox, MailCount, Outcome
from regulars.timeline.actions import take_in_reads
from regulars.timeline.models import Entry
from tools import dovecot

OURS = "service@hain.example"
MAIL = (
    b"From: Erika Wind <erika@customer.example>\r\nTo: service@hain.example\r\nSubject: Where is my tea?\r\n"
    b"Message-ID: <%d@customer.example>\r\nList-Id: <tea.example>\r\n\r\nHello <script>alert(1)</script>\r\n"
)


@pytest.fixture(autouse=True)
def _at_home(settings, tmp_path, db):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.REGULARS_HOME = tmp_path


@pytest.fixture
def row(run_jobs):
    made, _is_new = ledger.take(MAIL % 1, source=Arrival.Source.LMTP, recipients=[OURS])
    run_jobs()
    made.refresh_from_db()
    assert made.outcome == Outcome.AUTO
    return made


def form(server, **more):
    return {
        "name": "Service",
        "address": OURS,
        "host": "127.0.0.1",
        "port": str(server.port),
        "security": "none",
        "user": "pages",
        "sign": "password",
        "password": dovecot.PASSWORD,
        "folder": "INBOX",
    } | more


def test_a_mailbox_is_tried_joined_changed_and_turned_off(imap_server, client_of, ada, run_jobs):
    imap_server.deliver("pages", [MAIL % 1, MAIL % 2])
    client = client_of(ada)
    assert b"No mailbox is joined yet" in client.get("/settings/inbox/mailboxes").content
    add = "/settings/inbox/mailboxes/add"
    tried = client.post(add, form(imap_server, **{"try": "1"})).content.decode()
    assert "Signing in works." in tried
    assert "2 mails would be fetched" in tried
    assert (
        "does not let “pages” in" in client.post(add, form(imap_server, password="no", **{"try": "1"})).content.decode()
    )
    assert client.post(add, form(imap_server, password="", address="x")).status_code == 422
    assert not Mailbox.objects.exists()
    client.post(add, form(imap_server))
    box = Mailbox.objects.get()
    assert signing.secrets_of(box) == {"password": dovecot.PASSWORD}
    assert dovecot.PASSWORD not in box.secrets
    page = f"/settings/inbox/mailboxes/{box.public_id}"
    client.post(f"{page}/fetch")
    client.post(f"{page}/count")
    run_jobs()
    shown = client.get(page).content.decode()
    assert "agrees" in shown
    assert dovecot.PASSWORD not in shown + client.get(f"{page}/change").content.decode()
    assert (Arrival.objects.count(), MailCount.objects.get().on_server) == (2, 2)
    # a secret that is not typed stays
    client.post(f"{page}/change", form(imap_server, password="", name="Hello"))
    box.refresh_from_db()
    assert (box.name, signing.secrets_of(box)["password"], box.uid_seen) == ("Hello", dovecot.PASSWORD, 2)
    # elsewhere it is read from the beginning
    client.post(f"{page}/change", form(imap_server, user="others"))
    box.refresh_from_db()
    assert (box.uid_seen, box.uid_validity) == (0, None)
    client.post(f"{page}/switch")
    box.refresh_from_db()
    assert not box.is_on
    told = Entry.objects.filter(name="mailbox.changed")
    assert [entry.data["deed"] for entry in told.order_by("pk")] == ["added", "changed", "changed", "off"]
    assert dovecot.PASSWORD not in json.dumps([entry.data for entry in told])


def test_a_difference_that_stays_is_told(imap_server, client_of, ada):
    box = Mailbox.objects.create(name="Service", address=OURS, host="imap.example", user="x")
    MailCount.objects.create(mailbox=box, day="2026-03-01", on_server=3, in_ledger=2, missing=[3], left=1)
    assert [one.left for one in counting.differing()] == [1]
    assert "mail of the server is missing here" in client_of(ada).get("/").content.decode()
    cache.clear()
    Mailbox.objects.update(is_on=False)
    assert counting.differing() == []


def test_the_ledger_is_listed_by_what_became_of_mails(client_of, ada, row):
    client = client_of(ada)
    shown = client.get("/settings/inbox/mails").content.decode()
    assert "Where is my tea?" in shown
    assert "It went to a list of many people." in shown
    assert "Where is my tea?" not in client.get("/settings/inbox/mails?outcome=quarantine").content.decode()
    assert client.get("/settings/inbox/mails?outcome=nonsense&mailbox=x&before=y").status_code == 200
    questions = []
    for number in (2, 3):
        ledger.take(MAIL % number, source=Arrival.Source.LMTP)
        with CaptureQueriesContext(connection) as asked:
            client.get("/settings/inbox/mails")
            client.get("/settings/inbox/mailboxes")
        questions.append(len(asked))
        Mailbox.objects.create(name=f"Box {number}", address=f"{number}@hain.example", host="imap.example", user="x")
    assert questions[0] == questions[1]


def test_a_mail_is_shown_as_text_handed_out_as_a_file_and_that_is_written_down(client_of, ada, row):
    client = client_of(ada)
    page = f"/settings/inbox/mails/{row.public_id}"
    shown = client.get(page).content.decode()
    assert "Hello &lt;script&gt;" in shown
    assert "List-Id: &lt;tea.example&gt;" in shown
    file = client.get(f"{page}/raw")
    assert b"".join(file.streaming_content) == MAIL % 1
    assert (file["Content-Type"], file["Content-Disposition"].split(";")[0]) == (
        "application/octet-stream",
        "attachment",
    )
    take_in_reads()
    assert Entry.objects.filter(name="mail.opened", actor=ada).count() == 2
    raw.remove([row.key])
    assert "is not kept any more" in client.get(page).content.decode()
    assert client.get(f"{page}/raw").status_code == 404
    assert client.get("/settings/inbox/mails/arr_nothing").status_code == 404


def test_people_decide_what_a_mail_is(client_of, ada, row, run_jobs):
    client = client_of(ada)
    page = f"/settings/inbox/mails/{row.public_id}"
    client.post(f"{page}/do", {"deed": "again"})
    run_jobs()
    row.refresh_from_db()
    assert row.outcome == Outcome.AUTO
    made = client.post(f"{page}/do", {"deed": "inquiry"})
    assert made.url == f"/inbox/{Conversation.objects.get().public_id}"
    refused = client.post(f"{page}/do", {"deed": "spam"})
    assert (refused.status_code, "It is in the inbox already" in refused.content.decode()) == (409, True)
    Arrival.objects.filter(pk=row.pk).update(outcome=Outcome.QUARANTINE)
    client.post("/settings/inbox/mails/again")
    assert Arrival.objects.get(pk=row.pk).outcome == Outcome.WAITING


def test_charlie_and_ben_see_no_mails(client_of, charlie, ben, api_of, row):
    for person in (charlie, ben):
        client = client_of(person)
        for place in ("mailboxes", "mails", f"mails/{row.public_id}", f"mails/{row.public_id}/raw"):
            assert client.get(f"/settings/inbox/{place}").status_code == 403
    assert api_of(ben, "inbox.view").get("/mails").status_code == 403


def test_programs_read_the_ledger_and_decide(api_of, ada, row):
    api = api_of(ada)
    Mailbox.objects.create(name="Service", address=OURS, host="imap.example", user="x")
    assert api.get("/mailboxes").json()["items"][0]["state"] == "quiet"
    listed = api.get("/mails", {"outcome": "auto", "limit": 1}).json()
    assert [(one["id"], one["subject"]) for one in listed["items"]] == [(row.public_id, "Where is my tea?")]
    assert api.get("/mails", {"mailbox": "mbx_nothing"}).status_code == 422
    assert api.post("/mails/again", {"outcome": "quarantine"}).json() == {"count": 0}
    made = api.post(f"/mails/{row.public_id}/inquiry").json()
    assert (made["outcome"], made["conversation"]) == ("inquiry", Conversation.objects.get().public_id)
    assert api.post(f"/mails/{row.public_id}/spam").status_code == 409
    assert api.get("/mails/arr_nothing").status_code == 404


def test_the_command_line_checks_fetches_counts_and_reads_again(imap_server, row):
    box = Mailbox.objects.create(
        name="Service", address=OURS, host="127.0.0.1", port=imap_server.port, security="none", user="line"
    )
    box.secrets = signing.sealed(box.pk, {"password": dovecot.PASSWORD})
    box.save()
    imap_server.deliver("line", [MAIL % 7])

    def run(command, *words):
        done = CliRunner().invoke(command, [*words, "--json"])
        return done.exit_code, json.loads(done.output)

    assert run(commands.check_command)[1]["problem"] == ""
    assert run(commands.fetch_command)[1]["fetched"] == 1
    code, counted = run(commands.count_command)
    assert (code, counted["on_server"], counted["in_ledger"], counted["left"]) == (0, 1, 1, 0)
    assert run(commands.replay_command, row.public_id) == (0, {"count": 1})
    Mailbox.objects.update(port=1)
    assert run(commands.fetch_command)[0] == 1
    assert "cannot be reached" in CliRunner().invoke(commands.check_command, []).output
