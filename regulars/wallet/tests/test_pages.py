"""The pages: what somebody has, and giving or taking in two steps."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.customers.actions import create_customer
from regulars.staff.models import Sees, StaffRole, User
from regulars.wallet.actions.granting import Grant, grant
from regulars.wallet.actions.reversing import take_back
from regulars.wallet.actions.spending import hold, spend
from regulars.wallet.models import Posting
from regulars.wallet.queries import statement
from regulars.wallet.writing import Cause

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
ORDER = Cause(kind="order", id="ord_1")


@pytest.fixture
def anna(db):
    return create_customer(values={"name": "Anna"})


def given(customer, amount, key, currency="EUR", **more):
    return grant(Grant(customer=customer, amount=amount, currency=currency, cause=ORDER, key=key, **more))


def address(customer, deed=""):
    return f"/customers/{customer.public_id}/credit{deed}"


def typed(**values):
    return {"way": "give", "sort": "EUR", "amount": "15", "reason": "Cracked lid, second time", **values}


def test_old_balance_change_and_new_balance_are_shown_before_the_button(client_of, ada, anna):
    given(anna, 1_000, "g")
    client = client_of(ada)
    seen = client.post(address(anna, "/look"), typed())
    html = seen.content.decode()
    context = seen.context["seen"]
    assert (context["before"].usable, context["change"].usable, context["after"].usable) == (1_000, 1_500, 2_500)
    for words in ("They have now", "€10.00", "You give", "€15.00", "They have then", "€25.00"):
        assert words in html
    assert Posting.objects.count() == 1
    sent = {**typed(), "key": context["key"]}
    done = client.post(address(anna, "/give"), sent)
    assert (done.status_code, done["Location"]) == (302, address(anna))
    assert client.post(address(anna, "/give"), sent).status_code == 302  # pressed twice
    assert [(one.kind, one.amount, one.actor) for one in Posting.objects.order_by("number")][1:] == [
        ("correct", 1_500, ada)
    ]
    page = client.get(address(anna)).content.decode()
    assert "€25.00" in page
    assert "“Cracked lid, second time”" in page
    assert "Ada" in page


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"amount": "0"}, "amount", "Say how much."),
        ({"amount": "-4"}, "amount", "It is not below zero."),
        ({"amount": "12abc"}, "amount", "“12abc” is not a number."),
        ({"amount": "1,284"}, "amount", "“1,284” can be read in two ways. Write it without a sign for thousands."),
        ({"amount": "9999999999999"}, "amount", "The amount has to be above zero and not beyond reason."),
        ({"amount": "2.5", "sort": "PTS"}, "amount", "Points are whole numbers."),
        ({"reason": "  "}, "reason", "This field is required."),
        ({"way": "take", "amount": "10.01"}, "amount", "There is not that much to take away."),
        ({"ends_on": "2020-01-01"}, "ends_on", "It has to end today or later."),
        ({"sort": "GBP"}, "sort", "Select a valid choice. GBP is not one of the available choices."),
    ],
)
def test_what_cannot_be_given_is_said_beside_its_field_and_kept(client_of, ada, anna, values, field, sentence):
    given(anna, 1_000, "g")
    client = client_of(ada)
    answer = client.post(address(anna, "/look"), typed(**values))
    if answer.status_code == 200:  # what only the ledger can tell
        answer = client.post(address(anna, "/give"), {**typed(**values), "key": answer.context["seen"]["key"]})
    assert answer.status_code == 422
    assert answer.context["form"].errors[field] == [sentence]
    assert Posting.objects.count() == 1


def test_what_is_given_pays_what_is_owed_and_the_page_says_so(client_of, ada, anna):
    first = given(anna, 1_000, "g")
    spend(anna, amount=800, currency="EUR", cause=ORDER, key="s")
    take_back(first.posting, amount=1_000, cause=ORDER, key="t")
    client = client_of(ada)
    seen = client.post(address(anna, "/look"), typed(amount="10")).context["seen"]
    assert (seen["before"].usable, seen["pays"].usable, seen["after"].usable) == (0, 800, 200)
    client.post(address(anna, "/give"), {**typed(amount="10"), "key": seen["key"]})
    assert statement.balances(anna)[0].usable == 200


def test_the_side_of_the_customer_page_shows_what_there_is(client_of, ada, anna):
    now = timezone.now()
    given(anna, 1_500, "g")
    given(anna, 212, "p", "PTS", expires_at=now + 30 * DAY)
    given(anna, 1_028, "q", "PTS", expires_at=now + 90 * DAY)
    given(anna, 40, "w", "PTS", active_at=now + 14 * DAY)
    hold(anna, amount=500, currency="EUR", until=now + DAY, cause=ORDER, key="h")
    html = client_of(ada).get(f"/customers/{anna.public_id}").content.decode()
    rail = html[html.index("Points and credit") :][:2_000]
    for words in ("€10.00", "€5.00 set aside", "no end date", "1,240", "212 end on", "40 on the way", "Give or take"):
        assert words in rail


def test_history_tells_what_there_was_before_and_after_each_line(anna):
    given(anna, 1_000, "a")
    given(anna, 70, "p", "PTS")
    spend(anna, amount=300, currency="EUR", cause=ORDER, key="b")
    steps, has_more = statement.history(anna)
    assert has_more is False
    assert [(one.posting.currency, one.before, one.change, one.after) for one in steps] == [
        ("EUR", 1_000, -300, 700),
        ("PTS", 0, 70, 70),
        ("EUR", 0, 1_000, 1_000),
    ]
    older, _more = statement.history(anna, before=steps[0].posting.number)
    assert [(one.before, one.after) for one in older] == [(0, 70), (0, 1_000)]


def test_a_long_history_comes_in_pages(client_of, ada, anna, monkeypatch):
    monkeypatch.setattr(statement, "PAGE", 2)
    for number in range(3):
        given(anna, 100, f"k{number}")
    client = client_of(ada)
    first = client.get(address(anna))
    assert [one.after for one in first.context["steps"]] == [300, 200]
    second = client.get(address(anna), {"before": first.context["older"]})
    assert [one.after for one in second.context["steps"]] == [100]
    assert second.context["older"] == ""


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_asks_as_much_for_three_lines_as_for_one(client_of, ada, anna, rows, django_assert_max_num_queries):
    for number in range(rows):
        given(anna, 100, f"k{number}", reason="Said so.")
    client = client_of(ada)
    client.get(address(anna))
    with django_assert_max_num_queries(12):
        client.get(address(anna))


def test_agents_see_and_do_not_give(client_of, ben, charlie, anna):
    given(anna, 1_000, "g")
    agent = client_of(ben)
    page = agent.get(address(anna))
    assert (page.status_code, page.context["form"]) == (200, None)
    assert agent.post(address(anna, "/look"), typed()).status_code == 403
    assert agent.post(address(anna, "/give"), {**typed(), "key": f"desk {'0' * 24}"}).status_code == 403
    assert client_of(charlie).get(address(anna)).status_code == 403
    assert Posting.objects.count() == 1


def test_who_sees_their_own_customers_sees_each_line_once(client_of, ben, anna):
    bert = create_customer(values={"name": "Bert"})
    for customer in (anna, bert):
        given(customer, 100, f"g{customer.pk}", reason="A cracked lid.")
        given(customer, 900, f"h{customer.pk}", reason="Another cracked lid.")
        spend(customer, amount=300, currency="EUR", cause=ORDER, key=f"s{customer.pk}")
    role = StaffRole.objects.create(
        key="own", name="Own", permissions=["customers.view", "wallet.view"], sees=Sees.OWN, fields={"notes": "masked"}
    )
    User.objects.filter(pk=ben.pk).update(role="own", definition=role)
    type(anna).everyone.filter(pk=anna.pk).update(looked_after_by=ben)
    client = client_of(User.objects.get(pk=ben.pk))
    page = client.get(address(anna))
    assert [(one.before, one.after) for one in page.context["steps"]] == [(1_000, 700), (100, 1_000), (0, 100)]
    assert "cracked" not in page.content.decode()
    assert client.get(address(bert)).status_code == 404


def test_what_nobody_looked_at_is_shown_before_it_is_done(client_of, ada, anna):
    client = client_of(ada)
    for key in ("", "mine", "desk " + "x" * 300):
        answer = client.post(address(anna, "/give"), {**typed(), "key": key})
        assert answer.status_code in {200, 422}
    assert not Posting.objects.exists()
    assert client.post(address(anna, "/give"), {**typed(), "key": ""}).context["seen"]["after"].usable == 1_500
