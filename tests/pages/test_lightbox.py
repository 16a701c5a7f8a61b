"""What the large view is given to show."""

from __future__ import annotations

from PIL import Image

from pages.parts.shared.lightbox import contents
from story_engine import flows
from story_engine.domain.recipe import CastPart
from tests.builders import a_recipe, a_take
from tests.pages.conftest import Studio

STORY = "orange-cat-en"


def test_a_character_that_a_take_is_held_to_is_called_by_its_name_and_by_its_id_when_it_is_gone(studio: Studio):
    services = studio.services
    story = services.stories.load(STORY)
    known = story.characters[0]
    assert known.name not in ("", known.id)
    held = [
        CastPart(character=name, words=(0, 3), anchor=a_recipe(seed=9), anchor_words=(0, 3), from_step=1, until_step=9)
        for name in (known.id, "gone")
    ]
    take = a_take(a_recipe(cast=tuple(held)), story=STORY, scene="s1")
    services.takes.add(take, Image.new("RGB", (64, 64)), {})

    groups = contents.of_story(flows.panels.open_story(services, STORY))

    (shown,) = next(group for group in groups if group["place"].endswith("s1"))["pictures"]
    assert shown["looks"] == [f"{known.name} × 1", "gone × 1"]
