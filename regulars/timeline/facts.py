"""What a fact is: something that happened, in the past tense, with one sentence for the people who read it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise

_FACTS: dict[str, type[Fact]] = {}


@dataclass(frozen=True, slots=True)
class Fact:
    """The base of all facts. A subclass is a frozen dataclass whose fields are JSON values.

    `name` is the dotted past-tense name (`order.placed`), `sentence` the line on the timeline (a translatable
    template filled with the entry's data), `icon` a Lucide icon, `kind` the timeline filter it belongs to. The
    three marks say who reads it: the customer's timeline, the audit log, webhooks.
    """

    name: ClassVar[str]
    sentence: ClassVar[str | Promise]
    icon: ClassVar[str] = "circle"
    kind: ClassVar[str] = "change"
    on_timeline: ClassVar[bool] = True
    is_audit: ClassVar[bool] = True
    is_public: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Fact, cls).__init_subclass__(**kwargs)
        name = cls.__dict__.get("name")
        if name is None:
            return
        known = _FACTS.get(name)
        # dataclass(slots=True) builds the class a second time; only another class of that name is a clash.
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise ValueError(f"two facts are called {name}")
        _FACTS[name] = cls

    def data(self) -> dict[str, Any]:
        """The fields, as they are kept with the entry."""
        return asdict(self)


def all_facts() -> dict[str, type[Fact]]:
    """Every fact the product knows, by name."""
    return dict(sorted(_FACTS.items()))


def fact_class(name: str) -> type[Fact] | None:
    """The class of a fact by its name; None for one that no longer exists."""
    return _FACTS.get(name)
