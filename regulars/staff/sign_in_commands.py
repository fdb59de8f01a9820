"""For those who are locked out: a new password, and a second step that is lost, from the command line."""

from __future__ import annotations

import click

from regulars.core import commands
from regulars.core.commands import json_option
from regulars.staff.actions.passwords import GOOD_FOR, password_link
from regulars.staff.actions.second_step import reset_second_step
from regulars.staff.facts import PasswordLinkAsked
from regulars.staff.models import User
from regulars.timeline.actions import record


@click.command()
@click.argument("email")
@json_option
def password(email: str, *, as_json: bool) -> None:
    """Print a link with which EMAIL chooses a new password, once and within the hour."""
    person = _person(email)
    link = password_link(person)
    record(PasswordLinkAsked(email=person.email, how="command line"), subject=person)
    minutes = int(GOOD_FOR.total_seconds() // 60)
    commands.report(
        {"email": person.email, "link": link, "good_for_minutes": minutes},
        as_json=as_json,
        sentence=f"{link}\n\nGood once, and for {minutes} minutes. A second step is asked for as before.",
    )


@click.command(name="second-step")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def second_step(email: str, *, yes: bool, as_json: bool) -> None:
    """Take app, passkeys and recovery codes of EMAIL, who lost them, and sign them out everywhere."""
    person = _person(email)
    if not yes:
        click.confirm(f"Take the second step of {person.name} ({person.email})?", abort=True, err=True)
    reset_second_step(person, by=None)
    sentence = f"The second step of {person.email} is reset. The password alone opens the door now."
    commands.report({"email": person.email, "is_reset": True}, as_json=as_json, sentence=sentence)


def _person(email: str) -> User:
    person = User.objects.select_related("definition").filter(email=email.strip().lower(), is_active=True).first()
    if person is None:
        raise click.UsageError(f"Nobody with the e-mail {email} is let in here.")
    return person
