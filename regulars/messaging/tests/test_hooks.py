"""The door of message services: what is genuine is kept once, and sealed; the rest leaves nothing."""

import datetime as dt
import json

import pytest
from django.utils import timezone

from regulars.channels import flood
from regulars.core import sealing
from regulars.messaging import incoming, reports
from regulars.messaging.connected import verbs
from regulars.messaging.models import Account, Report
from regulars.messaging.tests import speaking
from regulars.messaging.tests.services import PNG
from regulars.messaging.tests.speaking import OPTIONS
from regulars.staff.policy import EVERYTHING, looking

NAMES = list(OPTIONS)
BODIES = {
    "whatsapp": lambda text: json.dumps(speaking.whatsapp(speaking.wa_text(text))).encode(),
    "twilio": speaking.sms,
    "telegram": lambda text: json.dumps(speaking.telegram(text)).encode(),
    "wechat": lambda text: speaking.sealed(speaking.wechat_text(text)),
    "generic": lambda text: json.dumps({"type": "message", "id": "1", "from": "li.na", "text": text}).encode(),
}


@pytest.mark.parametrize("provider", NAMES)
def test_a_genuine_report_is_kept_sealed_and_read_by_a_job(speaker, heard, provider, run_jobs):
    service = speaker(provider)
    answer = service.post(BODIES[provider]("Wo ist mein Tee? 茶 🫖"))
    assert answer.status_code == 200
    report = Report.objects.get()
    assert (report.state, heard) == ("waiting", [])
    assert "Tee" not in report.body
    assert reports.body_of(report) == BODIES[provider]("x") or b"Tee" in reports.body_of(report) or provider == "wechat"
    run_jobs()
    (said,) = heard
    assert (said.account_id, said.text) == (service.account.pk, "Wo ist mein Tee? 茶 🫖")
    report.refresh_from_db()
    assert (report.state, report.body, report.headers) == ("read", "", {}), "what was read is forgotten"


@pytest.mark.parametrize("provider", NAMES)
def test_of_what_nobody_signed_nothing_is_kept(speaker, provider):
    service = speaker(provider)
    body = BODIES[provider]("Geld her")
    forged = {
        "X-Hub-Signature-256": "sha256=" + "0" * 64,
        "X-Twilio-Signature": "AAAA",
        "X-Telegram-Bot-Api-Secret-Token": "made-up",
        "webhook-id": "e1",
        "webhook-timestamp": str(int(timezone.now().timestamp())),
        "webhook-signature": "v1,AAAA",
    }
    stale = service.signed_query("", at=1_500_000_000) if provider == "wechat" else ""
    for query, headers in (("", {}), ("?signature=x&msg_signature=y&timestamp=1&nonce=2", forged), (stale, forged)):
        answer = service.knock(body, query, **headers)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (401, "report-not-genuine")
    # signed, and another body behind the signature
    genuine = service.post(body)
    assert genuine.status_code == 200
    assert Report.objects.count() == 1


def test_a_body_that_is_signed_for_another_account_is_not_taken(speaker, client):
    first, second = speaker("telegram"), speaker("telegram")
    assert first.made != second.made
    body = json.dumps(speaking.telegram("Hallo")).encode()
    answer = client.post(
        second.path, body, content_type="application/json",
        headers={"X-Telegram-Bot-Api-Secret-Token": first.made["secret_token"]},
    )  # fmt: skip
    assert answer.status_code == 401


def test_the_same_body_is_one_report_and_the_same_message_is_told_by_one_name(speaker, heard, run_jobs):
    service = speaker("wechat")
    body = BODIES["wechat"]("Hallo")
    assert [service.post(body).status_code for _time in range(3)] == [200, 200, 200]
    assert Report.objects.count() == 1
    # Tencent seals what it sends again anew: another body, the same message
    service.post(BODIES["wechat"]("Hallo"))
    assert Report.objects.count() == 2
    run_jobs()
    assert {one.cause for one in heard} == {f"message {service.account.pk} 1"}
    assert service.post(body).content == b"success"
    assert run_jobs() == 0, "what was read is not read again"


def test_a_plain_message_of_wechat_is_not_taken_where_sealed_ones_are_agreed(speaker):
    service = speaker("wechat")
    assert service.post(speaking.xml(speaking.wechat_text("Hallo"))).status_code == 401
    assert not Report.objects.exists()


