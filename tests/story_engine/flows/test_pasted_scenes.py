import json

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.edit import Edit
from story_engine.errors import ChooseAnother, FixInput

CHALLENGE = PROJECT_FOLDER / "tests" / "challenge"
EIGHT = "\n".join(f"the kitten looks at the moon {number} times" for number in range(1, 9))


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def test_eight_lines_fill_the_eight_blank_scenes_and_each_keeps_a_seed_of_its_own(services):
    slug = flows.shelf.create(services, "Moon")

    filled = flows.pasted_scenes.fill(services, slug, EIGHT)

    story = services.stories.load(slug)
    assert [scene.prompt for scene in story.scenes] == EIGHT.splitlines()
    assert [scene.id for scene in story.scenes] == [f"s{number}" for number in range(1, 9)]
    assert len({scene.seed for scene in story.scenes}) == 8
    services.stories.go_back_to(slug, filled.before)
    assert services.stories.load(slug).is_blank


def test_the_challenges_table_comes_with_its_titles_and_what_stands_around_it_is_told(services):
    slug = flows.shelf.create(services, "Cat")
    prompts = [each["prompt"] for each in json.loads((CHALLENGE / "prompts.json").read_text("utf-8"))["orange-cat"]]

    filled = flows.pasted_scenes.fill(services, slug, (CHALLENGE / "orange_cat_article.txt").read_text("utf-8"))

    assert [scene.prompt for scene in filled.story.scenes] == prompts
    assert filled.story.scenes[3].title == "小猫降落在古代皇宫"
    assert {"imports.also_found"} <= {note.code for note in filled.notes}


def test_fewer_lines_leave_the_other_scenes_blank_and_more_add_scenes_up_to_the_limit(services):
    few, many = flows.shelf.create(services, "Few"), flows.shelf.create(services, "Many")

    flows.pasted_scenes.fill(services, few, "a cat\nthe dog")
    told = flows.pasted_scenes.fill(services, many, "\n".join(f"line {number}" for number in range(30))).notes

    assert [scene.prompt for scene in services.stories.load(few).scenes] == ["a cat", "the dog", *[""] * 6]
    scenes = services.stories.load(many).scenes
    assert len(scenes) == len({scene.id for scene in scenes}) == len({scene.seed for scene in scenes}) == 24
    assert "imports.too_many_scenes" in {note.code for note in told}


def test_a_story_with_text_in_it_is_left_as_it_is(services):
    slug = flows.shelf.create(services, "Moon")
    services.stories.edit(slug, [Edit(scene="s8", field="caption", value="The end.", seen="")])
    before = services.stories.load(slug)

    with pytest.raises(ChooseAnother, match="text in it already"):
        flows.pasted_scenes.fill(services, slug, EIGHT)
    with pytest.raises(FixInput):
        flows.pasted_scenes.fill(services, flows.shelf.create(services, "Empty"), " \n")

    assert services.stories.load(slug) == before
