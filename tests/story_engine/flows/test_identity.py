"""How many panels begin alike, by the tokens that are sent, and putting a character in front with one click."""

from __future__ import annotations

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.catalog.tokenizer import encode_ids
from story_engine.config import Config
from story_engine.domain.composing import composed
from story_engine.domain.lint.linter import lint, repaired
from story_engine.domain.story import Appearance, Character, Scene, Story

GIRL = Character(id="girl", name="小歌", description="一个紫色短发小女孩", outfits={"粉裙": "粉色连衣裙"})
DRESSED = (Appearance(character="girl", outfit="粉裙"),)


def a_story(*prompts: str, style: str = "水彩画") -> Story:
    scenes = tuple(
        Scene(id=f"s{number}", prompt=prompt, characters=() if "{" in prompt or "紫色" in prompt else DRESSED)
        for number, prompt in enumerate(prompts, start=1)
    )
    return Story(title="小歌", style=style, characters=(GIRL,), scenes=scenes)


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def test_panels_whose_prompts_begin_with_the_character_hold_the_same_numbers_of_it():
    story = a_story("在海边", "在教室", "在森林里", "在海边，{小歌}回头")

    (found,) = flows.identity.identities(story)

    sent = [composed(story, scene) for scene in story.scenes]
    shared = encode_ids(f"水彩画，{GIRL.description}")
    assert (found.same, found.panels, found.odd) == (3, 4, (4,))
    assert all(encode_ids(each.text)[: len(shared)] == shared for each in sent[:3])
    assert found.tokens in (len(shared) - len(encode_ids("水彩画，")), len(shared) - len(encode_ids("水彩画，")) + 1)


def test_one_click_puts_what_is_named_in_the_middle_or_typed_again_in_front(services):
    slug = services.stories.create(
        "小歌", a_story("在海边", "在海边，{小歌}回头", "在教室里，一个紫色短发小女孩在看书", "街上，{小歌}唱歌")
    )
    before = services.stories.load(slug)

    story = flows.identity.put_in_front(services, slug, "girl")

    (found,) = flows.identity.identities(story)
    assert (found.same, found.odd) == (4, ())
    assert [scene.prompt for scene in story.scenes] == [
        "在海边",
        "在海边，她回头",
        "在教室里，她在看书",
        "街上，她唱歌",
    ]
    assert composed(story, story.scenes[0]).text == composed(before, before.scenes[0]).text
    assert story.revision == before.revision + 1


def test_a_scene_that_says_only_she_is_told_and_its_repair_sends_the_description():
    story = a_story("在海边", "{小歌}在跑步")
    alone = Scene(id="s9", prompt="她在海边奔跑")
    story = story.model_copy(
        update={"scenes": (*story.scenes, alone, alone.model_copy(update={"id": "s10", "prompt": "空无一人的街"}))}
    )

    found = [each for each in lint(story) if each.code == "lint.only_named"]

    assert [each.places[0].scene for each in found] == ["s9"]
    after = repaired(story, found[0])
    assert composed(after, after.scene("s9")).text == "水彩画，一个紫色短发小女孩，粉色连衣裙，她在海边奔跑"
