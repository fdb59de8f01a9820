"""What services post, and how it is read: their own examples, and any bytes at all."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.messaging.providers import twilio as twilio_room
from regulars.messaging.providers.base import Answer, Became, Call, Knock, Link, NotGenuine, Refused, Said, Unreadable
from regulars.messaging.providers.reading import moment, multipart, place, text
from regulars.messaging.providers.registry import provider_of
from regulars.messaging.providers.segments import length_of
from regulars.messaging.providers.wechat import envelopes
from regulars.messaging.tests import speaking

NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)
SECONDS = int(NOW.timestamp())


def link(provider, **options):
    plain, secrets = speaking.OPTIONS[provider]
    made = {option.name: "made-by-us" for option in provider_of(provider).options if option.is_made}
    return Link(1, "sms", "+4940111", plain | options, secrets | made, "https://crm.example/hooks/messages/acc_1", NOW)


def knock(body, **more):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    known = {"headers": {}, "query": {}, "urls": ("https://crm.example/hooks/messages/acc_1",), "at": NOW}
    return Knock(**known | {"body": body} | more)


def read(provider, body):
    return provider_of(provider).read(knock(body), link(provider))


def done(steps, *answers):
    """The calls that a translator makes, given these answers, and its result."""
    calls, answers = [next(steps)], list(answers)
    try:
        while True:
            status, found, *headers = answers.pop(0)
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            calls.append(steps.send(Answer(status, *(headers or [{}]), body)))
    except StopIteration as end:
        return calls, end.value


def refusal(steps, status, found, headers=None):
    next(steps)
    with pytest.raises(Refused) as caught:
        steps.send(Answer(status, headers or {}, json.dumps(found).encode()))
    return caught.value


def test_the_examples_of_twilios_own_documents_are_signed_as_they_say():
    fields = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"),
              ("From", "+14158675309"), ("To", "+18005551212")]  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio_room.signature("12345", url, fields) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    # a field that comes twice, and one whose name begins with another's
    fields = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
    assert twilio_room.signature("12345", url, fields) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="


def test_a_sealed_message_of_wechat_opens_for_its_own_account_alone():
    # a message that another implementation of the documented cipher sealed
    packed = (
        "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv283dGymzxh6y"
        "dJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwBiT+P4hIiOAQqGp/T"
        "ywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHHqIrH/54SNdshoQgWYEvccTKe7FS709/5"
        "t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0="
    )
    found = envelopes.fields(envelopes.opened(packed, speaking.AES_KEY, speaking.APP_ID))
    assert (found["Content"], found["FromUserName"]) == ("test", "messense")
    signed = envelopes.signature("123456", "1411525903", "461056294", packed)
    assert signed == "74d92dfeb87ba7c714f89d98870ae5eb62dff26d"
    for key, app in ((speaking.AES_KEY, "wx-another"), ("A" * 43, speaking.APP_ID), ("short", speaking.APP_ID)):
        with pytest.raises(Unreadable):
            envelopes.opened(packed, key, app)


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><Content>&b;&b;</Content></xml>',
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Content>&f;</Content></xml>',
        b"<xml>" + b"<a>" * 50 + b"</a>" * 50 + b"</xml>",
        b"<xml>" + b"".join(b"<a%d>1</a%d>" % (n, n) for n in range(500)) + b"</xml>",
        b"<xml><Content>never closed",
        b"<xml><Content>\0</Content></xml>",
        b"",
    ],
)
def test_xml_that_grows_or_names_files_is_not_read(body):
    with pytest.raises(Unreadable):
        envelopes.fields(body)


def test_a_message_of_whatsapp_keeps_all_that_was_said():
    image = {"type": "image", "image": {"id": "m1", "mime_type": "image/jpeg; x=1", "caption": "Broken 🫖"}}
    spot = {"type": "location", "location": {"latitude": 53.55, "longitude": 9.99, "name": "Jungfernstieg"}}
    unknown = {"type": "unsupported", "errors": [{"code": 131051, "title": "Unsupported"}]}
    said = [
        speaking.wa_text("Wo ist mein Paket?", at=NOW, context={"id": "wamid.out1", "from": "4940111"}),
        {**speaking.wa_text("", 2, at=NOW), **image},
        {**speaking.wa_text("", 3, at=NOW), **spot},
        {**speaking.wa_text("", 4, at=NOW), "type": "button", "button": {"text": "Ja", "payload": "1"}},
        {**speaking.wa_text("", 5, at=NOW), "type": "interactive",
         "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Express"}}},
        {**speaking.wa_text("", 6, at=NOW), "type": "reaction",
         "reaction": {"message_id": "wamid.out9", "emoji": "👍"}},
        {**speaking.wa_text("", 7, at=NOW), **unknown},
    ]  # fmt: skip
    first, picture, where, button, chosen, reaction, other = read("whatsapp", speaking.whatsapp(*said))
    assert first == Said(
        "wamid.in1", "+4915112345678", "Wo ist mein Paket?", NOW, "Jonas Wieck", [], "wamid.out1", data={"kind": "text"}
    )
    assert (picture.text, picture.files[0].ref, picture.files[0].media_type) == ("Broken 🫖", "m1", "image/jpeg")
    assert where.text.splitlines()[:2] == ["Jungfernstieg", "53.550000, 9.990000"]
    assert where.data["place"] == {"latitude": 53.55, "longitude": 9.99, "name": "Jungfernstieg"}
    assert (button.text, chosen.text, reaction.text) == ("Ja", "Express", "👍")
    assert (reaction.in_reply_to, reaction.data["is_reaction"]) == ("wamid.out9", True)
    assert "Unsupported" in other.text


def test_of_several_numbers_of_a_business_only_ones_own_is_read_and_others_are_not_forgotten():
    status = {"id": "wamid.out1", "status": "read", "timestamp": str(SECONDS)}
    assert read("whatsapp", speaking.whatsapp(statuses=[status], number="222")) == []
    with pytest.raises(Unreadable, match="another number \\(ID 222\\)"):
        read("whatsapp", speaking.whatsapp(speaking.wa_text("Hi"), number="222"))
    with pytest.raises(Unreadable):
        read("whatsapp", {"object": "instagram"})


def test_receipts_of_whatsapp_and_twilio_say_what_became_of_a_message():
    errors = [{"code": 131047, "title": "Re-engagement", "error_data": {"details": "More than 24 hours"}}]
    statuses = [
        {"id": "wamid.out1", "status": "delivered", "timestamp": str(SECONDS - 60), "recipient_id": "49151"},
        {"id": "wamid.out1", "status": "failed", "timestamp": str(SECONDS), "errors": errors},
        {"id": "wamid.out1", "status": "warned", "timestamp": str(SECONDS)},
    ]
    delivered, failed = read("whatsapp", speaking.whatsapp(statuses=statuses))
    assert delivered == Became("wamid.out1", "delivered", NOW - dt.timedelta(minutes=1), "wamid.out1/delivered", "")
    assert (failed.kind, failed.detail) == ("failed", "More than 24 hours (131047)")
    (gone,) = read("twilio", b"MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30005&To=%2B49151")
    assert (gone.provider_id, gone.kind, gone.detail) == ("SM1", "failed", "(30005)")


def test_an_sms_keeps_emoji_chinese_and_pictures():
    body = speaking.sms(
        "我的包裹在哪里？ 🫖\nEilig!", NumMedia="1", MediaUrl0="https://api.twilio.com/m", MediaContentType0="image/png"
    )
    (said,) = read("twilio", body)
    assert (said.text, said.sender) == ("我的包裹在哪里？ 🫖\nEilig!", "+4915112345678")
    assert [(file.ref, file.media_type) for file in said.files] == [("https://api.twilio.com/m", "image/png")]
    assert read("twilio", speaking.sms("STOP", OptOutType="STOP"))[0].choice == "stop"


def test_updates_of_telegram_are_read_and_groups_are_none_of_ours():
    photo = [{"file_id": "small", "width": 90}, {"file_id": "large", "width": 900, "file_size": 5}]
    (said,) = read("telegram", speaking.telegram(None, photo=photo, caption="看", reply_to_message={"message_id": 9}))
    assert (said.provider_id, said.sender, said.sender_name, said.text) == ("77/1", "77", "Li Na", "看")
    assert (said.in_reply_to, said.language, said.files[0].ref) == ("77/9", "zh-hans", "large")
    (edited,) = read("telegram", {"update_id": 2, "edited_message": {
        **speaking.telegram("Nein")["message"], "edit_date": SECONDS}})  # fmt: skip
    assert (edited.provider_id, edited.in_reply_to) == (f"77/1/{SECONDS}", "77/1")
    kicked = {"chat": {"id": 77, "type": "private"}, "date": SECONDS, "new_chat_member": {"status": "kicked"}}
    assert read("telegram", {"update_id": 3, "my_chat_member": kicked})[0].choice == "stop"
    group = speaking.telegram("Hallo", chat=-5)
    group["message"]["chat"]["type"] = "group"
    assert read("telegram", group) == []


def test_messages_and_events_of_wechat_are_read():
    (said,) = read("wechat", speaking.sealed(speaking.wechat_text("茶到了吗？ 🍵", 64, CreateTime=SECONDS)))
    assert (said.provider_id, said.sender, said.text, said.at) == ("64", "oLiNa", "茶到了吗？ 🍵", NOW)
    spot = {"MsgType": "location", "Location_X": "31.23", "Location_Y": "121.47", "Label": "上海"}
    assert read("wechat", speaking.sealed(speaking.wechat_text("", **spot)))[0].text.startswith("上海\n31.230000")
    (gone,) = read("wechat", speaking.sealed(speaking.wechat_text("", MsgType="event", Event="unsubscribe")))
    assert (gone.choice, gone.data["is_notice"]) == ("stop", True)
    (voice,) = read("wechat", speaking.sealed(speaking.wechat_text("", MsgType="voice", MediaId="v", Format="amr")))
    assert (voice.files[0].ref, voice.files[0].name) == ("v", "voice.amr")


@pytest.mark.parametrize("provider", list(speaking.OPTIONS))
@given(
    st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9),
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["object", "entry", "changes", "value", "messages", "type", "id", "from", "message",
                                 "chat", "update_id", "text", "statuses", "metadata", "field", "events", "files"]),
                inner, max_size=5,
            ),
            max_leaves=12,
        ).map(lambda found: json.dumps(found).encode()),
        st.dictionaries(st.sampled_from(["MsgType", "FromUserName", "Event", "Encrypt", "Content", "MsgId"]),
                        st.text(st.characters(exclude_characters="<>&]", exclude_categories=["Cc", "Cs"]), max_size=9),
                        ).map(speaking.xml),
    )
)  # fmt: skip
def test_any_bytes_are_read_or_refused(provider, body):
    try:
        told = read(provider, body)
    except Unreadable:
        told = []
    assert all(isinstance(one, Said | Became) and one.provider_id for one in told)
    with pytest.raises(NotGenuine):
        provider_of(provider).genuine(knock(body), link(provider))


def test_what_no_database_keeps_is_left_out_of_texts_and_moments_are_of_this_world():
    assert text("a\0b\ud83d c\n🫖") == "ab c\n🫖"
    assert (text(None), text(True), text(7), text({"a": 1})) == ("", "", "7", "")
    assert moment("9" * 40, NOW) == moment(float("inf"), NOW) == moment("nan", NOW) == moment(None, NOW) == NOW
    assert moment(SECONDS + 9_000, NOW) == NOW, "nobody wrote tomorrow"
    assert place(91, 0) == place("x", 0) == place(None, None) == place(float("nan"), 0) == ("", {})


def test_a_files_name_cannot_end_the_form_that_it_is_sent_in():
    class File:
        name, media_type, data = 'a"\r\n--x.png', "image/png", b"bytes"

    kind, body = multipart({"type": "image"}, [("file", File)])
    assert b'filename="a___--x.png"' in body
    assert body.count(kind.partition("boundary=")[2].encode()) == 3


def test_the_refusals_of_services_say_whether_another_try_helps():
    def send(provider):
        from regulars.messaging.providers.base import Outgoing

        return provider_of(provider).send(Outgoing("msg_1", "+49151", "Hallo"), link(provider))

    shut = refusal(send("whatsapp"), 400, {"error": {"code": 131047, "message": "Re-engagement message"}})
    assert shut.is_final
    assert "24 hours" in shut.sentence
    busy = refusal(
        send("whatsapp"), 400, {"error": {"code": 130429, "message": "Rate limit hit"}}, {"retry-after": "7"}
    )
    assert (busy.is_final, busy.again_in) == (False, 7.0)
    assert not refusal(send("whatsapp"), 401, {"error": {"code": 190, "message": "expired"}}).is_final
    assert refusal(send("twilio"), 400, {"code": 21610, "message": "unsubscribed"}).is_final
    assert not refusal(send("twilio"), 429, {"code": 20429, "message": "Too Many Requests"}).is_final
    slow = {"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 35}}
    assert refusal(send("telegram"), 429, slow).again_in == 35.0
    assert refusal(send("telegram"), 403, {"ok": False, "error_code": 403, "description": "blocked"}).is_final


def test_a_text_for_wechat_goes_in_parts_and_with_a_token_that_is_renewed_once():
    from regulars.messaging.providers.base import Outgoing
    from regulars.messaging.providers.wechat import tokens

    tokens.forget()
    token, fine = {"access_token": "t1", "expires_in": 7200}, {"errcode": 0, "errmsg": "ok"}
    old = {"errcode": 42001, "errmsg": "access_token expired"}
    steps = provider_of("wechat").send(Outgoing("msg_1", "oLiNa", "茶" * 1_000), link("wechat"))
    calls, sent = done(
        steps, (200, token), (200, old), (200, {"access_token": "t2", "expires_in": 7200}), (200, fine), (200, fine)
    )
    assert sent.provider_id == "msg_1"
    texts = [json.loads(call.body)["text"]["content"] for call in calls if "custom/send" in call.url]
    assert "".join(texts[1:]) == "茶" * 1_000, "the first call was not taken"
    assert max(len(one.encode()) for one in texts) <= 2_000
    assert "access_token=t2" in calls[-1].url
    tokens.forget()


def test_what_follows_a_part_that_was_taken_is_never_sent_twice():
    from regulars.messaging.providers.base import Attached, Outgoing

    outgoing = Outgoing("msg_1", "77", "Hallo", [Attached("a.png", "image/png", b"x")])
    steps = provider_of("telegram").send(outgoing, link("telegram"))
    taken = {"ok": True, "result": {"message_id": 5, "chat": {"id": 77}}}
    _calls, sent = done(steps, (200, taken), (500, {}))
    assert (sent.provider_id, sent.detail) == ("77/5", {"missing": 1})


@pytest.mark.parametrize(
    ("said", "is_plain", "parts", "left"),
    [
        ("", True, 1, 160),
        ("a" * 160, True, 1, 0),
        ("a" * 161, True, 2, 145),
        ("€" * 80, True, 1, 0),
        ("a" * 152 + "€" + "a" * 10, True, 2, 141),
        ("茶" * 70, False, 1, 0),
        ("茶" * 71, False, 2, 63),
        ("🫖" * 36, False, 2, 61),
    ],
)
def test_an_sms_is_as_long_as_carriers_count(said, is_plain, parts, left):
    found = length_of(said)
    assert (found.is_plain, found.parts, found.left) == (is_plain, parts, left)


def test_a_file_of_twilio_is_fetched_with_keys_that_nobody_else_sees():
    from regulars.messaging.providers.base import Away

    room = provider_of("twilio")
    calls, fetched = done(
        room.fetch(Away("https://api.twilio.com/m/1", media_type="image/png"), link("twilio")),
        (307, b"", {"location": "https://mms.example/1"}),
        (200, b"png"),
    )
    assert [call.url for call in calls] == ["https://api.twilio.com/m/1", "https://mms.example/1"]
    assert ["Authorization" in call.headers for call in calls] == [True, False]
    assert fetched.data == b"png"
    with pytest.raises(Refused):
        next(room.fetch(Away("https://evil.example/m/1"), link("twilio")))
    assert isinstance(calls[0], Call)
