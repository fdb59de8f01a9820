"""What the customer file keeps from whom: every table of a customer, and what each of its texts is (core/walls.py).

A text that nobody is protected by (`plain`) says why. What is new has to be put here: a test walks all tables.
"""

from __future__ import annotations

from regulars.core import masks
from regulars.core.walls import PLAIN, Contact, Json, Number, Text, Whole, declare, word
from regulars.customers import models
from regulars.customers.consents import FIELD_OF
from regulars.timeline.models import Entry

NAME = Text("name", masks.words)
EMAIL = Text("email", masks.email)
PHONE = Text("phone", masks.phone)
STREET = Text("address", masks.dots)
NOTES = Text("notes", masks.dots)
BIRTH = Text("birth", masks.year)
PAYMENT = Text("payment", masks.dots)
TAX = Text("payment", masks.account)
_BLIND_BIRTH, _BLIND_PAYMENT = Number("birth", is_empty=True), Number("payment", is_empty=True)
_WORD = "one of a few words of ours"
_KEY = "a key of ours, random or counted"
_SHOP = "the shop's own words, about nobody in particular"
_TELLS_LITTLE = "says nothing by which somebody is found; whoever sees the customer sees it"

declare(
    models.Customer,
    customer=("",),
    protected={
        "title": NAME,
        "given_name": NAME,
        "family_name": NAME,
        "name": NAME,
        "company": NAME,
        "sort_name": Whole(("name", "email", "phone")),  # whichever of them there is
        "email": EMAIL,
        "phone": PHONE,
        "postcode": STREET,
        "search_text": Whole(("name", "email", "phone", "address")),
        "birth": BIRTH,
        "birth_blind": _BLIND_BIRTH,
        "birth_year_blind": _BLIND_BIRTH,
        "birthday_blind": _BLIND_BIRTH,
        "payment_preference": PAYMENT,
        "payment_preference_blind": _BLIND_PAYMENT,
        "vat_number": TAX,
        "vat_number_blind": _BLIND_PAYMENT,
        "payment_days": Number("payment", is_empty=True),
        "restriction_reason": PAYMENT,
        "is_blocked": Whole(("payment",), instead=False),
        "pays_in_advance": Whole(("payment",), instead=False),
        "has_no_credit": Whole(("payment",), instead=False),
        "orders_count": Number("spend"),
        "spent_minor": Number("spend"),
        "refunded_minor": Number("spend"),
        "first_order_at": Number("spend", is_empty=True),
        "last_order_at": Number("spend", is_empty=True),
        "usual_gap_days": Number("spend", is_empty=True),
    },
    plain={
        "kind": _WORD,
        "language": _TELLS_LITTLE,
        "status": _WORD,
        "gender": _WORD,
        "occupation": _TELLS_LITTLE,
        "time_zone": _TELLS_LITTLE,
        "position": _TELLS_LITTLE,
        "preferred_channels": _WORD,
        "contact_times": _WORD,
        "interests": _TELLS_LITTLE,
        "shopping_frequency": _WORD,
        "city": "city and country stay: where parcels go, and what reports are about",
        "region": "as the city",
        "country": "as the city",
    },
)
declare(models.Household, protected={"name": NAME})
declare(
    models.Identity,
    customer=("customer",),
    protected={"external_id": Text("email", lambda text: masks.email(text) if "@" in text else masks.Masked(text))},
)
declare(models.Heard, customer=("customer",), internal=("parts",))
declare(
    models.Address,
    customer=("customer",),
    protected={
        "name": NAME,
        "company": NAME,
        "line1": STREET,
        "line2": STREET,
        "postcode": STREET,
        "phone": PHONE,
        "latitude": Number("address", is_empty=True),
        "longitude": Number("address", is_empty=True),
    },
    plain={"city": "city and country stay", "region": "as the city", "country": "as the city"},
)
declare(
    models.ContactPoint,
    customer=("customer",),
    protected={"value": Contact(), "bounce_reason": Whole(("email", "phone"))},
    plain={"kind": _WORD, "label": _TELLS_LITTLE},
)
declare(
    models.Note,
    customer=("customer",),
    protected={"text": NOTES},
    plain={"kind": _WORD},
)
declare(models.Mention, customer=("note__customer",))
declare(
    models.Attachment,
    customer=("customer",),
    protected={"name": NOTES},
    plain={"media_type": "what sort of file it is"},
    internal=("sha256", "key"),
)
declare(models.Tagging, customer=("customer",))
declare(
    models.CustomValue,
    customer=("customer",),
    plain={
        "text": "a field of the shop's own, which says itself who sees it",
        "folded": "as the text",
        "sealed": "as the text",
    },
    internal=("blind",),
)
declare(
    models.Consent,
    customer=("customer",),
    plain={"medium": _WORD, "purpose": _SHOP, "state": _WORD},
)
declare(
    models.ConsentRecord,
    customer=("customer",),
    protected={"value": Contact(), "reason": NOTES, "proof": Json()},
    plain={"medium": _WORD, "purpose": _SHOP, "state": _WORD, "source": _WORD},
)
declare(
    models.ConfirmationRequest,
    customer=("customer",),
    protected={"value": Contact()},
    plain={"medium": _WORD, "purpose": _SHOP},
)
declare(
    models.MergeLink,
    customer=("kept", "merged"),
    protected={"aside": Json()},
    internal=("choices", "marks"),
)
declare(
    models.OwnProfile,
    customer=("customer",),
    protected={"values": Json(), "shown": Json(), "email": EMAIL},
)
declare(
    models.DuplicatePair,
    customer=("left", "right"),
    protected={"evidence": Json()},
    plain={"state": _WORD},
)
declare(
    models.ChangeSet,
    made_by="made_by",
    protected={"params": Json(), "selection": Json(), "reason": NOTES, "problem": Whole(("name", "email", "phone"))},
    plain={"action": _WORD, "title": _SHOP, "state": _WORD, "source": _WORD, "counts": "numbers by outcome"},
)
declare(
    models.Change,
    customer_id=("customer_id",),
    protected={
        "label": Whole(("name", "email", "phone"), instead=masks.Masked(masks.DOTS)),
        "reason": Whole(("name", "email", "phone", "address"), instead=masks.Masked(masks.DOTS)),
        "fields": Json(),
        "images": Json(),
    },
    plain={"outcome": _WORD, "state": _WORD},
)
declare(
    models.ImportFile,
    made_by="made_by",
    protected={"repairs": Json()},
    plain={"name": "the name of a file that somebody brought", "mapping": _SHOP, "options": _SHOP},
    internal=("key",),
)
declare(
    models.PrivacyRequest,
    customer=("customer",),
    protected={"asked_by": NAME, "details": NOTES, "answer": NOTES, "extension": NOTES},
    plain={"law": _WORD, "way": _WORD, "kind": _WORD, "check_made": _WORD, "state": _WORD},
)
declare(
    models.Limit, customer=("customer",), protected={"reason": NOTES, "lifted_reason": NOTES}, plain={"kind": _WORD}
)

