from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uniseg.linebreak import line_break_units

from story_engine.formats import lettering
from story_engine.formats.comic.paragraph import COLUMN, LEADING, Manner, break_lines, set_text
from story_engine.formats.comic.vertical import cells

NEVER_FIRST = "，。！？、；：」』）】》”’…,.!?;:)]"
NEVER_LAST = "（「『【《“‘(["
PIECES = st.sampled_from(
    [
        *"橘猫穿越宫殿的书它喵",
        *"，。！？、；：",
        "（轻声）",
        "「好」",
        "『书』",
        "【注】",
        "《记》",
        "“何方神兽？”",
        "……",
        "——",
        " Hello ",
        "world",
        "internationalization",
        " 12 ",
        "3.14%",
        "😀",
        " (softly) ",
        "don't",
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=40).map("".join)
width = partial(lettering.width)


def no_blanks(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, room=st.floats(12, 40))
def test_no_line_begins_with_closing_or_ends_with_opening_punctuation(text: str, room: float):
    longest = max(width(unit) for unit in line_break_units(text))

    lines = break_lines(text, room=max(room, longest), measure=width)

    assert no_blanks("".join(lines)) == no_blanks(text)
    assert all(width(line) <= max(room, longest) + 1e-6 for line in lines)
    assert not [line for line in lines[1:] if line[0] in NEVER_FIRST]
    assert not [line for line in lines[:-1] if line[-1] in NEVER_LAST]


def test_a_blank_before_a_mark_lets_no_line_begin_with_it():
    for text in ("internationalization Hello ；", "internationalization ； ，", "Hello ；Hello ；Hello ；"):
        for room in (5.0, 8.0, 9.5, 12.0):
            lines = break_lines(text, room=room, measure=width)

            assert no_blanks("".join(lines)) == no_blanks(text)
            assert not [line for line in lines[1:] if line.lstrip()[0] in NEVER_FIRST], (text, room, lines)
            assert all(width(line) <= room for line in lines), (text, room, lines)


def test_a_quoted_sentence_breaks_after_its_quotation_and_not_inside_the_marks():
    lines = break_lines("“何方神兽？”皇帝问。它只会喵。", room=7, measure=width)

    assert lines == ("“何方神兽？”", "皇帝问。它只会", "喵。")


def test_latin_words_stay_whole_and_one_longer_than_the_line_is_broken():
    assert break_lines("the orange kitten", room=4.5, measure=width) == ("the", "orange", "kitten")

    torn = break_lines("Donaudampfschifffahrt", room=4, measure=width)

    assert len(torn) > 1 and "".join(torn) == "Donaudampfschifffahrt"
    assert all(width(line) <= 4 for line in torn)


def test_a_line_break_of_the_author_stays():
    assert break_lines("一\n\n二", room=10, measure=width) == ("一", "", "二")


def test_a_text_is_as_large_as_its_box_lets_it_be():
    short = set_text("喵！", room=(400, 100), sizes=(10, 40))
    long = set_text("喵，" * 60, room=(400, 100), sizes=(10, 40))

    assert short.size == 40
    assert 10 <= long.size < 40 and long.left_out == 0
    assert long.width <= 400 and len(long.lines) * LEADING * long.size <= 100


def test_what_does_not_fit_in_the_smallest_letters_is_cut_and_counted():
    text = "很长的话" * 200

    block = set_text(text, room=(200, 60), sizes=(12, 20))

    assert block.size == 12 and block.lines[-1].endswith("…")
    assert block.left_out == len(text) - len("".join(block.lines)) + 1
    assert block.width <= 200 and block.height <= 60


def test_a_word_is_set_smaller_before_it_is_broken():
    block = set_text("internationalization", room=(180, 200), sizes=(8, 24))

    assert block.lines == ("internationalization",) and block.size < 24


def test_balanced_lines_leave_no_lonely_character():
    block = set_text("门的那一边好像是我的家吧", room=(11 * 20, 200), sizes=(20, 20), manner=Manner(balanced=True))

    assert len(block.lines) == 2 and min(map(len, block.lines)) >= 5


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_a_blank_text_takes_no_room(text: str):
    assert set_text(text, room=(100, 100), sizes=(8, 20)).lines == ()


def test_a_column_turns_latin_words_and_puts_two_digits_side_by_side():
    column = cells("第12章，Hello（好）。")

    assert [(cell.text, cell.turned) for cell in column] == [
        ("第", False),
        ("12", False),
        ("章", False),
        ("︐", False),
        ("Hello", True),
        ("︵", False),
        ("好", False),
        ("︶", False),
        ("︒", False),
    ]
    assert column[1].advance == 1.0 and column[4].advance == pytest.approx(width("Hello"))


def test_quotation_marks_of_a_column_are_corner_brackets_and_dashes_stand():
    assert "".join(cell.text for cell in cells("“喵”——是……吗？")) == "﹃喵﹄︱︱是︙︙吗︖"


def test_columns_fill_their_box_from_the_right():
    block = set_text(
        "四周金碧辉煌，就是没有一只熟悉的沙发。", room=(100, 120), sizes=(20, 20), manner=Manner(vertical=True)
    )

    assert block.vertical and block.width == len(block.lines) * COLUMN * 20
    assert block.height <= 120 and all(line[0] not in NEVER_FIRST for line in block.lines)


def test_latin_text_has_its_ellipsis_on_the_line():
    assert set_text("wait…", room=(300, 100), sizes=(10, 20)).lines == ("wait...",)
    assert set_text("等等……", room=(300, 100), sizes=(10, 20)).lines == ("等等……",)
