"""Icons, strokes and what was found, drawn on the server."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from regulars.core.ui import icons, marks, strokes


@dataclass
class Stroke:
    day_fraction: float
    height: float


def test_an_icon_is_silent_without_a_label_and_speaks_with_one():
    assert 'aria-hidden="true"' in icons.icon("search")
    assert 'class="i s"' in icons.icon("search", "s")
    spoken = icons.icon("search", label='Find "it"')
    assert 'role="img" aria-label="Find &quot;it&quot;"' in spoken
    assert "aria-hidden" not in spoken


def test_a_tally_shows_as_many_dark_strokes_as_it_counts():
    assert strokes.tally(3).count('class="off"') == 1
    assert "slash" not in strokes.tally(4)
    assert "slash" in strokes.tally(5)


def test_a_rhythm_has_one_stroke_per_order_and_honey_only_for_the_quiet():
    drawn = strokes.rhythm([Stroke(0.0, 1.0), Stroke(1.0, 0.25)], label="2 orders")
    assert 'class="o" d="M1.0 21V1.0M167.0 21V16.0"' in drawn
    assert 'class="q"' not in drawn
    assert 'class="q"' in strokes.rhythm([], label="none", quiet=0.9)


def test_a_label_of_a_rhythm_cannot_break_out():
    assert "<script>" not in strokes.rhythm([], label='"><script>')


def test_bars_end_in_petrol_and_survive_days_without_anything():
    assert strokes.bars([1, 2, 3]).count('class="b h"') == 1
    assert strokes.bars([0, 0]).count("<rect") == 2
    assert "<rect" not in strokes.bars([])


def test_a_found_part_is_marked_whatever_its_accents_and_capitals():
    assert marks.marked("Élodie Marchetti", "elo MARCH") == "<mark>Élo</mark>die <mark>March</mark>etti"
    assert marks.marked("Weiß & Söhne", "weiss") == "<mark>Weiß</mark> &amp; Söhne"
    assert marks.marked("张三", "三") == "张<mark>三</mark>"
    assert marks.marked("张三", "zhang") == "张三"


@given(st.text(max_size=40), st.text(max_size=10))
def test_marking_never_changes_the_text_itself(text, typed):
    from html import unescape

    shown = marks.marked(text, typed)
    assert unescape(shown.replace("<mark>", "").replace("</mark>", "")) == text
