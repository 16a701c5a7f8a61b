import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.domain.search import Search
from story_engine.errors import EditConflict, FixInput
from tests.builders import a_story


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def test_all_changes_are_one_revision_and_one_step_back(services):
    slug = services.stories.create("Cats", a_story())
    before = services.stories.load(slug)

    seen = flows.replace.preview(services, slug, Search(find="kitten", put="puppy"))
    assert services.stories.load(slug) == before
    now = flows.replace.replace(services, slug, seen)

    assert len(seen.replacements) == 8 and all("an orange puppy" in scene.prompt for scene in now.scenes)
    assert now.revision == before.revision + 1
    assert services.stories.go_back_to(slug, before.revision).scenes == before.scenes


def test_a_text_that_changed_since_it_was_looked_at_is_not_overwritten(services):
    slug = services.stories.create("Cats", a_story())
    seen = flows.replace.preview(services, slug, Search(find="kitten", put="puppy"))
    prompt = services.stories.load(slug).scenes[3].prompt
    services.stories.edit(slug, [Edit(scene="s4", field="prompt", value="an old kitten", seen=prompt)])

    with pytest.raises(EditConflict):
        flows.replace.replace(services, slug, seen)

    now = services.stories.load(slug)
    assert now.scenes[3].prompt == "an old kitten" and "kitten" in now.scenes[0].prompt


def test_nothing_to_look_for_is_said(services):
    slug = services.stories.create("Cats", a_story())

    with pytest.raises(FixInput):
        flows.replace.preview(services, slug, Search(find="", put="x"))
