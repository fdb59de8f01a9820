"""Mails find their conversation, and nobody gets into a stranger's."""

import datetime as dt
import itertools

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.core.errors import Stale
from regulars.inbox import threading
from regulars.inbox.actions import merging, offers, receiving
from regulars.inbox.models import Conversation, ThreadOffer
from regulars.inbox.people import sender_of
from regulars.inbox.reading import read

JONAS, SOFIE, LI, MALLORY = "jonas@example.org", "sofie@example.org", "li@example.com", "mallory@example.net"
BOX = "hello@shop.example"


def asks(address, subject="My order", mail_id="<1@example.org>", *, cc=(), cause=None):
    return receiving.receive(
        cause=cause or f"mail:{address}{mail_id}",
        customer=sender_of("email", address),
        by="email",
        text="Where is it?",
        at=timezone.now(),
        subject=subject,
        mail_id=mail_id,
        people={"from": address, "to": [BOX], "cc": list(cc)},
    ).conversation


def mail(sender, subject="Something else", *, to=BOX, **headers):
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return read("\r\n".join([*lines, "", "Hello"]).encode())


def matched(sender, *args, **more):
    found = threading.match(mail(sender, *args, **more), mailbox=None)
    return (
        found.conversation and found.conversation.pk,
        found.by,
        [(one.conversation.pk, one.by) for one in found.offers],
    )


@pytest.fixture
def ours(db):
    return asks(JONAS, cc=["Sofie Dahl <sofie@example.org>"])


def test_each_sign_leads_home_in_its_order(ours):
    address, signed = threading.reply_address_for(ours, BOX), threading.mail_id_for(ours, "pst_1")
    assert address.startswith(f"hello+{ours.pk}-")
    assert address.endswith("@shop.example")
    assert matched(JONAS, to=address) == (ours.pk, "address", [])
    assert matched(JONAS, to=address.upper()) == (ours.pk, "address", [])
    assert matched(JONAS, Delivered_To=address) == (ours.pk, "address", [])
    assert matched(JONAS, In_Reply_To=signed) == (ours.pk, "message-id", [])
    assert matched(JONAS, References=f"<x@y> {signed} <z@y>") == (ours.pk, "message-id", [])
    assert matched(JONAS, In_Reply_To="<1@example.org>") == (ours.pk, "in-reply-to", [])
    assert matched(JONAS, References="<0@example.org> <1@example.org>") == (ours.pk, "references", [])
    assert matched(JONAS, "AW: Re[2]:  my ORDER") == (ours.pk, "subject", [])
    assert matched(SOFIE, In_Reply_To=signed) == (ours.pk, "message-id", [])


def test_what_is_unsure_is_offered(ours):
    signed = threading.mail_id_for(ours, "pst_1")
    assert matched(JONAS, "My order") == (None, "", [(ours.pk, "subject")])
    assert matched(JONAS, "Fwd: My order") == (None, "", [(ours.pk, "subject")])
    assert matched(MALLORY, In_Reply_To=signed) == (None, "", [(ours.pk, "message-id")])
    assert matched(MALLORY, to=threading.reply_address_for(ours, BOX)) == (None, "", [(ours.pk, "address")])
    assert matched(MALLORY, "Re: My order") == (None, "", [])
    failed = {"Authentication_Results": "mx; dmarc=fail"}
    assert matched(JONAS, In_Reply_To=signed, **failed) == (None, "", [(ours.pk, "message-id")])


def test_a_sign_of_another_conversation_is_none(ours):
    theirs = asks(LI, "Tea", "<2@example.com>")
    mine, other = (threading.mail_id_for(one, "n") for one in (ours, theirs))
    forged = mine.replace(f".{ours.pk}.", f".{theirs.pk}.")
    assert matched(LI, "Hi there", In_Reply_To=forged) == (None, "", [])
    assert matched(LI, "Hi there", In_Reply_To=other.replace("<n.", "<m.")) == (None, "", [])
    address = threading.reply_address_for(ours, BOX).replace(f"+{ours.pk}-", f"+{theirs.pk}-")
    assert matched(LI, "Hi there", to=address) == (None, "", [])
    # two signs that disagree: whoever writes goes where they are known
    assert matched(LI, "Hi there", In_Reply_To=mine, References=other) == (
        theirs.pk,
        "message-id",
        [(ours.pk, "message-id")],
    )


def test_what_was_merged_leads_to_where_it_went_and_what_is_old_stays(ours):
    later = asks(JONAS, "And my invoice", "<3@example.org>")
    signed = threading.mail_id_for(later, "n")
    merging.merge(later, into=ours)
    assert matched(JONAS, In_Reply_To=signed) == (ours.pk, "message-id", [])
    long_ago = timezone.now() - dt.timedelta(days=30)
    Conversation.objects.update(status="closed", closed_at=long_ago)
    assert matched(JONAS, "Re: My order") == (None, "", [])
    assert matched(JONAS, In_Reply_To=signed)[0] == ours.pk
    Conversation.objects.update(status="open", closed_at=None, last_at=timezone.now() - dt.timedelta(days=90))
    assert matched(JONAS, "Re: My order") == (None, "", [])


