"""Text: what is kept, what is found, how Chinese is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.text import BadText, clean, fold, pinyin_keys, sort_key


def test_clean_keeps_words_and_drops_what_nobody_sees():
    assert clean("  Zoë\u200b \u202eMül\u00adler\t\n", limit=50) == "Zoë Müller"
    assert clean("A\u0308pfel", limit=50) == "Äpfel"
    assert clean("\u200b\u2060\ufeff", limit=50) == ""
    assert clean("王\u3000伟", limit=50) == "王 伟"


def test_clean_keeps_right_to_left_names_and_the_joiner_that_persian_spells_with():
    assert clean("\u202bمریم علی\u200cزاده\u202c", limit=50) == "مریم علی\u200cزاده"
    assert clean("a\u200cb", limit=50) == "ab"


def test_clean_refuses_nul_bytes_and_texts_that_do_not_fit():
    with pytest.raises(BadText, match="NUL"):
        clean("Ann\0a", limit=50)
    with pytest.raises(BadText, match="10000 characters long; 120"):
        clean("x" * 10_000, limit=120)
    assert clean(" " * 10_000 + "x", limit=1) == "x"


def test_clean_leaves_nothing_a_database_cannot_keep():
    assert clean("a\ud800b\x1b[31mc", limit=50) == "ab[31mc"


@given(st.text())
def test_clean_is_done_after_one_time(text):
    text = text.replace("\0", "")
    once = clean(text, limit=10_000)
    assert clean(once, limit=10_000) == once
    once.encode()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller-Lüdenscheidt", "muller-ludenscheidt"),
        ("Straße", "strasse"),
        ("Øre Łódź Đorđe Ægir Œuvre", "ore lodz dorde aegir oeuvre"),
        ("İSTANBUL ıspanak", "istanbul ispanak"),
        ("ＡＢＣ　１２", "abc 12"),
        ("張三", "张三"),
        ("O’Brien O‘Brien Hawaiʻi D＇Arcy", "o'brien o'brien hawai'i d'arcy"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("한국", "한국"),
        ("ガンダム", "ガンダム"),
        ("علی\u200cرضا", "علیرضا"),
    ],
)
def test_fold_takes_off_case_accents_width_and_tradition(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_fold_is_done_after_one_time(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="aÄé張三ß Ｂ王\u0301", max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_a_part_of_a_text_folds_to_a_part_of_the_folded_text(text, start, end):
    part = text[start:end]
    if part.strip() == part and not part.startswith("\u0301"):
        assert fold(part) in fold(text)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("张三", ["zhangsan", "zs"]),
        ("張三", ["zhangsan", "zs"]),
        ("曾国藩", ["zengguofan", "zgf", "cengguofan", "cgf"]),
        ("单伟", ["shanwei", "sw", "danwei", "dw"]),
        ("尉迟恭", ["yuchigong", "ycg", "weichigong", "wcg"]),
        ("重庆商贸有限公司", ["chongqingshangmaoyouxiangongsi", "cqsmyxgs"]),
        ("Anna Schmidt", []),
        ("Müller", []),
    ],
)
def test_chinese_names_are_found_by_their_sound_and_initials(text, keys):
    assert pinyin_keys(text) == keys


def test_names_sort_by_their_sound_whatever_their_script():
    assert sort_key("张三") == "zhang san"
    assert sorted(["Zoë", "张三", "Ýmir", "安娜"], key=sort_key) == ["安娜", "Ýmir", "张三", "Zoë"]
    assert len(sort_key("很" * 400)) <= 120
