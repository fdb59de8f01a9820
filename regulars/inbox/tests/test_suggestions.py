"""Topics and canned answers are suggested from the shop's own history: learned here, decided by people, forgotten."""

import datetime as dt
import sys
from random import Random

import pytest
from django.urls import reverse
from django.utils import timezone

from regulars.customers.actions import create_customer
from regulars.customers.actions.deleting import delete_customer, erase_customer
from regulars.inbox.actions import answering, setting_up, working
from regulars.inbox.actions.receiving import receive
from regulars.inbox.guessing import child, examples, keeping, offering, training
from regulars.inbox.guessing.learning import Example, learn
from regulars.inbox.guessing.model import Model
from regulars.inbox.guessing.pieces import plain, runs, words
from regulars.inbox.models import By, CannedGuess, Conversation, Guess, Guessing, Post, Status, Topic

ASKED = {
    "Damage": (
        "The {thing} arrived broken",
        "the {thing} is cracked and came in pieces",
        "{thing}收到时已经破损裂开了",
    ),
    "Delivery": (
        "Where is my parcel",
        "the parcel with the {thing} has not arrived",
        "包裹还没有收到，{thing}到哪里了",
    ),
    "Return": ("May I send it back", "I want to send back the {thing} for a refund", "我想退货退款，{thing}不合适"),
}
SORRY = "I am sorry about this. A new one leaves today, in a double box."
THINGS = ("cup", "lamp", "plate", "chair", "vase", "bowl", "clock", "tray")


def lines(count, *, seed=1):
    """Inquiries that people could have written, with their topics: (text, topic)."""
    random = Random(seed)
    names = sorted(ASKED)
    return [
        (random.choice(ASKED[topic]).format(thing=random.choice(THINGS)), topic)
        for topic in (names[number % len(names)] for number in range(count))
    ]


@pytest.fixture(scope="module")
def model():
    made = learn([Example(plain(text), place, topic) for place, (text, topic) in enumerate(lines(90))], least=5)
    return Model.from_bytes(made.to_bytes())


def in_this_process(given, *, least):
    made = [Example(text, writer, topic, tuple(canned)) for text, writer, topic, canned in given]
    return learn(made, least=least).to_bytes()


@pytest.fixture
def desk(db, ada, settings, tmp_path, monkeypatch):
    """A shop that sorted and answered sixty inquiries of ten people, the third of them with a canned answer."""
    settings.REGULARS_HOME = tmp_path
    monkeypatch.setattr(training, "learn_apart", in_this_process)
    topics = {name: Topic.objects.create(name=name) for name in ASKED}
    canned = setting_up.save_canned(name="Broken", shortcut="broken", texts={"en": SORRY}, topic=topics["Damage"])
    setting_up.save_canned(name="On its way", shortcut="way", texts={"en": "It is on its way to you."}, topic=None)
    people = [create_customer(values={"name": f"Aoife {number}"}) for number in range(10)]
    at = timezone.now() - dt.timedelta(days=9)
    same = {"by": By.EMAIL, "status": Status.CLOSED, "answers_count": 1, "began_at": at, "last_at": at}
    for number, (text, topic) in enumerate(lines(60)):
        customer = people[number % 10]
        conversation = Conversation.objects.create(customer=customer, topic=topics[topic], **same)
        answer = f"Hello,\n\n{SORRY}\n\nBest" if topic == "Damage" else "I will look at it."
        post = {"conversation": conversation, "customer": customer, "by": By.EMAIL, "at": at}
        Post.objects.create(kind="in", text=text, **post)
        Post.objects.create(kind="out", text=answer, author=ada, **post)
    return canned


def asks(text, *, number=1, **more):
    customer = create_customer(values={"name": f"Nora {number}", "email": f"nora{number}@brennan.example"})
    said = {"text": text, "people": {"from": customer.email}} | more
    return receive(cause=f"new {number}", customer=customer, by="email", at=timezone.now(), **said).conversation


def settings_of(**more):
    return training.change(**({"topics_on": True, "sets_topics": False, "answers_on": True} | more))


# ── the pieces and the model


