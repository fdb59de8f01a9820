"""Canned answers, macros, rules, and work on many with its undo."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from regulars.core.errors import Invalid
from regulars.inbox.actions import assigning, receiving, rules, setting_up, together, working
from regulars.inbox.models import Conversation, Draft, Post, Rule, Status
from regulars.inbox.people import sender_of
from regulars.inbox.queries import canned
from regulars.messaging.models import Message
from regulars.messaging.templating import MissingValues
from regulars.staff.models import Team
from regulars.timeline.models import Entry


@pytest.fixture
def asked(db):
    """Asks something: asked("Where is my order?")."""

    def ask(text="Where is my order?", *, by="email", who="jonas.wieck@example.org"):
        number = Post.objects.count()
        return receiving.receive(
            cause=f"t:{number}",
            customer=sender_of(by, who, "Jonas Wieck"),
            by=by,
            text=text,
            at=timezone.now(),
            people={"from": who},
            subject="Hello",
        ).conversation

    return ask


@pytest.fixture
def counter(ada, ben):
    team = Team.objects.create(name="Counter")
    team.members.add(ada, ben)
    return team


def test_what_was_done_with_many_is_taken_back_where_nobody_changed_it_since(asked, ben):
    label = setting_up.save_label(name="Urgent parcel")
    inquiries = [asked() for _n in range(3)]
    wanted = [{"do": "take"}, {"do": "label", "value": label.public_id}, {"do": "close"}]
    wanted.insert(0, {"do": "assign", "value": ben.public_id})
    work = together.do_together(inquiries, steps_=wanted, user=ben)
    assert set(Conversation.objects.values_list("status", "assignee")) == {("closed", ben.pk)}
    working.reopen(inquiries[1])
    undone = together.undo_work(work, user=ben)
    assert (undone.count, undone.kept) == (2, 1)
    first, second, _third = Conversation.objects.order_by("pk")
    assert (first.status, first.assignee, first.labels.count()) == (Status.OPEN, None, 0)
    assert first.waiting_since == inquiries[0].waiting_since
    assert (second.assignee, second.labels.count()) == (ben, 1)
    with pytest.raises(together.UndoneAlready):
        together.undo_work(work, user=ben)


def test_all_of_it_is_done_or_none(asked, ben):
    inquiries = [asked(), asked()]
    gone = setting_up.save_topic(name="Parcels")
    step = {"do": "topic", "value": gone.public_id}
    setting_up.remove(gone)
    with pytest.raises(Invalid, match="not there"):
        together.do_together(inquiries, steps_=[{"do": "close"}, step], user=ben)
    assert not Conversation.objects.filter(status="closed").exists()


def test_a_macro_answers_and_closes_and_is_taken_back_as_one(asked, ben):
    guest = asked(by="chat", who="c-1")
    answer = setting_up.save_canned(
        name="Late", shortcut="late", texts={"en": "Dear {{ customer.name }}, {{ conversation.number }} is on its way."}
    )
    topic = setting_up.save_topic(name="Parcels")
    macro = setting_up.save_macro(
        name="Parcel is late",
        key="l",
        steps=[
            {"do": "topic", "value": topic.public_id},
            {"do": "answer", "value": answer.public_id},
            {"do": "close"},
        ],
    )
    together.run_macro(macro, [guest], user=ben)
    guest.refresh_from_db()
    assert (guest.topic, guest.status) == (topic, Status.CLOSED)
    assert Post.objects.get(kind="out").text == f"Dear Jonas Wieck, #{guest.pk} is on its way."


def test_a_macro_with_a_mail_is_taken_back_with_it(asked, ben):
    inquiry = asked()
    answer = setting_up.save_canned(name="Late", shortcut="late", texts={"en": "It is on its way."})
    steps = [{"do": "kind", "value": "complaint"}, {"do": "answer", "value": answer.public_id}, {"do": "close"}]
    work = together.do_together([inquiry], steps_=steps, user=ben)
    together.undo_work(work, user=ben)
    inquiry.refresh_from_db()
    assert (inquiry.kind, inquiry.status, inquiry.posts_count) == ("inquiry", Status.OPEN, 1)
    assert Message.objects.get().state == "cancelled"
    assert Draft.objects.get().text == "It is on its way."


def test_a_missing_value_is_named_and_stops_everything(asked, ben):
    inquiry = asked(by="chat", who="c-1")
    answer = setting_up.save_canned(name="Order", shortcut="order", texts={"en": "Your order {{ order.number }}"})
    (shown,) = canned.suggestions(inquiry, ben, "/ord")
    assert (shown.missing, shown.text) == ("order.number", "Your order {{ order.number }}")
    macro = setting_up.save_macro(name="Order", steps=[{"do": "close"}, {"do": "answer", "value": answer.public_id}])
    with pytest.raises(MissingValues, match=r"order\.number"):
        together.run_macro(macro, [inquiry], user=ben)
    inquiry.refresh_from_db()
    assert (inquiry.status, Post.objects.count()) == (Status.OPEN, 1)
    with pytest.raises(Invalid, match=r"customer\.nmae"):
        setting_up.save_canned(name="Typo", shortcut="typo", texts={"en": "{{ customer.nmae }}"})


def test_a_canned_answer_comes_in_the_language_of_who_asks(asked, ben):
    setting_up.save_canned(name="Thanks", shortcut="thanks", texts={"en": "Thank you.", "zh-hans": "谢谢您。"})
    chinese = asked("我的订单在哪里？请尽快回复。", by="chat", who="c-2")
    assert [one.text for one in canned.suggestions(chinese, ben, "th")] == ["谢谢您。"]
    assert [one.text for one in canned.suggestions(asked(), ben, "")] == ["Thank you."]


def test_rules_sort_what_comes_in_and_can_be_tried_before(asked, counter, ada, ben, run_jobs):
    topic = setting_up.save_topic(name="Returns")
    words = [{"on": "words", "is": ["Rückgabe", "return"]}, {"on": "by", "is": ["email"]}]
    before = asked("I want to RETURN it")
    run_jobs()
    tried = rules.try_out(words)
    assert [(one.conversation, one.fits) for one in tried] == [(before, True)]
    setting_up.save_rule(
        name="Returns", conditions=words, stops=True,
        steps=[{"do": "topic", "value": topic.public_id}, {"do": "in_turn", "value": counter.public_id}],
    )  # fmt: skip
    last = setting_up.save_rule(
        name="All", conditions=[{"on": "by", "is": ["email"]}], steps=[{"do": "priority", "value": "high"}]
    )
    before.refresh_from_db()
    assert before.topic is None
    some = [asked("Eine Ruckgabe, bitte"), asked("rückgabe"), asked("Hello"), asked("return", by="chat", who="c-1")]
    run_jobs()
    rows = [Conversation.objects.get(pk=one.pk) for one in some]
    assert [(one.topic, one.assignee, one.priority) for one in rows] == [
        (topic, ada, 2),
        (topic, ben, 2),
        (None, None, 3),
        (None, None, 2),
    ]
    told = Entry.objects.filter(name="inquiry.changed", subject_id=some[2].pk).get()
    assert told.data["rule"] == "All"
    setting_up.move_rule(last, is_up=True)
    assert list(Rule.objects.values_list("name", flat=True)) == ["All", "Returns"]


def test_least_load_counts_what_is_open(asked, counter, ada, ben):
    for _n in range(2):
        working.assign(asked(), to=ada)
    chosen = []
    for _n in range(4):
        inquiry = asked()
        chosen.append(assigning.least_loaded(counter, inquiry))
        working.assign(inquiry, to=chosen[-1])
    assert sorted(chosen, key=lambda one: one.pk) == [ada, ben, ben, ben]


@pytest.mark.django_db(transaction=True)
def test_taking_turns_is_fair_when_many_come_at_once(asked, counter, ada, ben):
    inquiries = [asked() for _n in range(8)]
    problems = []

    def give(some):
        try:
            for one in some:
                together.do_together([one], steps_=[{"do": "in_turn", "value": counter.public_id}], user=ada)
        except Exception as problem:  # noqa: BLE001 — told below
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=give, args=(inquiries[number::4],)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    given = list(Conversation.objects.values_list("assignee", flat=True))
    assert (given.count(ada.pk), given.count(ben.pk)) == (4, 4)
