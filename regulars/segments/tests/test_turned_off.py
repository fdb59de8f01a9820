"""Lines that are turned off leave a query that reads well, and every other letter where it was."""

import pytest

from regulars.segments.turned_off import count, without


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a = 1\n-- AND b = 2\nAND c = 3", "a = 1 AND c = 3"),
        ("-- a = 1\nAND b = 2", "b = 2"),
        ("a = 1\nAND NOT (b = 1\n-- OR c = 2)", "a = 1 AND NOT (b = 1 )"),
        ("a = 1\n-- AND NOT (b = 1\nOR c = 2)", "a = 1 AND NOT ( c = 2)"),
        ("a\n-- AND (b\n-- OR c)\nAND d", "a AND d"),
        ("a = 'AND ('\nAND (\n-- b\n-- OR c\n)", "a = 'AND ('"),
        ("a\nAND orders_placed MATCHES ()\n-- AND b", "a AND orders_placed MATCHES ()"),
        ("a\n-- AND b IN ('x)', 'y')\nOR c", "a OR c"),
        ("-- a", ""),
        ("a = '--'", "a = '--'"),
    ],
)
def test_what_is_left_reads_well(text, left):
    found = without(text)
    assert " ".join(found.split()) == left
    assert [(place, one) for place, one in enumerate(found) if not one.isspace()] == [
        (place, one) for place, one in enumerate(text) if not found[place].isspace()
    ]


def test_lines_that_are_off_are_counted():
    assert count("a\n-- b\n  -- c\nd -- e") == 2
