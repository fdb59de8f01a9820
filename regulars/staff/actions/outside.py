"""Whoever the sign-in service of the house names is one of us, becomes one, or is not let in."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.text import BadText, clean
from regulars.staff import grants
from regulars.staff.facts import IdentityLinked, InvitationAccepted
from regulars.staff.models import Invitation, OutsideIdentity, StaffRole, User
from regulars.staff.openid import Proof, ServiceRefused, service
from regulars.timeline.actions import acting, record
from regulars.timeline.models import Source


@transaction.atomic
def person_at_service(proof: Proof) -> User:
    """Who this is here. Raises ServiceRefused.

    1. Somebody the service named before, whatever their e-mail is by now.
    2. Somebody here who has that e-mail, and whom the service did not name yet: linked from now on.
    3. Somebody who was invited, with the role of the invitation.
    4. Somebody new, where the shop says which role newcomers have.
    """
    issuer = service().issuer
    known = OutsideIdentity.objects.filter(issuer=issuer, subject=proof.subject).first()
    if known is not None:
        return _let_in(User.objects.select_related("definition").get(pk=known.user_id))
    person = User.objects.select_related("definition").filter(email=proof.email).first()
    is_new = person is None
    if person is None:
        person = _newcomer(proof)
    _let_in(person)
    if OutsideIdentity.objects.filter(issuer=issuer, user=person).exists():
        raise ServiceRefused(
            _("%(email)s is linked to somebody else at %(service)s. Ask an owner of the shop.")
            % {"email": proof.email, "service": service().name}
        )
    OutsideIdentity.objects.create(issuer=issuer, subject=proof.subject, user=person, email=proof.email)
    with acting(person.pk, Source.PAGE):
        record(IdentityLinked(email=person.email, issuer=issuer, is_new=is_new), subject=person)
    return person


def _newcomer(proof: Proof) -> User:
    """Begin to work here, without a password."""
    now = timezone.now()
    open_ones = Invitation.objects.select_for_update().filter(
        email=proof.email, accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now
    )
    invitation = open_ones.order_by("-pk").first()
    role = invitation.role if invitation is not None else service().role
    if not role:
        raise ServiceRefused(
            _("Nobody with the e-mail %(email)s works here. Ask an owner of the shop to invite you.")
            % {"email": proof.email}
        )
    if grants.of_role(role) is None:
        raise ServiceRefused(_("The shop has no role “%(role)s”. Tell its owner.") % {"role": role})
    person = User(email=proof.email, name=_name_of(proof), role=role)
    person.definition = StaffRole.objects.filter(key=role).first()
    person.set_unusable_password()
    person.save(force_insert=True)
    if invitation is not None:
        person.teams.set(invitation.teams.all())
        invitation.accepted_at = invitation.updated_at = now
        invitation.save(update_fields=["accepted_at", "updated_at"])
        fact = InvitationAccepted(
            invitation=invitation.public_id, person=person.public_id, email=person.email, role=person.role
        )
        with acting(person.pk, Source.PAGE):
            record(fact, subject=person)
    return person


def _let_in(person: User) -> User:
    if not person.is_active:
        raise ServiceRefused(_("%(email)s is not let in any more.") % {"email": person.email})
    return person


def _name_of(proof: Proof) -> str:
    try:
        name = clean(proof.name, limit=120)
    except BadText:
        name = ""
    return name or proof.email.partition("@")[0][:120]
