"""What each service posts to us, signed as its documents say: genuine reports for tests."""

import datetime as dt
import hashlib
import hmac
import json
import os
import struct
import time
from base64 import b64decode, b64encode
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from regulars.channels.connectors import signatures
from regulars.messaging.providers import transport, twilio, wechat
from regulars.messaging.providers.wechat import envelopes

AES_KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
APP_ID = "wx49f0ab532d5d035a"
OPTIONS = {
    "whatsapp": ({"phone_number_id": "111"}, {"token": "wa-token", "app_secret": "wa-secret"}),
    "twilio": ({"account_sid": "AC1"}, {"auth_token": "tw-token"}),
    "telegram": ({}, {"bot_token": "tg-token"}),
    "wechat": ({"app_id": APP_ID}, {"app_secret": "wc-secret", "aes_key": AES_KEY}),
    "generic": ({}, {}),
}
assert twilio
assert wechat


class Speaker:
    """A service with an account of ours: posts what it has to say, and lets jobs run."""

    def __init__(self, client, account, made, run_jobs=None):
        self.client, self.account, self.made, self.run_jobs = client, account, made, run_jobs
        self.path = f"/hooks/messages/{account.public_id}"
        self.count = 0

    def post(self, body, **headers):
        """Post a signed body, as this service signs."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        query, signed = getattr(self, f"_{self.account.provider}")(body)
        return self.knock(body, query, **{**signed, **headers})

    def knock(self, body, query="", **headers):
        """Post a body with these headers alone."""
        kind = headers.pop("kind", "application/json")
        return self.client.post(self.path + query, body, content_type=kind, headers=headers)

    def _whatsapp(self, body):
        return "", {"X-Hub-Signature-256": "sha256=" + hmac.new(b"wa-secret", body, hashlib.sha256).hexdigest()}

    def _twilio(self, body):
        fields = twilio._fields(body)
        signature = twilio.signature("tw-token", transport.hook_of(self.account), fields)
        return "", {"X-Twilio-Signature": signature, "kind": "application/x-www-form-urlencoded"}

    def _telegram(self, _body):
        return "", {"X-Telegram-Bot-Api-Secret-Token": self.made["secret_token"]}

    def _wechat(self, body):
        sealed = envelopes.fields(body).get("Encrypt", "")
        return self.signed_query(sealed), {"kind": "text/xml"}

    def signed_query(self, sealed="", at=None):
        """What WeChat puts behind the address."""
        stamp, nonce, token = str(int(at or time.time())), "437374425", self.made["token"]
        plain = envelopes.signature(token, stamp, nonce)
        over = envelopes.signature(token, stamp, nonce, sealed)
        return f"?signature={plain}&timestamp={stamp}&nonce={nonce}&encrypt_type=aes&msg_signature={over}"

    def _generic(self, body):
        self.count += 1
        return "", signatures.headers(self.made["signing_key"], f"e{self.count}", int(time.time()), body)


def whatsapp(*messages, statuses=(), number="111"):
    """A webhook of the Cloud API."""
    contacts = [{"profile": {"name": "Jonas Wieck"}, "wa_id": "4915112345678"}]
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4940111", "phone_number_id": number},
        "contacts": contacts,
        "messages": list(messages),
        "statuses": list(statuses),
    }
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"value": value, "field": "messages"}]}],
    }


def wa_text(text, number=1, *, at=None, sender="4915112345678", **more):
    stamp = str(int((at or dt.datetime.now(dt.UTC)).timestamp()))
    return {
        "from": sender,
        "id": f"wamid.in{number}",
        "timestamp": stamp,
        "type": "text",
        "text": {"body": text},
        **more,
    }


def sms(text, number=1, **more):
    """What Twilio posts for an SMS that came in."""
    fields = {"MessageSid": f"SM{'0' * 30}{number}", "AccountSid": "AC1", "From": "+4915112345678", "To": "+4940111",
              "Body": text, "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received", **more}  # fmt: skip
    return urlencode(fields, quote_via=quote).encode()


def telegram(text, number=1, *, chat=77, **more):
    """An update of the Bot API."""
    message = {
        "message_id": number,
        "from": {"id": chat, "is_bot": False, "first_name": "Li", "last_name": "Na", "language_code": "zh-hans"},
        "chat": {"id": chat, "type": "private", "first_name": "Li"},
        "date": int(time.time()),
        **({"text": text} if text is not None else {}),
        **more,
    }
    return {"update_id": 1000 + number, "message": message}


def xml(fields):
    """A message of WeChat, in the clear."""
    inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
    return f"<xml>{inner}</xml>".encode()


def wechat_text(text, number=1, **more):
    return {"ToUserName": "gh_1", "FromUserName": "oLiNa", "CreateTime": str(int(time.time())), "MsgType": "text",
            "Content": text, "MsgId": str(number), **more}  # fmt: skip


def sealed(fields, aes_key=AES_KEY, app_id=APP_ID):
    """The same in the secure mode."""
    key = b64decode(aes_key + "=")
    message = xml(fields)
    plain = os.urandom(16) + struct.pack(">I", len(message)) + message + app_id.encode()
    fill = 32 - len(plain) % 32
    plain += bytes([fill]) * fill
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    packed = b64encode(cipher.update(plain) + cipher.finalize()).decode()
    return xml({"ToUserName": "gh_1", "Encrypt": packed})
