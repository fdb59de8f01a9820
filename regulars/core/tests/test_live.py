"""Telling open pages: who hears what, in which order, and who may not."""

import threading

import pytest

from regulars.core import live, streaming
from regulars.core.errors import NotAllowed
from regulars.core.live import access, events, gate, hub, streams
from regulars.core.models import LiveEvent


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Streams that end when they have said what was missed."""
    monkeypatch.setattr(streaming, "LASTS", 0)


def read(response):
    """All that a stream says."""
    return b"".join(response.streaming_content).decode()


def test_what_was_missed_comes_first(client_of, ada):
    live.opens("test", lambda _user, _rest: True)
    before = live.mark()
    live.tell("test", {"id": "one"})
    told = live.mark()
    live.tell("other", {"id": "two"})
    last = live.mark()
    response = client_of(ada).get(f"/live?topics=test&after={before}")
    assert (response["Content-Type"], response["X-Accel-Buffering"]) == ("text/event-stream", "no")
    said = read(response)
    assert said.startswith("retry: 2")
    assert f'id: {told}\ndata: {{"topic":"test","id":"one"}}\n\n' in said
    assert "two" not in said
    again = client_of(ada).get("/live?topics=test", headers={"Last-Event-ID": str(last)})
    assert "one" not in read(again)


def test_nobody_listens_to_what_they_may_not(client_of, ada, charlie, client):
    live.opens("secret", lambda user, rest: user == ada and rest == "hers")
    assert client_of(charlie).get("/live?topics=secret.hers").status_code == 403
    assert client_of(ada).get("/live?topics=secret.hers").status_code == 200
    assert client_of(ada).get("/live?topics=secret.his").status_code == 403
    assert client_of(ada).get("/live?topics=unknown").status_code == 403
    assert client_of(ada).get("/live?topics=,").status_code == 422


def test_a_visitor_needs_a_ticket_that_we_signed(client, db, rf):
    before = live.mark()
    live.tell("chat.one", {"said": "hello"})
    live.tell("chat.two", {"said": "secret"})
    ticket = live.ticket(["chat.one"])
    response = client.get("/live/open", {"ticket": ticket, "after": before})
    assert response["Access-Control-Allow-Origin"] == "*"
    said = read(response)
    assert "hello" in said
    assert "secret" not in said
    forged = ticket.replace(ticket[:6], "WyJjaG", 1) + "x"
    for bad in ("", forged, live.ticket(["chat.one"])[:-1]):
        assert client.get("/live/open", {"ticket": bad}).status_code == 403
    with pytest.raises(NotAllowed):
        access.admitted(rf.get("/live/open", {"ticket": ticket}), seconds=-1)


def test_the_hub_hands_each_event_to_whoever_listens_once(db):
    one = hub.Hub()
    listener = hub.Listener(frozenset({"a"}))
    one._listeners.add(listener)
    live.tell("a", {"n": 0})
    seen = one._look(None)
    live.tell("a", {"n": 1})
    live.tell("b", {"n": 2})
    seen = one._look(seen)
    one._look(seen)
    assert [event.data for event in listener.hear(0)] == [{"n": 1}]
    assert listener.hear(0) == []


def test_what_was_told_before_the_first_look_is_heard_by_whoever_does_not_know_it(db):
    one = hub.Hub()
    live.tell("a", {"n": 0})
    known, new = hub.Listener(frozenset({"a"}), after=live.mark()), hub.Listener(frozenset({"a"}))
    one._listeners |= {known, new}
    live.tell("a", {"n": 1})
    seen = one._look(None)
    one._look(seen)
    assert [event.data for event in known.hear(0)] == [{"n": 1}]
    assert new.hear(0) == []


def test_an_event_that_becomes_visible_late_is_heard(db):
    one, listener = hub.Hub(), hub.Listener(frozenset({"a"}))
    one._listeners.add(listener)
    first = one._look(None)
    event = LiveEvent(pk=live.mark() + 10, topic="a", data={"n": 2})
    event.save(force_insert=True)
    first = one._look(first)
    LiveEvent(pk=event.pk - 5, topic="a", data={"n": 1}).save(force_insert=True)
    one._look(first)
    assert [event.data["n"] for event in listener.hear(0)] == [2, 1]


def test_a_full_house_sends_the_browser_away_for_longer(client, db, monkeypatch):
    monkeypatch.setattr(streaming, "STREAMS", 0)
    response = streams.open_stream(_request(live.ticket(["chat.one"])))
    said = b"".join(response.streaming_content).decode()
    assert said.startswith("retry: 6")


def test_what_was_told_is_forgotten(db):
    live.tell("a")
    LiveEvent.objects.update(at=LiveEvent.objects.get().at - events.KEPT * 2)
    live.tell("a", {"n": 2})
    events.forget_told()
    assert [event.data for event in LiveEvent.objects.all()] == [{"n": 2}]


def test_pages_are_drawn_by_a_few_at_a_time():
    most, now, lock = [0], [0], threading.Lock()
    through = threading.Barrier(2, timeout=5)

    class Drawn:
        content = b"page"

        def close(self):
            pass

    def application(_environ, _start):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        through.wait()
        with lock:
            now[0] -= 1
        return Drawn()

    door = gate.Gate(application, pages=2)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(door({}, None))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, answers) == ([2], [[b"page"]] * 6)


def test_an_answer_that_nobody_reads_gives_its_place_back():
    closed = []

    class Body:
        def __iter__(self):
            return iter([b"x"])

        def close(self):
            closed.append(True)

    door = gate.Gate(lambda _environ, _start: Body(), pages=1)
    for _ in range(3):
        answer = door({}, None)
        del answer
    assert len(closed) == 3


def _request(ticket):
    from django.test import RequestFactory

    return RequestFactory().get("/live/open", {"ticket": ticket})
