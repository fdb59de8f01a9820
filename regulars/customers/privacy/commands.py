"""`regulars privacy …`: copy, erase, verify, retention, requests."""

from __future__ import annotations

import json
from pathlib import Path

import click
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core import commands
from regulars.core.errors import Invalid
from regulars.customers.models import Customer, Erasure
from regulars.customers.privacy import certifying, queries, retention
from regulars.customers.privacy.identifying import Needle, spelled
from regulars.customers.privacy.previewing import preview
from regulars.customers.privacy.searching import search
from regulars.timeline.actions import acting
from regulars.timeline.models import Source


@click.command(name="copy")
@click.argument("customer_id", metavar="CUSTOMER")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@commands.json_option
def copy_command(*, customer_id: str, file: Path, as_json: bool) -> None:
    """Write everything that is known of a person into a ZIP file: JSON, pages to read, and their files."""
    from regulars.customers.actions.privacy import make_copy

    customer = _found(customer_id)
    with acting(None, Source.SYSTEM), file.open("xb") as stream:
        file.chmod(0o600)
        copy = make_copy(customer, stream)
    rows = sum(len(found) for found in copy["data"].values())
    commands.report(
        {"file": str(file), "rows": rows, "files": len(copy["files"]), "digest": copy["digest"]},
        as_json=as_json,
        sentence=_("%(rows)s rows and %(files)s files are in %(file)s.")
        % {"rows": rows, "files": len(copy["files"]), "file": file},
    )


@click.command(name="erase")
@click.argument("customer_id", metavar="CUSTOMER")
@click.option("--preview", "is_preview", is_flag=True, help="Say what would go and stay; change nothing.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask. It cannot be taken back.")
@commands.json_option
def erase_command(*, customer_id: str, is_preview: bool, is_sure: bool, as_json: bool) -> None:
    """Erase a person, search everything for what is left, and print the certificate."""
    from regulars.customers.actions import erasing

    customer = _found(customer_id)
    seen = preview(customer)
    if is_preview:
        lines = [
            *(f"- {one.what}: {one.count}" for one in seen.goes),
            *(f"+ {one.what}: {one.count}. {one.reason}" for one in seen.stays),
            *(f"! {reason}" for reason in (*seen.hinders, *seen.forbids)),
        ]
        commands.report(seen.plain(), as_json=as_json, sentence="\n".join(lines))
        return
    if not is_sure:
        for reason in seen.hinders:
            click.echo(reason, err=True)
        click.confirm(_("Erase this person? It cannot be taken back."), abort=True)
    with acting(None, Source.SYSTEM):
        erasure = erasing.erase_now(customer)
    _say(erasure, as_json=as_json)


@click.command(name="verify")
@click.option("--case", metavar="CASE", default="", help="Check the seal of a certificate, and that nobody came back.")
@click.option("--search", "texts", metavar="TEXT", multiple=True, help="Look for a text in all tables and files.")
@commands.json_option
def verify_command(*, case: str, texts: tuple[str, ...], as_json: bool) -> None:
    """Check certificates of erasures, or search every table and file for a name, an e-mail or a number."""
    from regulars.customers.actions import erasing

    if texts:
        needles = [Needle("phone" if _is_number(text) else "email" if "@" in text else "name", text) for text in texts]
        searched = search(spelled(needles))
        found = sum(hit.rows for hit in searched.hits)
        lines = [f"{hit.place}: {hit.rows}" for hit in searched.hits]
        said = ngettext("%(n)s place has it.", "%(n)s places have it.", len(lines)) % {"n": len(lines)}
        commands.report(
            {"found": found, "places": lines, "tables": searched.tables, "files": searched.files},
            as_json=as_json,
            sentence="\n".join([*lines, said]),
        )
        raise SystemExit(1 if found else 0)
    cases = [erasing.find_erasure(case)] if case else list(Erasure.objects.exclude(signature="").order_by("pk"))
    wrong = [one.public_id for one in cases if not certifying.is_true(one)]
    back = sorted(set(erasing.erased_ids()) & set(Customer.everyone.values_list("pk", flat=True)))
    sentence = (
        _("%(count)s certificates are as they were sealed, and nobody who was erased is back.") % {"count": len(cases)}
        if not wrong and not back
        else _("Changed certificates: %(wrong)s. Erased records that are back: %(back)s.")
        % {"wrong": ", ".join(wrong) or "0", "back": len(back)}
    )
    commands.report(
        {"certificates": len(cases), "changed": wrong, "back": len(back)}, as_json=as_json, sentence=sentence
    )
    raise SystemExit(1 if wrong or back else 0)


@click.command(name="retention")
@click.option("--preview", "is_preview", is_flag=True, help="Say who would go tonight, and change nothing.")
@commands.json_option
def retention_command(*, is_preview: bool, as_json: bool) -> None:
    """Carry out the retention rules that are on, as every night; with --preview, say what all of them would do."""
    from regulars.customers.actions import retention as verbs

    if is_preview:
        found = {}
        for setting in retention.set_now():
            would = retention.would(setting)
            found[setting.rule.key] = {
                "is_on": setting.is_on,
                "months": setting.months,
                "people": would.count,
                "excluded": would.excluded,
                "files": would.files,
                "entries": would.entries,
            }
        lines = [
            f"{key}: {one['people']} people, {one['files']} files, {one['entries']} entries, {one['excluded']} stay"
            f"{'' if one['is_on'] else ' (off)'}"
            for key, one in found.items()
        ]
        commands.report({"rules": found}, as_json=as_json, sentence="\n".join(lines))
        return
    with acting(None, Source.SYSTEM):
        count = verbs.keep_rules()
    commands.report({"count": count}, as_json=as_json, sentence=_("%(count)s went.") % {"count": count})


@click.command(name="requests")
@commands.json_option
def requests_command(*, as_json: bool) -> None:
    """List the privacy requests that wait for an answer, the earliest due first."""
    found = [
        {"id": one.public_id, "kind": one.kind, "law": one.law, "due_on": one.due_on.isoformat()}
        for one in queries.requests(state="open")
    ]
    lines = [f"{one['due_on']}  {one['id']}  {one['kind']}" for one in found]
    commands.report({"requests": found}, as_json=as_json, sentence="\n".join(lines) or _("Nobody waits."))


def _found(customer_id: str) -> Customer:
    customer = Customer.everyone.filter(pk=Customer.pk_of(customer_id) or 0).first()
    if customer is None:
        raise Invalid(_("There is no customer “%(id)s”.") % {"id": customer_id[:40]}, fields={})
    return customer.person


def _say(erasure: Erasure, *, as_json: bool) -> None:
    text = json.dumps(erasure.certificate, ensure_ascii=False, indent=1)
    figures = {"case": erasure.public_id, "state": erasure.state, "certificate": erasure.certificate}
    commands.report(figures, as_json=as_json, sentence=text)


def _is_number(text: str) -> bool:
    return sum(map(str.isdigit, text)) > len(text) // 2
