"""What this room itself, and the timeline below it, hold of a customer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy

from regulars.channels.applying import keeping
from regulars.customers import attachments, moving
from regulars.customers.belongings import Holder
from regulars.customers.models import (
    Address,
    Attachment,
    Change,
    ConfirmationRequest,
    Consent,
    ConsentRecord,
    ContactPoint,
    Customer,
    CustomValue,
    DuplicatePair,
    Heard,
    Identity,
    Limit,
    Mention,
    MergeLink,
    Note,
    OwnProfile,
    PrivacyRequest,
    Tagging,
)
from regulars.timeline.actions import blank_many
from regulars.timeline.models import Entry

_STAFF = {"customer_id", "made_by_id", "checked_by_id", "answered_by_id", "set_by_id", "lifted_by_id", "decided_by_id"}


def _profile(customer: Customer) -> Iterable[dict[str, Any]]:
    return _plain(Customer.everyone.filter(pk=customer.pk), leave_out={"search_text", "sort_name"})


def _keep_until_deleted(_customer: Customer) -> None:
    """The row itself goes last, when every holder has let go."""


def _addresses(customer: Customer) -> Iterable[dict[str, Any]]:
    return _plain(Address.objects.filter(customer=customer), leave_out={"customer_id"})


def _identities(customer: Customer) -> Iterable[dict[str, Any]]:
    return _plain(Identity.objects.filter(customer=customer), leave_out={"customer_id"})


def _entries(customer: Customer) -> Iterable[dict[str, Any]]:
    return _plain(Entry.objects.filter(customer=customer), leave_out={"customer_id", "actor_id"})


def _blank_entries(customer: Customer) -> None:
    """That something happened stays, for the audit log and the figures; what it says about the person goes."""
    blank_many(Entry.objects.filter(customer=customer), is_emptied=True, is_cut_loose=True, reason="erased")


def _changes(customer: Customer) -> Iterable[Any]:
    changes = Change.objects.filter(customer_id=customer.pk).order_by("pk")
    return changes.values("outcome", "state", "fields", "label", "reason", "change_set__title")


def _blank_changes(customer: Customer) -> None:
    """That a change set changed somebody stays, so that its sums are right; who and what goes."""
    Change.objects.filter(customer_id=customer.pk).update(customer_id=None, label="", fields={}, images=[], reason="")


def _blank_requests(customer: Customer) -> None:
    """That a right was asked for and when it was answered is our proof; who asked, and the words, go."""
    PrivacyRequest.objects.filter(customer=customer).update(customer=None, asked_by="", details="", answer="")


def _forget_attachments(customer: Customer) -> None:
    """The rows now, and the files when nothing can bring the rows back."""
    rows = Attachment.objects.filter(customer=customer)
    keys = list(rows.values_list("key", flat=True))
    rows.delete()
    transaction.on_commit(lambda: attachments.remove(keys))


def _forget_deliveries(customer: Customer) -> None:
    """Also what nobody could read yet, where it names one of their e-mails."""
    points = ContactPoint.objects.filter(customer=customer, kind="email").values_list("value", flat=True)
    keeping.forget(customer.pk, [customer.email, *points])


def _rows(name: str, model: type[Model], *, by: str = "customer", also: tuple[str, ...] = (), **more: Any) -> Holder:
    """A holder whose rows are the customer's alone; `also` are columns of other tables that say what a row means."""

    def of(customer: Customer) -> QuerySet[Any]:
        return model._default_manager.filter(**{by: customer})

    return Holder(
        name=name,
        models=(model._meta.label,),
        export=lambda customer: _plain(
            of(customer), leave_out={"customer_id", "actor_id", "author_id", "user_id", *_STAFF}, also=also
        ),
        **{"forget": lambda customer: _delete(of(customer)), **more},
    )


def _of_pair(model: type[Model], customer: Customer, one: str, other: str) -> QuerySet[Any]:
    return model._default_manager.filter(Q(**{one: customer}) | Q(**{other: customer}))


def _plain(rows: QuerySet[Any], *, leave_out: set[str], also: tuple[str, ...] = ()) -> Iterable[dict[str, Any]]:
    model: type[Model] = rows.model
    columns = [field.attname for field in model._meta.concrete_fields if field.attname not in leave_out]
    return rows.order_by("pk").values(*columns, *also)


ALL = (
    Holder(name="profile", models=("customers.Customer",), export=_profile, forget=_keep_until_deleted),
    Holder(
        name="addresses",
        models=("customers.Address",),
        export=_addresses,
        forget=lambda customer: _delete(Address.objects.filter(customer=customer)),
        label=gettext_lazy("Addresses"),
        move=moving.move_addresses,
    ),
    Holder(
        name="identities",
        models=("customers.Identity",),
        export=_identities,
        forget=lambda customer: _delete(Identity.objects.filter(customer=customer)),
    ),
    Holder(
        name="heard",
        models=("customers.Heard",),
        # which channel said what stands in the profile, as numbers; the profile itself is told
        export=lambda _customer: (),
        forget=lambda customer: _delete(Heard.objects.filter(customer=customer)),
    ),
    # they go with the customer's own row: what else names one of these e-mails is found by them until then
    _rows("contact_points", ContactPoint, move=moving.move_contact_points, forget=_keep_until_deleted),
    _rows(
        "tags",
        Tagging,
        also=("tag__name",),
        label=gettext_lazy("Tags"),
        move=moving.move_tags,
        words=lambda tagging: tagging.tag.name,
    ),
    _rows("custom_values", CustomValue, also=("field__label",)),
    _rows("mentions", Mention, by="note__customer"),
    Holder(
        name="attachments",
        models=("customers.Attachment",),
        export=lambda customer: _plain(Attachment.objects.filter(customer=customer), leave_out={"customer_id", "key"}),
        forget=_forget_attachments,
    ),
    _rows("notes", Note, label=gettext_lazy("Notes"), move=moving.move_notes),
    _rows("consents", Consent),
    _rows("confirmation_requests", ConfirmationRequest),
    _rows("consent_records", ConsentRecord),
    _rows("own_profile", OwnProfile),
    Holder(
        name="merges",
        models=("customers.MergeLink",),
        export=lambda customer: _plain(_of_pair(MergeLink, customer, "kept", "merged"), leave_out=set()),
        forget=lambda customer: _delete(_of_pair(MergeLink, customer, "kept", "merged")),
    ),
    Holder(
        name="duplicates",
        models=("customers.DuplicatePair",),
        # what we thought of two people is not told to either of them
        export=lambda _customer: (),
        forget=lambda customer: _delete(_of_pair(DuplicatePair, customer, "left", "right")),
    ),
    _rows("limits", Limit),
    Holder(
        name="privacy_requests",
        models=("customers.PrivacyRequest",),
        export=lambda customer: _plain(PrivacyRequest.objects.filter(customer=customer), leave_out=_STAFF),
        forget=_blank_requests,
    ),
    Holder(name="bulk_changes", models=("customers.Change",), export=_changes, forget=_blank_changes),
    Holder(
        name="deliveries",
        models=("channels.Delivery", "channels.DeliveryPerson"),
        export=lambda customer: keeping.told(customer.pk),
        forget=_forget_deliveries,
        tells=("connection", "topic", "received_at", "fate", "kind", "external_id", "version", "body"),
    ),
    Holder(name="timeline", models=("timeline.Entry",), export=_entries, forget=_blank_entries),
)


def _delete(rows: QuerySet[Any]) -> None:
    rows.delete()
