"""The review of duplicates: lists, comparison, answers, keys, and who may."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.merging import merge, unmerge
from regulars.customers.merge_commands import merge_command, unmerge_command
from regulars.customers.models import Customer, DuplicatePair, MergeLink
from regulars.orders.actions import place_order

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
EVIDENCE = [
    {"field": "phone", "left": "441174960123", "right": "441174960123", "level": "exact", "weight": 9.6},
    {"field": "email", "left": "a@shop.example", "right": "b@shop.example", "level": "different", "weight": -2.4},
]


@pytest.fixture
def web(db):
    shop.change(currency="GBP", time_zone="Europe/London", country="GB")
    return channel_for("web")


@pytest.fixture
def jonas(web):
    jonas = create_customer(
        values={"name": "Jonas Wieck", "email": "jonas@shop.example", "phone": "+441174960123"}, channel=web
    )
    place_order(
        values={"number": "HH-1", "placed_at": NOW},
        lines=[{"sku": "MUG", "quantity": 1, "unit_price": 20}],
        customer=jonas,
        channel=web,
    )
    return Customer.objects.get(pk=jonas.pk)


@pytest.fixture
def j_wieck(web):
    return create_customer(
        values={"name": "J. Wieck", "email": "jw@shop.example", "phone": "+441174960123", "company": "Hain & Hafen"},
        channel=web,
    )


@pytest.fixture
def pair(jonas, j_wieck):
    return suggested(jonas, j_wieck)


def suggested(one, other, probability=0.91):
    left, right = sorted((one.pk, other.pk))
    return DuplicatePair.objects.create(
        left_id=left, right_id=right, probability=probability, evidence=EVIDENCE, found_at=NOW
    )


def test_a_pair_is_compared_field_by_field(client_of, ada, jonas, j_wieck, pair):
    record_consent(jonas, medium="whatsapp", state="agreed", source="form", at=NOW - dt.timedelta(days=90))
    record_consent(j_wieck, medium="whatsapp", state="refused", source="form", at=NOW)
    page = client_of(ada).get(f"/customers/duplicates/{pair.pk}").content.decode()
    for text in ("91%", "Alike: Phone.", "Different: Name, E-mail.", "Why 91%?", "1 order, £20.00", "Refused", "Stays"):
        assert text in page
    # the one who bought stays; the other's company fills the gap
    assert f'name="with" value="{jonas.public_id}"' in page
    assert page.index(jonas.public_id) < page.index(j_wieck.public_id)
    assert f'value="company:{j_wieck.public_id}" data-text="Hain &amp; Hafen" checked' in page
    swapped = client_of(ada).get(f"/customers/duplicates/{pair.pk}?keep={j_wieck.public_id}").content.decode()
    assert swapped.index(f'value="{j_wieck.public_id}"') < swapped.index(f'value="{jonas.public_id}"')


def test_a_merge_from_the_page_keeps_the_choices_and_offers_the_way_back(client_of, ada, jonas, j_wieck, pair):
    client = client_of(ada)
    sent = {
        "with": [jonas.public_id, j_wieck.public_id],
        "choice-name": f"name:{j_wieck.public_id}",
        "choice-company": f"company:{j_wieck.public_id}",
    }
    answer = client.post("/customers/duplicates/merge", sent)
    assert (answer.status_code, answer.url) == (302, "/customers/duplicates")
    now = Customer.objects.get()
    assert (now.pk, now.name, now.company) == (jonas.pk, "J. Wieck", "Hain & Hafen")
    link = MergeLink.objects.get()
    page = client.get("/customers/duplicates").content.decode()
    assert f'action="/customers/duplicates/{link.public_id}/undo"' in page
    assert "Nothing to decide" in page

    answer = client.post(f"/customers/duplicates/{link.public_id}/undo")
    assert answer.url == f"/customers/duplicates/{pair.pk}"
    assert Customer.objects.count() == 2


def test_never_the_same_is_remembered_and_can_be_decided_again(client_of, ada, pair):
    client = client_of(ada)
    client.post(f"/customers/duplicates/{pair.pk}/answer", {"answer": "never"})
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == ("never", ada)
    assert "Jonas Wieck" not in client.get("/customers/duplicates").content.decode().split("</section>")[0]
    assert "two people" in client.get("/customers/duplicates?show=apart").content.decode()
    client.post(f"/customers/duplicates/{pair.pk}/reopen")
    pair.refresh_from_db()
    assert pair.state == "open"


def test_one_household_puts_both_into_it(client_of, ada, jonas, j_wieck, pair):
    client_of(ada).post(f"/customers/duplicates/{pair.pk}/answer", {"answer": "household"})
    homes = set(Customer.objects.values_list("household", flat=True))
    assert len(homes) == 1
    assert None not in homes
    pair.refresh_from_db()
    assert pair.state == "household"


def test_old_addresses_lead_to_the_person(client_of, ada, jonas, j_wieck):
    merge(keep=jonas, others=[j_wieck])
    client = client_of(ada)
    answer = client.get(f"/customers/{j_wieck.public_id}")
    assert (answer.status_code, answer.url) == (302, f"/customers/{jonas.public_id}")
    answer = client.get(f"/customers/{j_wieck.public_id}/purchases")
    assert answer.url == f"/customers/{jonas.public_id}/purchases"
    assert client.get(f"/customers/{j_wieck.public_id}/peek").status_code == 200


def test_a_records_order_shows_the_person(client_of, ada, web, jonas, j_wieck):
    order = place_order(
        values={"number": "HH-2", "placed_at": NOW},
        lines=[{"sku": "MUG", "quantity": 1, "unit_price": 20}],
        customer=j_wieck,
        channel=web,
    )
    merge(keep=jonas, others=[j_wieck])
    client = client_of(ada)
    for path in (f"/orders/{order.public_id}", "/orders", f"/orders?customer={j_wieck.public_id}"):
        page = client.get(path).content.decode()
        assert f'href="/customers/{jonas.public_id}"' in page
        assert f'href="/customers/{j_wieck.public_id}"' not in page


def test_the_timeline_and_the_rail_tell_of_the_merge_once(client_of, ada, jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck])
    client = client_of(ada)
    for path in ("", "/changes"):
        page = client.get(f"/customers/{jonas.public_id}{path}").content.decode()
        assert page.count("Merged: J. Wieck is Jonas Wieck") == 1
    assert f"/customers/duplicates/{link.public_id}/unmerge" in page


def test_a_merge_is_taken_back_with_what_came_since(client_of, ada, jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck])
    client = client_of(ada)
    client.post(f"/customers/{jonas.public_id}/tag", {"tag": "Harbour", "name": "Harbour"})
    client.post(
        f"/customers/{jonas.public_id}/addresses/new",
        {"line1": "9 New Road", "city": "Leeds", "postcode": "LS1 1AA", "country": "GB"},
    )
    page = client.get(f"/customers/duplicates/{link.public_id}/unmerge").content.decode()
    assert "9 New Road" in page
    address = jonas.addresses.get()
    answer = client.post(
        f"/customers/duplicates/{link.public_id}/unmerge", {"move": [f"addresses:{address.pk}"], "never": "1"}
    )
    assert answer.url == f"/customers/{j_wieck.public_id}"
    assert j_wieck.addresses.get() == address
    assert DuplicatePair.objects.get().state == "never"
    again = client.get(f"/customers/duplicates/{link.public_id}/unmerge")
    assert (again.status_code, again.url) == (302, f"/customers/{j_wieck.public_id}")


def test_somebody_is_searched_and_compared_by_hand(client_of, ada, jonas, j_wieck):
    client = client_of(ada)
    page = client.get(f"/customers/{jonas.public_id}/merge?q=wieck").content.decode()
    assert j_wieck.public_id in page
    page = client.get(f"/customers/duplicates/compare?with={jonas.public_id}&with={j_wieck.public_id}").content.decode()
    assert "After the merge" in page
    assert client.get(f"/customers/duplicates/compare?with={jonas.public_id}").url == "/customers/duplicates"


@pytest.mark.parametrize("address", ["/customers/duplicates", "/customers/duplicates?show=apart", "?show=merged"])
def test_a_list_asks_as_much_for_three_pairs_as_for_one(client_of, ada, web, address):
    def more(number):
        one, other, third, fourth = (
            create_customer(values={"name": f"{word} {number}"}) for word in ("Sofie", "Sophie", "Li", "Lee")
        )
        suggested(one, other, 0.9 - number / 100)
        apart = suggested(third, fourth)
        DuplicatePair.objects.filter(pk=apart.pk).update(state="never")
        merge(keep=create_customer(values={"name": "Na"}), others=[create_customer(values={"name": "Nah"})])

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address if address[0] == "/" else f"/customers/duplicates{address}").status_code == 200
        return len(asked)

    client = client_of(ada)
    more(0)
    queries()
    with_one = queries()
    more(1)
    more(2)
    assert queries() == with_one


def test_pages_go_on_where_the_last_one_ended(client_of, ada, web):
    sofie = create_customer(values={"name": "Sofie Dahl"})
    others = [create_customer(values={"name": f"Dahl {number}"}) for number in range(42)]
    for other in others:
        suggested(sofie, other, 0.8)
    client = client_of(ada)
    first = client.get("/customers/duplicates").content.decode()
    assert first.count('class="l1"') == 40
    cursor = first.split("after=")[-1].split('"')[0]
    assert client.get(f"/customers/duplicates?after={cursor}").content.decode().count('class="l1"') == 2
    assert client.get("/customers/duplicates?after=nonsense").status_code == 422


def test_charlie_and_ben_may_not_merge(client_of, ben, charlie, jonas, j_wieck, pair):
    (link,) = merge(keep=jonas, others=[create_customer(values={"name": "Third"})])
    for person in (ben, charlie):
        client = client_of(person)
        sent = {"with": [jonas.public_id, j_wieck.public_id], "answer": "never"}
        for path in ("merge", f"{pair.pk}/answer", f"{link.public_id}/undo", f"{link.public_id}/unmerge"):
            assert client.post(f"/customers/duplicates/{path}", sent).status_code == 403
        assert client.get("/customers/duplicates").status_code == 403
    assert MergeLink.objects.filter(undone_at=None).count() == 1
    assert Customer.objects.count() == 2
    pair.refresh_from_db()
    assert pair.state == "open"


def test_programs_merge_and_take_back(api_of, ada, jonas, j_wieck):
    program = api_of(ada)
    made = program.post(
        f"/customers/{jonas.public_id}/merges",
        {"others": [j_wieck.public_id], "choices": {"name": j_wieck.public_id}},
    )
    assert made.status_code == 201
    (item,) = made.json()["items"]
    assert (item["kept"], item["merged"], item["choices"]) == (
        jonas.public_id,
        j_wieck.public_id,
        {"name": j_wieck.public_id},
    )
    read = program.get(f"/customers/{j_wieck.public_id}")
    assert (read.status_code, read.json()["id"], read.json()["name"]) == (200, jonas.public_id, "J. Wieck")
    assert program.get(f"/customers/{jonas.public_id}/merges").json()["items"] == [item]

    changed = program.patch(f"/customers/{j_wieck.public_id}", {"company": "Kontor"}, If_Match=read["ETag"])
    assert (changed.status_code, changed.json()["id"], changed.json()["company"]) == (200, jonas.public_id, "Kontor")
    assert Customer.everyone.get(pk=j_wieck.pk).company == "Kontor"
    assert program.delete(f"/customers/{j_wieck.public_id}", If_Match="*").status_code == 409
    again = program.post(f"/customers/{jonas.public_id}/merges", {"others": [j_wieck.public_id]})
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "not-mergeable")

    undone = program.post(f"/merges/{item['id']}/undo", {})
    assert (undone.status_code, undone.json()["id"], undone.json()["company"]) == (200, j_wieck.public_id, "Kontor")
    assert program.post(f"/merges/{item['id']}/undo", {}).status_code == 409


def test_who_may_look_may_not_merge_by_program(api_of, ada, jonas, j_wieck):
    looking = api_of(ada, "customers.view", "customers.edit")
    refused = looking.post(f"/customers/{jonas.public_id}/merges", {"others": [j_wieck.public_id]})
    assert (refused.status_code, refused.json()["scope"]) == (403, "customers.merge")
    assert Customer.objects.count() == 2


def test_the_command_line_merges_and_takes_back(jonas, j_wieck):
    runner = CliRunner()
    done = runner.invoke(merge_command, [jonas.public_id, j_wieck.public_id, "--json"])
    told = json.loads(done.output)
    assert told["kept"] == jonas.public_id
    assert Customer.objects.count() == 1
    done = runner.invoke(unmerge_command, told["merges"])
    assert "J. Wieck is a customer of their own again." in done.output
    assert Customer.objects.count() == 2


def test_an_edit_of_the_person_writes_only_what_was_changed(client_of, ada, jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck])
    client = client_of(ada)
    now = Customer.objects.get()
    form = client.get(f"/customers/{jonas.public_id}/edit").context["form"]
    sent = {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}
    sent |= {"occupation": "Potter", "version": now.version}
    answer = client.post(f"/customers/{jonas.public_id}/edit", sent)
    assert answer.status_code == 302
    assert (Customer.objects.get().occupation, Customer.objects.get().company) == ("Potter", "Hain & Hafen")
    unmerge(link)
    jonas.refresh_from_db()
    assert (jonas.occupation, jonas.company) == ("Potter", "")


@pytest.mark.browser
def test_keys_choose_values_and_merge(visit, ada):
    shop.change(currency="GBP", time_zone="Europe/London", country="GB")
    one = create_customer(values={"name": "Jonas Wieck", "phone": "+441174960123"}, channel=channel_for("web"))
    other = create_customer(values={"name": "J. Wieck", "phone": "+441174960123"}, channel=channel_for("web"))
    pair = suggested(one, other)
    page = visit(f"/customers/duplicates/{pair.pk}", ada)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert page.locator("[data-field].cursor [data-result]").inner_text() == "J. Wieck"
    page.keyboard.press("m")
    page.wait_for_url("**/customers/duplicates")
    assert Customer.objects.get().name == "J. Wieck"
    page.keyboard.press("z")
    page.wait_for_url(f"**/customers/duplicates/{pair.pk}")
    assert Customer.objects.count() == 2
    assert page.complaints == []


def test_somebody_new_is_compared_at_once(client_of, ada, jonas):
    client = client_of(ada)
    sent = {"kind": "person", "status": "active", "given_name": "Jonas", "family_name": "Wieck"}
    answer = client.post("/customers/new", sent | {"phone": "0117 496 0123", "email": "j.wieck@mail.example"})
    assert answer.status_code == 302
    page = client.get(answer.url).content.decode()
    assert "Possibly the same as Jonas Wieck." in page
    assert "Perhaps here twice" in page
    pair = DuplicatePair.objects.get()
    assert pair.left == jonas
    assert f"/customers/duplicates/{pair.pk}" in page
    assert {piece["field"] for piece in pair.evidence} >= {"phone", "family"}
    # what was decided is not asked again
    DuplicatePair.objects.update(state="never")
    client.post(f"{answer.url}/edit", sent | {"occupation": "Potter", "version": 1})
    assert [pair.state for pair in DuplicatePair.objects.all()] == ["never"]
