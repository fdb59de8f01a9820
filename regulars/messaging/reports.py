"""What services report: kept sealed as it came before they are told that we have it, read by a job, forgotten then."""

from __future__ import annotations

import datetime as dt
import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import sealing
from regulars.core.background import background, every
from regulars.messaging import choices, incoming, receipts
from regulars.messaging.models import Account, Report
from regulars.messaging.providers import transport
from regulars.messaging.providers.base import (
    Attached,
    Away,
    Became,
    Knock,
    Link,
    Mailed,
    Provider,
    Refused,
    Said,
    Unreadable,
)
from regulars.messaging.providers.registry import provider_of
from regulars.staff.policy import verb

State = Report.State

# for so long a file that cannot be fetched keeps its message waiting; then that comes without it
_PATIENCE = dt.timedelta(minutes=5)
_KEPT = dt.timedelta(days=30)
_AT_ONCE = 500


def place_of(pk: int) -> str:
    """What the body of a report is bound to."""
    return f"messaging_report.body/{pk}"


@verb
def store(account: Account, body: bytes, *, headers: Mapping[str, str], at: dt.datetime) -> Report:
    """Keep a report, to be read after the commit. A second one with the same words is the one that is there."""
    digest = hashlib.sha256(body).hexdigest()
    report, is_new = Report.objects.get_or_create(
        account=account, digest=digest, defaults={"headers": dict(headers), "received_at": at}
    )
    if is_new:
        report.body = sealing.seal_secret(b64encode(body).decode(), place_of(report.pk))
        report.save(update_fields=["body"])
        read_report.later(report_id=report.pk)
    return report


@background(retries=5, label=gettext_lazy("Read what a message service reports"), leaves=True)
def read_report(*, report_id: int) -> None:
    """Take in all that a report tells. What is not understood stays visible, and can be read again."""
    report = Report.objects.select_related("account").filter(pk=report_id).exclude(state=State.READ).first()
    if report is None:
        return
    provider = provider_of(report.account.provider)
    if provider is None:
        _fail(report, _("No service of that name is known."))
        return
    try:
        told = provider.read(_knock(report), transport.link_of(report.account))
    except (Unreadable, sealing.Damaged) as problem:
        _fail(report, str(getattr(problem, "sentence", "")) or _("The body was changed, and does not open."))
        return
    try:
        for one in told:
            if isinstance(one, Became):
                _settle(report.account, one)
            elif isinstance(one, Mailed):
                incoming.tell_mail(one.raw, report.account)
            else:
                _hear(report, provider, one)
    except Refused as later:
        # a file that cannot be fetched for now
        Report.objects.filter(pk=report.pk).update(problem=later.sentence[:500])
        raise
    except Exception as error:
        _fail(report, _("Reading it failed: %(error)s") % {"error": type(error).__name__})
        raise
    Report.objects.filter(pk=report.pk).update(
        state=State.READ, problem="", body="", headers={}, read_at=timezone.now()
    )


@verb
def read_again(reports: QuerySet[Report]) -> int:
    """Let these be read once more; how many those were. What was read already is forgotten, and left out."""
    ids = list(reports.filter(state=State.FAILED).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    Report.objects.filter(pk__in=ids).update(state=State.WAITING, problem="")
    for pk in ids:
        read_report.later(report_id=pk)
    return len(ids)


def body_of(report: Report) -> bytes:
    """What came, byte by byte; nothing where it was read. Raises Damaged."""
    return b64decode(sealing.open_secret(report.body, place_of(report.pk)))


@every("03:55", label=gettext_lazy("Forget old reports of message services"))
def forget_old() -> int:
    """Forget reports after thirty days: that one was read before, and what nobody understood."""
    return Report.objects.filter(received_at__lt=timezone.now() - _KEPT).exclude(state=State.WAITING).delete()[0]


def _knock(report: Report) -> Knock:
    return Knock(headers=report.headers, query={}, body=body_of(report), urls=(), at=report.received_at)


def _hear(report: Report, provider: Provider, said: Said) -> None:
    account = report.account
    link = transport.link_of(account)
    fetched, missing = [], []
    for place, file in enumerate(said.files, 1):
        try:
            fetched.append(_fetched(provider, file, link, place))
        except Refused as refusal:
            if not refusal.is_final and timezone.now() - report.received_at < _PATIENCE:
                raise
            missing.append(
                _("(A file did not come through: %(name)s. %(why)s)")
                % {"name": file.name or file.media_type or _("file"), "why": refusal.sentence}
            )
    data = dict(said.data)
    is_notice = bool(data.pop("is_notice", False))
    incoming.tell(
        incoming.Incoming(
            account_id=account.pk,
            way=account.way,
            provider_id=said.provider_id,
            sender=said.sender,
            sender_name=said.sender_name,
            text="\n".join([*filter(None, [said.text]), *missing]),
            files=fetched,
            at=said.at,
            in_reply_to=said.in_reply_to,
            language=said.language,
            choice=said.choice or choices.choice_of(said.text, account.way),
            is_notice=is_notice,
            data=data,
        )
    )


def _fetched(provider: Provider, file: Away, link: Link, place: int) -> Attached:
    if file.size > provider.largest_file:
        raise Refused(
            _("A file is too large: this way takes %(size)s MB.") % {"size": provider.largest_file // 1_000_000},
            is_final=True,
        )
    found = transport.asked(provider.fetch(file, link))
    return Attached(found.name or file.name or _("file %(number)s") % {"number": place}, found.media_type, found.data)


def _settle(account: Account, became: Became) -> None:
    receipts.apply(
        receipts.Receipt(
            account_id=account.pk,
            provider_id=became.provider_id,
            kind=became.kind,
            at=became.at,
            event_id=f"{account.pk} {became.event_id}"[:250],
            detail=became.detail,
            is_hard=became.is_hard,
            reason=became.reason,
        )
    )


def _fail(report: Report, problem: str) -> None:
    Report.objects.filter(pk=report.pk).update(state=State.FAILED, problem=problem[:500])
