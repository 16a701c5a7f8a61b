import shutil

import pytest

from story_engine.bootstrap import open_engine
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.edit import Edit

LONG = "一只橘色的小猫坐在客厅的沙发上，" * 12


@pytest.fixture
def engine(tmp_path):
    config = Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories")
    shutil.copytree(PROJECT_FOLDER / "stories", config.stories, ignore=shutil.ignore_patterns(".*"))
    return open_engine(config)


def test_a_kolors_story_without_its_weights_is_measured_by_kolors_limit(engine):
    story = engine.story("singer")
    assert story.settings.family == "kolors" and story.settings.stand_in is None

    sent = engine.resolved(story, "s1")

    assert sent.token_limit == 256
    assert sent.unknown_words == ()


def test_a_prompt_that_kolors_reads_whole_is_not_marked_as_cut_before_a_stand_in_is_chosen(engine):
    story = engine.story("singer")
    scene = story.scene("s1")
    engine.edit("singer", [Edit(scene="s1", field="prompt", value=LONG, seen=scene.prompt)])

    sent = engine.resolved(engine.story("singer"), "s1")

    assert 64 < sent.prompt_tokens < 256
    assert sent.prompt_cut is None


def test_the_chosen_stand_in_measures_by_its_own_limit(engine):
    story = engine.story("singer")
    chosen = story.settings.model_copy(update={"stand_in": "preview"})
    engine.edit("singer", [Edit(scene=None, field="settings", value=chosen, seen=story.settings)])
    engine.edit("singer", [Edit(scene="s1", field="prompt", value=LONG, seen=story.scene("s1").prompt)])

    sent = engine.resolved(engine.story("singer"), "s1")

    assert sent.token_limit == 64
    assert sent.prompt_cut is not None


def test_a_family_that_does_not_exist_is_measured_by_the_preview_models_limit(engine):
    story = engine.story("orange-cat-en")

    sent = engine.resolved(
        story.model_copy(update={"settings": story.settings.model_copy(update={"family": "x"})}), "s1"
    )

    assert sent.token_limit == 64
