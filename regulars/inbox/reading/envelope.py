"""What stands above a mail, understood: who wrote it to whom and when, and which mail it answers."""

from __future__ import annotations

import datetime as dt
import re

from regulars.inbox.reading import headers
from regulars.inbox.reading.addresses import address_of, addresses_of
from regulars.inbox.reading.mail import Address, Mail
from regulars.inbox.reading.parts import Part
from regulars.inbox.reading.robots import robot_of

_MOST = 20  # headers of one name
_LONGEST = 998
_KEPT = (
    "auto-submitted", "precedence", "list-id", "list-post", "list-unsubscribe", "x-auto-response-suppress", "x-loop",
    "x-mailer", "user-agent", "authentication-results", "received-spf", "x-spam-flag", "x-spam-status", "importance",
    "x-priority", "content-language", "disposition-notification-to",
)  # fmt: skip


class Envelope:
    """The headers of a mail; `problems` gets what is broken in them, `hint` is the charset that its text says."""

    def __init__(self, root: Part, problems: list[str], hint: str) -> None:
        self._root, self._problems, self._hint = root, problems, hint

    def read(self) -> Mail:
        """A mail of which only the headers are known."""
        path = self._return_path()
        author = self._author(path)
        subject = re.sub(r"\s+", " ", self._text("subject"))[:1_000].strip()
        mail_ids = self._ids("message-id")
        return Mail(
            from_=author,
            reply_to=self._people("reply-to"),
            to=self._people("to"),
            cc=self._people("cc"),
            delivered_to=self._delivered_to(),
            return_path=path,
            subject=subject,
            mail_id=mail_ids[0][:_LONGEST] if mail_ids else "",
            in_reply_to=self._ids("in-reply-to"),
            references=self._ids("references"),
            sent_at=self._sent_at(),
            robot=robot_of(self._root, sender=author.address if author else "", subject=subject, return_path=path),
            headers={name: self._text(name)[:1_000] for name in _KEPT if self._root.first(name)},
        )

    def _note(self, sentence: str) -> None:
        if sentence not in self._problems:
            self._problems.append(sentence)

    def _text(self, name: str) -> str:
        return headers.text_of(self._root.first(name), self._hint)

    def _people(self, name: str) -> tuple[Address, ...]:
        everybody: list[Address] = []
        for value in self._root.every(name)[:_MOST]:
            addresses, is_doubtful = addresses_of(headers.raw_text(value, self._hint))
            everybody += addresses
            if is_doubtful:
                self._note(f"an address in “{name}” is doubtful")
        return tuple(dict.fromkeys(everybody))

    def _ids(self, name: str) -> tuple[str, ...]:
        return headers.ids_of(" ".join(headers.raw_text(value) for value in self._root.every(name)[:_MOST]))

    def _author(self, path: str | None) -> Address | None:
        """Who wrote it: the first of From; where that says nobody, the nearest that says somebody."""
        authors = self._people("from")
        if len(authors) > 1:
            self._note("several senders")
        if authors:
            return authors[0]
        others = self._people("sender") or ((Address(path),) if path else ())
        self._note("the sender is not in “from”" if others else "no sender")
        return others[0] if others else None

    def _return_path(self) -> str | None:
        """Where bounces go: an empty text where the mail says that none shall, None where it says nothing."""
        if "return-path" not in {name for name, _value in self._root.headers}:
            return None
        value = headers.raw_text(self._root.first("return-path"))
        return address_of(value) if value.strip() not in {"", "<>"} else ""

    def _delivered_to(self) -> tuple[str, ...]:
        """The addresses that servers say they delivered it to; it may be in none of To and Cc."""
        names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-forwarded-to")
        values = [headers.raw_text(value) for name in names for value in self._root.every(name)[:_MOST]]
        return tuple(dict.fromkeys(found for value in values if (found := address_of(value))))

    def _sent_at(self) -> dt.datetime | None:
        moment = headers.moment_of(headers.raw_text(self._root.first("date")))
        if moment is not None:
            return moment
        self._note("no date that could be read")
        received = headers.raw_text(self._root.first("received")).rpartition(";")[2]
        return headers.moment_of(received) if received else None
