"""What stands below an answer: the nearest signature there is, in the customer's language, with its gaps filled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from regulars.core import shop
from regulars.inbox.models import Conversation, Mailbox, Signature
from regulars.inbox.queries import canned
from regulars.messaging import templating
from regulars.messaging.models import Account, Way
from regulars.messaging.templating import values
from regulars.staff.models import User


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signature stands: a person's or the shop's, below all answers or those from one mailbox or account."""

    user: User | None = None
    mailbox: Mailbox | None = None
    account: Account | None = None

    @property
    def key(self) -> str:
        """How forms name it."""
        inside = self.mailbox or self.account
        return inside.public_id if inside is not None else ""

    @property
    def label(self) -> str:
        """What people call the place; empty for all answers."""
        inside = self.mailbox or self.account
        return f"{inside.name} ({inside.address})" if inside is not None and inside.address else str(inside or "")

    def texts(self) -> dict[str, str]:
        """What stands there, by language; the empty one is for all that have none of their own."""
        rows = Signature.objects.filter(user=self.user, mailbox=self.mailbox, account=self.account)
        return dict(rows.values_list("language", "text"))


def places(user: User | None) -> list[Place]:
    """Everywhere somebody, or the shop, can have a signature: below all answers first."""
    mailboxes = list(Mailbox.objects.select_related("account"))
    inside = {one.account_id for one in mailboxes}
    accounts = Account.objects.filter(way=Way.EMAIL).exclude(pk__in=[key for key in inside if key is not None])
    return [
        Place(user),
        *(Place(user, mailbox=one) for one in mailboxes),
        *(Place(user, account=one) for one in accounts),
    ]


def below(conversation: Conversation, user: User | None) -> str:
    """The signature below an answer of somebody, filled. Raises MissingValues with the names of what is not there."""
    language, text = _nearest(conversation, user)
    if "{" not in text:
        return text
    return templating.render(text, canned.things_of(conversation, user), way=Way.CHAT, language=language)


def shown(conversation: Conversation, user: User) -> str:
    """The same, to be looked at while the answer is written: gaps without a value stand as they are written."""
    language, text = _nearest(conversation, user)
    if "{" not in text:
        return text
    return canned.as_far_as_known(text, canned.things_of(conversation, user), language)


def preview(text: str, user: User | None, language: str) -> str:
    """A signature with the values of somebody, or of an example, for who writes it. Raises what `render` does."""
    known = values.examples() | values.gather(**({"agent": user} if user is not None else {}))
    return templating.render(text, known, way=Way.CHAT, language=language)


def _nearest(conversation: Conversation, user: User | None) -> tuple[str, str]:
    """In which language which text: the person's own here, their own, that of the mailbox or account, the shop's."""
    box, account = conversation.mailbox_id, conversation.account_id
    rows = Signature.objects.filter(
        Q(user=user) | Q(user=None), Q(mailbox=box) | Q(mailbox=None), Q(account=account) | Q(account=None)
    )
    texts: dict[tuple[int | None, int | None, int | None], dict[str, str]] = {}
    for one in rows:
        texts.setdefault((one.user_id, one.mailbox_id, one.account_id), {})[one.language] = one.text
    wanted = (conversation.language, conversation.customer.language, shop.current().language)
    for whose in dict.fromkeys((user.pk if user is not None else None, None)):
        for place in dict.fromkeys(((whose, box, None), (whose, None, account), (whose, None, None))):
            if place in texts:
                return in_language(texts[place], wanted)
    return "", ""


def in_language(texts: dict[str, str], wanted: Iterable[str]) -> tuple[str, str]:
    """Of texts by language the first that is wanted, else the one for all languages, else whichever there is."""
    for one in wanted:
        for language, text in texts.items():
            if one and language and _alike(language, one):
                return language, text
    return ("", texts[""]) if "" in texts else next(iter(sorted(texts.items())))


def _alike(one: str, other: str) -> bool:
    parts: Sequence[str] = [name.lower().partition("-")[0] for name in (one, other)]
    return parts[0] == parts[1]
