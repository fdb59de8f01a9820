"""The pages of promises, calendars, acknowledgements and figures."""

import pytest

from regulars.inbox.models import Acknowledging, Calendar, Promise
from regulars.inbox.promises import writing

pytestmark = pytest.mark.django_db
WEEK = {f"day_{number}": "09:00–12:00, 13:00–18:00" for number in range(5)}


def test_a_promise_is_made_looked_at_moved_and_removed(client_of, ada):
    client = client_of(ada)
    calendar = Calendar.objects.get()
    values = {"name": "Complaints", "first_minutes": "1 h 30", "solution_minutes": "20 h", "calendar": calendar.pk}
    seen = client.post("/settings/inbox/promises/new", {**values, "look": "1"})
    assert "Nothing is saved yet." in seen.content.decode()
    assert not Promise.objects.filter(name="Complaints").exists()

    assert client.post("/settings/inbox/promises/new", values).status_code == 302
    made = Promise.objects.get(name="Complaints")
    assert (made.first_minutes, made.next_minutes, made.solution_minutes) == (90, None, 1200)
    page = client.get("/settings/inbox/promises").content.decode()
    assert "Complaints: first answer within 90 minutes of working time." in page
    assert page.index("Complaints") < page.index("Everybody")

    again = client.post(f"/settings/inbox/promises/{made.public_id}", {**values, "first_minutes": "soon"})
    assert again.status_code == 422
    assert "45 min" in again.content.decode()
    client.post(f"/settings/inbox/promises/{made.public_id}/move", {"to": "up"})
    client.post(f"/settings/inbox/promises/{made.public_id}/remove")
    assert not Promise.objects.filter(name="Complaints").exists()
    default = Promise.objects.get(is_default=True)
    client.post(f"/settings/inbox/promises/{default.public_id}/remove")
    assert Promise.objects.filter(pk=default.pk).exists()


def test_a_calendar_is_written_as_people_write_it(client_of, ada):
    client = client_of(ada)
    days = "2026-12-25: Christmas\n2026-12-24 09:00–13:00: Christmas Eve\n2026-10-10 = Monday: Made up"
    values = {"name": "Store", "time_zone": "Asia/Shanghai", "days": days, **WEEK}
    assert client.post("/settings/inbox/calendars/new", values).status_code == 302
    made = Calendar.objects.get(name="Store")
    assert made.week == [[["09:00", "12:00"], ["13:00", "18:00"]]] * 5 + [[], []]
    assert [(str(day.on), day.windows, day.like, day.name) for day in made.days.all()] == [
        ("2026-10-10", [], 0, "Made up"),
        ("2026-12-24", [["09:00", "13:00"]], None, "Christmas Eve"),
        ("2026-12-25", [], None, "Christmas"),
    ]
    page = client.get(f"/settings/inbox/calendars/{made.public_id}").content.decode()
    assert "2026-10-10 = Monday: Made up" in page
    bad = client.post(f"/settings/inbox/calendars/{made.public_id}", {**values, "day_0": "nine to five"})
    assert bad.status_code == 422
    client.post(f"/settings/inbox/calendars/{made.public_id}/remove")
    assert not Calendar.objects.filter(name="Store").exists()


def test_acknowledgements_are_switched_on_in_own_words(client_of, ada):
    client = client_of(ada)
    page = client.get("/settings/inbox/acknowledgement")
    form = page.context["form"]
    values = {f"{part}_{one}": form.initial[f"{part}_{one}"] for one in form.languages for part in ("subject", "text")}
    values |= {"is_on": "on", "ways": ["email"]}
    assert client.post("/settings/inbox/acknowledgement", values).status_code == 302
    rules = Acknowledging.objects.get()
    assert (rules.is_on, rules.ways, rules.texts) == (True, ["email"], {})

    wrong = client.post("/settings/inbox/acknowledgement", {**values, "text_en": "By {{ when }}"})
    assert wrong.status_code == 422
    client.post("/settings/inbox/acknowledgement", {**values, "text_en": "By {{ by }}: {{ shop }}"})
    assert Acknowledging.objects.get().texts["en"]["text"] == "By {{ by }}: {{ shop }}"


@pytest.mark.parametrize(
    "path",
    [
        "/settings/inbox/promises",
        "/settings/inbox/promises/new",
        "/settings/inbox/calendars/new",
        "/settings/inbox/acknowledgement",
        "/inbox/kept",
    ],
)
def test_whoever_may_not_sees_none_of_it(client_of, ada, charlie, path):
    assert client_of(ada).get(path).status_code == 200
    assert client_of(charlie).get(path).status_code == 403


@pytest.mark.parametrize(("text", "minutes"), [("", None), ("2 h", 120), ("1,5 h", 90), ("45", 45), ("2小时", 120)])
def test_lengths_are_read_as_people_write_them(text, minutes):
    assert writing.read_length(text) == minutes
    assert writing.read_length(writing.length(minutes)) == minutes
