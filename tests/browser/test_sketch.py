"""Lines that a scene is held to are drawn on a white sheet, by mouse and by finger, and are there to go on with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from story_engine.domain.desk import Desk
from tests.browser.conftest import App, Visitor, wait_for
from tests.browser.test_access import OPTIONS

pytestmark = pytest.mark.thorough

STORY, SCENE = "orange-cat-en", "s1"
MORE = f"control-more-{STORY}-{SCENE}"


def drawing(app: App, person: Visitor, *, lines: str) -> Visitor:
    app.services.desk.write(Desk(scenes="comfortable"))
    person.open(f"Story?story={STORY}")
    person.at(f"fold-scene-controls-{STORY}-{SCENE}").locator("summary").click()
    person.segment(f"{MORE}-kind", lines)
    person.press(f"{MORE}-draw")
    person.page.locator(".stage canvas").wait_for()
    return person


def stroke(person: Visitor, *shares: tuple[float, float]) -> None:
    box = person.page.locator(".stage canvas").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in shares]
    person.page.mouse.move(*places[0])
    person.page.mouse.down()
    for place in places[1:]:
        person.page.mouse.move(*place, steps=6)
    person.page.mouse.up()


def test_drawn_lines_hold_the_scene_and_a_drawing_that_was_left_is_there_again(app: App, visit: Callable[..., Visitor]):
    desk = drawing(app, visit(), lines="Lines")
    assert Axe().run(desk.page, options=OPTIONS).response["violations"] == []
    desk.page.get_by_role("button", name="Use these lines").click()
    desk.page.get_by_role("status").get_by_text("Draw something first.").wait_for()
    stroke(desk, (0.25, 0.25), (0.25, 0.75))
    desk.page.keyboard.press("Escape")
    desk.page.locator(".stage canvas").wait_for(state="detached")
    desk.settle()

    desk.press(f"{MORE}-draw")
    desk.page.locator(".stage canvas").wait_for()
    stroke(desk, (0.75, 0.25), (0.75, 0.75))
    desk.page.get_by_role("button", name="Use these lines").click()

    wait_for(lambda: app.services.stories.load(STORY).scene(SCENE).controls, what="the scene is held to the lines")
    [use] = app.services.stories.load(STORY).scene(SCENE).controls
    lines = app.services.references.picture(use.picture).convert("L")
    assert [lines.getpixel((x, 128)) for x in (64, 128, 192)] == [255, 0, 255]
    desk.at(f"control-{STORY}-{SCENE}-edges").wait_for()

    phone = drawing(app, visit(language="zh", phone=True, dark=True), lines="线条")
    box = phone.page.locator(".stage canvas").bounding_box()
    assert box is not None and box["width"] > 250
    touch = phone.page.context.new_cdp_session(phone.page)
    for kind, share in (("touchStart", 0.2), ("touchMove", 0.5), ("touchMove", 0.8), ("touchEnd", None)):
        points = [] if share is None else [{"x": box["x"] + share * box["width"], "y": box["y"] + 0.5 * box["height"]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.page.get_by_role("button", name="使用这些线条").tap()
    wait_for(
        lambda: app.services.stories.load(STORY).scene(SCENE).controls[0].picture != use.picture, what="drawn anew"
    )
    [use] = app.services.stories.load(STORY).scene(SCENE).controls
    assert app.services.references.picture(use.picture).convert("L").getpixel((128, 128)) == 255
