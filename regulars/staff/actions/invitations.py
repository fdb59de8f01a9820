"""Invite somebody by a link, and let them in by it once.

The link holds 160 bits that are made from the shop's secret and the invitation, and can be made again from both, so
that a mail can carry it though only its hash is kept. It is found by its hash and nothing else: sending it again makes
another one, and the first is worth nothing then.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from base64 import b32encode
from collections.abc import Iterable
from http import HTTPStatus
from typing import ClassVar

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from regulars.core.contact import BadContact, parse_email
from regulars.core.errors import Invalid, Refusal
from regulars.core.text import BadText, clean
from regulars.staff import grants
from regulars.staff.facts import InvitationAccepted, InvitationRevoked, StaffInvited
from regulars.staff.models import Invitation, StaffRole, Team, User
from regulars.timeline.actions import acting, record
from regulars.timeline.models import Source

GOOD_FOR = dt.timedelta(days=7)
_BYTES = 20


class LinkOfNobody(Refusal):
    """No invitation has this link, or it has another one by now."""

    status: ClassVar[int] = HTTPStatus.NOT_FOUND
    slug: ClassVar[str] = "no-such-invitation"


class LinkHoldsNoMore(Refusal):
    """The invitation was used, withdrawn, or is too old."""

    status: ClassVar[int] = HTTPStatus.GONE
    slug: ClassVar[str] = "invitation-over"


@transaction.atomic
def invite(
    *, by: User | None, email: str, role: str, name: str = "", teams: Iterable[Team] = ()
) -> tuple[Invitation, str]:
    """Let somebody come to work here, and return the invitation with the text of its link, which is nowhere else.

    Raises Invalid, and TooMuch where `by` would give what they do not have.
    """
    by, _nobody = grants.hold(by, "staff.edit")
    email, name = _checked(email, name)
    teams = sorted(teams, key=lambda team: team.name)
    grant = grants.of_role(role)
    if grant is None:
        sentence = _("There is no such role.")
        raise Invalid(sentence, fields={"role": [sentence]})
    grants.require_within(by, grant, role=role)
    if teams:
        grants.require_teams(by)
    now = timezone.now()
    invitation = Invitation(email=email, name=name, role=role, invited_by=by, created_at=now, updated_at=now)
    invitation.expires_at = now + GOOD_FOR
    invitation.hash = hashlib.sha256(f"{email} {now.isoformat()}".encode()).hexdigest()  # until there is a key
    invitation.save(force_insert=True)
    invitation.teams.set(teams)
    return _sent(invitation, is_again=False)


@transaction.atomic
def invite_again(invitation: Invitation, *, by: User | None) -> tuple[Invitation, str]:
    """A new link for the same invitation, good for another week; the old one is worth nothing from now on.

    Raises LinkHoldsNoMore where it was accepted, and TooMuch. One that was withdrawn holds again.
    """
    by, _nobody = grants.hold(by, "staff.edit")
    invitation = _locked(invitation)
    grants.require_within(by, grants.of_role(invitation.role) or grants.Grant(), role=invitation.role)
    if invitation.accepted_at is not None or User.objects.filter(email=invitation.email).exists():
        raise LinkHoldsNoMore(_("%(email)s works here already.") % {"email": invitation.email})
    invitation.version += 1
    invitation.invited_by, invitation.revoked_at = by, None
    invitation.updated_at = timezone.now()
    invitation.expires_at = invitation.updated_at + GOOD_FOR
    return _sent(invitation, is_again=True)


@transaction.atomic
def revoke_invitation(invitation: Invitation) -> Invitation:
    """Let the link be worth nothing from now on. Withdrawing twice is the same as once."""
    invitation = _locked(invitation)
    if invitation.is_open or invitation.is_expired:
        invitation.revoked_at = invitation.updated_at = timezone.now()
        invitation.save(update_fields=["revoked_at", "updated_at"])
        record(InvitationRevoked(invitation=invitation.public_id, email=invitation.email), subject=invitation)
    return invitation


def find_invitation(token: str) -> Invitation:
    """The invitation of a link that holds. Raises LinkOfNobody, and LinkHoldsNoMore with the reason."""
    found = Invitation.objects.select_related("invited_by__definition").filter(hash=_hash(token)).first()
    if found is None:
        raise LinkOfNobody(_("Nobody was invited by this link, or a newer one was sent. Look for the newest."))
    _require_holding(found)
    return found


@transaction.atomic
def accept(token: str, *, name: str, password: str) -> User:
    """Begin to work here, with a name and a password of one's own. The link is used up then.

    Raises Invalid, LinkOfNobody and LinkHoldsNoMore.
    """
    invitation = _locked(find_invitation(token))
    _require_holding(invitation)  # once more, held: two browsers may send it at the same time
    person = User(email=invitation.email, role=invitation.role)
    wrong: dict[str, list[str]] = {}
    try:
        person.name = clean(name, limit=120)
    except BadText as bad:
        wrong["name"] = [str(bad)]
    else:
        if not person.name:
            wrong["name"] = [_("A name is needed; colleagues see it.")]
    try:
        validate_password(password, person)
    except ValidationError as bad:
        wrong["password"] = bad.messages
    if wrong:
        raise Invalid(_("This cannot be used."), fields=wrong)
    person.set_password(password)
    person.definition = StaffRole.objects.filter(key=invitation.role).first()
    person.save(force_insert=True)
    person.teams.set(invitation.teams.all())
    invitation.accepted_at = invitation.updated_at = timezone.now()
    invitation.save(update_fields=["accepted_at", "updated_at"])
    fact = InvitationAccepted(
        invitation=invitation.public_id, person=person.public_id, email=person.email, role=person.role
    )
    with acting(person.pk, Source.PAGE):
        record(fact, subject=person)
    return person


def token_of(invitation: Invitation) -> str:
    """The text of the link: made again from the shop's secret; empty where that gives another one than was sent."""
    text = _token(invitation)
    return text if _hash(text) == invitation.hash else ""


