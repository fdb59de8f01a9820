"""`regulars segment count|list|explain|parse`."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from regulars.core import commands
from regulars.core.errors import Refusal

_query = click.argument("query", metavar="'QUERY'")
_as_of = click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="As of the end of an earlier day: 2026-03-12.")
_engine = click.option(
    "--engine",
    type=click.Choice(["lake", "records", "reference"]),
    default="lake",
    show_default=True,
    help="Who answers: the lake; the records alone; or the definition of meaning, one customer after the other.",
)


def _answering(command: Callable[..., None]) -> Callable[..., None]:
    """With --json, what is refused is one JSON object as well; it ends with 2 as ever."""

    @wraps(command)
    def answered(*, as_json: bool, **options: Any) -> None:
        try:
            command(as_json=as_json, **options)
        except Refusal as refusal:
            if not as_json:
                raise
            click.echo(json.dumps({"error": _error(refusal)}, ensure_ascii=False))
            raise SystemExit(2) from None

    return answered


@click.command(name="count")
@_query
@_as_of
@_engine
@commands.json_option
@_answering
def count(*, query: str, as_of: dt.datetime | None, engine: Any, as_json: bool) -> None:
    """Say how many customers a query finds."""
    from regulars.segments.engine import asking

    node = asking.read(query)
    began = time.perf_counter()
    found = asking.count(node, as_of=_day(as_of), engine=engine)
    spent = round((time.perf_counter() - began) * 1000, 1)
    commands.report({"count": found, "ms": spent}, as_json=as_json, sentence=f"{found:,} customers, in {spent:,} ms.")


@click.command(name="list")
@_query
@_as_of
@_engine
@commands.json_option
@_answering
def list_(*, query: str, as_of: dt.datetime | None, engine: Any, as_json: bool) -> None:
    """Print the ids of the customers that a query finds, sorted."""
    from regulars.core.ids import encode
    from regulars.customers.models import Customer
    from regulars.segments.engine import asking

    found = asking.members(asking.read(query), as_of=_day(as_of), engine=engine)
    ids = sorted(encode(Customer.id_prefix, pk) for pk in found)
    commands.report({"count": len(ids), "ids": ids}, as_json=as_json, sentence="\n".join(ids))


@click.command(name="explain")
@_query
@click.option("--customer", "public_id", required=True, help="Of whom: their id (cus_…).")
@_as_of
@commands.json_option
@_answering
def explain(*, query: str, public_id: str, as_of: dt.datetime | None, as_json: bool) -> None:
    """Say for one customer which conditions of a query hold and why, and what would change the answer."""
    from regulars.core.errors import Invalid
    from regulars.customers.models import Customer
    from regulars.segments.engine import asking

    node = asking.read(query)
    customer = Customer.objects.filter(pk=Customer.pk_of(public_id) or 0).first()
    if customer is None:
        raise Invalid(f"There is no customer {public_id}.", fields={})
    found = asking.explain(node, customer, as_of=_day(as_of))
    lines = [f"{customer.name or public_id} is {'in' if found.is_in else 'not in'}."]
    lines += [f"  {'yes' if one.is_true else 'no ':3} {one.words}: {one.value}" for one in found.reasons]
    lines += [f"Would change it: {found.flip}"] if found.flip else []
    lines += [f"Changes by itself on {found.flips_on:%Y-%m-%d}."] if found.flips_on else []
    commands.report({"customer": public_id, **found.figures()}, as_json=as_json, sentence="\n".join(lines))


@click.command(name="parse")
@_query
@commands.json_option
@_answering
def parse(*, query: str, as_json: bool) -> None:
    """Say how a query is understood: its canonical text, a sentence, and the rows of the builder."""
    from regulars.segments import phrasing
    from regulars.segments.engine import asking
    from regulars.segments.language import builder
    from regulars.segments.vocabulary.words import words_for

    node = asking.read(query)
    canonical, sentence = asking.canonical(node), phrasing.sentence(node, words_for())
    figures = {"canonical": canonical, "sentence": sentence, "rows": builder.to_json(builder.rows_of(node))}
    commands.report(figures, as_json=as_json, sentence=f"{canonical}\n{sentence}")


def _day(as_of: dt.datetime | None) -> dt.date | None:
    return None if as_of is None else as_of.date()


def _error(refusal: Refusal) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": refusal.slug, "sentence": refusal.sentence}
    span = getattr(refusal, "span", None)
    if span is not None:
        said |= {"start": span[0], "end": span[1], "suggestion": getattr(refusal, "suggestion", None)}
    return said
