"""Verbs of staff."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Collection

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.staff.facts import TokenCreated, TokenRevoked
from regulars.staff.models import ApiToken, User
from regulars.staff.roles import PERMISSIONS
from regulars.timeline.actions import record

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SHAPE = re.compile(rf"rgl_[{_ALPHABET}]{{8}}_[{_ALPHABET}]{{40}}", re.ASCII)  # 200 random bits in the secret
_NOTICED_AFTER = dt.timedelta(minutes=1)


@transaction.atomic
def create_token(
    *, user: User, name: str, scopes: Collection[str], expires_at: dt.datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a key for a program, and return it with its text, which can be seen this once.

    Scopes are permissions; none may go beyond what its owner has. Raises Invalid.
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
    if expires_at is not None and expires_at <= timezone.now():
        wrong["expires_at"] = [_("This moment has passed.")]
    if wrong:
        raise Invalid(_("The token cannot be made like this."), fields=wrong)
    hint = _random(8)
    plain = f"rgl_{hint}_{_random(40)}"
    token = ApiToken.objects.create(
        user=user, name=name, hash=_hash(plain), hint=hint, scopes=sorted(set(scopes)), expires_at=expires_at
    )
    record(TokenCreated(token=name, owner=user.email, scopes=tuple(token.scopes)), subject=token)
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


def find_token(plain: str) -> ApiToken | None:
    """The valid token of that text, or None; notes that it is used, once a minute at most.

    The hash is a plain SHA-256: the secret is random and long, so that there is nothing to guess slowly.
    """
    if not _SHAPE.fullmatch(plain):
        return None
    token = ApiToken.objects.select_related("user__definition").filter(hash=_hash(plain)).first()
    if token is None or not token.is_valid:
        return None
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - _NOTICED_AFTER:
        unnoticed = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _NOTICED_AFTER)
        ApiToken.objects.filter(unnoticed, pk=token.pk).update(last_used_at=now)
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


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _letter in range(length))


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
