"""The dialog in which a spot is painted over says what of the take does not act there."""

from __future__ import annotations

import pytest
from PIL import Image

from story_engine.domain.control import ControlPart
from story_engine.store.layout import Layout
from tests.builders import a_recipe, a_take
from tests.pages.conftest import Studio, texts
from tests.story_engine.inference.small_kolors import publish_small_kolors
from tests.story_engine.kolors.small_adapters import publish_inpainting

STORY = "singer"
LINES = ControlPart(kind="edges", picture="d" * 64, weights_hash="e" * 64, weight=0.7)


@pytest.mark.parametrize("controls", [(), (LINES,)])
def test_a_take_that_was_held_to_a_picture_is_mended_without_it_and_the_dialog_says_so(
    studio: Studio, controls: tuple[ControlPart, ...]
):
    recipe = a_recipe(prompt="a girl", controls=controls)
    take = studio.services.takes.add(a_take(recipe, story=STORY, scene="s1"), Image.new("RGB", (256, 256), "red"), {})
    app = studio.page("story", story=STORY)

    app.session_state["mend-open"] = (STORY, "s1", take.id)
    app.run()

    assert not app.exception
    assert ("control pictures, which this picture was held to" in texts(app)) == bool(controls)


def test_the_dialog_offers_the_network_for_inpainting_where_it_is_here_and_names_it_where_it_is_not(studio: Studio):
    layout = Layout.of(studio.services.config)
    publish_small_kolors(layout)
    kolors = studio.services.families()["kolors"]
    recipe = a_recipe(family="kolors", weights_hash=kolors.weights_hash)
    take = studio.services.takes.add(a_take(recipe, story=STORY, scene="s1"), Image.new("RGB", (256, 256), "red"), {})

    def opened():
        app = studio.page("story", story=STORY)
        app.session_state["mend-open"] = (STORY, "s1", take.id)
        return app.run()

    app = opened()
    assert not app.exception and "Kolors Inpainting, a network made for" in texts(app)
    publish_inpainting(layout)
    app = opened()
    choice = app.segmented_control(key="mend-painter")
    assert not app.exception and choice.options == ["Kolors Inpainting", "Kolors"]
    assert "is not on this machine" not in texts(app)
