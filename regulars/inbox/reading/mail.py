"""What a mail says, once it was read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a mail, and the name that stands before it. The part behind the @ is in small letters."""

    address: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that came with a mail. `media_type` is what its own bytes say, “application/octet-stream” where nothing.

    The HTML names one with a `content_id` where it is to be seen; `is_inline` says that it does so.
    """

    name: str
    media_type: str
    data: bytes
    content_id: str = ""
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it was understood; every field is there for any bytes, empty where nothing was said.

    `text` is all of it, `visible` what its author wrote, `quoted` and `signature` what is folded away. `html` is clean
    (reading/html.py), and shows no picture until somebody asks. Ids are without their angle brackets. `robot` says
    that no person wrote it: "bounce", "auto-reply", "list" or "report". `problems` says what was broken or cut,
    `failure` why nothing of it could be understood.
    """

    from_: Address | None = None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    return_path: str | None = None
    subject: str = ""
    mail_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    sent_at: dt.datetime | None = None
    text: str = ""
    visible: str = ""
    quoted: str = ""
    signature: str = ""
    html: str = ""
    files: tuple[MailFile, ...] = ()
    robot: str = ""
    problems: tuple[str, ...] = ()
    failure: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def people(self) -> tuple[Address, ...]:
        """Everybody the mail names, each once: from, to, cc."""
        everybody = ([self.from_] if self.from_ else []) + [*self.to, *self.cc]
        return tuple({one.address.casefold(): one for one in reversed(everybody)}.values())[::-1]
