"""OpenID Connect, as far as signing in needs it: discovery, the code flow with PKCE, and an ID token that is checked.

Everything that goes to the service leaves by core/outbound.py, with its limits; a service inside the shop's own network
is named in REGULARS_PRIVATE_HOSTS.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from regulars.core import outbound
from regulars.core.errors import Refusal

# Signed with a key that only the service has. Neither “none”, nor the HS family: our secret is no key of theirs.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
SCOPES = "openid email profile"

_LEEWAY = 60
_OLDEST = 600
_KEPT = 3600
_WITHIN = 5.0
_FORM = "application/x-www-form-urlencoded"

logger = logging.getLogger("regulars.openid")


class ServiceRefused(Refusal):
    """The sign-in service said no, or something that cannot be believed."""

    status: ClassVar[int] = HTTPStatus.FORBIDDEN
    slug: ClassVar[str] = "sign-in-service"


@dataclass(frozen=True, slots=True)
class Question:
    """What we ask of the service, and keep until it answers: three values nobody else can know."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Question:
        return cls(*(secrets.token_urlsafe(32) for _number in range(3)))


@dataclass(frozen=True, slots=True)
class Proof:
    """Who the service says came: its name for them, which never changes, and an e-mail that it has verified."""

    subject: str
    email: str
    name: str
    has_two_steps: bool
    proved_at: int | None


def service() -> Any:
    """What the shop says of its sign-in service; whoever comes here knows that there is one."""
    return settings.OIDC


