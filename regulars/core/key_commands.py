"""`regulars keys …`: which keys there are, new ones, and older ones out of the ring."""

from __future__ import annotations

import click

from regulars.core.commands import json_option, report


@click.command()
@json_option
def list_command(*, as_json: bool) -> None:
    """The shop's keys by their ids, the current one first, and what needs each."""
    from regulars.core import rotation

    found = rotation.uses()
    lines = []
    for used in found:
        needs = [*used.wraps, *(["database file"] if used.has_database else [])]
        mark = "current" if used.is_current else "older"
        lines.append(f"{used.id}  {mark:<7}  {', '.join(needs) or 'older backups at most'}")
    figures = [
        {"id": one.id, "current": one.is_current, "wraps": list(one.wraps), "database": one.has_database}
        for one in found
    ]
    report({"keys": figures}, as_json=as_json, sentence="\n".join(lines))


@click.command()
@click.option("--data", is_flag=True, help="Also seal all data anew with new keys of their own; takes longer.")
@json_option
def rotate_command(*, data: bool, as_json: bool) -> None:
    """Make a new key and lock everything with it. Cut short, run it again: it goes on."""
    from regulars.core import rotation

    def say(sentence: str) -> None:
        if not as_json:
            click.echo(sentence)

    key = rotation.rotate(say=say)
    count = rotation.renew_data(say=say) if data else 0
    sentence = f"Done. {count} rows and files were sealed anew." if data else "Done."
    report({"current": key.id, "sealed_anew": count}, as_json=as_json, sentence=sentence)


@click.command()
@click.argument("key_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Backups that were made under this key cannot be opened any more.")
def drop_command(*, key_id: str, yes: bool) -> None:
    """Take an older key out of the ring, when nothing is locked with it any more."""
    from regulars.core import rotation

    if not yes:
        raise click.UsageError("Backups made under this key could not be opened any more. Add --yes if that is right.")
    rotation.drop(key_id)
    click.echo(f"{key_id} is gone from the ring.")


@click.command()
@click.option("--yes", is_flag=True, help="Notes, dates of birth and the rest will stand in the database plainly.")
def unseal_command(*, yes: bool) -> None:
    """Write all sealed values plainly again, to go back to a version that knows no sealing."""
    from regulars.core import resealing

    if not yes:
        raise click.UsageError("Everything sealed would stand in the database plainly. Add --yes if that is right.")
    click.echo(f"{resealing.open_all()} rows were opened.")