# ── the timeline, whose words are those of all rooms
declare(
    Entry,
    customer=("customer",),
    protected={"data": Json()},
    plain={"name": _WORD, "source": _WORD, "subject_type": _WORD},
)

# ── how the words of JSON are told: of facts, plans, images, evidence
word(NAME, "name", "title", "given_name", "family_name", "company", "sort_name", "recipient", "names")
word(EMAIL, "email", "emails")
word(PHONE, "phone", "phones")
word(Contact(), "value", "contact", "external_id", "contacts")
word(STREET, "line1", "line2", "postcode", "street", "latitude", "longitude", "address")
word(Number("birth", is_empty=True, stays_masked=True), "birth_year")
word(Text("birth", masks.nothing), "birthday", "born_ordinal", "born", "age")
word(BIRTH, "birth", "birth_date")
word(NOTES, "text", "note_text", "reason", "details", "file_name", "q", "query", "filters")
word(PAYMENT, "payment_preference", "payment_days", "restriction_reason", "is_blocked", "pays_in_advance")
word(PAYMENT, "has_no_credit", "payment_method")
word(TAX, "vat_number")
word(Number("spend"), "orders_count", "spent_minor", "refunded_minor", "total_minor", "refund_minor", "amount")
word(Text("spend", masks.nothing), "first_order_at", "last_order_at", "usual_gap_days")
word(Whole(("name", "email", "phone", "address")), "search_text")
word(
    PLAIN, "due", "law", "limit", "right", "was", "kind",
    "note_kind", "language", "status", "state", "gender", "occupation", "time_zone", "position",
    "preferred_channels", "contact_times", "interests", "shopping_frequency", "city", "region", "country", "tags",
    "tag", "category", "looked_after_by", "organisation", "household", "customer_since", "is_guest", "channel",
    "public_id", "kept", "merged", "other", "decision", "deed", "note", "request", "source", "purpose", "change_set",
    "action", "key", "field", "format", "number", "order_number", "currency", "into", "key_id", "medium",
    "metafields", "updated_at", "created_at", *FIELD_OF.values(),
    "group", "version",
    "category_id", "channel_id", "looked_after_by_id", "organisation_id", "household_id", "label", "file",
)  # fmt: skip
