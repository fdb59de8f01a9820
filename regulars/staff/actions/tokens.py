"""Keys for programs: made with a part of what their owner may do, for a time, and revoked at once."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import re
import secrets
from collections.abc import Collection, Iterable
from http import HTTPStatus
from typing import ClassVar

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Refusal
from regulars.core.text import BadText, clean
from regulars.core.unless_busy import unless_busy
from regulars.staff.facts import TokenCreated, TokenRevoked
from regulars.staff.models import ApiToken, User
from regulars.staff.roles import PERMISSIONS
from regulars.timeline.actions import record

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SHAPE = re.compile(rf"rgl_[{_ALPHABET}]{{8}}_[{_ALPHABET}]{{40}}", re.ASCII)  # 200 random bits in the secret
_NOTICED_AFTER = dt.timedelta(minutes=1)
_NETWORKS = 20

USUALLY = dt.timedelta(days=90)
LONGEST = dt.timedelta(days=732)


class NotFromHere(Refusal):
    """The token is good, but not from this address."""

    status: ClassVar[int] = HTTPStatus.FORBIDDEN
    slug: ClassVar[str] = "not-allowed"


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    expires_at: dt.datetime | None = None,
    networks: Iterable[str] = (),
    by: User | None = None,
) -> tuple[ApiToken, str]:
    """Make a key for a program, and return it with its text, which can be seen this once.

    Scopes are permissions; none may go beyond what its owner has. It ends after ninety days where nothing is said, and
    after two years at the latest. `networks` are the addresses it may come from, all where there is none. `by` is who
    makes it; None is the command line. Raises Invalid.
    """
    wrong: dict[str, list[str]] = {}
    try:
        name = clean(name, limit=80)
    except BadText as bad:
        wrong["name"] = [str(bad)]
    else:
        if not name:
            wrong["name"] = [_("Say what the token is for.")]
    if why := _wrong_scopes(user, scopes):
        wrong["scopes"] = why
    now = timezone.now()
    expires_at = expires_at or now + USUALLY
    if expires_at <= now:
        wrong["expires_at"] = [_("This moment has passed.")]
    elif expires_at > now + LONGEST:
        wrong["expires_at"] = [_("A token ends after two years at the latest.")]
    allowed, why_not = _networks(networks)
    if why_not:
        wrong["networks"] = why_not
    if wrong:
        raise Invalid(_("The token cannot be made like this."), fields=wrong)
    hint = _random(8)
    plain = f"rgl_{hint}_{_random(40)}"
    token = ApiToken.objects.create(
        user=user,
        made_by=by,
        name=name,
        hash=_hash(plain),
        hint=hint,
        scopes=sorted(set(scopes)),
        networks=allowed,
        expires_at=expires_at,
    )
    fact = TokenCreated(
        token=name,
        owner=user.email,
        scopes=tuple(token.scopes),
        until=expires_at.isoformat(timespec="seconds"),
        networks=tuple(allowed),
    )
    record(fact, subject=token)
    return token, plain


@transaction.atomic
def revoke_token(token: ApiToken) -> ApiToken:
    """Let the program in no more, from the next call on. Revoking twice is the same as once."""
    token = ApiToken.objects.select_related("user").select_for_update(of=("self",)).get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = token.updated_at = timezone.now()
        token.version += 1
        token.save(update_fields=["revoked_at", "updated_at", "version"])
        record(TokenRevoked(token=token.name, owner=token.user.email), subject=token)
    return token


def find_token(plain: str, *, address: str = "") -> ApiToken | None:
    """The valid token of that text, or None; notes that it is used, once a minute at most.

    Raises NotFromHere where it is bound to other addresses than this one.

    The hash is a plain SHA-256: the secret is random and long, so that there is nothing to guess slowly.
    """
    if not _SHAPE.fullmatch(plain):
        return None
    token = ApiToken.objects.select_related("user__definition").filter(hash=_hash(plain)).first()
    if token is None or not token.is_valid:
        return None
    if not token.may_come_from(address):
        raise NotFromHere(_("This token is not let in from the address %(address)s.") % {"address": address})
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - _NOTICED_AFTER:
        unnoticed = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _NOTICED_AFTER)
        row = ApiToken.objects.filter(unnoticed, pk=token.pk)
        unless_busy(lambda: row.update(last_used_at=now))  # no program waits for that behind a long writer
    return token


def _wrong_scopes(user: User, scopes: Collection[str]) -> list[str]:
    """Why these scopes cannot be given, in sentences."""
    if not scopes:
        return [_("A token without a scope can do nothing; name at least one.")]
    wrong = [
        _("“%(scope)s” is not a permission. There are: %(all)s.") % {"scope": scope, "all": ", ".join(PERMISSIONS)}
        for scope in sorted(set(scopes))
        if scope not in PERMISSIONS
    ]
    wrong += [
        _("%(name)s may not do “%(scope)s”, so a token of theirs may not, either.")
        % {"name": user.name, "scope": scope}
        for scope in sorted(set(scopes))
        if scope in PERMISSIONS and not user.may(scope)
    ]
    return wrong


def _networks(said: Iterable[str]) -> tuple[list[str], list[str]]:
    """The networks as they are kept, and why some are none."""
    found, wrong = [], []
    for text in said:
        try:
            found.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError:
            wrong.append(_("“%(text)s” is not an address, like 203.0.113.7 or 203.0.113.0/24.") % {"text": text[:60]})
    if len(found) > _NETWORKS:
        wrong.append(_("These are more than %(limit)s addresses. Name a network instead.") % {"limit": _NETWORKS})
    return list(dict.fromkeys(found)), wrong


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _letter in range(length))


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
