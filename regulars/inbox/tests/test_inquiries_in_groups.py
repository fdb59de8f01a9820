"""What groups ask of inquiries."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.customers.actions import create_customer
from regulars.inbox.actions import merging, receiving, setting_up, working
from regulars.segments.engine import asking


@pytest.fixture
def asked(db):
    """Jonas complained about a parcel, and asked before; Li Na sent spam; Sofie asked long ago, and is answered."""
    people = {name: create_customer(values={"name": name}) for name in ("Jonas Wieck", "Li Na", "Sofie Dahl")}
    now = timezone.now()

    def say(name, days, text="Hello"):
        at = now - dt.timedelta(days=days)
        cause = f"g:{name}:{days}"
        return receiving.receive(cause=cause, customer=people[name], by="email", text=text, at=at).conversation

    topic = setting_up.save_topic(name="Parcels")
    complaint = say("Jonas Wieck", 3)
    working.set_kind(complaint, kind="complaint")
    working.set_topic(complaint, topic=topic)
    working.close(say("Jonas Wieck", 90))
    merging.merge(say("Jonas Wieck", 2), into=complaint)
    working.mark_spam(say("Li Na", 1))
    working.close(say("Sofie Dahl", 200))
    return people


def test_groups_ask_what_somebody_asked(asked):
    wanted = {
        "inquiries MATCHES (kind = 'complaint', opened >= -30d)": {"Jonas Wieck"},
        "inquiries MATCHES (topic = 'Parcels', status = 'open')": {"Jonas Wieck"},
        "inquiries MATCHES (by = 'chat')": set(),
        "inquiries MATCHES (count >= 2)": {"Jonas Wieck"},
        "number_of_complaints = 1": {"Jonas Wieck"},
        "number_of_inquiries = 1": {"Sofie Dahl"},
        "number_of_open_inquiries >= 1": {"Jonas Wieck"},
        "last_inquiry_date < -100d": {"Sofie Dahl"},
    }
    ids = {name: one.pk for name, one in asked.items()}
    for query, names in wanted.items():
        assert set(asking.members(asking.read(query))) == {ids[name] for name in names}, query
