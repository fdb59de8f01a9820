"""Sealed text: for one person, in one place, and gone for good with the person's key."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.core import datakeys, sealing
from regulars.core.keyring import Key, KeyRing
from regulars.core.models import WrappedKey

pytestmark = pytest.mark.django_db
NOTE = "customers_note.text"
ANY_DATABASE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY_DATABASE
@given(person=st.integers(1, (1 << 40) - 1), text=st.text(min_size=1, max_size=300))
def test_what_is_sealed_opens_again_and_says_nothing_before(person, text):
    sealed = sealing.seal(person, text, NOTE)

    assert sealed.startswith(f"1.{sealing.base36(person)}.")
    assert sealing.open_sealed(sealed, NOTE, person_id=person) == text
    assert sealing.person_of(sealed) == person
    assert len(text) < 8 or text not in sealed


def test_the_same_text_is_never_sealed_the_same():
    assert sealing.seal(5, "hello", NOTE) != sealing.seal(5, "hello", NOTE)


def test_nothing_stays_nothing():
    assert sealing.seal(5, "", NOTE) == sealing.open_sealed("", NOTE) == sealing.seal_secret("", NOTE) == ""


def test_a_text_does_not_open_in_another_column_nor_for_another_person():
    sealed = sealing.seal(5, "hello", NOTE)
    of_another = sealed.replace("1.5.", "1.6.", 1)

    for wrong in (
        lambda: sealing.open_sealed(sealed, "customers_customer.birth"),
        lambda: sealing.open_sealed(sealed, NOTE, person_id=6),
        lambda: sealing.open_sealed(of_another, NOTE),
        lambda: sealing.open_sealed(sealed.replace("1.", "2.", 1), NOTE),
        lambda: sealing.open_secret(sealed, NOTE),
    ):
        with pytest.raises(sealing.Damaged) as refused:
            wrong()
        assert "hello" not in str(refused.value)


@ANY_DATABASE
@given(at=st.integers(0, 10**6), letters=st.permutations("AZaz09-_."))
def test_a_changed_letter_is_noticed(at, letters):
    # sealed anew each time, with other letters: what is drawn must not depend on them
    sealed = sealing.seal(5, "a note of some length, about somebody", NOTE)
    at %= len(sealed) - 1
    letter = next(one for one in letters if one != sealed[at])

    with pytest.raises(sealing.Damaged):
        sealing.open_sealed(sealed[:at] + letter + sealed[at + 1 :], NOTE)


@pytest.mark.parametrize(
    "text", ["hello", "0.hello", "1.5.", "1.5.hello", "..", "1. Ring her back.", "1.5." + "ä" * 40, "0.5." + "A" * 40]
)
def test_what_was_never_sealed_is_refused(text):
    with pytest.raises(sealing.Damaged):
        sealing.open_sealed(text, NOTE)
    assert not sealing.is_sealed(text)


def test_a_forgotten_person_is_closed_for_ever_and_nobody_else():
    mine, theirs = sealing.seal(5, "mine", NOTE), sealing.seal(6, "theirs", NOTE)
    before = WrappedKey.objects.get(name="people").changed_at

    sealing.forget_person(5)

    for _ in range(2):
        with pytest.raises(sealing.Forgotten):
            sealing.open_sealed(mine, NOTE)
        with pytest.raises(sealing.Forgotten):
            sealing.seal(5, "again", NOTE)
        with pytest.raises(sealing.Forgotten):
            sealing.file_key(5)
        assert sealing.is_forgotten(5)
        assert not sealing.is_forgotten(6)
        assert sealing.open_sealed(theirs, NOTE) == "theirs"
        datakeys.forget_cached()
    assert WrappedKey.objects.get(name="people").changed_at > before


def test_forgetting_that_is_rolled_back_did_not_happen():
    sealed = sealing.seal(5, "mine", NOTE)

    with transaction.atomic():
        sealing.forget_person(5)
        assert sealing.is_forgotten(5)
        transaction.set_rollback(True)

    assert sealing.open_sealed(sealed, NOTE) == "mine"


@pytest.mark.django_db(transaction=True)
def test_keys_of_a_transaction_that_was_rolled_back_are_not_used():
    with transaction.atomic():
        sealed = sealing.seal(5, "mine", NOTE)
        transaction.set_rollback(True)
    assert not WrappedKey.objects.exists()

    other = sealing.seal(5, "mine", NOTE)

    assert WrappedKey.objects.get().name == "people"
    assert sealing.open_sealed(other, NOTE) == "mine"
    with pytest.raises(sealing.Damaged):
        sealing.open_sealed(sealed, NOTE)


@pytest.mark.django_db(transaction=True)
def test_what_one_process_forgets_another_notices_within_seconds(monkeypatch):
    sealed = sealing.seal(5, "mine", NOTE)
    row = WrappedKey.objects.get(name="people")
    sealing.forget_person(5)
    forgotten = WrappedKey.objects.get(name="people")
    # back to what this process knew before: the other one wrote the row
    row.save()
    datakeys.forget_cached()
    assert sealing.open_sealed(sealed, NOTE) == "mine"
    forgotten.save()
    assert sealing.open_sealed(sealed, NOTE) == "mine"

    monkeypatch.setattr(datakeys, "_SECONDS", 0)

    with pytest.raises(sealing.Forgotten):
        sealing.open_sealed(sealed, NOTE)


def test_rows_are_locked_with_the_shops_key_and_bound_to_their_names(settings, monkeypatch):
    sealing.seal(5, "mine", NOTE)
    sealing.secret("index")
    people, index = (WrappedKey.objects.get(name=name) for name in ("people", "index"))
    assert people.key_id == index.key_id == settings.KEY_RING.current.id

    with pytest.raises(datakeys.KeyMissing, match="damaged"):
        datakeys.unwrap("people", index.key_id, index.value)
    settings.KEY_RING = KeyRing((Key.new(),))
    monkeypatch.setenv("REGULARS_KEYS", settings.KEY_RING.current.text)
    with pytest.raises(datakeys.KeyMissing, match=people.key_id):
        datakeys.unwrap("people", people.key_id, people.value)


def test_a_new_key_of_the_shop_wraps_all_rows_anew_and_changes_no_sealed_text(settings):
    sealed = sealing.seal(5, "mine", NOTE)
    secret = sealing.secret("index")
    old = settings.KEY_RING.current
    settings.KEY_RING = KeyRing((Key.new(), old))

    assert datakeys.rewrap() == 2
    assert datakeys.rewrap() == 0

    settings.KEY_RING = KeyRing((settings.KEY_RING.current,))
    datakeys.forget_cached()
    assert sealing.open_sealed(sealed, NOTE) == "mine"
    assert sealing.secret("index") == secret


def test_a_new_generation_writes_and_the_old_one_still_opens():
    old, key = sealing.seal(5, "old", NOTE), sealing.file_key(5)

    assert datakeys.add_generation("people") == 2

    new = sealing.seal(5, "new", NOTE)
    assert new.startswith("2.5.")
    assert sealing.open_sealed(old, NOTE) == "old"
    assert sealing.open_sealed(new, NOTE) == "new"
    assert sealing.file_key(5, generation=1) == key != sealing.file_key(5)
    sealing.forget_person(5)
    for sealed in (old, new):
        with pytest.raises(sealing.Forgotten):
            sealing.open_sealed(sealed, NOTE)


def test_values_of_no_person_are_bound_to_their_key_and_place():
    sealed = sealing.seal_secret("token", "channels_channel.token")

    assert sealed.startswith("1.-.")
    assert sealing.open_secret(sealed, "channels_channel.token") == "token"
    for place, key in (("channels_channel.other", "files"), ("channels_channel.token", "index")):
        with pytest.raises(sealing.Damaged):
            sealing.open_secret(sealed, place, key=key)


def test_a_blind_number_is_the_same_for_the_same_value_in_the_same_place_alone():
    assert sealing.blind("03-12", "birthday") == sealing.blind("03-12", "birthday")
    numbers = {sealing.blind(*pair) for pair in (("03-12", "birthday"), ("03-13", "birthday"), ("03-12", "year"))}
    assert len(numbers) == 3
    assert all(0 <= number < 1 << 63 for number in numbers)

    before = sealing.blind("03-12", "birthday")
    datakeys.add_generation("index")

    assert sealing.blinds("03-12", "birthday") == [sealing.blind("03-12", "birthday"), before]
    datakeys.drop_generations("index", below=2)
    assert sealing.blinds("03-12", "birthday") == [sealing.blind("03-12", "birthday")]
