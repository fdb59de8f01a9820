"""Whatever is changed past the verbs is found, and told with the day it is of."""

import datetime as dt

import pytest
from click.testing import CliRunner
from django.db import connection

from regulars.customers.actions import create_customer
from regulars.timeline.models import Entry as Told
from regulars.wallet import verifying
from regulars.wallet.actions.correcting import correct
from regulars.wallet.actions.granting import Grant, grant
from regulars.wallet.actions.spending import spend
from regulars.wallet.clock import turn_day
from regulars.wallet.commands import verify_command
from regulars.wallet.models import Account, Chain, DaySeal, Line, Lot, Posting, Remark
from regulars.wallet.sealing import prove_ledger, seal_days
from regulars.wallet.writing import Cause, Draft, Leg, Unbalanced, write

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
DESK = Cause(kind="desk")


@pytest.fixture
def books(db):
    """Three days: 50 given, 20 used, 5 corrected; the first two days are sealed."""
    anna = create_customer(values={"name": "Anna"})
    grant(Grant(customer=anna, amount=5_000, currency="EUR", cause=DESK, key="g", reason="A cracked lid."), at=NOON)
    spend(anna, amount=2_000, currency="EUR", cause=DESK, key="s", at=NOON + DAY)
    correct(anna, change=500, currency="EUR", key="c", reason="Wrong.", cause=DESK, at=NOON + 2 * DAY)
    assert seal_days(at=NOON + 2 * DAY) == 2
    return anna


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount == 1


def found():
    problem = verifying.verify().problem
    return problem and (problem.sentence, problem.number)


def test_books_that_nobody_touched_are_proven(books):
    report = verifying.verify()
    assert (report.postings, report.entries, report.accounts, report.problem) == (3, 6, 4, None)
    assert [(seal.day.isoformat(), seal.number, seal.count) for seal in DaySeal.objects.all()] == [
        ("2026-03-01", 1, 1),
        ("2026-03-02", 2, 1),
    ]


@pytest.mark.parametrize(
    ("table", "column", "value", "where", "said"),
    [
        ("wallet_posting", "amount", 2_001, "number = 2", ("Posting 2 of 2026-03-02 is not as it was written.", 2)),
        ("wallet_posting", "key", "x", "number = 1", ("Posting 1 of 2026-03-01 is not as it was written.", 1)),
        ("wallet_posting", "cause_kind", "x", "number = 3", ("Posting 3 of 2026-03-03 is not as it was written.", 3)),
        ("wallet_posting", "mac", "0" * 64, "number = 3", ("Posting 3 of 2026-03-03 is not as it was written.", 3)),
        ("wallet_lot", "amount", 9_000, "opened_by_id = 1", ("Posting 1 of 2026-03-01 is not as it was written.", 1)),
        (
            *("wallet_lot", "expires_at", "2030-01-01 00:00:00", "opened_by_id = 1"),
            ("Posting 1 of 2026-03-01 is not as it was written.", 1),
        ),
        ("wallet_dayseal", "mac", "0" * 64, "number = 1", ("The seal of 2026-03-01 is not as it was made.", None)),
        ("wallet_chain", "number", 4, "id = 1", ("The ledger ends at posting 3, and there were more.", None)),
    ],
)
def test_a_changed_value_is_found_with_its_day(books, table, column, value, where, said):
    sql(f"UPDATE {table} SET {column} = %s WHERE {where}", value)  # noqa: S608 — ours
    assert found() == said


def test_an_amount_moved_between_two_entries_is_found(books):
    first, second = Line.objects.filter(posting_id=2)
    sql("UPDATE wallet_line SET amount = %s WHERE id = %s", first.amount - 1, first.pk)
    assert found() == ("The entries of posting 2 of 2026-03-02 do not come to zero.", 2)
    sql("UPDATE wallet_line SET amount = %s WHERE id = %s", second.amount + 1, second.pk)
    assert found() == ("Posting 2 of 2026-03-02 is not as it was written.", 2)


