"""What the doors announce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class ShopChanged(Fact):
    """Somebody changed the shop's settings; `changes` lists the fields."""

    name: ClassVar[str] = "shop.changed"
    sentence: ClassVar = _("Shop settings changed")
    icon: ClassVar[str] = "store"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    changes: tuple[str, ...] = ()