def test_a_text_is_its_words_and_runs_without_numbers_and_addresses():
    text = plain("My order #4806 from ANNA@post.example: a lid https://shop.example/x")
    assert text == "my order #0 from a lid"
    assert list(words("a lid")) == ["a", "lid", "a lid"]
    assert list(runs("a lid")) == [
        *(" a", "a ", " a "),
        *(" l", "li", "id", "d ", " li", "lid", "id ", " lid", "lid ", " lid "),
    ]  # fmt: skip
    assert "破损" in list(runs("收到时已破损"))


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("The teapot arrived broken in pieces", "Damage"),
        ("Where is my parcel? It has not arrived.", "Delivery"),
        ("Can I send back the sofa and have a refund?", "Return"),
        ("桌子收到时已经破损", "Damage"),
        ("我的包裹还没有收到", "Delivery"),
        ("沙发不合适，我想退货", "Return"),
    ],
)
def test_topics_are_told_in_english_and_chinese(model, text, topic):
    said = model.topic_of(text)
    assert said.topic == topic
    assert said.confidence > 0.9


def test_what_is_shown_is_right_in_nine_of_ten_and_the_figures_are_of_what_was_not_seen(model):
    figures = model.topics.figures
    assert (figures.count, figures.usual) == (90, 30 / 90)
    assert figures.accuracy > 0.95
    assert figures.precision >= 0.9


def test_nothing_is_sure_where_there_is_nothing_to_learn():
    random = Random(2)
    given = [
        Example(" ".join(random.choices(THINGS, k=6)), number, random.choice(["A", "B", "C"])) for number in range(90)
    ]
    made = learn(given, least=5)
    assert made.topics.figures.accuracy < 0.6
    assert not made.topics.sure.is_any
    assert not made.topic_of(given[0].text).is_sure


def test_what_one_person_alone_wrote_is_not_in_the_model():
    given = [Example(plain(text), place, topic) for place, (text, topic) in enumerate(lines(60))]
    given += [Example("the zanzibarkiste is broken", 7_000, "Damage")] * 3
    made = learn(given, least=5)
    assert not any("zanzi" in piece for block in made.pieces for piece in block)
    assert any("parcel" in piece for block in made.pieces for piece in block)


def test_topics_with_few_inquiries_are_told_apart_and_never_suggested():
    given = [Example(plain(text), place, topic) for place, (text, topic) in enumerate(lines(90))]
    given += [
        Example(f"invoice for the tax office {thing}", 100 + place, f"T{place % 4}")
        for place, thing in enumerate(THINGS)
    ]
    made = learn(given, least=5)
    assert made.topics.names == ["", "Damage", "Delivery", "Return"]
    assert not made.topic_of("the invoice for the tax office").is_sure


def test_it_is_learned_by_a_process_of_its_own(monkeypatch):
    given = [
        (plain(text), place, topic, ["can_x"] if topic == "Damage" else [])
        for place, (text, topic) in enumerate(lines(60))
    ]
    made = Model.from_bytes(child.learn_apart(given, least=5))
    assert made.topic_of("the lamp is cracked").topic == "Damage"
    assert made.answers_of("the lamp is cracked and broken") == ["can_x"]
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(child.NotLearned, match="ended with 1"):
        child.learn_apart(given, least=5)


# ── in the shop


def test_a_new_inquiry_gets_a_topic_and_an_answer_suggested_and_nothing_is_sent(desk, ada, client_of, run_jobs):
    assert training.learn()
    rules = Guessing.objects.get()
    assert (rules.number, rules.examples, rules.topics, rules.answers) == (1, 60, 3, 20)
    assert rules.precision >= 0.9
    sent = Post.objects.filter(kind="out").count()
    conversation = asks("The bowl is cracked, it came in pieces")
    run_jobs()
    guess = Guess.objects.get()
    assert (guess.conversation, guess.topic.name, guess.state, guess.number) == (conversation, "Damage", "offered", 1)
    assert list(CannedGuess.objects.values_list("conversation", "canned")) == [(conversation.pk, desk.pk)]
    conversation.refresh_from_db()
    assert conversation.topic is None
    assert Post.objects.filter(kind="out").count() == sent
    html = client_of(ada).get(reverse("inbox:page", args=[conversation.public_id])).content.decode()
    assert "Topic suggested" in html
    assert f"{guess.confidence} % sure" in html
    assert f'data-id="{desk.public_id}"' in html
    html = client_of(ada).get(reverse("inbox:page", args=[conversation.public_id]) + f"?answer={desk.public_id}")
    assert f'name="canned" value="{desk.public_id}"' in html.content.decode()


