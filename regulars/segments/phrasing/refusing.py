"""What is wrong with rows that no editor made, said to whoever sent them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from regulars.segments.language.builder import BadRows, Wrong


def sentence_of(error: BadRows) -> str:
    """Which row is wrong, and why."""
    row = {"row": error.row + 1, "part": error.part}
    match error.wrong:
        case Wrong.SHAPE:
            return _("Row %(row)s is not written as the rows of a query are: %(part)s.") % row
        case Wrong.DEPTH:
            return _("Row %(row)s stands deeper than a bracket before it lets.") % row
        case Wrong.JOINER:
            return (
                _("Row %(row)s is joined wrongly: the first row of a bracket has no and or or, all others have one.")
                % row
            )
        case Wrong.EMPTY:
            return _("The bracket in row %(row)s is empty.") % row
