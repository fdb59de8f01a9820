"""What a profile and an address may hold, in the form it is kept: the one validation of pages, API and imports."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any
from zoneinfo import available_timezones

from babel.core import Locale
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.contact import BadContact, parse_country, parse_email, parse_phone
from regulars.core.dates import FIRST_YEAR, LAST_YEAR, BadDate, parse_moment
from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.customers import birthdays, preferences, vat
from regulars.customers.birthdays import Birth
from regulars.customers.models import Address, Customer, Frequency, Gender, Kind, Status

Values = Mapping[str, Any]

PLACE = ("city", "region", "postcode", "country")
"""What a customer's row repeats of the address parcels go to."""


def normalise(values: Values, *, country: str) -> dict[str, Any]:
    """The given fields of a profile as they are kept; fields that are not given are not in the answer.

    `country` is where phone numbers without a country code are dialled. `birth_date` is one field coming in, with or
    without its year, and two that are kept. Raises Invalid with a reason for every field that cannot be used.
    """
    kept = _checked(values, PROFILE_CHECKS, country=country or shop.current().country)
    birth = kept.pop("birth_date", None)
    if birth is not None:
        kept["birth_year"], kept["birthday"] = birth
    return kept


def normalise_address(values: Values, *, country: str) -> dict[str, Any]:
    """The given fields of an address as they are kept. Its own country is where its phone is dialled."""
    own = str(values.get("country") or "")
    with suppress(BadContact):  # its reason is given below, with those of the other fields
        country = (parse_country(own) if own else "") or country
    return _checked(values, ADDRESS_CHECKS, country=country or shop.current().country)


def shown_name(profile: Values) -> str:
    """The name made of its parts, in the order of its script and language: Ada Lovelace, 张三, Kovács Anna."""
    given, family = profile.get("given_name") or "", profile.get("family_name") or ""
    if not given or not family:
        return given or family or profile.get("company") or ""
    if _EAST_ASIAN.fullmatch(family + given):
        return family + given
    is_family_first = (profile.get("language") or "")[:2] in _FAMILY_FIRST
    return f"{family} {given}" if is_family_first else f"{given} {family}"


def require_someone(profile: Values) -> None:
    """Raises Invalid where nothing says who this is."""
    if not any(profile.get(field) for field in ("name", "given_name", "family_name", "company", "email", "phone")):
        raise Invalid(
            _("Nothing says who this is. Give a name, a company, an e-mail or a phone number."),
            fields={"name": [_("Give a name, a company, an e-mail or a phone number.")]},
        )


def require_reason(profile: Values) -> None:
    """Raises Invalid where somebody is restricted and nothing says why."""
    if any(profile.get(field) for field in RESTRICTIONS) and not profile.get("restriction_reason"):
        sentence = _("Say why this customer is restricted. Whoever serves them next has to know.")
        raise Invalid(sentence, fields={"restriction_reason": [sentence]})


def require_place(address: Values) -> None:
    """Raises Invalid where an address says nothing."""
    if not any(address.get(field) for field in ADDRESS_TEXT):
        raise Invalid(
            _("The address is empty. Give at least a street, a city or a country."),
            fields={"line1": [_("Give at least a street, a city or a country.")]},
        )


RESTRICTIONS = ("is_blocked", "pays_in_advance", "has_no_credit")
ADDRESS_TEXT = ("name", "company", "line1", "line2", "city", "region", "postcode", "country", "phone")

_FAMILY_FIRST = {"zh", "ja", "ko", "hu", "vi"}
_EAST_ASIAN = re.compile(
    "[\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f·]+"
)

Check = Callable[[Any, str], Any]


