"""docs/develop/message-channels.md: its example provider works as it says."""

import datetime as dt
import hashlib
import hmac
import json
import re
import types
from pathlib import Path

import pytest

from regulars.messaging.providers.base import Answer, Became, Knock, Link, NotGenuine, Outgoing, Refused, Said

PAGE = (Path(__file__).parents[1] / "docs" / "develop" / "message-channels.md").read_text(encoding="utf-8")
NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def pigeon():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    module = types.ModuleType("pigeon")
    exec(compile(code, "docs/develop/message-channels.md", "exec"), module.__dict__)  # noqa: S102 — our own page
    return module.pigeon


@pytest.fixture
def link():
    secrets = {"key": "k", "signing_key": "made"}
    return Link(1, "other", "", {"loft": "loft.example"}, secrets, "https://crm.example/hooks/messages/acc_1", NOW)


def test_the_example_hears_what_the_page_posts(pigeon, link):
    body = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0].strip().encode()
    signed = {"x-pigeon": hmac.new(b"made", body, hashlib.sha256).hexdigest()}
    knock = Knock(signed, {}, body, (), NOW)
    pigeon.genuine(knock, link)
    said, became = pigeon.read(knock, link)
    assert isinstance(said, Said)
    assert (said.provider_id, said.sender, said.text) == ("p1", "mara", "Is the tea on its way?")
    assert [file.ref for file in said.files] == ["s1"]
    assert became == Became("p0", "delivered", dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "p0/arrived")
    with pytest.raises(NotGenuine):
        pigeon.genuine(Knock(signed, {}, body + b" ", (), NOW), link)


def test_the_example_sends_fetches_and_asks_for_patience(pigeon, link):
    steps = pigeon.send(Outgoing("msg_1", "mara", "Morgen."), link)
    call = next(steps)
    assert (call.url, call.is_telling) == ("https://loft.example/flights", True)
    assert json.loads(call.body) == {"to": "mara", "words": "Morgen.", "nonce": "msg_1"}
    with pytest.raises(StopIteration) as end:
        steps.send(Answer(201, {}, b'{"ring": "p2"}'))
    assert end.value.value.provider_id == "p2"
    steps = pigeon.send(Outgoing("msg_1", "mara", "Morgen."), link)
    next(steps)
    with pytest.raises(Refused) as refused:
        steps.send(Answer(429, {"retry-after": "9"}, b""))
    assert (refused.value.is_final, refused.value.again_in) == (False, 9.0)


def test_every_part_of_a_provider_is_told():
    from regulars.messaging.providers.base import Provider

    parts = {name for name in (*Provider.__annotations__, *vars(Provider)) if not name.startswith("_")}
    missing = [name for name in parts if f"`{name}" not in PAGE]
    assert missing == []


def test_the_signature_of_the_page_is_the_one_that_is_taken():
    from base64 import b64decode, b64encode

    from regulars.channels.connectors import signatures
    from regulars.messaging.providers.registry import provider_of

    key, body = provider_of("generic").new_secret("signing_key"), b'{"type": "message"}'
    raw = b64decode(key.removeprefix("whsec_"))
    assert (
        signatures.sign(key, "m-1001", 1767225600, body)
        == "v1," + b64encode(hmac.digest(raw, b"m-1001.1767225600." + body, hashlib.sha256)).decode()
    )
