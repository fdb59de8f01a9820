"""What the profile says, in words and groups: for the profile tab, the rail, and the sentence about a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from regulars.customers import birthdays, customfields, people, postal, preferences, presenting, restrictions
from regulars.customers.forms import CustomerForm
from regulars.customers.forms.profile import hidden_fields
from regulars.customers.models import Address, Customer, Identity
from regulars.customers.names import category_name, formal_name, is_family_first_here
from regulars.customers.places import language_name
from regulars.customers.queries.contact_points import contact_points

if TYPE_CHECKING:
    from django.http import HttpRequest

_PEOPLE = 50
INLINE = frozenset(CustomerForm.base_fields)
"""The facts that can be changed where they stand."""


@dataclass(frozen=True, slots=True)
class Known:
    """One fact: its label, its words, and the customer they lead to, if they do. `field` is where the form asks it."""

    label: str
    value: str
    field: str = ""
    leads_to: Customer | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Facts under one heading; `slug` is where the form asks them."""

    slug: str
    title: str
    facts: list[Known]


@dataclass(frozen=True, slots=True)
class Lived:
    """An address with what its country would say about it."""

    address: Address
    doubts: list[str]
    missing: list[str]


def profile(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """All we know: how to reach them, where they live and with whom, who they are, what they like."""
    return {
        "points": contact_points(customer),
        "parts": [part for part in (*parts(customer), own_fields(request.user, customer)) if part.facts],
        "restrictions": restrictions.words(customer),
        "inline": INLINE - frozenset(hidden_fields()),
        **household(customer),
        **company_people(customer),
        **addresses(request, customer),
        **identities(request, customer),
    }


def parts(customer: Customer) -> list[Part]:
    """Every fact of the profile that is known, in groups."""
    return [
        Part("who", _("Who"), _written(_who(customer))),
        Part("business", _("Business"), _written(_business(customer))),
        Part("preferences", _("What they prefer"), _written(_preferences(customer))),
        Part("shop", _("In the shop"), _written(_in_the_shop(customer))),
    ]


def own_fields(reader: Any, customer: Customer) -> Part:
    """What the shop's own fields say, of those that the reader may see."""
    known = customfields.seen_by(reader)
    found = customfields.values_of([customer], known)[customer.pk] if known else {}
    comma = pgettext("between the words of a list", ", ")
    facts = [
        Known(field.label, comma.join(customfields.words(field, text) for text in found.get(field.pk, ())), field.name)
        for field in known
    ]
    return Part("own", _("Our own fields"), _written(facts))


def more(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The facts that are not in the head, for the rail."""
    facts = [*_who(customer), *_lives_with(customer), *_business(customer)]
    facts += [*_preferences(customer), *_in_the_shop(customer)]
    own = own_fields(request.user, customer).facts
    return {"facts": [*(fact for fact in _written(facts) if fact.field not in _IN_HEAD), *own]}


def addresses(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Where parcels and invoices go, and the other addresses."""
    known = presenting.addresses(customer)
    return {
        "addresses": known,
        "lived": [_lived(address) for address in known],
        "others": len(known) - 2,
        "may_edit": request.user.may("customers.edit"),  # type: ignore[union-attr]
    }


def identities(_request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """What each channel calls this customer."""
    found = Identity.objects.filter(customer__in=people.records(customer)).select_related("channel")
    return {"identities": list(found.order_by("channel__name", "id"))}


def household(customer: Customer) -> dict[str, Any]:
    """Who lives with them."""
    if customer.household_id is None:
        return {"household": None, "members": []}
    others = Customer.objects.filter(household=customer.household_id).exclude(pk=customer.pk)
    return {"household": customer.household, "members": list(others.order_by("sort_name", "id")[:_PEOPLE])}


def company_people(customer: Customer) -> dict[str, Any]:
    """Who works at a company; its first fifty, and how many more."""
    if not customer.is_company:
        return {"people": [], "more_people": 0}
    everybody = Customer.objects.filter(organisation__in=people.records(customer))
    shown = list(everybody.order_by("sort_name", "id")[: _PEOPLE + 1])
    return {"people": shown[:_PEOPLE], "more_people": everybody.count() - _PEOPLE if len(shown) > _PEOPLE else 0}


_IN_HEAD = frozenset({"language", "customer_since", "looked_after_by", "status", "category"})


def _who(customer: Customer) -> list[Known]:
    formal = formal_name(customer)
    names = [Known(_("Given name"), customer.given_name, "given_name"),
             Known(_("Family name"), customer.family_name, "family_name")]  # fmt: skip
    if is_family_first_here():
        names.reverse()
    return [
        Known(_("Kind"), customer.get_kind_display(), "kind"),
        Known(_("Addressed as"), formal if formal != str(customer) else "", "title"),
        *names,
        Known(_("Birthday"), birthday_words(customer), "birth_date"),
        Known(_("Gender"), customer.get_gender_display(), "gender"),
        Known(_("Occupation"), customer.occupation, "occupation"),
        Known(_("Language"), language_name(customer.language) if customer.language else "", "language"),
        Known(_("Time zone"), customer.time_zone.replace("_", " "), "time_zone"),
    ]


def _lives_with(customer: Customer) -> list[Known]:
    """The others of the household, who lead to their own pages."""
    members = household(customer)["members"]
    return [Known(_("Lives with") if at == 0 else "", str(one), "household", one) for at, one in enumerate(members)]


def _business(customer: Customer) -> list[Known]:
    days = customer.payment_days
    return [
        Known(_("Works at"), str(customer.organisation or ""), "organisation", leads_to=customer.organisation),
        Known(_("Company"), customer.company if customer.company != str(customer) else "", "company"),
        Known(_("Position"), customer.position, "position"),
        Known(_("VAT number"), customer.vat_number, "vat_number"),
        Known(
            _("Pays within"),
            "" if days is None else ngettext("%(number)s day", "%(number)s days", days) % {"number": days},
            "payment_days",
        ),
        Known(_("Pays by preference"), customer.payment_preference, "payment_preference"),
    ]


def _preferences(customer: Customer) -> list[Known]:
    return [
        Known(
            _("Likes to hear from us by"),
            preferences.words_of("preferred_channels", customer.preferred_channels),
            "preferred_channels",
        ),
        Known(_("Best times"), preferences.words_of("contact_times", customer.contact_times), "contact_times"),
        Known(_("Interested in"), preferences.words_of("interests", customer.interests), "interests"),
        Known(_("Says they shop"), customer.get_shopping_frequency_display(), "shopping_frequency"),
    ]


def _in_the_shop(customer: Customer) -> list[Known]:
    owner = customer.looked_after_by
    return [
        Known(_("Category"), category_name(customer.category) if customer.category else "", "category"),
        Known(_("First seen in"), customer.channel.name if customer.channel else "", "channel"),
        Known(_("Account"), _("Bought as a guest") if customer.is_guest else "", "is_guest"),
        Known(_("Looked after by"), owner.name if owner else "", "looked_after_by"),
    ]


def birthday_words(customer: Customer) -> str:
    """The birthday as people read it, with the age where the year is known: 12 March 1980 (46)."""
    words = birthdays.words(customer.birth_year, customer.birthday)
    years = birthdays.age(birthdays.born_on(customer.birth_year, customer.birthday))
    if years is None:
        return words
    if (get_language() or "").startswith("zh"):
        return f"{words}（{years} 岁）"
    return f"{words} ({years})"


def _lived(address: Address) -> Lived:
    values = {name: getattr(address, name) for name in ("line1", "city", "region", "postcode", "country")}
    doubts = [reason for reasons in postal.problems(values).values() for reason in reasons]
    labels = postal.rules_of(address.country).labels
    missing = [str(labels.get(name, _("Street and number"))) for name in postal.missing(values)]
    return Lived(address, doubts, missing if address.country else [])


def _written(facts: list[Known]) -> list[Known]:
    return [fact for fact in facts if fact.value]