def _checked(values: Values, fields: Mapping[str, Check], *, country: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    reasons: dict[str, list[str]] = {}
    for name, value in values.items():
        check = fields.get(name)
        if check is None:
            reasons[name] = [_("There is no field “%(field)s”.") % {"field": name}]
            continue
        try:
            kept[name] = check(value, country)
        except (BadText, BadContact, BadDate) as problem:
            reasons[name] = [str(problem)]
    if reasons:
        first = next(iter(reasons))
        raise Invalid(
            reasons[first][0] if len(reasons) == 1 else _("Some fields cannot be used as they are."), fields=reasons
        )
    return kept


def _text(limit: int) -> Check:
    def check(value: Any, _country: str) -> str:
        return clean(value if isinstance(value, str) else str(value), limit=limit) if value else ""

    return check


def _email(value: Any, _country: str) -> str:
    return parse_email(clean(_as_text(value), limit=_limit("email"))) if value else ""


def _phone(value: Any, country: str) -> str:
    # 80 characters hold every way to write a number; the kept form fits the column.
    return parse_phone(clean(_as_text(value), limit=80), country=country) if value else ""


def _country(value: Any, _country: str) -> str:
    return parse_country(clean(_as_text(value), limit=80)) if value else ""


def _language(value: Any, _country: str) -> str:
    return _language_code(clean(_as_text(value), limit=40)) if value else ""


@lru_cache(maxsize=512)
def _language_code(text: str) -> str:
    code = text.replace("_", "-").lower()
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}", code) or code.split("-")[0] not in Locale("en").languages:
        raise BadContact(_("“%(text)s” is not a language code. Write one like en, de or zh-hans.") % {"text": text})
    return code[: _limit("language")]


def _status(value: Any, _country: str) -> str:
    return str(_one_of(value, _STATUSES, Status.ACTIVE, _("“%(text)s” is not a status. Write active or inactive.")))


def _kind(value: Any, _country: str) -> str:
    return str(_one_of(value, _KINDS, Kind.PERSON, _("“%(text)s” is not a kind. Write person or company.")))


def _flag(value: Any, _country: str) -> bool:
    if isinstance(value, bool):
        return value
    return bool(_one_of(value, FLAGS, False, _("“%(text)s” is neither yes nor no.")))


def _one_of(value: Any, known: Mapping[str, Any], default: Any, sentence: str) -> Any:
    text = "" if value is None else _as_text(value).strip()
    found = known.get(text.casefold()) if text else default
    if found is None:
        raise BadText(sentence % {"text": text[:40]})
    return found


def _choice(known: Mapping[str, str], words: Iterable[str]) -> Check:
    """One of a few words, or none of them."""

    def check(value: Any, _country: str) -> str:
        text = "" if value is None else _as_text(value).strip()
        found = known.get(text.casefold()) if text else ""
        if found is None:
            raise BadText(_("“%(text)s” is none of these: %(known)s.") % {"text": text[:40], "known": ", ".join(words)})
        return found

    return check


def _birth(value: Any, _country: str) -> Birth:
    if isinstance(value, Birth):
        return value
    if isinstance(value, dt.date):
        value = value.isoformat()[:10]
    is_month_first = shop.current().country in {"US", "PH"}
    return (
        birthdays.parse(clean(_as_text(value), limit=40), is_month_first=is_month_first) if value else Birth(None, "")
    )


def _birthday(value: Any, _country: str) -> str:
    """Month and day as they are kept, which is how an undo gives them back."""
    return birthdays.parse(f"--{_as_text(value)}").day if value else ""


def _birth_year(value: Any, _country: str) -> int | None:
    return birthdays.parse(_as_text(value)).year if value else None


def _days(value: Any, _country: str) -> int | None:
    if value is None or _as_text(value).strip() == "":
        return None
    text = _as_text(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= _MOST_DAYS):
        raise BadText(_("Give whole days, from 0 to %(most)s.") % {"most": _MOST_DAYS})
    return int(text)


def _vat(value: Any, country: str) -> str:
    return vat.checked(clean(_as_text(value), limit=60), country=country) if value else ""


def _time_zone(value: Any, _country: str) -> str:
    return _zone_of(clean(_as_text(value), limit=64)) if value else ""


@lru_cache(maxsize=512)
def _zone_of(text: str) -> str:
    found = _zones().get(text.replace(" ", "_").casefold())
    if found is None:
        raise BadText(_("“%(text)s” is not a time zone. Write one like Europe/London.") % {"text": text[:40]})
    return found


@cache
def _zones() -> dict[str, str]:
    return {zone.casefold(): zone for zone in available_timezones() if "/" in zone}


def _of_words(read: Callable[[Any], str]) -> Check:
    return lambda value, _country: read(value)


