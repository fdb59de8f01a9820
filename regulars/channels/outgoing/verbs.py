"""What people and programs do with the addresses that are told.

An address tells what its owner may see. Whoever changes where it goes, what it tells or its secret becomes its owner,
so that nobody is told through a colleague's address what they may not see themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Endpoint, Posting, PostingState
from regulars.channels.outgoing import messages, signing
from regulars.channels.outgoing.facts import WebhookAdded, WebhookChanged, WebhookRemoved, WebhookReplayed
from regulars.core import outbound
from regulars.core.errors import Invalid, Refusal
from regulars.core.text import BadText, clean
from regulars.staff.models import ApiToken, User
from regulars.staff.policy import verb
from regulars.timeline.actions import record
from regulars.timeline.models import Entry

MOST = 50
_LONGEST_URL = 500


def add_endpoint(*, name: str, url: str, facts: Collection[str], by: User | ApiToken) -> tuple[Endpoint, str]:
    """Tell another system from now on, as `by` sees things; the address, and its secret, which is shown this once.

    `facts` are names of public facts; none means every one. Raises Invalid.
    """
    return _add(**_checked(by, name=name, url=url, facts=facts), owner=_person(by))


def change_endpoint(
    endpoint: Endpoint,
    *,
    by: User | ApiToken,
    name: str | None = None,
    url: str | None = None,
    facts: Collection[str] | None = None,
    is_on: bool | None = None,
) -> Endpoint:
    """Change what is given; whoever changes where it goes or what it tells becomes its owner. Raises Invalid.

    Switched on again, it goes on where it stopped: nothing that happened meanwhile is left out.
    """
    given = _checked(
        by,
        name=endpoint.name if name is None else name,
        url=endpoint.url if url is None else url,
        facts=endpoint.facts if facts is None else facts,
        is_url_new=url is not None and url != endpoint.url,
        are_facts_new=facts is not None,
    )
    return _change(endpoint, given, is_on=is_on, by=_person(by))


@verb
def rotate_secret(endpoint: Endpoint, *, by: User | ApiToken) -> tuple[Endpoint, str]:
    """A new secret, shown this once. For a day both sign, so that the other side can change over."""
    endpoint = _held(endpoint)
    now, plain = timezone.now(), signing.new_secret()
    former = signing.living(endpoint, now=now)[:1]
    kept = [signing.Secret(plain), *(signing.Secret(one.text, now + signing.OVERLAP) for one in former)]
    endpoint.secret = signing.sealed(endpoint.pk, kept)
    changes = _owned(endpoint, _person(by))
    _save(endpoint, "secret", "owner")
    record(WebhookChanged(webhook=endpoint.name, deed="secret", changes=changes), subject=endpoint)
    return endpoint, plain


@verb
def remove_endpoint(endpoint: Endpoint) -> None:
    """Tell this address nothing any more, and forget what was sent there."""
    endpoint = _held(endpoint)
    record(WebhookRemoved(webhook=endpoint.name), subject=endpoint)
    endpoint.delete()


@verb
def replay_posting(posting: Posting) -> Posting:
    """Send one message once more, under the same id, whatever became of it."""
    _again(Posting.objects.filter(pk=posting.pk))
    record(WebhookReplayed(webhook=posting.endpoint.name, deed="one", count=1), subject=posting.endpoint)
    posting.refresh_from_db()
    return posting


@verb
def replay_given_up(endpoint: Endpoint) -> int:
    """Send all that was given up once more; how many messages that are."""
    endpoint = _held(endpoint)
    count = _again(Posting.objects.filter(endpoint=endpoint, state=PostingState.GIVEN_UP))
    if count:
        record(WebhookReplayed(webhook=endpoint.name, deed="given_up", count=count), subject=endpoint)
    return count


@verb
def replay_since(endpoint: Endpoint, *, since: dt.datetime) -> Endpoint:
    """Tell once more all that was learned of since a moment, as if it had not been told; also what was not asked for
    then. Each message has the id it had.
    """
    endpoint = _held(endpoint)
    last = _last_before(since)
    Posting.objects.filter(endpoint=endpoint, entry_id__gt=last).delete()
    endpoint.cursor = last
    _save(endpoint, "cursor")
    moment = since.isoformat(timespec="seconds")
    record(WebhookReplayed(webhook=endpoint.name, deed="since", since=moment), subject=endpoint)
    return endpoint


@verb
def _add(*, name: str, url: str, facts: list[str], owner: User) -> tuple[Endpoint, str]:
    if Endpoint.objects.count() >= MOST:
        raise Refusal(_("There are %(most)s webhooks already. Remove one that nobody needs.") % {"most": MOST})
    newest = Entry._base_manager.aggregate(newest=Max("pk"))["newest"] or 0
    endpoint = Endpoint.objects.create(name=name, url=url, facts=facts, owner=owner, cursor=newest)
    plain = signing.new_secret()
    endpoint.secret = signing.sealed(endpoint.pk, [signing.Secret(plain)])
    endpoint.save(update_fields=["secret"])
    fact = WebhookAdded(webhook=name, host=urlsplit(url).hostname or "", facts=tuple(facts), owner=owner.public_id)
    record(fact, subject=endpoint)
    return endpoint, plain


@verb
def _change(endpoint: Endpoint, given: dict[str, Any], *, is_on: bool | None, by: User) -> Endpoint:
    endpoint = _held(endpoint)
    changes: dict[str, list[Any]] = {
        field: [getattr(endpoint, field), value] for field, value in given.items() if getattr(endpoint, field) != value
    }
    for field, value in given.items():
        setattr(endpoint, field, value)
    if changes.keys() & {"url", "facts"}:
        changes |= _owned(endpoint, by)
    if is_on is not None and is_on != endpoint.is_on:
        changes["is_on"] = [endpoint.is_on, is_on]
        endpoint.is_on = is_on
        if is_on:
            changes |= _owned(endpoint, by) if not endpoint.owner.may("webhooks.edit") else {}
            endpoint.stopped_because, endpoint.failing_since, endpoint.rests_until = "", None, None
            endpoint.postings.filter(state=PostingState.WAITING).update(
                due_at=timezone.now(), attempts=0, tried_since=None
            )
    if "url" in changes:
        endpoint.failing_since = endpoint.rests_until = None
        # what an address holds besides its place may be a password
        changes["url"] = [urlsplit(address).hostname for address in changes["url"]]
    if changes:
        _save(endpoint, *given, "owner", "is_on", "stopped_because", "failing_since", "rests_until")
        record(WebhookChanged(webhook=endpoint.name, changes=changes), subject=endpoint)
    return endpoint


def hand_over(person: User, successor: User | None) -> int:
    """Whoever leaves hands their addresses over to a colleague, who may not be told more; or they are switched off."""
    return _hand_over(person, successor)


@verb
def _hand_over(person: User, successor: User | None) -> int:
    mine = list(Endpoint.objects.select_for_update(of=("self",)).filter(owner=person))
    takes = successor if successor is not None and successor.may("webhooks.edit") else None
    for endpoint in mine:
        if takes is not None:
            changes = _owned(endpoint, takes)
        else:
            changes = {"is_on": [endpoint.is_on, False]}
            endpoint.is_on = False
            endpoint.stopped_because = _("%(name)s left the shop") % {"name": person.name}
        _save(endpoint, "owner", "is_on", "stopped_because")
        record(WebhookChanged(webhook=endpoint.name, changes=changes), subject=endpoint)
    return len(mine) if takes is not None else 0


def _checked(
    by: User | ApiToken,
    *,
    name: str,
    url: str,
    facts: Collection[str],
    is_url_new: bool = True,
    are_facts_new: bool = True,
) -> dict[str, Any]:
    """What was given, made sure of before any transaction: a name may have to be looked up. Raises Invalid."""
    wrong: dict[str, list[str]] = {}
    url = url.strip()
    try:
        name = clean(name, limit=80)
    except BadText as bad:
        wrong["name"] = [str(bad)]
    else:
        if not name:
            wrong["name"] = [_("Say which system this is.")]
    if is_url_new:
        try:
            outbound.aim(url[: _LONGEST_URL + 1])
        except Refusal as refusal:
            wrong["url"] = [refusal.sentence]
        if len(url) > _LONGEST_URL:
            wrong["url"] = [_("This address is too long.")]
    chosen = sorted(set(facts))
    if (are_facts_new or is_url_new) and (why := _wrong_facts(by, chosen)):
        wrong["facts"] = why
    if wrong:
        raise Invalid(_("The webhook cannot be kept like this."), fields=wrong)
    return {"name": name, "url": url, "facts": chosen}


def _wrong_facts(by: User | ApiToken, chosen: list[str]) -> list[str]:
    public = messages.public_facts()
    strange = [name for name in chosen if name not in public]
    if strange:
        return [_("There is no public fact called “%(name)s”.") % {"name": name[:64]} for name in strange]
    asked = chosen or [name for name in public if _person(by).may(messages.permission_for(name))]
    if isinstance(by, User) and not chosen:
        return []
    beyond = sorted({messages.permission_for(name) for name in asked if not by.may(messages.permission_for(name))})
    return [_("To be told of these facts takes the permission “%(name)s”.") % {"name": name} for name in beyond]


def _person(by: User | ApiToken) -> User:
    return by.user if isinstance(by, ApiToken) else by


def _owned(endpoint: Endpoint, by: User) -> dict[str, list[Any]]:
    """Make somebody the owner; what that changes."""
    if endpoint.owner_id == by.pk:
        return {}
    changes = {"owner": [endpoint.owner.public_id, by.public_id]}
    endpoint.owner = by
    return changes


def _held(endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.select_related("owner").select_for_update(of=("self",)).get(pk=endpoint.pk)


def _save(endpoint: Endpoint, *fields: str) -> None:
    endpoint.version += 1
    endpoint.updated_at = timezone.now()
    endpoint.save(update_fields=[*dict.fromkeys(fields), "version", "updated_at"])


def _again(postings: Any) -> int:
    values = {"state": PostingState.WAITING, "due_at": timezone.now(), "attempts": 0, "tried_since": None}
    return int(postings.update(**values, status=None, error="", sent_at=None))


def _last_before(since: dt.datetime) -> int:
    """The last entry that was learned of before a moment: found by halving, because entries come in that order."""
    low, high = 0, (Entry._base_manager.aggregate(newest=Max("pk"))["newest"] or 0)
    while low < high:
        middle = (low + high + 1) // 2
        at = Entry._base_manager.filter(pk__gte=middle).order_by("pk").values_list("recorded_at", flat=True).first()
        if at is not None and at < since:
            low = middle
        else:
            high = middle - 1
    return low
