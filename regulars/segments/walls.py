"""What groups keep from whom (core/walls.py): who is in one tells of people."""

from __future__ import annotations

from regulars.core.walls import PLAIN, declare, word
from regulars.segments import models

declare(models.Spell, customer=("customer",))
word(PLAIN, "group_name", "segment")
