"""Passkeys (WebAuthn): keys that live in people's devices, good for this shop's address alone."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.lazily import Lazily
from regulars.core.text import BadText, clean
from regulars.staff.actions.second_step import make_recovery_codes
from regulars.staff.actions.sessions import end_sessions
from regulars.staff.facts import PasskeyAdded, PasskeyRefused, PasskeyRemoved
from regulars.staff.models import Authenticator, Passkey, RecoveryCode, User
from regulars.staff.relying_party import Party
from regulars.timeline.actions import record

if TYPE_CHECKING:
    import webauthn
    from webauthn import helpers
    from webauthn.helpers import exceptions, structs
else:  # few processes ever see a passkey
    webauthn, helpers = Lazily("webauthn"), Lazily("webauthn.helpers")
    exceptions, structs = Lazily("webauthn.helpers.exceptions"), Lazily("webauthn.helpers.structs")

MOST = 20

_SIZE_OF_ANSWER = 20_000


def ask_to_add(user: User, party: Party) -> tuple[str, bytes]:
    """What a browser needs to make a passkey, as JSON, and the challenge it will sign."""
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=shop.current().name,
        user_id=user.public_id.encode(),
        user_name=user.email,
        user_display_name=user.name,
        exclude_credentials=[_descriptor(known) for known in user.passkeys.all()],
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
    )
    return webauthn.options_to_json(options), options.challenge


def ask_to_prove(party: Party, user: User | None = None) -> tuple[str, bytes]:
    """What a browser needs to use a passkey: one of this person's, or, without a person, any that it knows."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        allow_credentials=[_descriptor(known) for known in user.passkeys.all()] if user else None,
        user_verification=structs.UserVerificationRequirement.PREFERRED
        if user
        else structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options), options.challenge


@transaction.atomic
def add_passkey(
    user: User, *, name: str, answer: str, challenge: bytes, party: Party, session_key: str | None
) -> tuple[Passkey, list[str]]:
    """Keep a passkey that a browser made. Every other browser is signed out.

    Returns ten recovery codes with it where there were none, which can be seen this once. Raises Invalid.
    """
    try:
        name = clean(name, limit=80) or _("Passkey")
    except BadText as bad:
        raise Invalid(str(bad), fields={"name": [str(bad)]}) from bad
    if Passkey.objects.filter(user=user).count() >= MOST:
        raise _refused(_("Twenty passkeys are the most. Remove one that is not used any more."))
    try:
        made = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except exceptions.WebAuthnException as wrong:
        raise _refused(_("The passkey could not be made. Try again.")) from wrong
    credential_id = helpers.bytes_to_base64url(made.credential_id)
    if Passkey.objects.filter(credential_id=credential_id).exists():
        raise _refused(_("This passkey is known already."))
    passkey = Passkey.objects.create(
        user=user,
        name=name,
        credential_id=credential_id,
        public_key=urlsafe_b64encode(made.credential_public_key).decode(),
        sign_count=made.sign_count,
        transports=_transports(answer),
    )
    record(PasskeyAdded(email=user.email, passkey=name), subject=user)
    end_sessions(user, keep=session_key, why="passkey")
    has_codes = RecoveryCode.objects.filter(user=user).exists()
    return passkey, [] if has_codes else make_recovery_codes(user)


def use_passkey(*, answer: str, challenge: bytes, party: Party, user: User | None) -> Passkey:
    """The passkey that signed this challenge. Raises Invalid.

    With a person, it is the second step: it has to be one of theirs. Without, it is all of the sign-in: the device must
    have looked at its owner (finger, face, PIN). One whose count of uses goes back may be a copy, and is refused.
    """
    sent = _read(answer)
    passkey = Passkey.objects.select_related("user").filter(credential_id=_id_in(sent)).first()
    if passkey is None or not passkey.user.is_active or (user is not None and passkey.user_id != user.pk):
        raise _refused(_("This passkey is not known here. Use another way."))
    try:
        proof = webauthn.verify_authentication_response(
            credential=sent,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=urlsafe_b64decode(passkey.public_key),
            credential_current_sign_count=0,
            require_user_verification=user is None,
        )
    except exceptions.WebAuthnException as wrong:
        raise _refused(_("The passkey did not fit. Try again, or use another way.")) from wrong
    handle = sent.get("response", {}).get("userHandle")
    if handle and _decoded(handle) != passkey.user.public_id.encode():
        raise _refused(_("This passkey is not known here. Use another way."))
    fresh = Q(sign_count__lt=proof.new_sign_count)
    if proof.new_sign_count == 0:  # most passkeys do not count
        fresh = Q(sign_count=0)
    now = timezone.now()
    if not Passkey.objects.filter(fresh, pk=passkey.pk).update(sign_count=proof.new_sign_count, last_used_at=now):
        record(PasskeyRefused(email=passkey.user.email, passkey=passkey.name), subject=passkey.user)
        raise _refused(_("This passkey may have been copied. Use another way, and remove it."))
    return passkey


@transaction.atomic
def remove_passkey(passkey: Passkey, *, session_key: str | None) -> None:
    """Let this device open the door no more. Every other browser is signed out."""
    user = passkey.user
    if not Passkey.objects.filter(pk=passkey.pk).delete()[0]:
        return
    has_others = Passkey.objects.filter(user=user).exists() or Authenticator.objects.filter(user=user).exists()
    if not has_others:
        RecoveryCode.objects.filter(user=user).delete()
    record(PasskeyRemoved(email=user.email, passkey=passkey.name), subject=user)
    end_sessions(user, keep=session_key, why="passkey")


def _descriptor(known: Passkey) -> structs.PublicKeyCredentialDescriptor:
    return structs.PublicKeyCredentialDescriptor(
        id=_decoded(known.credential_id),
        transports=[structs.AuthenticatorTransport(one) for one in known.transports] or None,
    )


def _read(answer: str) -> dict[str, Any]:
    """What the browser sent, as far as it is a JSON object of a size that can be."""
    try:
        sent = json.loads(answer) if len(answer) <= _SIZE_OF_ANSWER else None
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise _refused(_("The passkey did not fit. Try again, or use another way."))
    return sent


def _id_in(sent: dict[str, Any]) -> str:
    known = sent.get("id")
    return known if isinstance(known, str) else ""


def _transports(answer: str) -> list[str]:
    """The ways to reach the device that the browser named, as far as they are known to us."""
    response = _read(answer).get("response")
    named = response.get("transports") if isinstance(response, dict) else None
    known = {one.value for one in structs.AuthenticatorTransport}
    return [one for one in named if isinstance(one, str) and one in known] if isinstance(named, list) else []


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"passkey": [sentence]})
