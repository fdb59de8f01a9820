"""A form in a shop's own page: the script that puts it there, and the policy that says which pages may."""

from __future__ import annotations

import json
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from regulars.inbox.models import ContactForm

NOTHING: Final = "// This contact form is not in use, or on no other site.\n"

_SCRIPT: Final = """\
// Puts a contact form of the shop into this page, in a frame as tall as what is in it. It keeps and sends nothing.
(() => {
  const me = document.currentScript;
  const address = new URL(%(path)s, me.src);
  address.searchParams.set("frame", "1");
  const language = me.dataset.lang || document.documentElement.lang;
  if (language) address.searchParams.set("lang", language);
  if (me.dataset.theme) address.searchParams.set("theme", me.dataset.theme);
  const frame = document.createElement("iframe");
  frame.src = address.href;
  const titles = %(titles)s;
  frame.title = me.dataset.title || titles[language.slice(0, 2).toLowerCase()] || titles.en;
  Object.assign(frame.style, { width: "100%%", height: "760px", border: "0", display: "block", colorScheme: "normal" });
  addEventListener("message", (event) => {
    const height = event.origin === address.origin && event.source === frame.contentWindow && event.data?.formHeight;
    if (height > 0 && height < 20000) frame.style.height = Math.ceil(height) + "px";
  });
  me.after(frame);
})();
"""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors {ancestors}"
)


def script(form: ContactForm) -> str:
    """The script of a form. Its own address says where the form is, so that it works behind any proxy."""
    path = reverse("contact:contact-page", args=[form.public_id])
    titles = {}
    for code, _label in settings.LANGUAGES:
        with override(code):
            titles[code.partition("-")[0]] = _("Contact form")
    return _SCRIPT % {"path": _quoted(path), "titles": _quoted(titles)}


def snippet(form: ContactForm) -> str:
    """What a shop copies into its page."""
    return (
        f'<script src="{settings.PUBLIC_URL}{reverse("contact:contact-script", args=[form.public_id])}" async></script>'
    )


def plain_frame(form: ContactForm) -> str:
    """The same for pages in which no script may run."""
    address = f"{settings.PUBLIC_URL}{reverse('contact:contact-page', args=[form.public_id])}?frame=1"
    return f'<iframe src="{address}" title="Contact form" width="100%" height="900"></iframe>'


def policy(form: ContactForm | None) -> str:
    """The content security policy of a form's pages; the sites it names were checked when they were set."""
    origins = form.origins if form is not None else []
    return _POLICY.format(ancestors=" ".join(["'self'", *origins]) if origins else "'none'")


def _quoted(value: str | dict[str, str]) -> str:
    return json.dumps(value).replace("<", "\\u003c")
