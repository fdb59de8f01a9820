"""Headers of mails: what may stand in one, and nothing that could become another one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from regulars.core.errors import Refusal

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,70}\Z")
_BROKEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LONGEST = 8_000
_MAIL_ID = re.compile(r"<[^<>\s]{1,240}>\Z")
# these are ours to write
_OURS = frozenset(
    {
        "bcc", "cc", "date", "dkim-signature", "from", "list-unsubscribe", "list-unsubscribe-post", "message-id",
        "mime-version", "received", "return-path", "sender", "subject", "to",
    }
)  # fmt: skip


class BadHeader(Refusal):
    """A header that is not sent: it breaks its line, or is not for others to write."""

    slug = "bad-header"


def checked(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that may go out. Raises BadHeader for a broken line (CR, LF, NUL), a bad name, and those of ours."""
    for name, value in headers.items():
        is_ours = name.lower() in _OURS or name.lower().startswith("content-")
        if not _NAME.match(name) or is_ours or _BROKEN.search(value) or len(value) > _LONGEST:
            raise BadHeader(_("The header “%(name)s” cannot be sent.") % {"name": name[:60]})
    return dict(headers)


def checked_line(value: str, *, name: str) -> str:
    """A value of one line. Raises BadHeader."""
    if _BROKEN.search(value):
        raise BadHeader(_("The header “%(name)s” cannot be sent.") % {"name": name})
    return value


def checked_id(value: str) -> str:
    """The id of a mail, in its angle brackets; empty stays empty. Raises BadHeader."""
    if value and not _MAIL_ID.match(value):
        raise BadHeader(_("The header “%(name)s” cannot be sent.") % {"name": "Message-ID"})
    return value


def of_thread(in_reply_to: str, references: Sequence[str]) -> dict[str, str]:
    """What says which mail is answered. Ids of others that are none are left out: their mail is not ours to judge."""
    known = [one for one in dict.fromkeys([*references, in_reply_to]) if _MAIL_ID.match(one)]
    found = {}
    if _MAIL_ID.match(in_reply_to):
        found["In-Reply-To"] = in_reply_to
    if known:
        # the first and the latest: a thread of years would not fit
        found["References"] = " ".join([known[0], *known[1:][-20:]])
    return found
