"""The files of notes: always a download, to whom may see the customer."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.core.sealing import Forgotten
from regulars.core.walls import is_shown
from regulars.customers.attachments import opened, path_of
from regulars.customers.models import Attachment
from regulars.customers.people import records
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires


@requires("customers.view")
@require_safe
def download(request: HttpRequest, public_id: str, attachment_id: str) -> FileResponse | HttpResponse:  # noqa: ARG001
    """A file as it came, to who sees notes in full. Whatever is in it, no browser runs it: it is saved, not shown."""
    customer = customer_or_404(public_id)
    files = Attachment.objects.filter(customer__in=records(customer), note__deleted_at=None)
    file = files.filter(pk=Attachment.pk_of(attachment_id) or 0).first()
    if file is None or not is_shown(Attachment, "name") or not path_of(file.key).is_file():
        raise Http404(_("There is no such file. Perhaps its note was deleted."))
    try:
        content = opened(file)
    except Forgotten as gone:
        raise Http404(_("There is no such file. Perhaps its note was deleted.")) from gone
    response = FileResponse(content, as_attachment=True, filename=file.name or _("file"), content_type=file.media_type)
    response["Content-Length"] = str(file.size)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