def test_services_that_ask_whether_the_address_is_ours_are_answered(speaker, client):
    whatsapp, wechat = speaker("whatsapp"), speaker("wechat")
    token = whatsapp.made["verify_token"]
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": token}
    assert client.get(whatsapp.path, asked).content == b"1158201444"
    assert client.get(whatsapp.path, asked | {"hub.verify_token": "x"}).status_code == 401
    assert client.get(whatsapp.path).status_code == 401
    answer = client.get(wechat.path + wechat.signed_query() + "&echostr=<b>42</b>")
    assert (answer.content, answer["Content-Type"]) == (b"<b>42</b>", "text/plain; charset=utf-8")
    assert client.get(wechat.path + "?signature=x&echostr=42").status_code == 401
    assert client.get(speaker("telegram").path).status_code == 401


def test_what_is_too_large_or_no_report_is_refused_and_kept_nowhere(speaker, client):
    service = speaker("telegram")
    assert service.post(b"x" * (2 * 1024 * 1024 + 1)).status_code == 413
    assert service.post(b"").status_code == 411
    assert client.put(service.path, b"{}").status_code == 405
    assert client.post("/hooks/messages/acc_0000000000000", b"{}", content_type="text/plain").status_code == 404
    verbs.switch(service.account, is_on=False)
    assert service.post(speaking.telegram("Hallo")).status_code == 404
    assert not Report.objects.exists()


def test_a_text_of_a_megabyte_is_taken(speaker, heard, run_jobs):
    service = speaker("generic")
    text = "茶🫖 " * 100_000
    assert service.post({"type": "message", "id": "1", "from": "li.na", "text": text}).status_code == 200
    run_jobs()
    assert heard[0].text == text[:100_000]


