"""Rows that came to a merged person, given to the record that leaves when the merge is taken back."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.customers import attachments, presenting
from regulars.customers.derived import refreshed
from regulars.customers.models import Address, Attachment, ContactPoint, Customer, Note, Tagging
from regulars.customers.presenting import itself, own_profile


def move_notes(keys: Sequence[int], _from_id: int, to_id: int) -> None:
    """Notes go with their files."""
    for file in Attachment.objects.filter(note__in=keys):
        attachments.hand_over(file, to_id)
    for note in Note.objects.filter(pk__in=keys):
        # what a row says is sealed for whose it is
        note.customer_id = to_id
        note.save()


def move_tags(keys: Sequence[int], _from_id: int, to_id: int) -> None:
    """A tag goes where it is not yet, and is taken off here in any case."""
    rows = Tagging.objects.filter(pk__in=keys)
    known = set(Tagging.objects.filter(customer=to_id).values_list("tag", flat=True))
    rows.filter(tag__in=known).delete()
    rows.update(customer=to_id)


def move_contact_points(keys: Sequence[int], from_id: int, to_id: int) -> None:
    """An e-mail or a phone goes where it is not yet, and is taken off here in any case."""
    known = set(ContactPoint.objects.filter(customer=to_id).values_list("kind", "value"))
    for point in ContactPoint.objects.filter(pk__in=keys):
        if (point.kind, point.value) in known:
            point.delete()
        else:
            ContactPoint.objects.filter(pk=point.pk).update(customer=to_id)
    presenting.find_again([from_id, to_id])


def move_addresses(keys: Sequence[int], from_id: int, to_id: int) -> None:
    """An address keeps the place of a default only where the other record has none yet."""
    for address in Address.objects.filter(pk__in=keys).order_by("pk"):
        theirs = Address.objects.filter(customer=to_id)
        for default in ("is_default_shipping", "is_default_billing"):
            setattr(address, default, getattr(address, default) and not theirs.filter(**{default: True}).exists())
        address.customer_id = to_id
        address.save()
    for customer in Customer.everyone.filter(pk__in=[from_id, to_id]).select_related("own_profile"):
        columns = refreshed(itself(customer))
        if own_profile(customer) is not None:
            presenting.write_own(customer, columns, is_last_word=False)
        else:
            Customer.everyone.filter(pk=customer.pk).update(**columns)