def test_a_click_takes_the_topic_and_another_answer_is_not_asked(desk, ben, client_of, run_jobs):
    training.learn()
    one, other = asks("The bowl is cracked, broken"), asks("Where is my parcel with the cup", number=2)
    run_jobs()
    client_of(ben).post(reverse("guessing:decide", args=[one.public_id]), {"act": "accept"})
    client_of(ben).post(reverse("guessing:decide", args=[other.public_id]), {"act": "dismiss"})
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.topic.name, other.topic) == ("Damage", None)
    assert (one.guess.state, one.guess.decided_by) == ("accepted", ben)
    assert (other.guess.state, other.guess.decided_by) == ("dismissed", ben)
    receive(cause="more", customer=other.customer, by="email", at=timezone.now(), text="And?", conversation=other)
    run_jobs()
    assert Guess.objects.get(conversation=other).state == "dismissed"
    said = offering.lately()
    assert (said.topics, said.accepted, said.declined) == (2, 1, 1)


def test_a_topic_that_is_set_by_hand_says_whether_the_guess_was_right(desk, ben, client_of, run_jobs):
    training.learn()
    one, other = asks("The bowl is cracked, broken"), asks("The clock is cracked, broken", number=2)
    run_jobs()
    for conversation, name in ((one, "Damage"), (other, "Return")):
        topic = Topic.objects.get(name=name)
        said = {"act": "sort", "topic": topic.pk, "kind": "inquiry", "priority": 2}
        client_of(ben).post(reverse("inbox:work", args=[conversation.public_id]), said)
    run_jobs()
    assert Guess.objects.get(conversation=one).state == "accepted"
    assert Guess.objects.get(conversation=other).state == "other"


def test_where_it_is_wanted_the_topic_is_set_by_itself_and_can_be_taken_back(desk, ben, client_of, run_jobs):
    settings_of(sets_topics=True)
    training.learn()
    conversation = asks("The bowl is cracked, broken")
    run_jobs()
    conversation.refresh_from_db()
    assert (conversation.topic.name, conversation.guess.state) == ("Damage", "set")
    page = reverse("inbox:page", args=[conversation.public_id])
    assert "Topic set by Regulars" in client_of(ben).get(page).content.decode()
    client_of(ben).post(reverse("guessing:decide", args=[conversation.public_id]), {"act": "dismiss"})
    run_jobs()
    conversation.refresh_from_db()
    assert (conversation.topic, Guess.objects.get().state) == (None, "back")


def test_below_the_least_nothing_is_suggested_and_the_page_says_what_is_missing(desk, ada, client_of, run_jobs):
    for name, count in (("Return", 18), ("Delivery", 6)):
        keys = Conversation.objects.filter(topic__name=name).values_list("pk", flat=True)[:count]
        Conversation.objects.filter(pk__in=list(keys)).update(topic=None)
    assert training.learn()
    rules = Guessing.objects.get()
    assert (rules.examples, rules.accuracy, rules.answers) == (36, None, 20)
    asks("The bowl is cracked, broken")
    run_jobs()
    assert not Guess.objects.exists()
    assert CannedGuess.objects.count() == 1
    html = client_of(ada).get("/settings/inbox/suggestions").content.decode()
    assert "There are 36; 4 are missing." in html
    assert "2, 3 missing" in html


def test_switched_off_nothing_is_learned_or_suggested(desk, run_jobs):
    training.learn()
    settings_of(topics_on=False, answers_on=False)
    asks("The bowl is cracked, broken")
    run_jobs()
    assert not Guess.objects.exists()
    assert not CannedGuess.objects.exists()
    assert training.learn() is False