def test_who_knocks_in_vain_too_often_has_to_wait(speaker, monkeypatch):
    monkeypatch.setattr(flood, "monotonic", lambda: 1_000.0)
    service = speaker("telegram")
    body = json.dumps(speaking.telegram("Hallo")).encode()
    statuses = [service.knock(body).status_code for _time in range(flood.A_MINUTE + 3)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert service.post(body).status_code == 429, "nothing of this address is looked at"


def test_what_is_not_understood_stays_visible_and_can_be_read_again(speaker, heard, run_jobs, monkeypatch):
    service = speaker("telegram")
    service.post(b'{"not": "an update"}')
    service.post(b"\xff\x00 no json")
    run_jobs()
    failed = Report.objects.filter(state="failed")
    assert [one.problem for one in failed.order_by("pk")] == [
        "The field “update_id” is missing.",
        "The body is not JSON.",
    ]
    assert heard == []
    assert reports.body_of(failed.order_by("pk").last()) == b"\xff\x00 no json"
    # a later version of this room understands it
    from regulars.messaging.providers.base import Said
    from regulars.messaging.providers.telegram import Telegram

    monkeypatch.setattr(Telegram, "read", lambda _self, knock, _link: [Said("1", "77", "Hallo", knock.at)])
    assert verbs.read_again(service.account) == 2
    run_jobs()
    assert [one.text for one in heard] == ["Hallo", "Hallo"]
    assert set(Report.objects.values_list("state", flat=True)) == {"read"}


def test_a_room_above_that_fails_loses_nothing(speaker, monkeypatch):
    from regulars.core.background import queue

    def break_down(_message):
        raise RuntimeError("Li Na wrote something")

    service = speaker("telegram")
    monkeypatch.setattr(incoming, "_handlers", [break_down])
    service.post(speaking.telegram("Hallo"))
    assert isinstance(queue.run(queue.claim("test")), RuntimeError)
    report = Report.objects.get()
    assert (report.state, report.problem) == ("failed", "Reading it failed: RuntimeError"), "and tells nobody what"
    assert report.body


def test_reports_are_sealed_for_their_row_and_forgotten_after_a_month(speaker):
    service = speaker("telegram")
    service.post(b"{}")
    report = Report.objects.get()
    with pytest.raises(sealing.Damaged):
        sealing.open_secret(report.body, reports.place_of(report.pk + 1))
    old = timezone.now() - dt.timedelta(days=31)
    Report.objects.update(state="failed", received_at=old)
    assert reports.forget_old() == 1


def test_pictures_come_along_and_what_is_gone_for_good_is_told(speaker, services, heard, run_jobs):
    service = speaker("whatsapp")
    services.files["m1"] = PNG
    image = {"type": "image", "image": {"id": "m1", "mime_type": "image/png", "caption": "Kaputt"}}
    gone = {"type": "document", "document": {"id": "m2", "mime_type": "application/pdf", "filename": "Rechnung.pdf"}}
    service.post(speaking.whatsapp({**speaking.wa_text(""), **image}, {**speaking.wa_text("", 2), **gone}))
    run_jobs()
    picture, missing = heard
    assert (picture.text, [file.data for file in picture.files]) == ("Kaputt", [PNG])
    assert missing.files == []
    assert "Rechnung.pdf" in missing.text


@pytest.mark.parametrize("provider", ["twilio", "telegram", "wechat", "generic"])
def test_files_of_each_service_are_fetched(speaker, services, heard, run_jobs, provider):
    service = speaker(provider)
    services.files["f1"] = PNG
    twilio = f"{services.url}/twilio/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
    bodies = {
        "twilio": speaking.sms("", NumMedia="1", MediaUrl0=twilio, MediaContentType0="image/png"),
        "telegram": speaking.telegram(None, photo=[{"file_id": "f1", "width": 9}]),
        "wechat": speaking.sealed(speaking.wechat_text("", MsgType="image", MediaId="f1")),
        "generic": {"type": "message", "id": "1", "from": "x", "files": [{"url": f"{services.url}/generic/f1"}]},
    }
    assert service.post(bodies[provider]).status_code == 200
    run_jobs()
    assert [file.data for file in heard[0].files] == [PNG]


def test_a_picture_that_is_late_keeps_its_message_waiting_for_some_minutes(speaker, services, heard, monkeypatch):
    from regulars.core.background import queue

    service = speaker("telegram")
    service.post(speaking.telegram("Schau", photo=[{"file_id": "f1", "width": 9}]))
    down = (503, {}, b"")
    services.trouble = [down, down]
    assert queue.run(queue.claim("test")) is not None
    assert (heard, Report.objects.get().state) == ([], "waiting")
    Report.objects.update(received_at=timezone.now() - dt.timedelta(minutes=6))
    with looking(EVERYTHING):
        reports.read_report(report_id=Report.objects.get().pk)
    assert heard[0].text.startswith("Schau\n(A file did not come through")


def test_a_file_that_is_too_large_is_not_fetched(speaker, services, heard, run_jobs):
    service = speaker("telegram")
    service.post(speaking.telegram(None, document={"file_id": "f1", "file_size": 50_000_000, "file_name": "film.mp4"}))
    run_jobs()
    assert services.asked == []
    assert "film.mp4" in heard[0].text


def test_a_file_is_never_fetched_from_this_network(speaker, settings, heard, run_jobs):
    service = speaker("generic")
    settings.PRIVATE_HOSTS = []
    files = [
        {"url": "http://169.254.169.254/latest/meta-data", "name": "a"},
        {"url": "file:///etc/passwd", "name": "b"},
    ]
    service.post({"type": "message", "id": "1", "from": "x", "text": "Schau", "files": files})
    Report.objects.update(received_at=timezone.now() - dt.timedelta(minutes=6))
    run_jobs()
    assert heard[0].files == []
    assert heard[0].text.count("A file did not come through") == 2


def test_an_account_that_is_taken_off_takes_its_reports_along(speaker, run_jobs):
    service = speaker("telegram")
    service.post(speaking.telegram("Hallo"))
    verbs.remove(service.account)
    assert (Account.objects.count(), Report.objects.count()) == (0, 0)
    assert run_jobs() == 1, "and its job finds nothing to do"


def test_what_became_of_our_messages_is_told_once_in_any_order_and_of_this_account_alone(speaker, run_jobs):
    from regulars.messaging.models import Message

    service, other = speaker("whatsapp"), speaker("whatsapp")
    rows = [
        Message.objects.create(
            cause=f"test {one.account.pk}", way="whatsapp", to="+4915112345678", text="Hallo", account=one.account,
            provider_id="wamid.out1", state="accepted",
        )
        for one in (service, other)
    ]  # fmt: skip
    now = int(timezone.now().timestamp())
    for number, state in enumerate(("read", "delivered", "sent", "delivered")):
        status = {"id": "wamid.out1", "status": state, "timestamp": str(now - 9 + number)}
        service.post(speaking.whatsapp(statuses=[status]))
    run_jobs()
    assert [Message.objects.get(pk=row.pk).state for row in rows] == ["delivered", "accepted"]
    assert rows[0].events.count() == 3


def test_a_report_that_nobody_understood_goes_with_whoever_it_names(speaker, run_jobs):
    from regulars.customers.actions import create_customer
    from regulars.messaging.connected.holding import HOLDER

    service = speaker("telegram")
    service.post('{"nobody": "Élodie Marchetti"}'.encode())
    service.post(b'{"nobody": "call 0049 (151) 1234-5678"}')
    service.post(b'{"nobody": "Joost"}')
    run_jobs()
    HOLDER.forget(create_customer(values={"name": "Élodie Marchetti", "phone": "+4915112345678"}))
    assert [reports.body_of(one) for one in Report.objects.all()] == [b'{"nobody": "Joost"}']
