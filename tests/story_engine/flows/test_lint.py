import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.errors import EditConflict
from tests.builders import a_scene, a_story

LONG = "一只橘色的小猫坐在客厅的沙发上，" * 40


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def test_a_prompt_that_the_model_does_not_read_to_its_end_is_said_with_what_is_lost(services):
    slug = services.stories.create("Cats", a_story(a_scene(1), a_scene(2, prompt=LONG), style="蜡笔画"))
    story = services.stories.load(slug)

    (finding,) = (each for each in flows.lint.lint(services, story) if each.code == "lint.cut")

    sent = flows.resolved_text.resolved_text(services, story, "s2")
    place = finding.places[0]
    assert finding.values["tokens"] == sent.prompt_tokens
    assert finding.values["limit"] == sent.token_limit
    assert sent.prompt[sent.prompt_cut :] == LONG[place.start : place.end]


def test_one_repair_is_one_revision_with_the_words_that_were_seen(services):
    slug = services.stories.create("Cats", a_story(a_scene(1, prompt="a (red:1.2) cat"), a_scene(2)))
    story = services.stories.load(slug)
    (finding,) = flows.lint.lint(services, story)
    services.stories.edit(slug, [Edit(scene="s1", field="prompt", value="a (red:1.2) fox", seen="a (red:1.2) cat")])

    with pytest.raises(EditConflict):
        flows.lint.repair(services, slug, finding)

    (finding,) = flows.lint.lint(services, services.stories.load(slug))
    assert flows.lint.repair(services, slug, finding).scene("s1").prompt == "a red fox"


def test_all_repairs_are_one_step_to_undo_and_twice_changes_nothing(services):
    scenes = [a_scene(number, prompt=f"a (red:1.2) cat, ((soft)) light, {number}") for number in range(1, 9)]
    slug = services.stories.create("Cats", a_story(*scenes))
    before = services.stories.load(slug)

    done = flows.lint.repair_all(services, slug)

    assert done.story.revision == before.revision + 1 and len(done.edits) == 16
    assert done.story.scene("s8").prompt == "a red cat, soft light, 8"
    assert not flows.lint.lint(services, done.story)
    assert flows.lint.repair_all(services, slug).story == done.story
    assert services.stories.go_back_to(slug, before.revision).scenes == before.scenes
