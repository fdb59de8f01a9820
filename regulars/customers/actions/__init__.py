"""Verbs of customers: the only writers of the customer file."""

from regulars.customers.actions.addresses import remove_address, save_address
from regulars.customers.actions.deleting import delete_customer, erase_customer, restore_customer
from regulars.customers.actions.profile import (
    EmailTaken,
    ExternalIdTaken,
    change_customer,
    create_customer,
)

__all__ = [
    "EmailTaken",
    "ExternalIdTaken",
    "change_customer",
    "create_customer",
    "delete_customer",
    "erase_customer",
    "remove_address",
    "restore_customer",
    "save_address",
]
