"""Expected refusals: each says in one sentence what happened and what to do, and knows its HTTP status."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar


class Refusal(Exception):  # noqa: N818 — it is not an error of ours, it is an answer
    """The base of what a room may refuse. A page shows `sentence`, the API answers problem-details (RFC 9457)."""

    status: ClassVar[int] = HTTPStatus.CONFLICT
    slug: ClassVar[str] = "refused"

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class Invalid(Refusal):
    """What was sent cannot be used; `fields` says for each field why."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "invalid"

    def __init__(self, sentence: str, *, fields: dict[str, list[str]]) -> None:
        super().__init__(sentence)
        self.fields = fields


class NotAllowed(Refusal):
    """A person may not do it; `permission` names what is missing."""

    status = HTTPStatus.FORBIDDEN
    slug = "not-allowed"

    def __init__(self, sentence: str, *, permission: str) -> None:
        super().__init__(sentence)
        self.permission = permission


class Stale(Refusal):
    """Someone else changed the row since it was read."""

    status = HTTPStatus.PRECONDITION_FAILED
    slug = "changed-meanwhile"
