"""Who may see what: one place that turns a person or a token into what they see, and the house into what they may.

    Access          what a person or a token may do, which customers they see, how much of each protected group
    reading_as      everything read inside is read by them, whichever way it takes (core/walls.py)
    verb, unmasked  a verb of the house: at work it sees rows as they are; what it gives back is as its reader sees it
    require_full    refuse to change what is not shown in full

See docs/decisions/0019-policy-in-the-walls.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import models, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from regulars.core import walls
from regulars.core.errors import NotAllowed
from regulars.core.sight import (
    EVERYTHING,
    GROUPS,
    NOTHING,
    Level,
    Rows,
    Sight,
    as_reader,
    current,
    keep_looking,
    looking,
    reader,
    writing,
)
from regulars.staff.models import ApiToken, Sees, StaffRole, User
from regulars.staff.roles import Role

__all__ = [
    "EVERYTHING",
    "GROUPS",
    "NOTHING",
    "Access",
    "Level",
    "Rows",
    "Sight",
    "access_of",
    "as_house",
    "as_reader",
    "current",
    "is_seen",
    "keep_looking",
    "looking",
    "reader",
    "reading_as",
    "require_full",
    "require_full_of",
    "streamed",
    "told",
    "unmasked",
    "verb",
    "writing",
]

P = ParamSpec("P")
Out = TypeVar("Out")
Answer = TypeVar("Answer", bound=HttpResponseBase)
View = TypeVar("View", bound=Callable[..., Any])

_OPENS = ("customers.", "orders.", "privacy.", "audit.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access(Sight):
    """What somebody may do, and all that Sight says: which customers they see, how much of each protected group."""

    permissions: frozenset[str] = frozenset()


def access_of(actor: Any) -> Access:
    """What a person or a token may do and see, from their role as it is now. Nobody may do and see nothing.

    A token sees what its owner sees. Costs a query only for roles that see the customers of their teams.
    """
    if isinstance(actor, ApiToken):
        user, permissions = actor.user, actor.user.permissions & frozenset(actor.scopes)
    elif isinstance(actor, User):
        user, permissions = actor, actor.permissions
    else:
        return Access(rows=Rows.NOBODY)
    if not any(permission.startswith(_OPENS) for permission in permissions):
        return Access(user_id=user.pk, permissions=permissions, rows=Rows.NOBODY)
    role = user.definition
    if role is None or user.role == Role.OWNER:
        return Access(user_id=user.pk, permissions=permissions)
    rows, owners, channels = _rows(user, role)
    return Access(
        user_id=user.pk,
        permissions=permissions,
        rows=rows,
        owner_ids=owners,
        channel_ids=channels,
        levels=role.levels,
    )


@contextmanager
def reading_as(actor: Any) -> Iterator[Access]:
    """Everything read inside is read by this person or token, with the role they have now."""
    access = access_of(actor)
    with looking(access):
        yield access


def as_house(view: View) -> View:
    """A public page that shows somebody what is their own, behind a signed link: it reads as the system does."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with looking(EVERYTHING):
            return view(request, *args, **kwargs)

    return opened  # type: ignore[return-value]


def streamed(response: Answer, sight: Sight) -> Answer:
    """A response whose body is read after the request: it is read as whoever asked for it."""
    if response.streaming and not response.is_async:  # type: ignore[attr-defined]
        response.streaming_content = keep_looking(response.streaming_content, sight)  # type: ignore[attr-defined]
    return response


def verb(do: Callable[P, Out]) -> Callable[P, Out]:
    """A verb: one transaction, in which rows are as they are, whoever it is done for (`unmasked`)."""

    @wraps(do)
    def done(*args: P.args, **kwargs: P.kwargs) -> Out:
        with transaction.atomic():
            return _unmasked(do, args, kwargs)

    done.is_unmasked = True  # type: ignore[attr-defined]
    return done


def unmasked(do: Callable[P, Out]) -> Callable[P, Out]:
    """The same for a verb that makes its transactions itself."""

    @wraps(do)
    def done(*args: P.args, **kwargs: P.kwargs) -> Out:
        return _unmasked(do, args, kwargs)

    done.is_unmasked = True  # type: ignore[attr-defined]
    return done


def require_full(*groups: str) -> None:
    """Raises NotAllowed where whoever reads does not see all of these protected groups in full."""
    sight = reader()
    missing = [str(GROUPS[group]) for group in dict.fromkeys(groups) if not sight.shows(group)]
    if missing:
        raise NotAllowed(
            _("Your role does not show this in full, so that you cannot change it: %(what)s.")
            % {"what": ", ".join(missing)},
            permission="",
        )


def require_full_of(model: type[models.Model], columns: Iterable[str]) -> None:
    """The same for the groups of some columns of a table. To ask for a change is refused as well where it would change
    nothing: that it changes nothing would tell what stands there.
    """
    rules = [walls.rule_of(model, name) or walls.words().get(name) for name in columns]
    require_full(*(group for rule in rules for group in getattr(rule, "groups", ())))


def is_seen(row: models.Model) -> bool:
    """Whether the reader sees a row that a verb is about to give back."""
    return (
        reader().sees_all or type(row)._default_manager.filter(walls.visible(type(row), reader()), pk=row.pk).exists()
    )


def told(row: models.Model) -> str:
    """What the reader may read of a row that a verb names in a refusal: nothing of one they do not see."""
    if reader().is_open:
        return str(row)
    with as_reader():
        seen = type(row)._base_manager.filter(pk=row.pk).first()
        return str(seen) if seen is not None else _("Somebody whom you do not see")


def _unmasked(do: Callable[..., Out], args: Any, kwargs: Any) -> Out:
    """Do it with rows as they are; afterwards what was given, what comes back, and what a refusal names is masked."""
    if current().is_open:
        return do(*args, **kwargs)
    given = [*args, *kwargs.values()]
    try:
        with writing():
            walls.unveil(given)
            made = do(*args, **kwargs)
    except Exception as refusal:
        walls.veil(vars(refusal))
        raise
    finally:
        walls.veil(given)
    walls.veil(made)
    return made


def _rows(user: User, role: StaffRole) -> tuple[Rows, frozenset[int], frozenset[int]]:
    match role.sees:
        case Sees.ALL:
            return Rows.ALL, frozenset(), frozenset()
        case Sees.OWN:
            return Rows.LOOKED_AFTER, frozenset({user.pk}), frozenset()
        case Sees.TEAM:
            members = User.objects.filter(teams__in=user.teams.values("pk")).values_list("pk", flat=True)
            return Rows.LOOKED_AFTER, frozenset({user.pk, *members}), frozenset()
        case Sees.CHANNELS:
            return Rows.CHANNELS, frozenset(), frozenset(int(number) for number in role.channel_ids)
    return Rows.NOBODY, frozenset(), frozenset()
