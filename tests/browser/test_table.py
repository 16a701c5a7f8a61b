"""The story page as a table to write at: eight scenes at a glance, each a click away, each saying how it stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Locator

from story_engine import flows
from story_engine.domain.desk import Desk
from tests.browser.conftest import HELD, App, Visitor, wait_for
from tests.builders import a_recipe, a_take

STORY = "orange-cat-en"
_VISIBLE = """
() => {
  const bar = document.querySelector('.st-key-bar').getBoundingClientRect().bottom;
  return [...document.querySelectorAll('[class*="st-key-card-s"]')].filter((card) => {
    const box = card.getBoundingClientRect();
    return box.top >= bar - 1 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth;
  }).length;
}
"""
"""How many scenes are seen from edge to edge."""


@pytest.fixture(autouse=True)
def painted(app: App) -> None:
    """Two takes of the first scene, one of the second; the others have never been painted."""
    for scene, seeds in (("s1", (11, 12)), ("s2", (21,))):
        for number, seed in enumerate(seeds):
            take = a_take(a_recipe(prompt=scene, seed=seed), story=STORY, scene=scene, number=number)
            app.services.takes.add(take, Image.new("RGB", (64, 64), (90, seed * 5, 120)), {})


def cell(person: Visitor, scene: str) -> Locator:
    return person.page.locator(f'li[data-scene="{scene}"]')


def order(app: App) -> list[str]:
    return [scene.id for scene in app.services.stories.load(STORY).scenes]


def test_the_table_shows_three_scenes_and_the_strip_leads_reorders_and_says_how_each_stands(
    app: App, visit: Callable[..., Visitor]
):
    person = visit()
    person.open(f"Story?story={STORY}")
    cell(person, "s8").wait_for()
    first = app.services.stories.load(STORY)

    # Three scenes are seen at once, the picture beside its words; what is rarely used is folded away.
    assert person.page.evaluate(_VISIBLE) >= 3
    picture, words = person.at("panel-s1").bounding_box(), person.at(f"field:{STORY}:s1:prompt").bounding_box()
    assert picture["x"] + picture["width"] < words["x"]
    assert abs(picture["y"] - words["y"]) < 100
    assert person.at(f"field:{STORY}:s1:caption").count() == 0
    assert first.scene("s1").caption[:20] in person.at(f"fold-more-fields-{STORY}-s1").inner_text()

    # The strip says of every panel how it stands, in words.
    assert cell(person, "s1").get_attribute("data-state") == "old"
    assert "changed: text" in cell(person, "s1").get_by_role("button").first.get_attribute("aria-label")
    assert cell(person, "s3").get_attribute("data-state") == "missing"
    assert "not painted" in cell(person, "s3").inner_text()

    # It leads to a scene and stays in sight; the keyboard goes along.
    cell(person, "s7").get_by_role("button").first.click(delay=HELD)
    person.at("card-s7").and_(person.page.locator(":focus")).wait_for()
    wait_for(lambda: person.page.evaluate(_VISIBLE) >= 1, what="the scene is seen")
    bar = person.at("bar").bounding_box()
    assert bar["y"] < 20
    assert cell(person, "s7").locator("[aria-current]").count() == 1
    wait_for(lambda: person.at("card-s7").bounding_box()["y"] < 700, what="scene 7 is on the screen")

    # The pin holds the seed of the picture that is shown, in the scene, on the button and in the strip.
    cell(person, "s1").get_by_role("button").first.click(delay=HELD)
    shown = flows.panels.open_story(app.services, STORY).board.panels[0].chosen.take
    person.press(f"icon-pin-{STORY}-s1")
    wait_for(lambda: app.services.stories.load(STORY).scene("s1").pinned, what="the pin")
    assert app.services.stories.load(STORY).scene("s1").seed == shown.recipe.seed
    person.page.locator('li[data-scene="s1"][data-pinned="true"]').wait_for()
    assert person.at(f"field:{STORY}:s1:seed").locator("input").input_value() == str(shown.recipe.seed)
    person.settle()

    # A redo far down is seen at once: on its picture and in the strip.
    cell(person, "s6").get_by_role("button").first.click(delay=HELD)
    person.press(f"redo-{STORY}-s6")
    person.at("work-s6").get_by_text("Queued").or_(person.at("work-s6").get_by_text("Painting")).first.wait_for()
    person.page.locator('li[data-scene="s6"]:is([data-state="queued"], [data-state="painting"])').wait_for()
    for job in flows.queue.jobs(app.services, story=STORY):
        app.services.ledger.request_cancel(job.id)
    wait_for(lambda: not flows.queue.jobs(app.services, story=STORY), what="the job is stopped")
    person.page.locator(
        'li[data-scene="s6"]:is([data-state="missing"], [data-state="old"], [data-state="there"])'
    ).wait_for()
    person.settle()

    # Dragged to another place, and with the keyboard to the next one.
    before = order(app)
    cell(person, "s1").drag_to(cell(person, "s3"), target_position={"x": 100, "y": 20})
    dragged = [*before[1:3], "s1", *before[3:]]
    wait_for(lambda: order(app) == dragged, what="the dragged order is on disk")
    person.settle()
    cell(person, "s2").get_by_role("button").first.focus()
    person.page.keyboard.press("Alt+ArrowRight")
    moved = ["s3", "s2", *dragged[2:]]
    wait_for(lambda: order(app) == moved, what="the order of the keyboard is on disk")
    person.settle()
    assert cell(person, "s2").locator(":focus").count() == 1, "the focus stays with the panel"
    person.page.keyboard.press("Tab")
    person.page.keyboard.press("Enter")  # the button that moves it back
    wait_for(lambda: order(app) == dragged, what="the button moves it back")


def test_a_phone_shows_one_scene_at_a_time_and_its_menu_closes_when_it_has_led_somewhere(
    app: App, visit: Callable[..., Visitor]
):
    person = visit(phone=True, language="zh")
    person.open(f"Story?story={STORY}")
    ids = order(app)
    cell(person, ids[-1]).wait_for(state="attached")

    def left(scene: str) -> float:
        return float(person.at(f"card-{scene}").bounding_box()["x"])

    assert 0 <= left(ids[0]) < 40 and left(ids[1]) >= 370
    person.page.get_by_role("button", name="下一个分镜").tap()
    wait_for(lambda: 0 <= left(ids[1]) < 40 and left(ids[0]) < 0, what="the next scene")
    wait_for(lambda: abs(left(ids[1]) - 16) < 2, what="it stands still")
    person.at(f"scenes-{app.services.desk.read().scenes}").evaluate("(row) => row.scrollBy({left: row.clientWidth})")
    wait_for(lambda: 0 <= left(ids[2]) < 40, what="the scene after a swipe")
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 390

    person.page.locator('[data-testid="stExpandSidebarButton"]').tap()
    person.page.locator('[data-testid="stSidebar"][data-collapsed="false"]').wait_for()
    person.press("nav-settings")
    person.page.locator('[data-testid="stSidebar"][data-collapsed="true"]').wait_for(state="attached")


@pytest.mark.thorough
def test_a_comfortable_table_is_remembered(app: App, visit: Callable[..., Visitor]):
    person = visit()
    person.open(f"Story?story={STORY}")
    person.page.get_by_role("button", name="More", exact=True).first.click(delay=HELD)
    person.segment("desk-layout", "Comfortable")
    person.at(f"field:{STORY}:s1:caption").wait_for()
    assert app.services.desk.read() == Desk(scenes="comfortable")

    again = visit()
    again.open(f"Story?story={STORY}")
    again.at(f"field:{STORY}:s1:caption").wait_for()
    assert again.at("scenes-comfortable").count() == 1
    app.services.desk.write(Desk())
