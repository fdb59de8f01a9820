"""The nightly proof of the whole log. Its result stands on the start page and on the audit page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from regulars.core.background import every
from regulars.timeline import audit
from regulars.timeline.actions import record, seal_entries
from regulars.timeline.facts import AuditFailed


@every("03:50", label=gettext_lazy("Prove the audit log"))
def prove_log() -> None:
    """Compare every entry with its seal, and raise the alarm where one is not as it was."""
    seal_entries()
    report = audit.verify()
    audit.keep_result(report)
    if report.problem is not None:
        record(AuditFailed(problem=report.problem.sentence))
