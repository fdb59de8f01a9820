"""WeChat official accounts: signed XML from Tencent, answers by the API of customer service messages.

Tencent waits five seconds for the answer to a message. It gets the passive answer “success” at once, which says that
nothing else follows here; what colleagues answer goes by the API, for 48 hours after the customer's last message.
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.messaging.models.accounts import Way
from regulars.messaging.providers.base import (
    Answer,
    Attached,
    Away,
    Call,
    Fetched,
    Knock,
    Link,
    NotGenuine,
    Option,
    Outgoing,
    Provider,
    Refused,
    Sent,
    Steps,
    Told,
    Unreadable,
    json_of,
    patience,
    unlike,
)
from regulars.messaging.providers.reading import multipart, text
from regulars.messaging.providers.wechat import envelopes, tokens
from regulars.messaging.providers.wechat.reports import read

_API = "https://api.weixin.qq.com"
_WINDOW = dt.timedelta(minutes=10)
_SEND = "message/custom/send"
_MOST_BYTES = 2_000
_TOO_OLD = frozenset({40001, 40014, 42001})  # the access token; another one helps
_LATER = frozenset({-1, 40002, 40013, 40125, 40164, 45009, 45011, 48001, 61024})
_KINDS = {"image/jpeg": "image", "image/png": "image", "image/gif": "image", "video/mp4": "video"}


class WeChat(Provider):
    """One official account that may send customer service messages."""

    name = "wechat"
    label = gettext_lazy("WeChat official account")
    ways = (Way.WECHAT,)
    options = (
        Option("app_id", gettext_lazy("AppID")),
        Option("app_secret", gettext_lazy("AppSecret"), is_secret=True),
        Option(
            "aes_key",
            gettext_lazy("EncodingAESKey"),
            gettext_lazy("43 characters. With it, messages are taken encrypted only, which we advise."),
            is_secret=True,
            is_required=False,
        ),
        Option("token", gettext_lazy("Token"), is_secret=True, is_made=True),
        Option("api", gettext_lazy("Address of the API"), is_required=False, default=_API),
    )
    guide = gettext_lazy(
        "At mp.weixin.qq.com, under the settings of the server, enter the address and the token, and choose the "
        "secure mode. Put this shop's own address on the list of allowed IP addresses."
    )
    longest = 4_000
    window = dt.timedelta(hours=48)
    largest_file = 10_000_000
    thanks = ("text/plain", b"success")

    def challenge(self, knock: Knock, link: Link) -> str | None:
        """The text to answer with, where the token signed the question."""
        parts = (knock.query.get("timestamp", ""), knock.query.get("nonce", ""))
        is_ours = _is_signed(knock.query.get("signature", ""), link.secret("token"), *parts)
        return knock.query.get("echostr", "")[:200] if is_ours else None

    def genuine(self, knock: Knock, link: Link) -> None:
        """Nothing, where the token signed it in the last minutes: the sealed message itself in the secure mode.

        Raises NotGenuine. The plain mode signs no body, and is taken only where no key for the secure one is known.
        """
        stamp, nonce = knock.query.get("timestamp", ""), knock.query.get("nonce", "")
        sealed: tuple[str, ...] = ()
        if link.secret("aes_key"):
            try:
                sealed = (envelopes.fields(knock.body).get("Encrypt", ""),)
            except Unreadable as bad:
                raise NotGenuine(bad.sentence) from bad
            if not sealed[0]:
                raise NotGenuine(_("The message is not encrypted, and this account takes encrypted ones only."))
        given = knock.query.get("msg_signature" if sealed else "signature", "")
        if not _is_signed(given, link.secret("token"), stamp, nonce, *sealed):
            raise NotGenuine(_("The signature is not that of this account's key."))
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12) or (
            abs(knock.at - dt.datetime.fromtimestamp(int(stamp), dt.UTC)) > _WINDOW
        ):
            raise NotGenuine(_("It was signed more than ten minutes ago, or a clock is wrong."))

    def read(self, knock: Knock, link: Link) -> Sequence[Told]:
        """What a follower wrote or did. Raises Unreadable."""
        found = envelopes.fields(knock.body)
        if "Encrypt" in found:
            opened = envelopes.opened(found["Encrypt"], link.secret("aes_key"), link.option("app_id"))
            found = envelopes.fields(opened)
        return read(found, knock.at)

    def send(self, outgoing: Outgoing, link: Link) -> Steps[Sent]:
        """The text, in several messages where it is long, then pictures. Raises Refused."""
        if any(file.media_type not in _KINDS for file in outgoing.files):
            raise Refused(_("WeChat takes pictures and MP4 videos, no other files."), is_final=True)
        messages: list[tuple[str, dict[str, Any] | Attached]] = [
            ("text", {"content": part}) for part in _parts(outgoing.text)
        ]
        messages += [(_KINDS[file.media_type], file) for file in outgoing.files]
        if not messages:
            raise Refused(_("There is nothing to send."), is_final=True)
        for count, (kind, content) in enumerate(messages):
            try:
                if isinstance(content, Attached):
                    content = {"media_id": (yield from self._uploaded(kind, content, link))}
                body = {"touser": outgoing.to, "msgtype": kind, kind: content}
                # Tencent shows “\u4f60” as it is written
                written = json.dumps(body, ensure_ascii=False).encode()
                yield from self._asked(link, _SEND, "", written, "application/json")
            except Refused:
                if count:  # what is at the customer's already must not go there again
                    return Sent(outgoing.id, {"missing": len(messages) - count})
                raise
        return Sent(outgoing.id)

    def fetch(self, file: Away, link: Link) -> Steps[Fetched]:
        """A picture or a voice, which Tencent keeps for three days. Raises Refused."""
        answer = yield from self._asked(link, "media/get", f"&media_id={quote(file.ref, safe='')}", None, "", "GET")
        kind = answer.headers.get("content-type", "").partition(";")[0]
        return Fetched(answer.body, file.media_type or kind, file.name)

    def check(self, link: Link) -> Steps[str]:
        """Whether the keys are good, and this address is on the list of those allowed. Raises Refused."""
        yield from self._token(link, is_fresh=True)
        return link.option("app_id")

    def _uploaded(self, kind: str, file: Attached, link: Link) -> Steps[str]:
        form, body = multipart({}, [("media", file)])
        answer = yield from self._asked(link, "media/upload", f"&type={kind}", body, form)
        return text(json_of(answer).get("media_id"), 200)

    def _asked(
        self, link: Link, path: str, query: str, body: bytes | None, kind: str, method: str = "POST"
    ) -> Steps[Answer]:
        """The answer to a call; one whose access token is too old is made again with a new one. Raises Refused."""
        for is_fresh in (False, True):
            token = yield from self._token(link, is_fresh=is_fresh)
            url = f"{_base(link)}/cgi-bin/{path}?access_token={quote(token, safe='')}{query}"
            headers = {"Content-Type": kind} if kind else {}
            answer = yield Call(url, method, headers, body, self.largest_file, is_telling=path == _SEND)
            code = json_of(answer).get("errcode", 0) if _may_be_json(answer) else 0
            if answer.status == 200 and code == 0:
                return answer
            if code not in _TOO_OLD or is_fresh:
                raise _refusal(answer, code)
        raise AssertionError("the second round ends in one way or the other")

    def _token(self, link: Link, *, is_fresh: bool) -> Steps[str]:
        """The access token: kept while it is good, and the same for all who ask with these keys."""
        kept = tokens.kept(link)
        if kept and not is_fresh:
            return kept
        asked = {
            "grant_type": "client_credential",
            "appid": link.option("app_id"),
            "secret": link.secret("app_secret"),
            "force_refresh": is_fresh and bool(kept),
        }
        headers = {"Content-Type": "application/json"}
        answer = yield Call(f"{_base(link)}/cgi-bin/stable_token", headers=headers, body=json.dumps(asked).encode())
        found = json_of(answer)
        token = text(found.get("access_token"), 1_000)
        if answer.status != 200 or not token:
            raise _refusal(answer, found.get("errcode", 0))
        tokens.keep(link, token, found.get("expires_in"))
        return token


def _parts(words: str) -> list[str]:
    """A text in parts that Tencent takes, cut at the end of a line or word where there is one."""
    found: list[str] = []
    rest = words.strip()
    while rest:
        part = rest.encode()[:_MOST_BYTES].decode(errors="ignore")
        if part != rest:
            place = max(part.rfind("\n"), part.rfind(" "), part.rfind("。"))
            part = part[: place + 1] if place > len(part) // 2 else part
        found.append(part.strip())
        rest = rest[len(part) :].strip()
    return found


def _refusal(answer: Answer, code: Any) -> Refused:
    if not isinstance(code, int) or not code:
        return unlike(answer)
    said = text(json_of(answer).get("errmsg"), 300)
    if code == 45015:
        sentence = _("More than 48 hours passed since their last message, or they do not follow the account any more.")
        return Refused(sentence, is_final=True, code="45015")
    if code == 45047:
        sentence = _("WeChat takes no more messages until they write again.")
        return Refused(sentence, is_final=True, code="45047")
    sentence = _("WeChat refused it: %(what)s (%(code)s)") % {"what": said, "code": code}
    waits = code in _LATER or code in _TOO_OLD
    return Refused(sentence, is_final=not waits, again_in=patience(answer), code=str(code))


def _may_be_json(answer: Answer) -> bool:
    return answer.body[:1] == b"{" and len(answer.body) < 100_000


def _is_signed(given: str, token: str, *parts: str) -> bool:
    wanted = envelopes.signature(token, *parts)
    return bool(token) and hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


def _base(link: Link) -> str:
    return link.option("api", _API).rstrip("/")


wechat = WeChat()