def test_an_address_without_plus_and_one_too_long_stay_as_they_are(ours):
    assert threading.reply_address_for(ours, f"{'x' * 60}@shop.example") == f"{'x' * 60}@shop.example"


def test_offers_are_decided_once(ours):
    begun = asks(MALLORY, "Help", "<9@example.net>")
    post = begun.posts.get()
    found = threading.match(mail(MALLORY, In_Reply_To=threading.mail_id_for(ours, "n")), mailbox=None)
    threading.keep_offers(post, found.offers)
    threading.keep_offers(post, found.offers)
    offer = ThreadOffer.objects.get()
    assert (offer.conversation, offer.by, offer.decided) == (ours, "message-id", "")
    assert offer.confidence < threading.JOINED
    assert offers.join_offer(offer) == ours
    begun.refresh_from_db()
    offer.refresh_from_db()
    assert (begun.merged_into, offer.decided) == (ours, "joined")
    with pytest.raises(Stale):
        offers.decline(offer)
    # whoever was joined by people is known from then on
    assert matched(MALLORY, In_Reply_To=threading.mail_id_for(ours, "n")) == (ours.pk, "message-id", [])


def test_a_declined_offer_leaves_all_as_it_is(ours):
    begun = asks(MALLORY, "Help", "<9@example.net>")
    offer = ThreadOffer.objects.create(post=begun.posts.get(), conversation=ours, by="subject", confidence=50)
    assert offers.decline(offer).decided == "declined"
    begun.refresh_from_db()
    assert begun.merged_into is None


PEOPLE = (JONAS, SOFIE, LI, MALLORY)
SIGNS = ("signed", "forged", "plain", "none", "garbage", "nested")


def _case(rooms, sign, number):
    room = rooms[number]
    made = threading.mail_id_for(room, "n")
    return {
        "signed": made,
        "forged": made.replace(f".{room.pk}.", f".{rooms[1 - number].pk}."),
        "plain": room.posts.first().mail_id,
        "none": "",
        "garbage": "<<>@ (a(b)) ,;<x",
        "nested": f"(one (two {made})) {made}",
    }[sign]


def _holds(rooms, known, sender, answered, referred, subject, to, form):
    forms = {
        "bare": sender,
        "named": f'"A, (B" <{sender}>',
        "comment": f"{sender} (x (y) {LI})",
        "two": f"{sender}, {LI}",
    }
    found = threading.match(
        read(
            f"From: {forms[form]}\nTo: {to}\nSubject: {subject}\nMessage-ID: {answered}\n"
            f"In-Reply-To: {answered}\nReferences: {referred}\n\nHello".encode()
        ),
        mailbox=None,
    )
    assert found.conversation is None or sender in known[found.conversation.pk]
    assert all(one.confidence < threading.JOINED for one in found.offers)
    return found


@pytest.fixture
def rooms(ours):
    theirs = asks(LI, "My order", "<2@example.com>")
    return (ours, theirs), {ours.pk: {JONAS, SOFIE}, theirs.pk: {LI}}


def test_nobody_comes_into_a_strangers_conversation(rooms):
    (ours, theirs), known = rooms
    addresses = (BOX, threading.reply_address_for(ours, BOX), threading.reply_address_for(theirs, BOX))

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        sender=st.sampled_from(PEOPLE),
        signs=st.tuples(*[st.tuples(st.sampled_from(SIGNS), st.integers(0, 1))] * 2),
        subject=st.sampled_from(["Re: My order", "My order", "Tea", ""]),
        to=st.sampled_from(addresses),
        form=st.sampled_from(["bare", "named", "comment", "two"]),
    )
    def holds(sender, signs, subject, to, form):
        answered, referred = (_case((ours, theirs), *one) for one in signs)
        _holds((ours, theirs), known, sender, answered, referred, subject, to, form)

    holds()


@pytest.mark.slow
def test_two_thousand_mails_find_no_wrong_customer(rooms):
    (ours, theirs), known = rooms
    addresses = (BOX, threading.reply_address_for(ours, BOX), threading.reply_address_for(theirs, BOX))
    signs = [_case((ours, theirs), *one) for one in itertools.product(SIGNS, (0, 1))]
    cases = itertools.product(
        PEOPLE, signs, signs, ["Re: My order", "Tea"], addresses, ["bare", "two", "named", "comment"]
    )
    joined = sum(
        _holds((ours, theirs), known, *case).conversation is not None for case in itertools.islice(cases, 0, None, 5)
    )
    assert joined > 500
