from __future__ import annotations

from story_engine.formats import lettering
from story_engine.formats.comic.vertical import FORMS
from story_engine.formats.lettering import EMOJI, NARROW, TEXT, Faces


def gb2312() -> set[str]:
    pairs = (bytes([row, cell]) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    return {decoded for pair in pairs if (decoded := pair.decode("gb2312", errors="ignore"))}


def test_the_shipped_font_has_every_character_of_gb2312_and_the_punctuation_of_vertical_text():
    wanted = gb2312() | {chr(code) for code in FORMS.values()} | set("，。！？、；：「」『』（）【】《》“”‘’…—～·")

    assert len(gb2312()) == 6763
    assert lettering.missing(wanted) == ()


def test_a_character_that_no_shipped_font_has_is_named_once():
    assert lettering.missing(["龘龘", "ok 好\n😀❤️", "ↂ"]) == ("龘", "ↂ")


def test_emoji_and_narrow_marks_are_written_with_their_own_faces():
    latin = Faces.of("Don’t “go” 😀")

    assert lettering.runs("“a”😀", latin) == [(NARROW, "“"), (TEXT, "a"), (NARROW, "”"), (EMOJI, "😀")]
    assert lettering.runs("他说“好”", Faces.of("他说“好”")) == [(TEXT, "他说“好”")]
    assert lettering.runs("他说don’t", Faces.of("他说don’t")) == [(TEXT, "他说don"), (NARROW, "’"), (TEXT, "t")]


def test_a_heart_that_asks_to_be_an_emoji_is_one_and_joins_leave_no_trace():
    assert lettering.runs("❤️") == [(EMOJI, "❤")]
    assert lettering.runs("👨‍👩‍👧") == [(EMOJI, "👨👩👧")]
    assert lettering.width("👍🏽") == lettering.width("👍")


def test_widths_are_those_of_the_letters_that_are_drawn():
    text = "故事 Story 12"

    drawn = lettering.font(1000).getlength(text) / 1000

    assert abs(lettering.width(text) - drawn) < 0.001


def test_letters_are_drawn_and_are_no_boxes():
    boxes = bytes(lettering.font(40).getmask("\U0010ffff"))

    drawn = {character: bytes(lettering.font(40).getmask(character)) for character in "故事︒"}

    assert boxes not in drawn.values() and len(set(drawn.values())) == 3
