"""A comparison, from an empty grid to a picked cell, with the real model and the real queue."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from story_engine import flows
from story_engine.domain.edit import Edit
from story_engine.domain.story import Settings
from tests.browser.conftest import App, Visitor, wait_for

STORY = "orange-cat-en"
PAINT_SECONDS = 600


@pytest.mark.thorough
@pytest.mark.timeout(1200)
def test_a_grid_fills_while_it_is_looked_at_and_a_cell_is_picked(app: App, visit: Callable[..., Visitor]):
    story = app.services.stories.load(STORY)
    fast = Settings(family="preview", steps=2)
    app.services.stories.edit(STORY, [Edit(scene=None, field="settings", value=fast, seen=story.settings)])
    person = visit(language="zh", phone=True)

    # A grid of two seeds is painted, and fills without anything being clicked.
    person.open(f"Compare?story={STORY}")
    person.write(f"compare-values-x-seed-{STORY}", "0, 1")
    person.settle()
    person.press("compare-paint")
    person.page.locator("[class*=st-key-compare-cell-] img, [class*=st-key-compare-best-] img").nth(1).wait_for(
        timeout=PAINT_SECONDS * 1000
    )
    wait_for(lambda: not flows.queue.jobs(app.services, story=STORY), what="the sweep is done", seconds=PAINT_SECONDS)
    person.at("compare-cancel").wait_for(state="detached")
    best = person.page.locator("[class*=st-key-compare-best-]")
    assert best.count() == 1

    # The page itself never scrolls sideways.
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 390

    # A cell opens large, and is picked.
    person.press("look-compare-0-1")
    box = person.page.get_by_role("dialog")
    box.get_by_role("button", name="选定", exact=True).click(delay=80)
    wait_for(lambda: app.services.takes.picks(STORY), what="the cell is picked")
    box.get_by_text("已选定为画格").wait_for()
    person.page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    person.at("notices").wait_for()

    # A second visit finds it all again.
    again = visit(language="en")
    again.open(f"Compare?story={STORY}")
    values = again.at(f"compare-values-x-seed-{STORY}").locator("input")
    expect(values).to_have_value("0, 1")
    again.page.locator("[class*=st-key-compare-row-0] img").nth(1).wait_for()
