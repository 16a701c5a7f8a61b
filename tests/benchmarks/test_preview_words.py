"""Every phrase is asked for once, and what is asked for is what it means."""

from __future__ import annotations

from collections import Counter

from benchmarks.preview_words import asked_words
from story_engine.preview_model.world import PLACES, SUBJECTS


def test_every_subject_and_place_is_asked_for_by_each_of_its_phrases_once() -> None:
    asked = asked_words()

    assert max(Counter((one.attribute, one.value, one.phrase) for one in asked).values()) == 1
    assert {one.value for one in asked} == {*SUBJECTS, *PLACES}
    assert {"on the road", "妹妹"} <= {one.phrase for one in asked}


def test_a_prompt_asks_for_what_its_phrase_means() -> None:
    for one in asked_words():
        assert one.phrase in one.picture.prompt
        assert getattr(one.picture.expected, one.attribute) == one.value
