"""Tokens on the command line."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
from django.utils import timezone

from regulars.core import commands
from regulars.core.commands import json_option
from regulars.staff.actions import create_token, revoke_token
from regulars.staff.models import ApiToken, User
from regulars.staff.roles import PERMISSIONS, Role


@click.command()
@click.option("--name", required=True, help="What the token is for, such as “till” or “web shop”.")
@click.option("--scopes", required=True, help=f"Permissions, separated by commas: {', '.join(PERMISSIONS)}.")
@click.option("--user", "email", help="The e-mail of its owner; else the shop's owner.")
@click.option("--days", type=click.IntRange(1, 730), default=90, help="Expires after that many days; 90 unless said.")
@click.option("--from", "networks", multiple=True, help="An address or network it may come from; may be given again.")
@json_option
def create(name: str, scopes: str, email: str | None, days: int, networks: tuple[str, ...], *, as_json: bool) -> None:
    """Make a token. Its text is shown this once."""
    expires_at = timezone.now() + dt.timedelta(days=days)
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    token, plain = create_token(user=_owner(email), name=name, scopes=wanted, expires_at=expires_at, networks=networks)
    commands.report(
        {**_figures(token), "token": plain},
        as_json=as_json,
        sentence=f"{plain}\n\nKeep it now: it is not shown again. Its id is {token.public_id}.",
    )


@click.command(name="list")
@json_option
def list_tokens(*, as_json: bool) -> None:
    """List all tokens, the newest first."""
    tokens = [_figures(token) for token in ApiToken.objects.select_related("user", "made_by")]
    lines = [
        f"{token['id']}  rgl_{token['hint']}_…  {token['state']:8}  {token['name']} ({token['owner']}): "
        f"{', '.join(token['scopes'])}"
        for token in tokens
    ]
    commands.report({"tokens": tokens}, as_json=as_json, sentence="\n".join(lines) or "There is no token yet.")


@click.command()
@click.argument("token")
@json_option
def revoke(token: str, *, as_json: bool) -> None:
    """Revoke TOKEN (its id tok_…, or the eight letters after rgl_)."""
    found = ApiToken.objects.filter(pk=ApiToken.pk_of(token) or 0).first()
    if found is None:
        hint = token.removeprefix("rgl_").partition("_")[0]
        found = ApiToken.objects.filter(hint=hint).first()
    if found is None:
        raise click.UsageError(f"There is no token {token[:24]}; “regulars token list” shows them.")
    found = revoke_token(found)
    commands.report(_figures(found), as_json=as_json, sentence=f"“{found.name}” is revoked.")


def _owner(email: str | None) -> User:
    if email is None:
        owner = User.objects.filter(role=Role.OWNER, is_active=True).order_by("id").first()
        if owner is None:
            raise click.UsageError("The shop has no owner yet; name somebody with --user.")
        return owner
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        raise click.UsageError(f"Nobody with the e-mail {email} works here.")
    return user


def _figures(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.public_id,
        "name": token.name,
        "hint": token.hint,
        "owner": token.user.email,
        "scopes": token.scopes,
        "made_by": token.made_by.email if token.made_by else None,
        "from": token.networks,
        "state": _state(token),
        "expires_at": _iso(token.expires_at),
        "last_used_at": _iso(token.last_used_at),
        "created_at": _iso(token.created_at),
    }


def _state(token: ApiToken) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if token.is_valid:
        return "valid"
    return "expired" if token.user.is_active else "stopped"  # its owner is switched off


def _iso(at: dt.datetime | None) -> str | None:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
