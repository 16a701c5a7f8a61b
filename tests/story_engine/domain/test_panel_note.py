from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.composing import compose_negative, compose_prompt
from story_engine.domain.edit import Edit
from story_engine.domain.resolve import resolve
from tests.builders import PREVIEW, a_scene, a_story
from tests.shipped import copy_shipped_stories

NOTE = "左手有六根手指 | <b>"


def test_a_note_changes_nothing_that_a_model_is_sent():
    plain, noted = a_story(a_scene(1)), a_story(a_scene(1, note=NOTE))

    assert compose_prompt(plain, plain.scenes[0]) == compose_prompt(noted, noted.scenes[0])
    assert compose_negative(plain, plain.scenes[0]) == compose_negative(noted, noted.scenes[0])
    first, second = (resolve(story, story.scenes[0], 0, family=PREVIEW, loras={}) for story in (plain, noted))
    assert first.digest == second.digest


def test_a_story_without_notes_gains_no_line_and_one_with_a_note_keeps_it(tmp_path):
    config = Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories")
    copy_shipped_stories(config.stories)
    services = open_services(config)

    story = services.stories.edit("singer", [Edit(scene="s1", field="seed", value=9, seen=0)])
    assert "note" not in services.stories.text("singer") and "note" not in services.stories.clean_text(story)

    story = services.stories.edit("singer", [Edit(scene="s2", field="note", value=NOTE, seen="")])
    assert services.stories.load("singer").scene("s2").note == NOTE
    assert NOTE in services.stories.clean_text(story)
    services.stories.edit("singer", [Edit(scene="s2", field="note", value="", seen=NOTE)])
    assert services.stories.load("singer").scene("s2").note == ""
