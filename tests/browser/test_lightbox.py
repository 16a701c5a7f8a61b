"""The lightbox: seen large, done there, by keyboard and by finger; and the keys of a page while nobody types."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image

from tests.browser.conftest import App, Visitor, wait_for
from tests.builders import a_recipe, a_take

STORY = "orange-cat-en"
ACTIVE = "let a = document.activeElement; while (a.shadowRoot?.activeElement) a = a.shadowRoot.activeElement; a"


@pytest.fixture(scope="module")
def takes(app: App) -> dict[str, list[str]]:
    """Scene → ids of its takes, oldest first: three, two, and one of each other scene."""
    planted: dict[str, list[str]] = {}
    for place, scene in enumerate(app.services.stories.load(STORY).scenes):
        for number in range({0: 3, 1: 2}.get(place, 1)):
            recipe = a_recipe(prompt=f"scene {place}", seed=100 * place + number, steps=20 + number)
            take = a_take(recipe, story=STORY, scene=scene.id, number=number)
            app.services.takes.add(take, Image.new("RGB", (64, 64), (30 * place, 80 * number, 120)), {})
            planted.setdefault(scene.id, []).append(take.id)
    return planted


class Reader:
    """A person in front of the lightbox."""

    def __init__(self, person: Visitor) -> None:
        self.page = person.page
        self.box = person.page.locator("dialog.box")
        self.large = self.box.locator("figure.shown img")

    def shows(self, scene: str, take: str) -> None:
        self.box.locator(f'figure.shown img[src*="{scene}/{take}.png"]').wait_for()

    def says(self, text: str) -> None:
        self.box.get_by_role("status").get_by_text(text).wait_for()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


def test_a_take_is_seen_large_compared_picked_pinned_and_deleted_without_the_mouse(
    app: App, visit: Callable[..., Visitor], takes: dict[str, list[str]]
):
    person = visit()
    person.open(f"Story?story={STORY}")
    oldest, middle, newest = takes["s1"]
    person.at("look-s1").get_by_role("button", name="Open large").focus()

    reader = Reader(person)
    reader.press("Enter")
    reader.shows("s1", newest)
    asked = len([url for url in person.requests if "/takes/" in url])
    heading = reader.box.get_by_role("heading", level=2)
    assert "Scene 1" in heading.inner_text()
    facts = reader.box.locator("dl").inner_text()
    assert "seed" in facts.lower() and "scene 0" in facts and "DPM++ 2M Karras" in facts

    # Arrows go through takes and on into the next scene; letters from scene to scene. The server is not asked.
    reader.press("ArrowRight", "ArrowRight")
    reader.shows("s1", oldest)
    reader.press("ArrowRight")
    reader.shows("s2", takes["s2"][1])
    reader.press("j", "ArrowDown", "k", "k", "k")
    reader.shows("s1", newest)
    assert len([url for url in person.requests if "/takes/" in url]) == asked

    # The focus stays inside, all the way round.
    for _ in range(30):
        reader.press("Tab")
        assert person.page.evaluate(f"{ACTIVE}.closest('dialog.box') !== null")

    reader.press("c")
    assert reader.box.locator("figure:visible img").count() == 2
    assert "What differs" in reader.box.locator("dl").inner_text()
    reader.press("Escape")
    assert reader.box.locator("figure:visible img").count() == 1

    reader.shows("s1", middle)
    reader.press("s")
    reader.says("Picked")
    assert app.services.takes.picks(STORY) == {"s1": middle}
    reader.press("p")
    reader.says("Seed 1 is pinned")
    scene = app.services.stories.load(STORY).scene("s1")
    assert (scene.seed, scene.pinned) == (1, True)

    reader.press("ArrowRight", "Delete")
    reader.says("deleted")
    wait_for(lambda: app.services.takes.read(STORY, "s1", oldest) is None, what="the take is in the trash")
    reader.box.get_by_role("button", name="Undo").wait_for()
    reader.press("z")
    wait_for(lambda: app.services.takes.read(STORY, "s1", oldest) is not None, what="the take is back")

    with person.page.expect_download() as download:
        reader.press("d")
    assert download.value.suggested_filename.startswith(f"{STORY}-s1-")

    reader.press("?")
    keys = person.page.get_by_role("dialog", name="Keyboard shortcuts")
    keys.wait_for()
    reader.press("Escape")
    assert keys.count() == 0 and reader.box.is_visible()
    reader.press("Escape")
    reader.box.wait_for(state="hidden")
    person.settle()
    assert person.page.evaluate("document.activeElement.closest('[class*=\"st-key-look-s1\"]') !== null")
