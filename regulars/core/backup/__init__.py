"""Backups that prove themselves, and the way back from them.

sockets     what the rooms above add: checks of a restored copy, tombstones, folders
taking      a backup, from the snapshot to the places it lies in; nightly, and when somebody asks
proving     each backup is restored in a scratch place and looked at; `inside` runs in that place
restoring   the way back
archive     the form: age around zstd around tar, made and read as a stream
sqlite, postgresql   what the two databases do for it
places      folders and buckets;  retention  what is kept
keys        keys.age: the newest wrapped keys and the tombstones, beside the backups, never in them
state       what people are told: the list, the newest proof, the alarm
"""

from regulars.core.backup.keys import replace_keys
from regulars.core.backup.sockets import (
    Happened,
    Restored,
    add_check,
    add_folder,
    erased_by,
    leave_out,
    listen,
    on_restore,
)

__all__ = [
    "Happened",
    "Restored",
    "add_check",
    "add_folder",
    "erased_by",
    "leave_out",
    "listen",
    "on_restore",
    "replace_keys",
]
