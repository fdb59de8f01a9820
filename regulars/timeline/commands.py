"""regulars audit: seal, verify, export."""

from __future__ import annotations

from typing import Any, TextIO

import click

from regulars.core import commands


@click.command()
@commands.json_option
def seal(*, as_json: bool) -> None:
    """Seal everything that was recorded until now. The worker does so every minute."""
    from regulars.timeline.actions import seal_entries, take_in_reads

    taken, sealed = take_in_reads(), seal_entries()
    commands.report({"sealed": sealed, "taken_in": taken}, as_json=as_json, sentence=f"Sealed {sealed} entries.")


@click.command()
@commands.json_option
@click.pass_context
def verify(context: click.Context, *, as_json: bool) -> None:
    """Prove that nobody changed the log: names the first bad entry or seal, and ends with 1 where there is one."""
    from regulars.timeline import audit

    report = audit.verify()
    audit.keep_result(report)
    commands.report(report.figures, as_json=as_json, sentence=_sentence(report))
    context.exit(0 if report.is_sound else 1)


@click.command()
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=False))
@click.option("--since", help="From this day or moment on: 2026-11-01, 2026-11-01T08:00.")
@click.option("--until", help="Before this day or moment.")
@click.option("--customer", help="Of one customer, by their id (cus_…) or number.")
@click.option("--actor", help="Of one colleague, by their e-mail or id (usr_…).")
@click.option("--reason", default="", help="What it is for; kept in the log.")
def export(
    *, file: TextIO, since: str | None, until: str | None, customer: str | None, actor: str | None, reason: str
) -> None:
    """Write the log as JSON Lines with the digests of the entries, into a file or to - (standard output)."""
    from regulars.timeline.exporting import Part, write_log

    part = Part.read(since=since, until=until, customer=customer, actor=actor)
    count = write_log(file, part, reason=reason or "regulars audit export")
    # standard output is for the lines alone
    click.echo(f"Wrote {count} entries.", err=True)


def _sentence(report: Any) -> str:
    rate = report.entries / report.seconds if report.seconds else 0
    lines = [f"{report.entries} entries under {report.seals} seals, in {report.seconds:.1f} s ({rate:,.0f} a second)."]
    if report.unsealed:
        lines.append(f"{report.unsealed} entries are younger than the last seal and not proven yet.")
    if report.problem is None:
        until = f"{report.until[:19]} UTC" if report.until else "nothing was sealed yet"
        lines.append(f"The log is as it was, until {until}.")
    else:
        lines.append(f"Wrong: {report.problem.sentence}")
    return "\n".join(lines)
