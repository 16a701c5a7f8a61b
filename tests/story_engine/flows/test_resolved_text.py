import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from tests.shipped import copy_shipped_stories

LONG = "一只橘色的小猫坐在客厅的沙发上，" * 12


@pytest.fixture
def services(tmp_path):
    config = Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories")
    copy_shipped_stories(config.stories)
    return open_services(config)


def test_a_kolors_story_without_its_weights_is_measured_by_kolors_limit(services):
    story = services.stories.load("singer")
    assert story.settings.family == "kolors" and story.settings.stand_in is None

    sent = flows.resolved_text.resolved_text(services, story, "s1")

    assert sent.token_limit == 256
    assert sent.unknown_words == ()


def test_a_prompt_that_kolors_reads_whole_is_not_marked_as_cut_before_a_stand_in_is_chosen(services):
    story = services.stories.load("singer")
    scene = story.scene("s1")
    services.stories.edit("singer", [Edit(scene="s1", field="prompt", value=LONG, seen=scene.prompt)])

    sent = flows.resolved_text.resolved_text(services, services.stories.load("singer"), "s1")

    assert 64 < sent.prompt_tokens < 256
    assert sent.prompt_cut is None


def test_the_chosen_stand_in_measures_by_its_own_limit(services):
    story = services.stories.load("singer")
    chosen = story.settings.model_copy(update={"stand_in": "preview"})
    services.stories.edit("singer", [Edit(scene=None, field="settings", value=chosen, seen=story.settings)])
    services.stories.edit("singer", [Edit(scene="s1", field="prompt", value=LONG, seen=story.scene("s1").prompt)])

    sent = flows.resolved_text.resolved_text(services, services.stories.load("singer"), "s1")

    assert sent.token_limit == 64
    assert sent.prompt_cut is not None


def test_a_family_that_does_not_exist_is_measured_by_the_preview_models_limit(services):
    story = services.stories.load("orange-cat-en")

    sent = flows.resolved_text.resolved_text(
        services, story.model_copy(update={"settings": story.settings.model_copy(update={"family": "x"})}), "s1"
    )

    assert sent.token_limit == 64
