"""Sealed files: read from anywhere, and nothing of them can be changed, moved, left out or cut off."""

import random
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.core import datakeys, sealed_files, sealing
from regulars.core.sealed_files import PIECE, open_encrypted, write_encrypted

pytestmark = pytest.mark.django_db
PLACE = "attachments/abc"
SIZES = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 77]
SEALED_PIECE = PIECE + 16
HEADER = 30


def some(size):
    return random.Random(size).randbytes(size)


@pytest.fixture
def written(tmp_path):
    def write(data, person=5, name="file"):
        path = tmp_path / name
        write_encrypted(path, [data[:100], data[100:]], place=PLACE, person_id=person)
        return path

    return write


def read(path, person=5, place=PLACE):
    with open_encrypted(path, place=place, person_id=person) as file:
        return file.read()


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_read(written, size):
    path = written(some(size))

    assert read(path) == some(size)
    assert path.stat().st_mode & 0o777 == 0o600
    assert size < 8 or some(size)[:8] not in path.read_bytes()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 3 * PIECE + 100), length=st.integers(0, 2 * PIECE))
def test_a_part_is_read_from_anywhere(written, at, length):
    whole = some(3 * PIECE + 77)

    with open_encrypted(written(whole), place=PLACE, person_id=5) as file:
        file.seek(at)
        assert file.read(length) == whole[at : at + length]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_is_noticed(written, data):
    path = written(some(2 * PIECE + 9))
    sealed = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(sealed) - 1) | st.integers(0, HEADER))
    sealed[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(sealed))

    with pytest.raises(sealing.Damaged):
        read(path)


def test_pieces_cannot_be_cut_off_left_out_moved_or_put_behind(written):
    path = written(some(3 * PIECE))
    sealed = path.read_bytes()
    head, pieces = sealed[:HEADER], [sealed[HEADER + n * SEALED_PIECE :][:SEALED_PIECE] for n in range(3)]
    for other in (
        head,
        sealed[:10],
        head + pieces[0],
        head + pieces[0] + pieces[1],
        sealed[:-1],
        head + pieces[1] + pieces[0] + pieces[2],
        head + pieces[0] + pieces[2],
        sealed + pieces[2],
        sealed + b"\0",
    ):
        path.write_bytes(other)
        with pytest.raises(sealing.Damaged):
            read(path)


def test_a_file_does_not_open_for_somebody_else_nor_in_another_place(written):
    path = written(some(500))

    for person, place in ((6, PLACE), (None, PLACE), (5, "attachments/xyz")):
        with pytest.raises(sealing.Damaged):
            read(path, person=person, place=place)


def test_a_plain_file_is_not_read_as_a_sealed_one(tmp_path):
    (tmp_path / "plain").write_bytes(b"hello" * 100)

    assert not sealed_files.is_sealed(tmp_path / "plain")
    with pytest.raises(sealing.Damaged):
        read(tmp_path / "plain")


def test_who_is_forgotten_has_no_files_any_more_and_the_shop_still_has_its_own(written):
    mine, shops = written(some(500)), written(some(500), person=None, name="shop")

    sealing.forget_person(5)

    with pytest.raises(sealing.Forgotten):
        read(mine)
    assert read(shops, person=None) == some(500)


def test_a_file_is_sealed_anew_under_newer_keys(written, tmp_path):
    path = written(some(PIECE + 5))
    datakeys.add_generation("people")

    sealed_files.reseal(path, path, place=PLACE, person_id=5)

    assert sealed_files.generation_of(path) == 2
    assert read(path) == some(PIECE + 5)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_large_file_takes_little_memory(tmp_path):
    path = tmp_path / "large"
    piece = some(1 << 20)
    sealing.file_key(5)
    tracemalloc.start()
    write_encrypted(path, (piece for _ in range(20)), place=PLACE, person_id=5)
    count = 0
    with open_encrypted(path, place=PLACE, person_id=5) as file:
        while part := file.read(PIECE):
            count += len(part)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 20 << 20
    assert most < 4 << 20
