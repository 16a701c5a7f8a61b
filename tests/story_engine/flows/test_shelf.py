"""New stories: what they are guided by, while those that exist stay as they were painted."""

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.guidance import EVERYWHERE
from story_engine.domain.resolve import resolve
from tests.shipped import copy_shipped_stories


@pytest.fixture
def services(tmp_path):
    config = Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories")
    copy_shipped_stories(config.stories)
    return open_services(config)


def recipe_of(services, slug, family):
    story = services.stories.load(slug)
    return resolve(story, story.scenes[0], 0, family=services.families()[family], loras={})


def test_a_new_story_is_guided_as_its_model_usually_is(services):
    preview = recipe_of(services, flows.shelf.create(services, "Cat"), "preview")
    kolors = recipe_of(services, flows.shelf.create(services, "Dog", family="kolors"), "kolors")

    usual = services.families()["preview"].by_noise
    assert (preview.guidance, preview.steps) == (usual.levels, usual.steps) and not preview.guidance.is_constant
    assert (kolors.guidance, kolors.steps) == (EVERYWHERE, 20)


def test_a_copy_of_the_challenges_story_is_the_challenges_with_kolors_and_the_stand_in_s_own_without(services):
    slug = flows.shelf.create(services, "Copy", template="singer")

    kolors, stand_in = (recipe_of(services, slug, family) for family in ("kolors", "preview"))

    assert (kolors.guidance, kolors.sampler, kolors.steps) == (EVERYWHERE, "ddim", 50)
    assert stand_in.guidance == services.families()["preview"].by_noise.levels


def test_a_copy_of_a_story_for_the_preview_model_is_guided_as_that_usually_is(services):
    slug = flows.shelf.create(services, "Copy", template="orange-cat-en")

    assert services.stories.load(slug).settings.guidance == "usual"
    assert recipe_of(services, slug, "preview").guidance == services.families()["preview"].by_noise.levels


def test_a_story_that_exists_is_painted_as_before(services):
    assert services.stories.load("singer").settings.guidance is None
    old = recipe_of(services, "singer", "preview")
    assert (old.guidance, old.steps) == (EVERYWHERE, 20)
