"""`regulars demo`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click
from django.utils.translation import gettext as _

from regulars.core import commands

_MOST_CUSTOMERS = 20_000_000


@click.command(name="demo")
@click.option(
    "--customers",
    type=click.IntRange(1, _MOST_CUSTOMERS),
    metavar="N",
    help="Make up N customers with years of orders, instead of the real shop's.",
)
@click.option("--seed", type=click.IntRange(1), default=1, show_default=True, help="The same seed, the same people.")
@click.option(
    "--orders-per-customer", type=click.FloatRange(0, 1000), default=5.0, show_default=True, help="On the average."
)
@click.option(
    "--dates",
    type=click.Choice(["recent", "original"]),
    default="recent",
    show_default=True,
    help="Bring the real shop's orders up to last week, or leave them in 2010 and 2011.",
)
@commands.json_option
def demo_command(*, customers: int | None, seed: int, orders_per_customer: float, dates: str, as_json: bool) -> None:
    """Load the demo shop: a year of a real gift shop's orders, with invented people.

    With --customers, a shop of any size is made up from a seed; it may come on top of what is there.
    """
    # numpy and Arrow take a while to come in; no other command needs them
    from regulars.config.demo import large, shop

    if customers is None:
        loaded = shop.load_shop(say=say, keeps_dates=dates == "original")
        figures: dict[str, Any] = asdict(loaded)
        sentence = _("The demo shop is in: %(customers)s customers, %(rows)s order lines, in %(seconds)s seconds.") % {
            "customers": f"{loaded.customers.created:,}",
            "rows": f"{loaded.orders.rows:,}",
            "seconds": loaded.seconds,
        }
    else:
        made = large.load_large(customers=customers, seed=seed, orders_per_customer=orders_per_customer, say=say)
        figures = asdict(made)
        sentence = _("%(customers)s customers and %(orders)s orders are in, after %(seconds)s seconds.") % {
            "customers": f"{made.customers:,}",
            "orders": f"{made.orders:,}",
            "seconds": made.seconds,
        }
    commands.report(figures, as_json=as_json, sentence=sentence)


def say(sentence: str) -> None:
    """Progress, on standard error: one line that is written over on a terminal, one line each elsewhere."""
    is_watched = sys.stderr.isatty()
    click.echo(f"\r\033[K{sentence}" if is_watched else sentence, err=True, nl=not is_watched)
