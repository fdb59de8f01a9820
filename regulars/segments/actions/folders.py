"""Make folders for groups; they are renamed and removed in groups.py."""

from __future__ import annotations

from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.segments.facts import SegmentFolderChanged
from regulars.segments.models import Folder
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_LONGEST = 80


@verb
def make_folder(*, name: str) -> Folder:
    """A folder with nothing in it yet. Raises Invalid where there is one of that name."""
    try:
        kept = clean(name, limit=_LONGEST)
    except BadText as problem:
        raise Invalid(str(problem), fields={"name": [str(problem)]}) from problem
    folder, is_new = Folder.objects.get_or_create(name=kept) if kept else (None, False)
    if folder is None or not is_new:
        sentence = _("Give the folder a name that no other folder has.")
        raise Invalid(sentence, fields={"name": [sentence]})
    record(SegmentFolderChanged(folder=kept, deed="made"), subject=folder)
    return folder
