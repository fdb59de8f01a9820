# ruff: noqa: E501 — a line is what servers say for one thing
"""From the raw mail to the report: the standards, then plain words, then robots; people's mails are none of them."""

from __future__ import annotations

import re
from dataclasses import replace

from regulars.messaging.bounces import BounceReport, Kind, Recipient, freetext, meaning, mime
from regulars.messaging.bounces.mime import Part
from regulars.messaging.bounces.robots import is_auto_reply

_DAEMON = re.compile(
    r"mailer-?daemon|postmaster|mail[- _]?delivery|mail[- ]?(?:system|administrator|server)|mdaemon|delivery[- ]?(?:subsystem|system|status)|mail delivery|bounce[sd]?\b|microsoft ?exchange|mail router|mmdf|"
    r"mailmaster|系统管理员|系统退信",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|non[- ]?deliver|not deliver|deliver(?:y|ed)?[ -](?:status|notification|failure|failed|problem|report|error|delayed|unsuccessful|has failed)|returned (?:mail|e-?mail|message|to sender)|failure (?:notice|notification|delivery)"
    r"|mail (?:delivery|failed|system|could not|returned)|message (?:status|delivery|undeliverable|could not|not delivered|you sent)|could(?: not|n't) be delivered|can(?:not|'t) be delivered|failed (?:mail|delivery|message)"
    r"|rejected|bounced?|warning: (?:message|could not)|unzustellbar|nicht zugestellt|zustell|non remis|non délivr|échec|no (?:se pudo entregar|entregad)|mancata consegna|error (?:sending|mail|notice)|user unknown|nondeliver|unknown (?:user|recipient)|"
    r"email (?:address )?(?:not|error)|退信|无法投递|配信|配送|エラー|wrong address|delayed",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"could ?n[o']t be delivered|has not (?:yet )?been delivered|permanent (?:fatal )?errors?|(?:wasn't|was not|weren't|not|un) ?able to (?:deliver|reach)|deliver(?:y|ing)[^.\n]{0,60}fail|mail system at host|did not reach the following|not delivered to|"
    r"undeliverable|following (?:address|recipient)|delivery problems?|transcript of session|failure reasons?|rejected (?:your|the|by)|error (?:message|occurred)|could not deliver|returned to (?:you|sender)|cannot be delivered|can't be delivered|problem delivering|"
    r"unknown (?:user|recipient|address)|user unknown|mailbox|still undelivered|no se (?:ha )?pud|nicht zugestellt|invalid (?:address|recipient|receiver)|(?<!\d)5[0-5]\d[ -]",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"has not (?:yet )?been delivered|still undelivered|warning message only|will (?:keep trying|be retried|continue)|delivery[^.\n]{0,30} delayed|message delayed|no action is required|not yet been delivered|delivery will continue|temporarily delayed",
    re.IGNORECASE,
)
_LISTED = re.compile(r"^(?:final|original)-recipient:", re.IGNORECASE | re.MULTILINE)
_GROUPS = re.compile(r"\r?\n[ \t]*\r?\n")
_ID = re.compile(r"<[^<>\s]{3,250}>")
_COMPLAINTS = {"abuse", "fraud", "virus", "opt-out", "opt-out-list", "other", "unsubscribe", "complaint", ""}
_RETURNED = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
    "text/rfc822",
}


def read(raw: bytes) -> BounceReport | None:
    """See regulars.messaging.bounces.read."""
    mail = mime.parse(raw)
    parts = list(mail.walk())
    returned = _returned(parts)
    feedback = next((part for part in parts if part.kind == "message/feedback-report"), None)
    if feedback is not None:
        return _complaint(feedback, returned)
    status = [part for part in parts if part.kind in {"message/delivery-status", "message/global-delivery-status"}]
    talk = "\n".join(part.text() for part in parts if part.kind == "text/plain" and not part.parts)
    talk = talk or "\n".join(_without_tags(part.text()) for part in parts if part.kind == "text/html")
    listed = None if status else _LISTED.search(talk)
    if listed and _DAEMON.search(mime.words(mail.get("from"))):
        status = [Part([], talk[listed.start() :].encode())]
    if status:
        report = _by_standard(status, talk, returned)
        if report is not None:
            return report
    if any(part.kind == "message/disposition-notification" for part in parts):
        return _answer(mail, returned)
    report = _by_words(mail, talk, returned)
    if report is not None:
        return report
    return _answer(mail, returned) if is_auto_reply(mail) else None


