"""A caption in other words is the same caption: what it asks for stays, and every phrase has its turn."""

from __future__ import annotations

import random

import pytest

from preview_training.synonyms import in_usual_and_other_words, synonyms_of
from story_engine.preview_model.world.captions import caption
from story_engine.preview_model.world.expected import read_prompt
from story_engine.preview_model.world.lexicon import read
from story_engine.preview_model.world.vocabulary import any_scene


def test_what_a_caption_asks_for_is_asked_for_in_usual_and_in_other_words_too() -> None:
    rng, changed = random.Random(3), 0
    for _ in range(600):
        said = caption(any_scene(rng), rng)
        usual, other = in_usual_and_other_words(said, rng)

        assert read_prompt(usual) == read_prompt(other) == read_prompt(said), (said, usual, other)
        changed += usual != other
    assert changed > 500


@pytest.mark.parametrize(
    ("prompt", "usual", "others"),
    [
        ("a boy on the road", "a boy on the street", {"in an alley", "in town", "on the road"}),
        ("一位妹妹在草地上", "一位小女孩在花园里", {"女子", "歌星", "妹妹"}),
    ],
)
def test_rare_words_come_as_often_as_others_and_have_one_usual_word(prompt: str, usual: str, others: set[str]) -> None:
    rng = random.Random(1)
    pairs = [in_usual_and_other_words(prompt, rng) for _ in range(400)]

    assert {each for each, _ in pairs} == {usual}
    for other in others:
        assert sum(other in each for _, each in pairs) >= 3, other


def test_a_phrase_that_says_more_than_another_does_not_stand_for_it() -> None:
    (wishing,) = [reading for reading in read("a girl making a wish") if reading.attribute == "action"]

    assert "praying" in synonyms_of(wishing)
    assert not any("shooting star" in phrase for phrase in synonyms_of(wishing))


def test_what_is_only_said_of_one_place_can_stand_for_its_name() -> None:
    usual, _ = in_usual_and_other_words("一只猫，书本打开", random.Random(0))

    assert usual == "一只小猫，书架"


def test_words_that_would_say_something_else_together_are_left() -> None:
    asked = "the dragon and the ancient maid sits on the couch"
    pairs = [in_usual_and_other_words(asked, random.Random(seed)) for seed in range(300)]

    assert any("couch" not in other for _, other in pairs)
    assert {read_prompt(other).place for _, other in pairs} == {"living_room"}


def test_a_capital_stays_a_capital_and_unknown_words_stay() -> None:
    usual, _ = in_usual_and_other_words("Kitty by Rembrandt, tabby cat", random.Random(0))

    assert usual == "Cat by Rembrandt, cat"
