"""What laws say in numbers: until when a request is answered, and for how many years orders are kept.

A shop's owner may say otherwise for each country; what stands here is where that begins. It is no legal advice.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from dataclasses import dataclass

from regulars.core import shop
from regulars.customers.models import KeepingPeriod, Law, PrivacySettings

_CCPA_DAYS = 45  # Cal. Civ. Code § 1798.130 (a)(2)


@dataclass(frozen=True, slots=True)
class Period:
    """For how many years a country wants the books of a sale kept, and where that stands."""

    country: str
    years: int
    source: str
    is_own: bool = False  # said by the owner


# Years from the end of the year of the sale. What is longest for invoices and the books they belong to: German invoices
# alone are kept 8 years, the books that hold them 10.
PERIODS: dict[str, tuple[int, str]] = {
    "AT": (7, "BAO § 132"),
    "AU": (5, "Income Tax Assessment Act 1936 s 262A"),
    "BE": (10, "Code TVA art. 60"),
    "CA": (6, "Income Tax Act s 230"),
    "CH": (10, "OR Art. 958f"),
    "CN": (10, "税收征收管理法实施细则 § 29; 电子商务法 § 31"),
    "CZ": (10, "Zákon o DPH § 35"),
    "DE": (10, "AO § 147 (3), HGB § 257 (4)"),
    "DK": (5, "Bogføringsloven § 12"),
    "ES": (6, "Código de Comercio art. 30"),
    "FI": (10, "Kirjanpitolaki 2:10 §"),
    "FR": (10, "Code de commerce art. L123-22"),
    "GB": (6, "VATA 1994 Sch. 11 para. 6; Companies Act 2006 s. 388"),
    "HK": (7, "Inland Revenue Ordinance s. 51C"),
    "IE": (6, "Taxes Consolidation Act 1997 s. 886"),
    "IT": (10, "Codice civile art. 2220"),
    "JP": (7, "法人税法施行規則 59"),
    "LU": (10, "Code de commerce art. 16"),
    "NL": (7, "AWR art. 52"),
    "NO": (5, "Bokføringsloven § 13"),
    "PL": (5, "Ordynacja podatkowa art. 86"),
    "PT": (10, "CIVA art. 52"),
    "SE": (7, "Bokföringslagen 7 kap. 2 §"),
    "SG": (5, "Income Tax Act s. 67"),
    "TW": (5, "商業會計法 § 38"),
    "US": (7, "26 CFR 1.6001-1; IRC § 6501"),
}
_ELSEWHERE = (10, "")


def period(country: str) -> Period:
    """How long a shop of that country keeps its sales; ten years where nothing is known."""
    own = KeepingPeriod.objects.filter(country=country).first()
    if own is not None:
        return Period(country, own.years, own.source, is_own=True)
    return Period(country, *PERIODS.get(country, _ELSEWHERE))


def kept_until(day: dt.date, years: int) -> dt.date:
    """The last day a sale of that day is kept: periods of books begin with the end of the year."""
    return dt.date(day.year + years, 12, 31)


def due(law: str, asked_on: dt.date) -> dt.date:
    """Until when a request under a law is answered: a month (GDPR), 45 days (CCPA), “timely” (PIPL)."""
    if law == Law.CCPA:
        return asked_on + dt.timedelta(days=_CCPA_DAYS)
    if law == Law.PIPL:
        return asked_on + dt.timedelta(days=own_words().pipl_days)
    return a_month_after(asked_on)


def longest(law: str, asked_on: dt.date) -> dt.date:
    """Until when an answer can be put off with a reason: two further months (GDPR 12 (3)), 45 further days (CCPA)."""
    if law == Law.CCPA:
        return asked_on + dt.timedelta(days=2 * _CCPA_DAYS)
    return a_month_after(asked_on, months=3)


def a_month_after(day: dt.date, *, months: int = 1) -> dt.date:
    """The same day of a later month, or its last one."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return dt.date(year, month, min(day.day, monthrange(year, month)[1]))


def own_words() -> PrivacySettings:
    """What the owner said of privacy; what we begin with where nothing was said."""
    return PrivacySettings.objects.filter(pk=1).first() or PrivacySettings(
        default_law=Law.PIPL if shop.current().country == "CN" else Law.GDPR,
        needs_separate_consent=shop.current().country == "CN",
        child_age=14 if shop.current().country == "CN" else 16,
    )
