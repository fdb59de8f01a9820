"""People on the command line: for whoever runs the machine, also where nobody can sign in any more.

The command line gives and takes every role; only the last owner stays.
"""

from __future__ import annotations

from typing import Any

import click
from django.conf import settings
from django.urls import reverse

from regulars.core import commands
from regulars.core.commands import json_option
from regulars.staff import queries
from regulars.staff.actions import change_colleague, invite, let_go, switch_off, switch_on
from regulars.staff.models import Team, User


@click.command(name="list")
@json_option
def list_people(*, as_json: bool) -> None:
    """List everybody who works here, or did."""
    people = [_figures(person) for person in queries.people_list()]
    lines = [
        f"{person['email']:36} {person['role']:14} {person['state']:8} "
        f"{'second step' if person['has_second_step'] else '-':12} {person['name']}"
        for person in people
    ]
    commands.report({"people": people}, as_json=as_json, sentence="\n".join(lines) or "Nobody works here yet.")


@click.command(name="invite")
@click.argument("email")
@click.option("--role", required=True, help="The key of a role: owner, manager, agent … or one of the shop's own.")
@click.option("--name", default="", help="What they are called; they can write it otherwise themselves.")
@click.option("--team", "teams", multiple=True, help="The name of a team; may be given several times.")
@json_option
def invite_command(email: str, role: str, name: str, teams: tuple[str, ...], *, as_json: bool) -> None:
    """Invite EMAIL to work here. The link is shown this once; it works once, for seven days."""
    made, token = invite(by=None, email=email, role=_role(role), name=name, teams=[_team(team) for team in teams])
    link = settings.PUBLIC_URL + reverse("staff:accept", args=[token])
    figures = {
        "id": made.public_id,
        "email": made.email,
        "role": made.role,
        "teams": list(teams),
        "expires_at": made.expires_at.isoformat(timespec="seconds"),
        "link": link,
    }
    commands.report(figures, as_json=as_json, sentence=f"{link}\n\n{made.email} can open it once, for seven days.")


@click.command(name="role")
@click.argument("email")
@click.argument("role")
@json_option
def role_command(email: str, role: str, *, as_json: bool) -> None:
    """Give the person with EMAIL another ROLE, by its key. They are signed out of every browser."""
    person = change_colleague(_person(email), by=None, role=_role(role))
    _report(person, as_json=as_json, sentence=f"{person.name} is {person.role_name} now.")


@click.command(name="off")
@click.argument("email")
@click.option("--leaves", is_flag=True, help="They leave the shop: tokens, invitations and teams end, too.")
@click.option("--hand-to", help="The e-mail of whoever takes over what they look after; else nobody. With --leaves.")
@json_option
def off_command(email: str, hand_to: str | None, *, leaves: bool, as_json: bool) -> None:
    """Let the person with EMAIL in no more, and sign them out of every browser."""
    person = _person(email)
    if not leaves:
        if hand_to:
            raise click.UsageError("Only who leaves hands over what they look after; add --leaves.")
        ended = switch_off(person, by=None)
        person.refresh_from_db()
        sentence = f"{person.name} is switched off; {ended} browsers were signed out."
        _report(person, as_json=as_json, sentence=sentence, sessions=ended)
        return
    done = let_go(person, by=None, successor=_person(hand_to) if hand_to else None)
    person.refresh_from_db()
    said = ", ".join(done.duties) or "nothing"
    sentence = (
        f"{person.name} has left: {done.sessions} browsers signed out, {len(done.tokens)} tokens revoked, "
        f"{len(done.invitations)} invitations withdrawn; handed over: {said}."
    )
    _report(
        person,
        as_json=as_json,
        sentence=sentence,
        sessions=done.sessions,
        tokens=list(done.tokens),
        invitations=list(done.invitations),
        left_teams=list(done.teams),
        handed_over=done.handed_over,
    )


@click.command(name="on")
@click.argument("email")
@json_option
def on_command(email: str, *, as_json: bool) -> None:
    """Let the person with EMAIL in again."""
    person = switch_on(_person(email), by=None)
    _report(person, as_json=as_json, sentence=f"{person.name} can sign in again.")


def _report(person: User, *, as_json: bool, sentence: str, **more: Any) -> None:
    found = queries.people_list().get(pk=person.pk)
    commands.report({**_figures(found), **more}, as_json=as_json, sentence=sentence)


def _figures(person: Any) -> dict[str, Any]:
    return {
        "id": person.public_id,
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "teams": [team.name for team in person.teams.all()],
        "state": "left" if person.left_at else "active" if person.is_active else "off",
        "has_second_step": person.has_second_step,
        "seen_at": person.seen_at.isoformat(timespec="seconds") if person.seen_at else None,
    }


def _person(email: str) -> User:
    found = User.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise click.UsageError(f"Nobody with the e-mail {email} works here; “regulars staff list” shows everybody.")
    return found


def _role(key: str) -> str:
    keys = [line.key for line in queries.role_list()]
    if key not in keys:
        raise click.UsageError(f"There is no role {key}. There are: {', '.join(keys)}.")
    return key


def _team(name: str) -> Team:
    found = Team.objects.filter(name__iexact=name.strip()).first()
    if found is None:
        raise click.UsageError(f"There is no team {name}.")
    return found
