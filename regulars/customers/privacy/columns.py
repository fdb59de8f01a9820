"""Which columns of a person's rows are told in their copy, and why the others are not."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, QuerySet

from regulars.customers.belongings import Holder
from regulars.customers.models import Customer

_DERIVED = "made from other columns, which are told"
_KEY = "the number of a row of ours, or of the row it belongs to"
_STAFF = "who of the staff did it is somebody else's data; by which door is told"
_SHOP = "what the shop needs to run, and says nothing of the person"
_WHOSE = "whose row it is: `record` says so"

LEFT_OUT: dict[str, str] = {
    # by the name of a column, wherever it stands
    **dict.fromkeys(("actor", "author", "user", "made_by", "set_by", "lifted_by", "undone_by"), _STAFF),
    **dict.fromkeys(("checked_by", "answered_by", "decided_by"), _STAFF),
    "version": _SHOP,
    "customer": _WHOSE,
    # by table and column
    **dict.fromkeys(("channels.Delivery.id", "channels.Delivery.customer_id"), _KEY),
    **dict.fromkeys(("channels.Delivery.event", "channels.Delivery.attempts", "channels.Delivery.error"), _SHOP),
    "channels.Delivery.applied_at": _SHOP,
    "channels.DeliveryPerson": "of which delivery it is one of several persons; the delivery is told",
    "customers.Customer.search_text": _DERIVED,
    "customers.Customer.sort_name": _DERIVED,
    "customers.Attachment.key": "where the file lies; the file itself is in the copy",
    "customers.Change.id": _KEY,
    "customers.Change.change_set": "told by its title",
    "customers.Change.row": _SHOP,
    "customers.Change.images": "copies of rows that are told, kept so that work can be undone",
    "customers.Change.customer_id": _WHOSE,
    "customers.DuplicatePair": "what a program thought of two people tells of both, so neither is told",
    "customers.Heard": "which channel said what stands in the profile, as numbers; the profile itself is told",
    "customers.Erasure": "a case that waits; its certificate names nobody",
    "customers.Tombstone": "there is nobody any more who could be told",
    "customers.Unindexed": _SHOP,
    "core.IdempotentCall": "copies of answers that tell what is told here, kept for seven days",
    "orders.KeptSale": "there is nobody any more who could be told",
    **dict.fromkeys(("orders.Order.id", "orders.Return.id", "orders.OrderLine.id", "orders.ReturnLine.id"), _KEY),
    **dict.fromkeys(("orders.Order.created_at", "orders.Order.updated_at"), _SHOP),
    **dict.fromkeys(("orders.Return.created_at", "orders.Return.updated_at"), _SHOP),
    **dict.fromkeys(("orders.Order.total_base_minor", "orders.Order.refunded_base_minor"), _DERIVED),
    "orders.Return.refund_base_minor": _DERIVED,
    "orders.OrderLine.order": _KEY,
    "orders.OrderLine.position": _SHOP,
    "orders.OrderLine.variant": "the product is told by its title",
    "orders.OrderLine.cost": "what it cost the shop is the shop's own",
    **dict.fromkeys(("orders.OrderAddress.id", "orders.OrderAddress.order"), _KEY),
    **dict.fromkeys(("orders.OrderDiscount.id", "orders.OrderDiscount.order"), _KEY),
    **dict.fromkeys(("orders.OrderTag.id", "orders.OrderTag.order"), _KEY),
    **dict.fromkeys(("orders.Payment.id", "orders.Payment.returned", "orders.Payment.external_id"), _KEY),
    **dict.fromkeys(("orders.Payment.created_at", "orders.Payment.updated_at"), _SHOP),
    "orders.PaymentLink.id": _KEY,
    "orders.PaymentLink.hash": "a digest of the address of a page, which leads nowhere",
    **dict.fromkeys(("orders.PaymentLink.created_at", "orders.PaymentLink.updated_at"), _SHOP),
    "orders.Checkout.id": _KEY,
    **dict.fromkeys(("orders.Checkout.created_at", "orders.Checkout.updated_at"), _SHOP),
    **dict.fromkeys(("orders.ReturnLine.parent", "orders.ReturnLine.order", "orders.ReturnLine.order_line"), _KEY),
    "orders.ReturnLine.position": _SHOP,
    "segments.Spell.id": _KEY,
    "messaging.Message.id": _KEY,
    **dict.fromkeys(("messaging.Message.updated_at", "messaging.Message.cause"), _SHOP),
    **dict.fromkeys(("messaging.Message.message_id", "messaging.Message.is_fleeting"), _SHOP),
    **dict.fromkeys(("messaging.Message.to_digest", "messaging.Suppression.digest"), _DERIVED),
    **dict.fromkeys(("messaging.Message.account", "messaging.Message.template", "messaging.Message.headers"), _SHOP),
    **dict.fromkeys(("messaging.Message.provider_id", "messaging.Message.is_bulk", "messaging.Message.claim"), _SHOP),
    **dict.fromkeys(("messaging.Message.claimed_until", "messaging.Message.attempts"), _SHOP),
    **dict.fromkeys(("messaging.Message.resends", "messaging.Message.counts_at", "messaging.Message.is_answer"), _SHOP),
    "inbox.FollowUp": "when staff wants to be reminded; the inquiry it is about is told",
    **dict.fromkeys(("messaging.Message.handed_at", "messaging.Message.settled_at"), _SHOP),
    "messaging.Message.consent": "the line of the ledger that allowed it, which is told itself",
    **dict.fromkeys(("messaging.MessageFile.id", "messaging.MessageFile.message"), _KEY),
    **dict.fromkeys(("messaging.MessageFile.sha256", "messaging.MessageFile.content_id"), _SHOP),
    "messaging.MessageFile.is_inline": _SHOP,
    "messaging.MessageFile.key": "where the file lies",
    **dict.fromkeys(("messaging.Suppression.id", "messaging.Suppression.message"), _KEY),
    **dict.fromkeys(("messaging.Suppression.created_at", "messaging.Suppression.updated_at"), _SHOP),
    "messaging.Suppression.ended_reason": "what staff wrote for each other when they lifted it",
    "messaging.Suppression.ended_by": _STAFF,
    **dict.fromkeys((f"messaging.DeliveryEvent.{name}" for name in ("id", "event_id", "provider_id")), _KEY),
    **dict.fromkeys(
        (f"messaging.DeliveryEvent.{name}" for name in ("reason", "status", "heard_at", "applied_at")), _SHOP
    ),
    **dict.fromkeys(
        (f"inbox.Arrival.{name}" for name in ("id", "mailbox", "account", "uid_validity", "uid", "key")), _KEY
    ),
    **dict.fromkeys((f"inbox.Arrival.{name}" for name in ("sha256", "id_digest", "sender_digest")), _DERIVED),
    **dict.fromkeys(
        (
            f"inbox.Arrival.{name}"
            for name in (
                *("created_at", "updated_at", "source", "size", "is_partial", "is_erased", "reason", "attempts"),
                "read_at",
            )
        ),
        _SHOP,
    ),
    **dict.fromkeys(
        ("inbox.Guess", "inbox.CannedGuess"), "what a program suggested to the staff; what they chose is told"
    ),
    **dict.fromkeys((f"inbox.ChatVisitor.{name}" for name in ("id", "conversation")), _KEY),
    **dict.fromkeys((f"inbox.ChatVisitor.{name}" for name in ("created_at", "updated_at")), _SHOP),
    "inbox.ChatVisitor.digest": _DERIVED,
    **dict.fromkeys(
        (f"wallet.{name}.id" for name in ("Account", "Hold", "HeldLot", "Line", "Lot")),
        _KEY,
    ),
    "wallet.HeldLot": "what an order has set aside is told as a whole; of which lots it is, is the shop's own",
    **dict.fromkeys((f"wallet.Account.{name}" for name in ("customer_number", "mac")), _KEY),
    **dict.fromkeys(("wallet.Hold.created_at", "wallet.Hold.updated_at", "wallet.Hold.fingerprint"), _SHOP),
    **dict.fromkeys(("wallet.Hold.key", "wallet.Hold.spent_by"), _KEY),
    **dict.fromkeys(("wallet.Line.posting", "wallet.Line.account", "wallet.Line.lot"), _KEY),
    **dict.fromkeys((f"wallet.Lot.{name}" for name in ("account", "opened_by", "granted_by")), _KEY),
    **dict.fromkeys((f"wallet.Posting.{name}" for name in ("customer_number", "reverses", "key")), _KEY),
    **dict.fromkeys((f"wallet.Posting.{name}" for name in ("fingerprint", "remark_digest", "mac")), _SHOP),
    **dict.fromkeys(("wallet.Posting.day", "wallet.Posting.cause_kind", "wallet.Posting.cause_id"), _DERIVED),
    "wallet.Posting.source": _SHOP,
    "wallet.Remark.posting": _KEY,
    **dict.fromkeys((f"inbox.Rating.{name}" for name in ("id", "conversation")), _KEY),
    **dict.fromkeys((f"inbox.Rating.{name}" for name in ("created_at", "updated_at")), _SHOP),
    "inbox.Rating.agent": _STAFF,
    **dict.fromkeys((f"inbox.Draft.{name}" for name in ("id", "conversation")), _KEY),
    **dict.fromkeys((f"inbox.Draft.{name}" for name in ("seen_version", "updated_at")), _SHOP),
    **dict.fromkeys((f"inbox.Post.{name}" for name in ("id", "conversation", "arrival", "message")), _KEY),
    **dict.fromkeys(
        (f"inbox.Post.{name}" for name in ("created_at", "updated_at", "cause", "joined_by", "confidence")), _SHOP
    ),
    "inbox.Post.id_digest": _DERIVED,
    "inbox.Post.deleted_at": "an answer that was taken back never left",
    **dict.fromkeys((f"inbox.File.{name}" for name in ("id", "post")), _KEY),
    **dict.fromkeys((f"inbox.File.{name}" for name in ("created_at", "updated_at", "content_id", "is_inline")), _SHOP),
    "inbox.File.key": "where the file lies",
    **dict.fromkeys((f"inbox.PostMention.{name}" for name in ("id", "post")), _KEY),
    "inbox.PostMention.seen_at": _STAFF,
    **dict.fromkeys((f"inbox.Conversation.{name}" for name in ("id", "account", "mailbox", "merged_into")), _KEY),
    **dict.fromkeys((f"inbox.Conversation.{name}" for name in ("assignee", "team")), _STAFF),
    **dict.fromkeys((f"inbox.Conversation.{name}" for name in ("created_at", "updated_at", "channel")), _SHOP),
    **dict.fromkeys(
        (
            f"inbox.Conversation.{name}"
            for name in (
                *("reply_digest", "preview", "posts_count", "answers_count", "last_in_at", "last_out_at"),
                *("waiting_since", "due_at", "reopened_count"),
            )
        ),
        _DERIVED,
    ),
    **dict.fromkeys((f"inbox.ConversationLabel.{name}" for name in ("id", "conversation", "label")), _KEY),
    **dict.fromkeys((f"inbox.ConversationOrder.{name}" for name in ("id", "conversation", "order")), _KEY),
    **dict.fromkeys((f"inbox.ConversationProduct.{name}" for name in ("id", "conversation", "product")), _KEY),
    "messaging.Message.html": "the same words as `text`, drawn",
    "messaging.Message.problem": "what a mail server said",
}
"""Columns and whole tables that a copy leaves out, each with its reason. A test holds it against every model."""


def is_told(holder: Holder, field: Field[Any, Any]) -> bool:
    """Whether the copy tells a column, by its name or by the name of what it leads to."""
    told = told_by(holder)
    return field.attname in told or field.name in told


def told_by(holder: Holder) -> frozenset[str]:
    """The columns that a holder tells: those of its query, else those it says."""
    rows = holder.export(Customer(pk=0))
    if isinstance(rows, QuerySet):
        return frozenset(rows.query.values_select) | frozenset(rows.query.annotations)
    return frozenset(holder.tells)


def why_left_out(name: str) -> str:
    """Why a column (`customers.Note.author`) or a table is not told; empty where there is no reason."""
    table, _dot, column = name.rpartition(".")
    found = LEFT_OUT.get(name) or LEFT_OUT.get(table) or LEFT_OUT.get(column)
    if not found and "blind" in column:
        return "a keyed hash by which a sealed value is found; the value itself is told"
    return found or ""
