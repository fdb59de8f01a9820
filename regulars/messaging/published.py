"""What the DNS of a domain says of its mail: who may send it (SPF), what signs it (DKIM), what is to be done (DMARC).

Nothing depends on it: where no DNS answers, the lines say so, and that is all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.messaging import signing
from regulars.messaging.models import SigningKey

GOOD: Final = "good"
MISSING: Final = "missing"
WRONG: Final = "wrong"
SILENT: Final = "silent"
_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """One of the three: where it is asked for, what stands there, whether that is right, and what to do."""

    kind: str
    name: str
    found: str
    state: str
    advice: Promise | str


def of(domain: str, key: SigningKey | None) -> list[Line]:
    """The three lines of a domain; six seconds at most."""
    return [_spf(domain), *([_dkim(key)] if key is not None else []), _dmarc(domain)]


def texts(name: str) -> list[str] | None:
    """The TXT records of a name; None where nobody answers."""
    import dns.exception  # noqa: PLC0415 — the product idles without it
    import dns.resolver  # noqa: PLC0415

    try:
        answer = dns.resolver.Resolver().resolve(name, "TXT", lifetime=_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        return None
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _spf(domain: str) -> Line:
    found = texts(domain)
    own = [one for one in found or [] if one.lower().startswith("v=spf1")]
    if len(own) > 1:
        return Line("SPF", domain, " / ".join(own), WRONG, _("There may be one line with “v=spf1” only. Join them."))
    advice = _("Say which servers send for this domain. Your mail provider tells the line, “v=spf1 include:… ~all”.")
    return _line("SPF", domain, found, own, advice)


def _dkim(key: SigningKey) -> Line:
    name, _wanted = signing.record_of(key)
    found = texts(name)
    own = [one for one in found or [] if "p=" in one]
    if own and key.public not in own[0].replace(" ", ""):
        return Line("DKIM", name, own[0], WRONG, _("Another key stands there. Replace it by the line of this page."))
    return _line("DKIM", name, found, own, _("Publish the line of this page as a TXT record."))


def _dmarc(domain: str) -> Line:
    name = f"_dmarc.{domain}"
    found = texts(name)
    own = [one for one in found or [] if one.upper().startswith("V=DMARC1")]
    return _line(
        "DMARC", name, found, own, _("Say what others do with mail that is not signed: “v=DMARC1; p=none” to begin.")
    )


def _line(kind: str, name: str, found: list[str] | None, own: list[str], advice: Promise | str) -> Line:
    if found is None:
        return Line(kind, name, "", SILENT, _("No DNS answered. Look again later."))
    return Line(kind, name, own[0], GOOD, "") if own else Line(kind, name, "", MISSING, advice)
