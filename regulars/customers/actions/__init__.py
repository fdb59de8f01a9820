"""Verbs of customers: the only writers of the customer file."""

from regulars.customers.actions.addresses import remove_address, save_address
from regulars.customers.actions.categories import (
    add_category,
    change_category,
    delete_category,
    move_category,
    sort_into_categories,
)
from regulars.customers.actions.contact_points import (
    add_contact_point,
    change_contact_point,
    make_primary,
    mark_bounced,
    mark_verified,
    remove_contact_point,
)
from regulars.customers.actions.deleting import delete_customer, erase_customer, restore_customer
from regulars.customers.actions.duplicates import decide_household, decide_never, find_duplicates, reopen
from regulars.customers.actions.households import (
    join_household,
    leave_household,
    rename_household,
    return_to_household,
)
from regulars.customers.actions.identities import add_identity, remove_identity
from regulars.customers.actions.profile import (
    EmailTaken,
    ExternalIdTaken,
    change_customer,
    create_customer,
)

__all__ = [
    "EmailTaken",
    "ExternalIdTaken",
    "add_category",
    "add_contact_point",
    "add_identity",
    "change_category",
    "change_contact_point",
    "change_customer",
    "create_customer",
    "decide_household",
    "decide_never",
    "delete_category",
    "delete_customer",
    "erase_customer",
    "find_duplicates",
    "join_household",
    "leave_household",
    "make_primary",
    "mark_bounced",
    "mark_verified",
    "move_category",
    "remove_address",
    "remove_contact_point",
    "remove_identity",
    "rename_household",
    "reopen",
    "restore_customer",
    "return_to_household",
    "save_address",
    "sort_into_categories",
]
