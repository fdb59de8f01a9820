"""Files of a conversation, and mails as they were sent: nothing of it may do anything in a browser."""

from __future__ import annotations

import base64
import re
from typing import Final

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.core.sealing import Damaged, Forgotten
from regulars.core.sight import current
from regulars.customers import reads
from regulars.inbox import files
from regulars.inbox.models import File, Post
from regulars.staff.access import requires

_SANDBOX: Final = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; frame-ancestors 'self'"
_CID = re.compile(r"""(?<=src=["'])cid:([^"'\s>]+)""", re.IGNORECASE)
_MOST_INLINE = 4 * 1024 * 1024


@requires("inbox.view")
@require_safe
def file(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """A file: a download always, and where it is a picture of a safe kind, a picture in its place (`shown`)."""
    kept = File.objects.filter(pk=File.pk_of(public_id) or 0, post__deleted_at=None).first()
    # what is in a file may be anything that somebody says: it is for who reads all of a message
    if kept is None or not current().shows("name", "email", "notes"):
        raise Http404(_("There is no such file."))
    try:
        source = files.opened(kept)
    except (Damaged, Forgotten, FileNotFoundError):
        raise Http404(_("There is no such file.")) from None
    reads.opened([kept.customer_id], "inquiry_file")
    is_shown = "shown" in request.GET and kept.media_type in files.SHOWN
    response = FileResponse(
        source, as_attachment=not is_shown, filename=kept.name or _("file"), content_type=kept.media_type
    )
    response["Content-Length"] = str(kept.size)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600" if is_shown else "private, no-store"
    return response


@requires("inbox.view")
@require_safe
def html(request: HttpRequest, public_id: str) -> HttpResponse:
    """The mail as it was made up, for a frame: no script, no form, nothing of this page; pictures from outside only
    when somebody asks for them.
    """
    post = Post.objects.filter(pk=Post.pk_of(public_id) or 0, deleted_at=None).first()
    if post is None or not post.html:
        raise Http404(_("There is no such mail."))
    reads.opened([post.customer_id], "inquiry")
    outside = " https:" if "images" in request.GET else ""
    body = _CID.sub(lambda found: pictures.get(found[1], ""), post.html) if (pictures := _inline(post)) else post.html
    response = HttpResponse(
        '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<base target="_blank"><body>{body}</body>'
    )
    response["Content-Security-Policy"] = f"{_SANDBOX}; style-src 'unsafe-inline'; img-src data:{outside}"
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _inline(post: Post) -> dict[str, str]:
    """The pictures that the mail names by their ids, as addresses that hold them whole."""
    found = {}
    for kept in File.objects.filter(post=post, media_type__in=files.SHOWN).exclude(content_id=""):
        if kept.size <= _MOST_INLINE:
            data = base64.b64encode(files.read(kept).data).decode()
            found[kept.content_id] = f"data:{kept.media_type};base64,{data}"
    return found