def _moment(value: Any, _country: str) -> dt.datetime:
    if isinstance(value, str):
        current = shop.current()
        # The rest of the world writes the day first where it uses slashes.
        return parse_moment(value, zone=shop.zone(), is_month_first=current.country in {"US", "PH"})
    if isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, dt.date):
        moment = dt.datetime.combine(value, dt.time.min)
    else:
        raise BadDate(_("Say when, as a date."))
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise BadDate(_("The year of “%(text)s” is not one a shop has seen.") % {"text": moment.date()})
    return (moment if moment.tzinfo else moment.replace(tzinfo=shop.zone())).astimezone(dt.UTC)


def _as_is(value: Any, _country: str) -> Any:
    return value


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _limit(field: str, model: type[Customer | Address] = Customer) -> int:
    column = model._meta.get_field(field)
    return getattr(column, "max_length", None) or 0


def _texts(model: type[Customer | Address], *names: str) -> dict[str, Check]:
    return {name: _text(_limit(name, model)) for name in names}


_STATUSES = {
    "active": Status.ACTIVE, "inactive": Status.INACTIVE,
    # as shops' exports have it
    "enabled": Status.ACTIVE, "disabled": Status.INACTIVE, "invited": Status.ACTIVE, "declined": Status.INACTIVE,
    "aktiv": Status.ACTIVE, "inaktiv": Status.INACTIVE, "启用": Status.ACTIVE, "停用": Status.INACTIVE,
}  # fmt: skip
_KINDS = {
    "person": Kind.PERSON, "company": Kind.COMPANY, "private": Kind.PERSON, "business": Kind.COMPANY,
    "firma": Kind.COMPANY, "个人": Kind.PERSON, "公司": Kind.COMPANY, "企业": Kind.COMPANY,
}  # fmt: skip
FLAGS = {
    **dict.fromkeys(("1", "true", "yes", "y", "ja", "wahr", "是", "on"), True),
    **dict.fromkeys(("0", "false", "no", "n", "nein", "falsch", "否", "off"), False),
}

_GENDERS = {
    **{gender: gender for gender in ("female", "male", "other")},
    **dict.fromkeys(("f", "w", "weiblich", "frau", "woman", "女", "女性", "女士"), "female"),
    **dict.fromkeys(("m", "männlich", "herr", "man", "男", "男性", "先生"), "male"),
    **dict.fromkeys(("d", "x", "divers", "diverse", "non-binary", "nonbinary", "其他"), "other"),
}
_FREQUENCIES = {
    **{str(one.value): str(one.value) for one in Frequency},
    **dict.fromkeys(("every week", "wöchentlich", "每周"), "weekly"),
    **dict.fromkeys(("every month", "monatlich", "每月"), "monthly"),
    **dict.fromkeys(("every quarter", "every 3 months", "quartalsweise", "每季度"), "quarterly"),
    **dict.fromkeys(("every year", "annually", "jährlich", "每年"), "yearly"),
    **dict.fromkeys(("seldom", "selten", "很少"), "rarely"),
}
_MOST_DAYS = 365

PROFILE_CHECKS: dict[str, Check] = {
    "kind": _kind,
    **_texts(Customer, "title", "given_name", "family_name", "name", "company"),
    "email": _email,
    "phone": _phone,
    "language": _language,
    "status": _status,
    "is_guest": _flag,
    "customer_since": _moment,
    "looked_after_by": _as_is,
    "birth_date": _birth,
    "birthday": _birthday,
    "birth_year": _birth_year,
    "gender": _choice(_GENDERS, Gender.values),
    **_texts(Customer, "occupation", "position", "payment_preference", "restriction_reason"),
    "time_zone": _time_zone,
    "category": _as_is,
    "organisation": _as_is,
    "vat_number": _vat,
    "payment_days": _days,
    **dict.fromkeys(RESTRICTIONS, _flag),
    "preferred_channels": _of_words(preferences.channels),
    "contact_times": _of_words(preferences.contact_times),
    "interests": _of_words(preferences.interests),
    "shopping_frequency": _choice(_FREQUENCIES, Frequency.values),
}
ADDRESS_CHECKS: dict[str, Check] = {
    **_texts(Address, "name", "company", "line1", "line2", "city", "region", "postcode"),
    "country": _country,
    "phone": _phone,
    "is_default_shipping": _flag,
    "is_default_billing": _flag,
}
