"""Verbs of the timeline: record what happened, note who read what, seal it, and blank what must be forgotten."""

from regulars.timeline.actions.blanking import blank, blank_many
from regulars.timeline.actions.reading import note_read, note_reads, open_words, take_in_reads
from regulars.timeline.actions.recording import (
    Acting,
    act_by_command,
    acting,
    forget_reaction,
    on,
    reactions,
    record,
    record_many,
    who_acts,
)
from regulars.timeline.actions.sealing import begin_anew, seal_entries

__all__ = [
    "Acting",
    "act_by_command",
    "acting",
    "begin_anew",
    "blank",
    "blank_many",
    "forget_reaction",
    "note_read",
    "note_reads",
    "on",
    "open_words",
    "reactions",
    "record",
    "record_many",
    "seal_entries",
    "take_in_reads",
    "who_acts",
]
