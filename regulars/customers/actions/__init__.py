"""Verbs of customers: the only writers of the customer file."""

from regulars.customers.actions.addresses import remove_address, save_address
from regulars.customers.actions.profile import (
    EmailTaken,
    ExternalIdTaken,
    change_customer,
    create_customer,
    delete_customer,
)

__all__ = [
    "EmailTaken",
    "ExternalIdTaken",
    "change_customer",
    "create_customer",
    "delete_customer",
    "remove_address",
    "save_address",
]
