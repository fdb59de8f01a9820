"""The forms of a customer. They read and show; what is valid is decided by `normalise`, for pages and API alike."""

from regulars.customers.forms.address import AddressForm
from regulars.customers.forms.base import ShopForm
from regulars.customers.forms.conflict import Clash, as_text, base_of, merged
from regulars.customers.forms.profile import CustomerForm
from regulars.customers.forms.small import CategoryForm, ContactPointForm, HouseholdForm, IdentityForm

__all__ = [
    "AddressForm",
    "CategoryForm",
    "Clash",
    "ContactPointForm",
    "CustomerForm",
    "HouseholdForm",
    "IdentityForm",
    "ShopForm",
    "as_text",
    "base_of",
    "merged",
]