def _sent(invitation: Invitation, *, is_again: bool) -> tuple[Invitation, str]:
    token = _token(invitation)
    invitation.hash = _hash(token)
    invitation.save()
    fact = StaffInvited(
        invitation=invitation.public_id,
        email=invitation.email,
        role=invitation.role,
        teams=tuple(invitation.teams.values_list("name", flat=True)),
        until=invitation.expires_at.isoformat(timespec="seconds"),
        is_again=is_again,
    )
    record(fact, subject=invitation)
    return invitation, token


def _require_holding(invitation: Invitation) -> None:
    """Raise LinkHoldsNoMore, saying why."""
    sentence = ""
    if invitation.accepted_at is not None or User.objects.filter(email=invitation.email).exists():
        sentence = _("This invitation was used already. Sign in with your e-mail and password.")
    elif invitation.revoked_at is not None:
        sentence = _("This invitation was withdrawn.")
    elif invitation.is_expired:
        sentence = _("This invitation was good for seven days, which are over. Ask for a new one.")
    elif not _may_still_give(invitation):
        sentence = _("Whoever invited you may not do so any more. Ask for a new invitation.")
    if sentence:
        raise LinkHoldsNoMore(sentence)


def _may_still_give(invitation: Invitation) -> bool:
    by = invitation.invited_by
    return grants.may_give(by, invitation.role) and (by is None or by.may("staff.edit"))


def _checked(email: str, name: str) -> tuple[str, str]:
    """E-mail and name as they are kept. Raises Invalid."""
    wrong: dict[str, list[str]] = {}
    try:
        email = parse_email(clean(email, limit=254)).lower()
    except (BadContact, BadText) as bad:
        wrong["email"] = [str(bad)]
    else:
        if not email:
            wrong["email"] = [_("An e-mail is needed; they sign in with it.")]
        elif User.objects.filter(email=email).exists():
            wrong["email"] = [_("%(email)s works here already.") % {"email": email}]
        elif Invitation.objects.open().filter(email=email).exists():
            wrong["email"] = [_("%(email)s is invited already. Send that invitation again.") % {"email": email}]
    try:
        name = clean(name, limit=120)
    except BadText as bad:
        wrong["name"] = [str(bad)]
    if wrong:
        raise Invalid(_("Nobody can be invited like this."), fields=wrong)
    return email, name


def _locked(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_related("invited_by__definition").select_for_update(of=("self",))
    return rows.get(pk=invitation.pk)


def _token(invitation: Invitation) -> str:
    said = f"{invitation.pk} {invitation.version} {invitation.email} {invitation.created_at.isoformat()}"
    digest = salted_hmac("regulars.staff.invitation", said, algorithm="sha256").digest()
    return b32encode(digest[:_BYTES]).decode().lower()


def _hash(token: str) -> str:
    return hashlib.sha256(token.strip().lower().encode()).hexdigest()
