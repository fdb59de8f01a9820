"""Two customers full of canaries: one that a reader with a record rule sees, and one that they do not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from regulars.channels.models import Channel
from regulars.customers import actions
from regulars.customers.actions import (
    bulk,
    consent,
    contact_points,
    custom_fields,
    households,
    identities,
    merging,
    notes,
)
from regulars.customers.actions.saved_views import save_view
from regulars.customers.bulk import action as bulk_actions
from regulars.customers.bulk.selection import Selection
from regulars.customers.models import Customer, DuplicatePair, Household, OwnProfile
from regulars.inbox.actions import answering
from regulars.inbox.actions.receiving import receive
from regulars.inbox.files import Incoming
from regulars.messaging import sending
from regulars.orders.actions.orders import place_order
from regulars.orders.actions.return_steps import refuse_return, request_return
from regulars.orders.actions.returns import receive_return
from regulars.orders.models import Checkout
from regulars.timeline.actions import acting


@dataclass
class Planted:
    """Somebody, everything that hangs on them, and the canaries in it: {canary: the groups it takes to see it}."""

    customer: Customer
    record: Customer
    canaries: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Planting:
    seen: Planted
    hidden: Planted
    channel: Channel
    company: Customer
    shared: dict[str, list[str]] = field(default_factory=dict)


def plant(owner, colleague, other):
    """A shop with two customers: one whom `colleague` looks after, one of `other`'s, in a channel of its own."""
    ours = Channel.objects.create(code="ours", name="Our shop")
    theirs = Channel.objects.create(code="theirs", name="Their shop")
    with acting(owner.pk, "page"):
        company = actions.create_customer(
            values={
                "kind": "company", "company": "Qzcompanyhid Qzltdhid", "email": "qzcompanymailhid@firm.example",
                "looked_after_by": other,
            },
            channel=theirs,
        )  # fmt: skip
        hidden = _somebody("hid", other, theirs, company)
        seen = _somebody("see", colleague, ours, company)
        hidden.canaries |= dict.fromkeys(("qzcompanyhid", "qzltdhid"), ("name",))
        hidden.canaries["qzcompanymailhid"] = ("email",)
        _between(seen, hidden, owner)
        _shared_work(seen, hidden, owner, colleague)
    return Planting(seen, hidden, ours, company)