def test_forgetting_takes_the_model_the_guesses_and_the_switches(
    desk, ada, client_of, run_jobs, django_capture_on_commit_callbacks
):
    training.learn()
    asks("The bowl is cracked, broken")
    run_jobs()
    assert len(list(keeping.folder().iterdir())) == 1
    with django_capture_on_commit_callbacks(execute=True):
        client_of(ada).post("/settings/inbox/suggestions/forget")
    assert list(keeping.folder().iterdir()) == []
    rules = Guessing.objects.get()
    assert (rules.is_learned, rules.topics_on, rules.answers_on) == (False, False, False)
    assert not Guess.objects.exists()
    assert training.learn_nightly() is False


def test_the_model_lies_sealed(desk):
    training.learn()
    (path,) = keeping.folder().iterdir()
    assert b"parcel" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert keeping.load(1).topic_of("where is my parcel").topic == Topic.objects.get(name="Delivery").public_id


def test_with_a_person_the_model_goes_at_once_and_is_learned_anew_without_them(
    desk, run_jobs, django_capture_on_commit_callbacks
):
    training.learn()
    gone = Conversation.objects.filter(topic__name="Damage").first().customer
    with django_capture_on_commit_callbacks(execute=True):
        delete_customer(gone)
        erase_customer(gone)
    assert list(keeping.folder().iterdir()) == []
    run_jobs()
    rules = Guessing.objects.get()
    assert (rules.is_learned, rules.number, rules.examples) == (True, 2, 54)


def test_what_is_forgotten_while_it_is_learned_is_not_kept(desk, monkeypatch):
    tries = []

    def learns(given, *, least):
        tries.append(len(given))
        if len(tries) == 1:
            training.forget_person(Conversation.objects.first().customer)
        return in_this_process(given, least=least)

    monkeypatch.setattr(training, "learn_apart", learns)
    assert training.learn()
    assert len(tries) == 2
    assert Guessing.objects.get().number == 1


def test_it_is_learned_in_the_night_where_anything_changed(desk, ada):
    assert training.learn_nightly()
    assert not training.learn_nightly()
    asks("The tray is cracked", number=3)
    assert not training.learn_nightly()
    working.set_topic(asks("The tray is cracked", number=4), topic=Topic.objects.get(name="Damage"))
    assert not training.learn_nightly()
    one = Conversation.objects.order_by("-pk").first()
    answering.answer(one, author=ada, text="I will look at it.")
    Conversation.objects.filter(pk=one.pk).update(answers_count=1)
    assert training.learn_nightly()


def test_the_canned_answer_that_was_used_is_noted_and_counts(desk, ben, client_of, run_jobs):
    training.learn()
    conversation = asks("The bowl is cracked, broken")
    run_jobs()
    said = {"text": "I am sorry.", "then": "closed", "canned": desk.public_id}
    client_of(ben).post(reverse("inbox:answer", args=[conversation.public_id]), said)
    post = Post.objects.filter(kind="out").latest("pk")
    assert post.data["canned"] == desk.public_id
    assert examples._given([conversation.pk]) == {conversation.pk: {desk.pk}}
    said = {"text": "I am sorry.", "then": "closed", "canned": "can_nonsense"}
    client_of(ben).post(reverse("inbox:answer", args=[conversation.public_id]), said)
    assert "canned" not in Post.objects.filter(kind="out").latest("pk").data


def test_charlie_may_neither_decide_nor_set_up(desk, charlie, client_of, run_jobs):
    training.learn()
    conversation = asks("The bowl is cracked, broken")
    run_jobs()
    client = client_of(charlie)
    for path in ("", "/learn", "/forget"):
        assert client.post(f"/settings/inbox/suggestions{path}").status_code == 403
    assert client.post(reverse("guessing:decide", args=[conversation.public_id]), {"act": "accept"}).status_code == 403
    conversation.refresh_from_db()
    assert (conversation.topic, Guess.objects.get().state) == (None, "offered")
    assert Guessing.objects.get().is_learned