def address_to_ask(question: Question, *, back: str, is_again: bool = False) -> str:
    """Where to send the browser; with `is_again` the service has to look anew who sits there. Raises ServiceRefused."""
    challenge = urlsafe_b64encode(hashlib.sha256(question.verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": service().client_id,
        "redirect_uri": back,
        "scope": SCOPES,
        "state": question.state,
        "nonce": question.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if is_again:
        asked |= {"prompt": "login", "max_age": "0"}
    endpoint = _described()["authorization_endpoint"]
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def proof_of(question: Question, *, code: str, back: str) -> Proof:
    """Change the code for an ID token, and believe it only where all of this holds. Raises ServiceRefused.

    1. It is signed by a key of the service, with an algorithm that is one.
    2. The service made it (iss), for us (aud, azp), not long ago (iat), and it has not run out (exp).
    3. It answers this very question (nonce).
    4. It names somebody (sub), and an e-mail that the service has verified.
    """
    answer = _exchange(question, code=code, back=back)
    claims = _claims_of(answer.get("id_token"), nonce=question.nonce)
    told = claims if "email" in claims else {**claims, **_asked_further(answer.get("access_token"), claims["sub"])}
    email = told.get("email")
    if not isinstance(email, str) or "@" not in email:
        raise _refused(_("%(service)s does not say which e-mail you have."))
    if told.get("email_verified") is not True and told.get("email_verified") != "true":
        raise _refused(_("%(service)s has not verified your e-mail. Do that there first."))
    methods, at, name = claims.get("amr"), claims.get("auth_time"), told.get("name")
    return Proof(
        subject=claims["sub"],
        email=email.strip().lower(),
        name=name if isinstance(name, str) else "",
        has_two_steps=isinstance(methods, list) and "mfa" in methods,
        proved_at=at if isinstance(at, int) else None,
    )


def _described() -> dict[str, Any]:
    """What the service says of itself, kept for an hour."""
    issuer = service().issuer
    known: dict[str, Any] | None = cache.get(_name("about", issuer))
    if known is None:
        known = _json(outbound_get(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        is_complete = all(isinstance(known.get(name), str) for name in endpoints)
        if known.get("issuer") != issuer or not is_complete:
            logger.error("%s does not describe itself as the issuer of that name", issuer)
            raise _refused(_("%(service)s is not set up as it should be. Tell the owner of the shop."))
        cache.set(_name("about", issuer), known, _KEPT)
    return known


def _keys(*, is_fresh: bool) -> KeySet:
    """The keys of the service, kept for an hour, and fetched anew where a token names one that is not among them."""
    address = _described()["jwks_uri"]
    known = None if is_fresh else cache.get(_name("keys", address))
    if known is None:
        known = _json(outbound_get(address))
        cache.set(_name("keys", address), known, _KEPT)
    try:
        return KeySet.import_key_set(known)  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError) as wrong:
        raise _refused(_("%(service)s answers in a way that cannot be read.")) from wrong


def _exchange(question: Question, *, code: str, back: str) -> dict[str, Any]:
    described = _described()
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": question.verifier}
    headers = {"Content-Type": _FORM, "Accept": "application/json"}
    methods = described.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if not service().client_secret or "client_secret_basic" not in methods:
        sent["client_id"] = service().client_id
        if service().client_secret:
            sent["client_secret"] = service().client_secret
    else:
        pair = f"{quote(service().client_id, safe='')}:{quote(service().client_secret, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return _json(_send(described["token_endpoint"], method="POST", body=urlencode(sent).encode(), headers=headers))


def _claims_of(token: Any, *, nonce: str) -> dict[str, Any]:
    """The claims of an ID token that may be believed; see proof_of."""
    if not isinstance(token, str):
        raise _refused(_("%(service)s does not say who you are."))
    supported = _described().get("id_token_signing_alg_values_supported")
    allowed = ALGORITHMS & set(supported) if isinstance(supported, list) and supported else ALGORITHMS
    claims: dict[str, Any] | None = None
    for is_fresh in (False, True):
        try:
            claims = jwt.decode(token, _keys(is_fresh=is_fresh), algorithms=sorted(allowed)).claims
            break
        except (JoseError, ValueError) as wrong:
            reason = wrong
    if claims is None:
        logger.warning("an ID token was refused: %s", reason)
        raise _unbelievable()
    now = int(timezone.now().timestamp())
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    us = service().client_id
    subject = claims.get("sub")
    holds = (
        claims.get("iss") == service().issuer,
        us in audiences,
        len(audiences) == 1 or "azp" in claims,
        claims.get("azp", us) == us,
        isinstance(claims.get("exp"), int | float) and claims["exp"] > now - _LEEWAY,
        isinstance(claims.get("iat"), int | float) and now - _OLDEST < claims["iat"] < now + _LEEWAY,
        isinstance(claims.get("nonce"), str) and constant_time_compare(claims["nonce"], nonce),
        isinstance(subject, str) and 0 < len(subject) <= 255,
    )
    if not all(holds):
        logger.warning("an ID token was refused: of iss, aud, azp, exp, iat, nonce, sub hold %s", holds)
        raise _unbelievable()
    return claims


def _asked_further(token: Any, subject: str) -> dict[str, Any]:
    """What the service tells of a person when asked, where the ID token holds no e-mail."""
    endpoint = _described().get("userinfo_endpoint")
    if not isinstance(token, str) or not isinstance(endpoint, str):
        return {}
    told = _json(outbound_get(endpoint, {"Authorization": f"Bearer {token}"}))
    return told if told.get("sub") == subject else {}


def outbound_get(url: str, headers: dict[str, str] | None = None) -> outbound.Reply:
    """Ask the service for something."""
    return _send(url, method="GET", body=None, headers={"Accept": "application/json", **(headers or {})})


def _send(url: str, *, method: str, body: bytes | None, headers: dict[str, str]) -> outbound.Reply:
    try:
        ports = frozenset({443, urlsplit(service().issuer).port or 443})
        return outbound.send(url, method=method, body=body, headers=headers, within=_WITHIN, ports=ports)
    except (outbound.AddressRefused, outbound.Unanswered) as wrong:
        logger.warning("the sign-in service did not answer: %s", wrong.sentence)
        raise _refused(_("%(service)s does not answer. Try again, or sign in with your password.")) from wrong


def _json(reply: outbound.Reply) -> dict[str, Any]:
    try:
        said = json.loads(reply.body)
    except ValueError:
        said = None
    if reply.status != HTTPStatus.OK or not isinstance(said, dict):
        reason = said.get("error", "") if isinstance(said, dict) else ""
        logger.warning("the sign-in service answered %s %s", reply.status, str(reason)[:100])
        raise _refused(_("%(service)s did not accept this sign-in. Try again."))
    return said


def _name(what: str, address: str) -> str:
    """Under which name the cache keeps something of the service."""
    return f"openid-{what}-{hashlib.sha256(address.encode()).hexdigest()}"


def _unbelievable() -> ServiceRefused:
    return _refused(
        _("What %(service)s says cannot be believed. Try again; if it stays so, tell the owner of the shop.")
    )


def _refused(sentence: str) -> ServiceRefused:
    return ServiceRefused(sentence % {"service": service().name})
