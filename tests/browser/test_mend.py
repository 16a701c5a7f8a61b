"""A spot is painted over with a real stroke, by mouse on a desk and by finger on a phone, and painted again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from story_engine import flows
from story_engine.domain.resolve import resolve
from story_engine.domain.take import Take
from story_engine.flows.render import as_painted_by
from tests.browser.conftest import App, Visitor, wait_for
from tests.browser.test_access import OPTIONS
from tests.builders import a_take

STORY = "orange-cat-en"


@pytest.fixture(scope="module")
def take(app: App) -> Take:
    story = app.services.stories.load(STORY)
    family = app.services.families()["preview"]
    steps = story.settings.model_copy(update={"steps": 2, "family": "preview"})
    painted = as_painted_by(story.model_copy(update={"settings": steps}), family)
    recipe = resolve(painted, painted.scenes[0], 0, family=family, loras={})
    made = a_take(recipe, story=STORY, scene=painted.scenes[0].id)
    return app.services.takes.add(made, Image.radial_gradient("L").convert("RGB").resize((256, 256)), {})


def opened(person: Visitor, take: Take) -> Visitor:
    person.open(f"Story?story={STORY}")
    person.choose(f"take-menu-{STORY}-{take.scene}", "Mend a spot")
    person.page.locator(".stage canvas").wait_for()
    return person


def look(person: Visitor, name: str) -> None:
    folder = os.environ.get("STORY_STUDIO_SCREENSHOTS")
    if folder:
        person.page.screenshot(path=str(Path(folder) / f"mend-{name}.png"))


def test_a_stroke_by_mouse_keyboard_and_finger_becomes_a_take_that_differs_there_alone(
    app: App, visit: Callable[..., Visitor], take: Take
):
    phone = opened(visit(phone=True), take)
    canvas = phone.page.locator(".stage canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    touch = phone.page.context.new_cdp_session(phone.page)
    for kind, share in (("touchStart", 0.3), ("touchMove", 0.5), ("touchMove", 0.7), ("touchEnd", None)):
        points = [] if share is None else [{"x": box["x"] + share * box["width"], "y": box["y"] + 0.5 * box["height"]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    look(phone, "phone")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert _painted(phone) > 500, "a finger paints, and does not scroll the page"

    desk = opened(visit(), take)
    assert Axe().run(desk.page, options=OPTIONS).response["violations"] == []
    canvas = desk.page.locator(".stage canvas")
    box = canvas.bounding_box()
    assert box is not None
    mouse, keys = desk.page.mouse, desk.page.keyboard

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    mouse.move(*at(0.2, 0.3))
    mouse.down()
    mouse.move(*at(0.5, 0.3), steps=8)
    mouse.up()
    first = _painted(desk)
    mouse.wheel(0, -300)
    keys.down(" ")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.up(" ")
    assert _painted(desk) > first
    keys.press("Control+z")
    assert _painted(desk) == first, "the keyboard's stroke is taken back, the mouse's stays"
    desk.page.get_by_role("button", name="Paint the spot").click()
    desk.page.get_by_role("status").get_by_text("Say what is to be there.").wait_for()
    desk.page.get_by_label("What is to be there").fill("a red ball")
    look(desk, "desk")
    desk.page.get_by_role("button", name="Paint the spot").click()

    wait_for(lambda: len(app.services.takes.takes_of(STORY, take.scene)) == 2, what="the spot is painted")
    mended = app.services.takes.takes_of(STORY, take.scene)[1]
    recipe = mended.recipe
    assert mended.parent == take.id and recipe.mend is not None and recipe.mend.prompt.endswith("a red ball")
    mask = np.asarray(app.services.references.mask(recipe.mend.mask)) > 0
    assert mask[77, 60:120].all() and not mask[140:].any() and 0.9 < mask.sum() / first < 1.1
    before, after = (np.asarray(Image.open(app.services.takes.picture(each))) for each in (take, mended))
    changed = (before != after).any(axis=2)
    assert changed[mask].mean() > 0.5 and not changed[~mask].any()
    desk.at(f"pick-{take.scene}-{mended.id}").wait_for()
    assert flows.panels.open_story(app.services, STORY).board.panels[0].takes[1].take.id == mended.id


def _painted(person: Visitor) -> int:
    """Pixels of the mask."""
    count: int = person.page.evaluate(
        """() => {
          const seek = (root) => root.querySelector(".stage canvas") ?? [...root.querySelectorAll("*")]
            .map((each) => each.shadowRoot && seek(each.shadowRoot)).find(Boolean);
          const canvas = seek(document);
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let place = 3; place < data.length; place += 4) count += data[place] > 127;
          return count;
        }"""
    )
    return count