def _complaint(feedback: Part, returned: list[tuple[str, str]]) -> BounceReport | None:
    fields = mime.headers_of(feedback.text())
    said = dict(reversed(fields))
    if said.get("feedback-type", "").strip().lower() not in _COMPLAINTS:
        return None
    told = [value for name, value in fields if name in {"original-rcpt-to", "removal-recipient"}]
    told = told or [value for name, value in returned if name == "to"]
    found = dict.fromkeys(freetext.plain(one[0]) for value in told for one in freetext.ADDRESS.finditer(value))
    recipients = tuple(Recipient(address, reason="complaint") for address in found)
    return _report(Kind.COMPLAINT, recipients, returned, said.get("original-envelope-id", ""))


def _by_standard(status: list[Part], talk: str, returned: list[tuple[str, str]]) -> BounceReport | None:
    envelope_id, recipients, kinds = "", [], []
    for part in status:
        for number, block in enumerate(_GROUPS.split(part.text().strip())[:300]):
            fields = dict(reversed(mime.headers_of(block)))
            if number == 0 or "reporting-mta" in fields:
                envelope_id = envelope_id or fields.get("original-envelope-id", "")
            if "final-recipient" not in fields and "original-recipient" not in fields and "action" not in fields:
                continue
            recipient, kind = _one(fields, talk)
            recipients.append(recipient)
            kinds.append(kind)
    if not recipients:
        return None
    if len(recipients) == 1 and not recipients[0].address:
        # The address is written in a way that is none; the words above may have it.
        named = freetext.addresses(freetext.without_the_copy(talk)[0], "")
        recipients = [replace(recipients[0], address=named[0][0])] if named else recipients
    kind = next((one for one in (Kind.BOUNCE, Kind.DELAYED, Kind.SUCCESS) if one in kinds), Kind.BOUNCE)
    told = tuple(recipient for recipient, its in zip(recipients, kinds, strict=True) if its is kind)
    return _report(kind, tuple(dict.fromkeys(told)), returned, envelope_id)


def _one(fields: dict[str, str], talk: str) -> tuple[Recipient, Kind]:
    """One recipient of a delivery report (RFC 3464, 2.3)."""
    original, final = _address(fields.get("original-recipient", "")), _address(fields.get("final-recipient", ""))
    address = final or original or _address(fields.get("x-actual-recipient", ""))
    kind_of_code, semicolon, diagnostic = fields.get("diagnostic-code", "").partition(";")
    diagnostic = diagnostic.strip() if semicolon else kind_of_code.strip()
    code, said_status = meaning.codes_in(diagnostic)
    around = _said_of(address, talk)
    is_program = kind_of_code.strip().lower() == "x-unix"
    if not diagnostic:
        diagnostic = around
        code, said_status = meaning.codes_in(diagnostic)
    stated = next(iter(re.findall(r"[245]\.\d{1,3}\.\d{1,3}", fields.get("status", ""))), "")
    status = said_status if said_status and not said_status.endswith(".0.0") else stated or said_status
    action = fields.get("action", "").split(" ")[0].strip(" ;(").lower()
    kind = {"delayed": Kind.DELAYED, "delivered": Kind.SUCCESS, "relayed": Kind.SUCCESS, "expanded": Kind.SUCCESS}.get(
        action, Kind.SUCCESS if not action and stated.startswith("2") else Kind.BOUNCE
    )
    if kind is Kind.SUCCESS:
        return Recipient(address, stated, code, "", False, original, diagnostic[:500]), kind
    # What the server said to the sender often stands in full in the words above alone, and names the command.
    reason = meaning.reason_for(
        f"{diagnostic} {around}" if len(diagnostic) < 60 and not is_program else diagnostic,
        status=status,
        code=code,
        command=freetext.command_in(around) or freetext.command_in(talk),
        is_program=is_program,
    )
    is_hard = kind is Kind.BOUNCE and reason in meaning.HARD
    return Recipient(address, status, code, reason.value, is_hard, original, diagnostic[:500]), kind


