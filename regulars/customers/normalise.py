"""What a profile and an address may hold, in the form it is kept: the one validation of pages, API and imports."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from babel.core import Locale
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.contact import BadContact, parse_country, parse_email, parse_phone
from regulars.core.dates import FIRST_YEAR, LAST_YEAR, BadDate, parse_moment
from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.customers.models import Address, Customer, Kind, Status

Values = Mapping[str, Any]

PLACE = ("city", "region", "postcode", "country")
"""What a customer's row repeats of the address parcels go to."""


def normalise(values: Values, *, country: str) -> dict[str, Any]:
    """The given fields of a profile as they are kept; fields that are not given are not in the answer.

    `country` is where phone numbers without a country code are dialled. Raises Invalid with a reason for every field
    that cannot be used.
    """
    return _checked(values, PROFILE_CHECKS, country=country or shop.current().country)


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


def require_place(address: Values) -> None:
    """Raises Invalid where an address says nothing."""
    if not any(address.get(field) for field in ADDRESS_TEXT):
        raise Invalid(
            _("The address is empty. Give at least a street, a city or a country."),
            fields={"line1": [_("Give at least a street, a city or a country.")]},
        )


ADDRESS_TEXT = ("name", "company", "line1", "line2", "city", "region", "postcode", "country", "phone")

_FAMILY_FIRST = {"zh", "ko", "hu", "vi"}
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
    return bool(_one_of(value, _FLAGS, False, _("“%(text)s” is neither yes nor no.")))


def _one_of(value: Any, known: Mapping[str, Any], default: Any, sentence: str) -> Any:
    text = "" if value is None else _as_text(value).strip()
    found = known.get(text.casefold()) if text else default
    if found is None:
        raise BadText(sentence % {"text": text[:40]})
    return found


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
_FLAGS = {
    **dict.fromkeys(("1", "true", "yes", "y", "ja", "wahr", "是", "on"), True),
    **dict.fromkeys(("0", "false", "no", "n", "nein", "falsch", "否", "off"), False),
}

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
}
ADDRESS_CHECKS: dict[str, Check] = {
    **_texts(Address, "name", "company", "line1", "line2", "city", "region", "postcode"),
    "country": _country,
    "phone": _phone,
    "is_default_shipping": _flag,
    "is_default_billing": _flag,
}
