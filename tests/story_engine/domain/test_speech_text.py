from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.speech_text import speech_from, speech_lines
from story_engine.domain.story import Speech
from story_engine.domain.story_data import written_data
from story_engine.domain.validation import story_from
from tests.builders import a_scene, a_story

WORDS = st.text(st.sampled_from("喵你好：:，a b。?“”1-"), min_size=1, max_size=20).map(str.strip).filter(bool)
NAMES = st.text(st.sampled_from("橘猫 Ab-1"), max_size=12).map(str.strip)


def test_a_line_names_who_speaks_and_what():
    assert speech_from("皇帝：何方神兽？\nMarmalade: Meow!\n喵") == (
        Speech(text="何方神兽？", speaker="皇帝"),
        Speech(text="Meow!", speaker="Marmalade"),
        Speech(text="喵"),
    )


def test_further_lines_of_a_bubble_are_indented_and_a_leading_colon_names_nobody():
    assert speech_from(": Look: a cat\n\n  and a dog") == (Speech(text="Look: a cat\nand a dog"),)
    assert speech_from("") == speech_from(" \n：\n") == ()


@given(st.lists(st.builds(Speech, text=WORDS, speaker=NAMES.map(lambda name: "-".join(name.split()))), max_size=6))
def test_lines_say_what_was_said(speech: list[Speech]):
    assert speech_from(speech_lines(speech)) == tuple(speech)


def test_a_story_without_speech_has_no_line_of_it_and_short_forms_are_read():
    assert "speech" not in str(written_data(a_story()))

    written = {
        "schema": 1,
        "title": "t",
        "scenes": [{"id": "s1", "speech": ["喵", {"text": "A cat.", "speaker": "Emperor"}]}],
    }

    assert story_from(written, file="-").scenes[0].speech == (
        Speech(text="喵"),
        Speech(text="A cat.", speaker="Emperor"),
    )


def test_speech_is_written_briefly():
    story = a_story(a_scene(1, speech=(Speech(text="喵"), Speech(text="A cat.", speaker="Emperor"))))

    assert written_data(story)["scenes"][0]["speech"] == [{"text": "喵"}, {"text": "A cat.", "speaker": "Emperor"}]
