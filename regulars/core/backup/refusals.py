"""What backup and restore may refuse, each in a sentence that says what to do."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext as _

from regulars.core.errors import Refusal


class BackupRefusal(Refusal):
    """Anything that keeps a backup from being taken, proven or restored."""

    slug = "backup-refused"


class NoKeys(BackupRefusal):
    """The keys are not there, or not the ones that the backup was made under."""

    slug = "no-backup-keys"


class NoSuchBackup(BackupRefusal):
    """No place has a backup of that name."""

    slug = "no-such-backup"
    status = HTTPStatus.NOT_FOUND


class PlaceAway(BackupRefusal):
    """A place for backups cannot be reached, read or written."""

    slug = "backup-place-away"


class AlreadyRunning(BackupRefusal):
    """Another backup is being taken, or the shop that would be replaced is open."""

    slug = "backup-running"


class WouldOverwrite(BackupRefusal):
    """Restoring would replace something, and nobody said that it may."""

    slug = "would-overwrite"


class OtherEngine(BackupRefusal):
    """The backup is one of the other database, or of a newer version."""

    slug = "other-engine"


class Quarantined(BackupRefusal):
    """The shop is a restored copy that nobody released yet."""

    slug = "in-quarantine"


class Damaged(BackupRefusal):
    """A backup is not what was written; `part` names where that shows."""

    slug = "backup-damaged"

    def __init__(self, name: str, part: str, what: str) -> None:
        sentence = _("The backup %(name)s is damaged in its part “%(part)s”: %(what)s") % {
            "name": name,
            "part": part,
            "what": what,
        }
        super().__init__(sentence)
        self.name, self.part = name, part