def _by_words(mail: Part, talk: str, returned: list[tuple[str, str]]) -> BounceReport | None:
    """A bounce without a delivery report: only from something that calls itself a mail system, or with an empty sender."""
    failed = [plain for value in _all(mail, "x-failed-recipients") for plain in _addresses_of(value)]
    says, copy = freetext.without_the_copy(talk)
    subject = mime.words(mail.get("subject"))
    sender_line = mime.words(mail.get("from"))
    is_null = mail.get("return-path").replace(" ", "") == "<>"
    is_daemon = bool(_DAEMON.search(sender_line)) or (is_null and bool(_SUBJECT.search(subject)))
    if not failed and not (is_daemon and (_SUBJECT.search(subject) or _PHRASE.search(says))):
        return None
    if not failed and is_auto_reply(mail) and not _PHRASE.search(says):
        return None
    returned = (
        returned or mime.headers_of(copy[copy.find("\n\n") + 2 if _starts_with_mark(copy) else 0 :])
        if copy
        else returned
    )
    sender = next((one for value in _named(returned, "from") for one in _addresses_of(value)), "")
    told = freetext.addresses(says, sender)
    if failed:
        by_address = dict(told)
        told = [(one, by_address.get(one, says)) for one in dict.fromkeys(failed)]
    if not told:
        to = [one for value in _named(returned, "to") for one in _addresses_of(value)]
        told = [(to[0], says)] if len(to) == 1 and _PHRASE.search(f"{subject}\n{says}") else []
    if not told:
        return None
    kind = Kind.DELAYED if _DELAY.search(f"{subject}\n{says[:4_000]}") else Kind.BOUNCE
    recipients = tuple(_by_its_words(address, said, says, kind) for address, said in told)
    return _report(kind, recipients, returned, "")


def _by_its_words(address: str, said: str, says: str, kind: Kind) -> Recipient:
    code, status = meaning.codes_in(said)
    own = said.replace(address, " ").strip(" <>:\"'\n")
    if not code and not status and len(own) < 25:
        said = says
        code, status = meaning.codes_in(said)
    words = re.sub(r"\S+@\S+", " ", said)
    reason = meaning.reason_for(words, status=status, code=code, command=freetext.command_in(said))
    return Recipient(
        address, status, code, reason.value, kind is Kind.BOUNCE and reason in meaning.HARD, "", said[:500]
    )


def _answer(mail: Part, returned: list[tuple[str, str]]) -> BounceReport:
    ids = _ID.findall(mail.get("in-reply-to")) or _ID.findall(mail.get("references"))[-1:]
    report = _report(Kind.AUTO_REPLY, (), returned, "")
    return BounceReport(Kind.AUTO_REPLY, (), report.mail_id or (ids[0] if ids else ""), "", report.headers)


def _report(
    kind: Kind, recipients: tuple[Recipient, ...], returned: list[tuple[str, str]], envelope_id: str
) -> BounceReport:
    ids = [one for value in _named(returned, "message-id") for one in _ID.findall(value)]
    return BounceReport(kind, recipients, ids[0] if ids else "", envelope_id.strip()[:100], tuple(returned[:100]))


def _returned(parts: list[Part]) -> list[tuple[str, str]]:
    """The headers of the mail that came back."""
    for part in parts:
        if part.kind in _RETURNED:
            text = part.text().lstrip("\r\n")
            return mime.headers_of(_GROUPS.split(text, maxsplit=1)[0])
    return []


def _said_of(address: str, talk: str) -> str:
    """What the plain words say about an address: from the line that names it to the next empty one."""
    at = talk.lower().find(address) if address else -1
    if at < 0:
        return ""
    return " ".join(_GROUPS.split(talk[at : at + 2_000], maxsplit=1)[0].split()).replace(address, "")


def _address(value: str) -> str:
    kind, semicolon, address = value.partition(";")
    address = address if semicolon else kind
    found = freetext.ADDRESS.search(address) or re.search(r"[^\s<>]+@[^\s<>]+", address)
    return freetext.plain(found[0]) if found else ""


def _addresses_of(value: str) -> list[str]:
    return [freetext.plain(found[0]) for found in freetext.ADDRESS.finditer(value)]


def _all(mail: Part, name: str) -> list[str]:
    return [value for one, value in mail.headers if one == name]


def _named(headers: list[tuple[str, str]], name: str) -> list[str]:
    return [value for one, value in headers if one == name]


def _starts_with_mark(copy: str) -> bool:
    first = copy.split("\n", 1)[0]
    return ":" not in first or first.lstrip().startswith("-")


def _without_tags(html: str) -> str:
    text = re.sub(r"<(?:br|/p|/div|/tr|/li|/h\d)[^<>]{0,200}>", "\n", html[:200_000], flags=re.IGNORECASE)
    return (
        re.sub(r"<[^<>@]{0,500}>", " ", text)
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .replace("&nbsp;", " ")
    )