def _somebody(mark, looks_after, channel, company):
    digits = {"see": "5571", "hid": "6682"}[mark]
    year = {"see": 1961, "hid": 1967}[mark]
    day, in_words = {"see": ("07-23", "23 july"), "hid": ("08-24", "24 august")}[mark]
    text = {name: f"qz{name}{mark}" for name in (
        "old", "given", "family", "mail", "second", "street", "more", "recipient", "note", "file", "inside", "reason",
        "proof", "ordernote", "paidby", "pays", "bounce", "returned", "oldmail", "merged", "mergedmail", "account",
        "gone", "field", "limits", "ordertag", "wentto", "wentstreet", "payref", "basketmail", "basketlink", "refusal",
        "asked", "about", "sentfile", "sentinside", "toldteam",
    )}  # fmt: skip
    amount = {"see": 7_316_59, "hid": 8_427_61}[mark]
    customer = actions.create_customer(
        values={
            "given_name": text["old"].title(),
            "family_name": text["family"].title(),
            "email": f"{text['oldmail']}@posteo.example",
            "phone": f"+4930{digits}4321",
            "birth_date": f"{year}-{day}",
            "vat_number": {"see": "DE136695976", "hid": "DE129274202"}[mark],
            "payment_days": {"see": 47, "hid": 53}[mark],
            "payment_preference": text["pays"],
            "is_blocked": True,
            "restriction_reason": text["reason"],
            "looked_after_by": looks_after,
            "organisation": company,
        },
        channel=channel,
        external_id=f"{text['account']}@channel.example",
        address={
            "name": text["recipient"].title(), "line1": f"1 {text['street']}", "line2": text["more"], "city": "Bristol",
            "postcode": {"see": "QZ1 7SE", "hid": "QZ2 8HD"}[mark], "country": "GB", "phone": f"+4940{digits}4321",
        },
    )  # fmt: skip
    customer = actions.change_customer(
        customer, values={"given_name": text["given"].title(), "email": f"{text['mail']}@posteo.example"}
    )
    contact_points.add_contact_point(customer, kind="email", value=f"{text['second']}@posteo.example", label="Work")
    contact_points.mark_bounced(customer, value=f"{text['second']}@posteo.example", reason=text["bounce"])
    contact_points.add_contact_point(customer, kind="phone", value=f"+4989{digits}4321", label="Home")
    file = SimpleUploadedFile(f"{text['file']}.txt", f"{text['inside']} inside".encode())
    note = notes.write_note(customer, text=f"{text['note']} was here", files=[file], is_pinned=True)
    gone = notes.write_note(customer, text=f"{text['gone']} was here")
    notes.delete_note(gone, actor=_Anybody())
    consent.record_consent(
        customer, medium="email", state="agreed", source="form", value=f"{text['mail']}@posteo.example",
        reason=text["proof"], proof={"ip": f"{text['proof']}-ip"},
    )  # fmt: skip
    identities.add_identity(customer, channel=channel, external_id=f"{text['account']}2@channel.example")
    own = custom_fields.create_field(label=f"Secret {mark}", type="text", seen_by=["manager"])
    custom_fields.set_custom_values(customer, values={own.key: text["field"]}, reader=_Anybody())
    order = place_order(
        values={
            "number": f"N-{mark}", "note": text["ordernote"], "payment_method": text["paidby"], "status": "paid",
            "tags": [text["ordertag"]],
            "addresses": {"delivery": {"name": text["wentto"].title(), "line1": f"2 {text['wentstreet']}"}},
            "payments": [{"amount_minor": amount, "method": text["paidby"], "reference": text["payref"]}],
        },
        lines=[{"title": "A tin", "sku": "TIN", "quantity": 1, "unit_price": Decimal(amount) / 100}],
        customer=customer, channel=channel, at=timezone.now() - dt.timedelta(days=9),
    )  # fmt: skip
    returned = receive_return(
        values={"number": f"R-{mark}", "refund_minor": 1_00, "currency": order.currency, "reason": text["returned"]},
        lines=[], customer=customer, channel=channel, order=order,
    )  # fmt: skip
    asked = request_return(order, lines=[{"position": 1, "quantity": 1}], refund_minor=1, reason=text["returned"])
    refuse_return(asked, reason=text["refusal"])
    checkout = Checkout.objects.create(
        channel=channel, customer=customer, email=f"{text['basketmail']}@posteo.example", currency=order.currency,
        recovery_url=f"https://shop.example/{text['basketlink']}", started_at=timezone.now(), touched_at=timezone.now(),
        total_minor=amount,
    )  # fmt: skip
    message = sending.send(
        cause=f"canary-{mark}", customer=customer, to=f"{text['mail']}@posteo.example", subject="A mail",
        text=f"Dear {text['given']}",
    )  # fmt: skip
    record = actions.create_customer(
        values={
            "given_name": text["merged"].title(), "email": f"{text['mergedmail']}@posteo.example",
            "looked_after_by": looks_after,
        },
        channel=channel,
    )  # fmt: skip
    said = receive(
        cause=f"canary-{mark}", customer=customer, by="email", subject=f"{text['about']} is it", at=timezone.now(),
        text=f"{text['asked']} is what I ask", people={"from": f"{text['mail']}@posteo.example"},
        files=[Incoming(f"{text['sentfile']}.txt", "text/plain", f"{text['sentinside']} inside".encode())],
    )  # fmt: skip
    answering.note(said.conversation, author=looks_after, text=f"{text['toldteam']} for the team")
    (link,) = merging.merge(keep=customer, others=[record])
    customer = Customer.objects.get(pk=customer.pk)
    at = ("name",)
    planted = Planted(customer, Customer.everyone.get(pk=record.pk))
    planted.canaries = {
        text["old"]: at, text["given"]: at, text["family"]: at, text["recipient"]: at, text["merged"]: at,
        text["mail"]: ("email",), text["oldmail"]: ("email",), text["second"]: ("email",), text["account"]: ("email",),
        text["mergedmail"]: ("email",), text["bounce"]: ("email", "phone"),
        f"{digits}4321": ("phone",),
        text["street"]: ("address",), text["more"]: ("address",),
        {"see": "qz1 7se", "hid": "qz2 8hd"}[mark]: ("address",),
        f"{year}-{day}": ("birth",), in_words: ("birth",),
        text["note"]: ("notes",), text["file"]: ("notes",), text["inside"]: ("notes",), text["gone"]: ("notes",),
        text["proof"]: ("notes",), text["ordernote"]: ("notes",), text["returned"]: ("notes",),
        text["ordertag"]: ("notes",), text["refusal"]: ("notes",), text["wentto"]: at, text["wentstreet"]: ("address",),
        text["payref"]: ("payment",), text["basketmail"]: ("email",), text["basketlink"]: ("email",),
        text["reason"]: ("payment",), text["pays"]: ("payment",), text["paidby"]: ("payment",),
        {"see": "136695976", "hid": "129274202"}[mark]: ("payment",),
        f"{amount / 100:,.2f}": ("spend",), f"{amount / 100:.2f}": ("spend",),
        f"{amount / 100 - 1:,.2f}": ("spend",), f"{amount / 100 - 1:.2f}": ("spend",),
        text["field"]: ("role:manager",), text["sentfile"]: ("notes",), text["sentinside"]: ("notes",),
        **dict.fromkeys((text["asked"], text["about"], text["toldteam"]), ("name", "email", "notes")),
    }  # fmt: skip
    planted.ids = {
        "customer": [customer.public_id, record.public_id],
        "note": [note.public_id, gone.public_id],
        "attachment": [note.attachments.get().public_id],
        "address": [one.public_id for one in customer.addresses.all()],
        "identity": [str(one.pk) for one in customer.identities.all()],
        "order": [order.public_id],
        "return": [returned.public_id, asked.public_id],
        "payment": [payment.public_id for payment in order.payments.all()],
        "checkout": [checkout.public_id],
        "message": [message.public_id],
        "link": [link.public_id],
        "entry": [str(pk) for pk in customer.entries.values_list("pk", flat=True)],
        "field": [own.public_id],
        "conversation": [said.conversation.public_id],
        "post": [said.public_id],
        "inquiry_file": [said.files.get().public_id],
    }
    return planted


