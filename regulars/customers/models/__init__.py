"""The tables of the customer file, one story a file."""

from regulars.customers.models.changes import Change, ChangeSet, ChangeSpan, ImportFile, RememberedMapping
from regulars.customers.models.consent import (
    ConfirmationRequest,
    Consent,
    ConsentRecord,
    ConsentState,
    Medium,
    Wording,
)
from regulars.customers.models.index import Gram, Standing, Unindexed
from regulars.customers.models.labels import CustomField, CustomValue, Tag, Tagging
from regulars.customers.models.lists import SavedView
from regulars.customers.models.merging import DuplicatePair, MatchingModel, MergeLink, OwnProfile
from regulars.customers.models.notes import Attachment, Mention, Note
from regulars.customers.models.people import (
    Category,
    Customer,
    Frequency,
    Gender,
    Household,
    Kind,
    Listed,
    PurchaseFigures,
    Status,
)
from regulars.customers.models.privacy import (
    Erasure,
    KeepingPeriod,
    Law,
    Limit,
    PrivacyRequest,
    PrivacySettings,
    RetentionRule,
    Suppression,
    Tombstone,
)
from regulars.customers.models.reach import Address, ContactPoint, Heard, Identity

__all__ = [
    "Address",
    "Attachment",
    "Category",
    "Change",
    "ChangeSet",
    "ChangeSpan",
    "ConfirmationRequest",
    "Consent",
    "ConsentRecord",
    "ConsentState",
    "ContactPoint",
    "CustomField",
    "CustomValue",
    "Customer",
    "DuplicatePair",
    "Erasure",
    "Frequency",
    "Gender",
    "Gram",
    "Heard",
    "Household",
    "Identity",
    "ImportFile",
    "KeepingPeriod",
    "Kind",
    "Law",
    "Limit",
    "Listed",
    "MatchingModel",
    "Medium",
    "Mention",
    "MergeLink",
    "Note",
    "OwnProfile",
    "PrivacyRequest",
    "PrivacySettings",
    "PurchaseFigures",
    "RememberedMapping",
    "RetentionRule",
    "SavedView",
    "Standing",
    "Status",
    "Suppression",
    "Tag",
    "Tagging",
    "Tombstone",
    "Unindexed",
    "Wording",
]