def test_a_balance_that_entries_do_not_make_is_found(books):
    account = Account.objects.get(kind="credit")
    sql("UPDATE wallet_account SET balance = balance + 100 WHERE id = %s", account.pk)
    assert found() == (f"The balance of account {account.pk} is not what its entries say.", None)


def test_what_is_left_of_a_lot_must_be_what_entries_make_of_it(books):
    lot = Lot.objects.get(opened_by=1)
    sql('UPDATE wallet_lot SET "left" = 2_900 WHERE id = %s'.replace("2_900", "2900"), lot.pk)
    assert found() == (f"What is left of lot {lot.pk} is not what its entries say.", None)


def test_an_account_given_to_somebody_else_is_found(books):
    bert, account = create_customer(values={"name": "Bert"}), Account.objects.get(kind="credit")
    sql("UPDATE wallet_account SET customer_id = %s WHERE id = %s", bert.pk, account.pk)
    assert found() == (f"Account {account.pk} is not whose it was.", None)
    sql("UPDATE wallet_account SET customer_number = %s WHERE id = %s", bert.pk, account.pk)
    assert found() == (f"Account {account.pk} is not whose it was.", None)


def test_the_end_of_the_ledger_cannot_be_cut_off(books):
    Line.objects.filter(posting_id=3).delete()
    Remark.objects.filter(posting_id=3).delete()
    Lot.objects.filter(opened_by=3).delete()
    Posting.objects.filter(number=3).delete()
    assert found() == ("The ledger ends at posting 2, and there were more.", None)
    before = Posting.objects.get(number=2)
    Chain.objects.update(number=2, mac=before.mac)
    # whoever could do all that left the balance, which does not fit any more
    assert found() == (
        f"The balance of account {Account.objects.get(kind='credit').pk} is not what its entries say.",
        None,
    )


def test_a_reason_in_other_words_is_found(books):
    remark = Remark.objects.get(posting_id=1)
    remark.text = "Because I like them."
    remark.save()
    assert found() == ("The reason of posting 1 is not as it was written.", 1)


def test_seals_are_made_once_for_days_that_are_over(books):
    assert seal_days(at=NOON + 2 * DAY) == 0
    assert seal_days(at=NOON + 9 * DAY) == 1
    assert DaySeal.objects.count() == 3
    assert found() is None


def test_the_nightly_proof_raises_the_alarm(books):
    prove_ledger()
    assert not Told.objects.filter(name="wallet.broken").exists()
    sql("UPDATE wallet_posting SET amount = 1 WHERE number = 2")
    prove_ledger()
    assert Told.objects.get(name="wallet.broken").data == {
        "problem": "Posting 2 of 2026-03-02 is not as it was written."
    }


def test_the_command_says_whether_the_ledger_is_whole(books):
    whole = CliRunner().invoke(verify_command)
    assert (whole.exit_code, whole.output) == (
        0,
        "3 postings with 6 entries on 4 accounts are as they were written.\n",
    )
    sql("UPDATE wallet_posting SET amount = 1 WHERE number = 2")
    broken = CliRunner().invoke(verify_command, ["--json"])
    assert broken.exit_code == 1
    assert '"day": "2026-03-02"' in broken.output


def test_nothing_that_does_not_come_to_zero_is_written(books):
    account = Account.objects.get(kind="credit")
    draft = Draft(
        kind="grant",
        key="k",
        fingerprint="",
        cause=DESK,
        customer=books,
        currency="EUR",
        amount=5,
        legs=[Leg(account, 5)],
    )
    with pytest.raises(Unbalanced):
        write([draft])
    assert Posting.objects.count() == 3


def test_the_day_turns_twice_and_leaves_the_same_ledger(books):
    now = dt.datetime.now(dt.UTC)
    grant(
        Grant(
            customer=books,
            amount=70,
            currency="PTS",
            cause=DESK,
            key="p",
            active_at=now - 2 * DAY,
            expires_at=now - DAY,
        ),
        at=now - 5 * DAY,
    )
    turn_day()
    turn_day()
    kinds = Posting.objects.filter(currency="PTS").order_by("number").values_list("kind", "amount")
    assert list(kinds) == [("grant", 70), ("activate", 70), ("expire", 70)]
    assert found() is None