def _between(seen, hidden, owner):
    """What names both: a possible duplicate, a household, a company."""
    left, right = sorted((seen.customer.pk, hidden.customer.pk))
    pair = DuplicatePair.objects.create(
        left_id=left, right_id=right, probability=0.93, found_at=timezone.now(),
        evidence=[{
            "field": "email", "left": "qzmailhid@posteo.example", "right": "qzmailsee@posteo.example", "level": "alike",
            "weight": 3.2,
        }],
    )  # fmt: skip
    both = [Customer.objects.get(pk=one.customer.pk) for one in (seen, hidden)]
    household = households.join_household(both, name="Qzhousehold")
    for one in (seen, hidden):
        one.ids["pair"] = [str(pair.pk)]
        one.ids["household"] = [Household.objects.get(pk=household.pk).public_id]
    seen.canaries["qzhousehold"] = ("name",)


def _shared_work(seen, hidden, owner, colleague):
    """Work on both, views that name them, a note that mentions a colleague."""
    tag = next(one for one in bulk_actions.actions(owner) if one.name == "tag")
    numbers = (seen.customer.pk, hidden.customer.pk)
    done = bulk.plan(action=tag, params={"tags": ["Regular"]}, selection=Selection(ids=numbers))
    bulk.apply(done, reason="for a letter")
    looked_for = bulk.plan(
        action=tag, params={"tags": ["Known"]}, selection=Selection(query="q=qzmailhid%40posteo.example")
    )
    for one in (seen, hidden):
        one.ids["change"] = [done.public_id, looked_for.public_id]
    views = [
        save_view(owner=owner, name="A search", query="q=qzmailhid@posteo.example", is_shared=True),
        save_view(owner=owner, name="A filter", query="first_name=qzgivenhid", is_shared=True),
    ]
    seen.ids["view"] = hidden.ids["view"] = [view.public_id for view in views]
    for one in (seen, hidden):
        customer = Customer.objects.get(pk=one.customer.pk)
        notes.write_note(customer, text=f"@{colleague.name} look at this")
    assert OwnProfile.objects.count() == 2


class _Anybody:
    """May see and do everything, as the owner does."""

    role, pk = "owner", 0

    def may(self, _permission):
        return True
