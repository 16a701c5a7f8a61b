"""A character is named by its name or its id, in braces of either width; a name of nobody is told, with the nearest."""

from __future__ import annotations

import random

import pytest

from story_engine.domain.braces import named, references, unknown_names, written
from story_engine.domain.composing import compose_prompt
from story_engine.domain.edit import Edit
from story_engine.domain.lint.linter import lint
from story_engine.domain.resolve import check_names
from story_engine.domain.story import Appearance, Character
from story_engine.domain.story_data import story_data
from story_engine.domain.story_text import after
from story_engine.errors import FixInput
from tests.builders import a_scene, a_story

MIA = Character(id="character-1", name="Mia Moon", description="a girl with red hair", outfits={"rain": "in a coat"})
BEAR = Character(id="bear", name="小熊", description="一只棕色的熊")
CAST = (MIA, BEAR)


def test_names_work_as_well_as_ids_whatever_their_case_and_width():
    who = {
        "{Mia Moon}": "character-1",
        "{mia  moon }": "character-1",
        "{character-1}": "character-1",
        "｛小熊｝": "bear",
    }
    who |= {"{Ｍia moon}": "character-1", "{Bear}": "bear", "{小熊}": "bear"}

    found = {text: named(f"in front of {text} the sea", CAST) for text in who}

    assert found == {text: (character,) for text, character in who.items()}
    assert [written(each, CAST) for each in CAST] == ["Mia Moon", "小熊"]


def test_a_name_that_two_share_or_that_braces_cannot_hold_is_written_as_the_id():
    cast = (MIA, Character(id="double", name="mia moon"), Character(id="odd", name="{x}"), Character(id="none"))

    assert [written(each, cast) for each in cast] == ["Mia Moon", "double", "odd", "none"]
    assert named("{mia moon}", cast) == ("character-1",)


def test_the_prompt_holds_the_words_where_the_name_stands():
    scene = a_scene(prompt="{Mia Moon} and ｛小熊｝ swim", characters=[Appearance(character=MIA.id, outfit="rain")])

    prompt = compose_prompt(a_story(style="ink", characters=CAST, scenes=[scene]), scene)

    assert prompt == "ink, a girl with red hair, in a coat and 一只棕色的熊 swim"


def test_a_name_of_nobody_is_an_error_with_the_nearest_name():
    found = {
        text: [(each.name, each.nearest) for each in unknown_names(text, CAST)]
        for text in (
            "{Mia Mon}",
            "{小}",
            "{wolf}",
            "{a|b}",
            "{sea:1.2}",
            "{{best}}",
            "{bear, sea}",
            "{}",
            "{1}",
            "\\{x}",
        )
    }
    scene = a_scene(prompt="{Mia Mon} swims")
    story = a_story(characters=CAST, scenes=[scene])

    assert found == {
        "{Mia Mon}": [("Mia Mon", "Mia Moon")],
        "{小}": [("小", "小熊")],
        "{wolf}": [("wolf", None)],
    } | {text: [] for text in ("{a|b}", "{sea:1.2}", "{{best}}", "{bear, sea}", "{}", "{1}", "\\{x}")}
    assert unknown_names("{masterpiece}", ()) == ()
    with pytest.raises(FixInput) as refused:
        check_names(story, scene)
    assert '"{Mia Mon}"' in refused.value.text("en") and "{Mia Moon}" in refused.value.text("zh")
    (finding,) = [each for each in lint(story) if each.code == "lint.name_nearest"]
    assert finding.state == "bad"
    assert after(story, finding.edits).scenes[0].prompt == "{Mia Moon} swims"


def test_prompts_follow_a_character_s_new_name():
    scene = a_scene(id="s1", prompt="{mia moon}, {character-1}, {小熊}, {Mia}")
    story = a_story(characters=CAST, scenes=[scene])

    def edited(name: str) -> str:
        part = ("character-1", "name")
        edit = Edit(scene=None, field="characters", part=part, value=name, seen="Mia Moon")
        return after(story, [edit]).scenes[0].prompt

    assert edited("小红") == "{小红}, {character-1}, {小熊}, {Mia}"
    assert edited("") == edited("a}b") == "{character-1}, {character-1}, {小熊}, {Mia}"
    assert story_data(story)["scenes"][0]["prompt"] == scene.prompt


def test_any_text_is_read_without_an_error_and_every_reference_lies_in_it():
    dice = random.Random(10)
    for _ in range(300):
        text = "".join(dice.choice("{}｛｝ab\\小熊\n|:\u202e😀 ") for _ in range(dice.randint(0, 40)))
        for each in (*references(text, CAST), *unknown_names(text, CAST)):
            assert text[each.start] in "{｛" and text[each.end - 1] in "}｝"
    assert references("{" * 100_000 + "小熊" + "}" * 100_000, CAST)
