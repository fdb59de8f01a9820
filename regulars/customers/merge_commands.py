"""`regulars duplicates merge` and `regulars duplicates unmerge`."""

from __future__ import annotations

import click
from django.utils.translation import gettext as _

from regulars.core import commands
from regulars.core.errors import Invalid
from regulars.customers.actions.merging import merge, unmerge
from regulars.customers.models import Customer, MergeLink


@click.command(name="merge")
@click.argument("keep")
@click.argument("others", nargs=-1, required=True)
@commands.json_option
def merge_command(*, keep: str, others: tuple[str, ...], as_json: bool) -> None:
    """Make customers one person: KEEP stays, and shows of OTHERS what it lacks. All are ids of customers.

    Nothing moves, and “regulars duplicates unmerge” takes it back at any time.
    """
    kept = _customer(keep)
    links = merge(keep=kept, others=[_customer(one) for one in others])
    commands.report(
        {"kept": kept.public_id, "merges": [link.public_id for link in links]},
        as_json=as_json,
        sentence=_("Merged into %(name)s: %(merges)s.")
        % {"name": kept, "merges": ", ".join(f"{link.merged} ({link.public_id})" for link in links)},
    )


@click.command(name="unmerge")
@click.argument("merge_id", metavar="MERGE")
@commands.json_option
def unmerge_command(*, merge_id: str, as_json: bool) -> None:
    """Take a merge back, by its id: each record has again what is its own."""
    link = MergeLink.objects.filter(pk=MergeLink.pk_of(merge_id) or 0).first()
    if link is None:
        raise _nobody(merge_id)
    apart = unmerge(link)
    commands.report(
        {"customer": apart.public_id},
        as_json=as_json,
        sentence=_("%(name)s is a customer of their own again.") % {"name": apart},
    )


def _customer(public_id: str) -> Customer:
    known = Customer.everyone.select_related("merged_into").filter(pk=Customer.pk_of(public_id) or 0).first()
    if known is None:
        raise _nobody(public_id)
    return known.person


def _nobody(public_id: str) -> Invalid:
    sentence = _("There is nothing with the id %(id)s here.") % {"id": public_id}
    return Invalid(sentence, fields={"id": [sentence]})
