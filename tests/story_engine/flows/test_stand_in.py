"""The stand-in of a story that was written before there was a choice of guidance."""

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.resolve import guidance_of
from story_engine.flows.panels import family_for
from tests.builders import a_kolors_story, a_recipe, a_take


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def test_a_stand_in_that_has_painted_nothing_yet_is_guided_as_it_usually_is(services):
    slug = services.stories.create("New", a_kolors_story(steps=50))

    flows.stand_in.choose(services, slug, "preview", seen=None)

    settings = services.stories.load(slug).settings
    assert (settings.stand_in, settings.guidance, settings.steps) == ("preview", "constant", 50)
    assert guidance(services, slug) == services.families()["preview"].by_noise.levels


def test_one_whose_pictures_are_there_goes_on_as_it_painted_them(services):
    slug = services.stories.create("Old", a_kolors_story())
    take = a_take(a_recipe(family="preview"), scene="s1").model_copy(update={"story": slug})
    services.takes.add(take, Image.new("RGB", (256, 256)), {})

    flows.stand_in.choose(services, slug, "preview", seen=None)

    assert services.stories.load(slug).settings.guidance is None
    assert guidance(services, slug).is_constant
    flows.stand_in.choose(services, slug, None, seen="preview")
    assert services.stories.load(slug).settings.stand_in is None


def guidance(services, slug):
    """Of the picture that would be painted now."""
    story = services.stories.load(slug)
    family = family_for(services, story)
    return guidance_of(story.settings.for_family(family.name), family)
