"""The tree of keys: what is forgotten cannot be derived, and nothing else is lost with it."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.keytree import DEPTH, KeyTree, LeafForgotten, _children

ROOT = bytes(range(32))
NUMBERS = st.integers(0, 300) | st.integers(0, (1 << DEPTH) - 1)


@settings(max_examples=60, deadline=None)
@given(gone=st.sets(NUMBERS, max_size=30), asked=st.lists(NUMBERS, max_size=60))
def test_what_is_forgotten_cannot_be_derived_and_all_else_is_as_before(gone, asked):
    whole = KeyTree.grown_from(ROOT)
    tree = whole.without(*gone)

    for number in [*asked, *gone]:
        if number in gone:
            assert not tree.knows(number)
            with pytest.raises(LeafForgotten):
                tree.leaf(number)
        else:
            assert tree.leaf(number) == whole.leaf(number)


@settings(max_examples=60, deadline=None)
@given(gone=st.sets(NUMBERS, min_size=1, max_size=30))
def test_no_kept_node_stands_on_the_path_to_a_forgotten_leaf(gone):
    kept = KeyTree.grown_from(ROOT).without(*gone).nodes

    for number in gone:
        assert not [(depth, bits) for depth, bits in kept if number >> (DEPTH - depth) == bits]
    # and every other leaf is below one node, not more: the nodes are apart, and all the numbers there are
    assert sum(1 << (DEPTH - depth) for depth, _bits in kept) == (1 << DEPTH) - len(gone)
    assert len(kept) <= DEPTH * len(gone)


def test_the_seed_of_a_forgotten_leaf_is_nowhere_below_what_is_kept():
    # every node that follows from the kept ones, down to the leaves around, and the way above
    tree = KeyTree.grown_from(ROOT)
    path = [ROOT]
    for depth in range(1, DEPTH + 1):
        path.append(_children(path[-1])[1000 >> (DEPTH - depth) & 1])
    secret = path[-1]
    assert secret == tree.leaf(1000)

    reachable = set()
    for (depth, _bits), seed in tree.without(1000).nodes.items():
        layer = [seed]
        for _ in range(min(DEPTH - depth, 12)):
            reachable.update(layer)
            layer = [child for one in layer for child in _children(one)]
        reachable.update(layer)

    assert not reachable & set(path)


def test_forgetting_leaves_the_tree_it_was_asked_of_alone():
    tree = KeyTree.grown_from(ROOT)
    before = tree.leaf(7)

    assert not tree.without(7).knows(7)

    assert tree.leaf(7) == before


@given(gone=st.sets(NUMBERS, max_size=10))
def test_a_tree_comes_back_from_its_state_as_it_was(gone):
    tree = KeyTree.grown_from(ROOT).without(*gone)
    state = tree.to_bytes()

    assert KeyTree.from_bytes(state).nodes == tree.nodes
    assert len(state) == 41 * len(tree) <= 41 * DEPTH * max(1, len(gone))


def test_a_state_that_was_cut_off_is_none():
    with pytest.raises(ValueError, match="cut off"):
        KeyTree.from_bytes(KeyTree.grown_from(ROOT).to_bytes()[:-1])


def test_a_thousand_forgotten_people_take_little_room():
    tree = KeyTree.grown_from(ROOT).without(*range(1, 1_000_000, 1000))

    assert len(tree.to_bytes()) < 1000 * 1024


@pytest.mark.parametrize("number", [-1, 1 << DEPTH])
def test_numbers_outside_the_tree_have_no_key(number):
    tree = KeyTree.grown_from(ROOT)
    tree.leaf(5)

    with pytest.raises(ValueError, match="no number of this tree"):
        tree.leaf(number)


def test_no_two_leaves_are_alike():
    tree = KeyTree.grown_from(os.urandom(32))

    assert len({tree.leaf(number) for number in range(5000)}) == 5000
