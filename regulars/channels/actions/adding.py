"""A channel joins the shop the first time somebody names it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from regulars.channels.facts import ChannelAdded, ChannelChanged
from regulars.channels.models import Channel, Kind
from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.staff.policy import verb
from regulars.timeline.actions import record


def channel_for(code: str, *, name: str = "", kind: str = Kind.WEB) -> Channel:
    """The channel of that code, made when it is new. `code` is folded to a slug; empty means the web shop."""
    slug = slugify(code)[:40] or "web"
    channel, is_new = Channel.objects.get_or_create(
        code=slug, defaults={"name": name or code.strip() or "Web shop", "kind": kind}
    )
    if is_new:
        record(ChannelAdded(code=channel.code, called=channel.name, sells=channel.kind), subject=channel)
    return channel


@verb
def add_channel(*, name: str, kind: str = Kind.WEB, code: str = "") -> Channel:
    """A place where the shop sells, named by a person. Its code follows from the name where none is given.

    Raises Invalid where another channel has that code.
    """
    name, kind = _named(name), _kind(kind)
    slug = slugify(code or name)[:40]
    if not slug:
        sentence = _("Give it a code of small letters and digits, like “web”.")
        raise Invalid(sentence, fields={"code": [sentence]})
    if Channel.objects.filter(code=slug).exists():
        sentence = _("There is a channel with the code “%(code)s” already.") % {"code": slug}
        raise Invalid(sentence, fields={"code": [sentence]})
    return channel_for(slug, name=name, kind=kind)


@verb
def change_channel(channel: Channel, *, name: str, kind: str) -> Channel:
    """Give a channel another name or kind; its code, by which files and programs know it, stays."""
    channel = Channel.objects.select_for_update().get(pk=channel.pk)
    given = {"name": _named(name), "kind": _kind(kind)}
    changes = {
        field: [getattr(channel, field), value] for field, value in given.items() if getattr(channel, field) != value
    }
    if changes:
        channel.name, channel.kind = given["name"], given["kind"]
        channel.version += 1
        channel.updated_at = timezone.now()
        channel.save(update_fields=["name", "kind", "version", "updated_at"])
        record(ChannelChanged(code=channel.code, changes=changes), subject=channel)
    return channel


def _named(name: str) -> str:
    try:
        name = clean(name, limit=80)
    except BadText as bad:
        raise Invalid(str(bad), fields={"name": [str(bad)]}) from bad
    if not name:
        sentence = _("Give the channel a name.")
        raise Invalid(sentence, fields={"name": [sentence]})
    return name


def _kind(kind: str) -> str:
    if kind not in Kind.values:
        sentence = _("“%(kind)s” is no kind of channel.") % {"kind": kind[:20]}
        raise Invalid(sentence, fields={"kind": [sentence]})
    return kind
