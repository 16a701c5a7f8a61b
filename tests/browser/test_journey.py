"""What a person does with a story, from the shelf to scored picks, with the real model and the real queue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from story_engine import flows
from tests.browser.conftest import App, Visitor, paint_in, wait_for

STORY = "singer"
RENDER_SECONDS = 900
"""Eight small pictures on a loaded machine of two cores, the start of the render process included."""


@pytest.mark.thorough
@pytest.mark.timeout(3000)
def test_a_story_is_painted_changed_chosen_and_scored(app: App, visit: Callable[..., Visitor]):
    person = visit(language="en")
    services = app.services
    paint_in(app, STORY, steps=4)

    def board():
        return flows.panels.open_story(services, STORY).board

    def is_idle() -> bool:
        return not flows.queue.jobs(services, story=STORY)

    # Opens the story and renders it with a stand-in, the one choice that is asked for: all eight panels, followed on
    # the page.
    person.open()
    person.press(f"open-{STORY}")
    person.press("use-stand-in")
    wait_for(lambda: services.stories.load(STORY).settings.stand_in == "preview", what="the stand-in is in the story")

    person.at("live-bar").wait_for()
    person.page.locator("[class*=st-key-preview-] img").first.wait_for(timeout=RENDER_SECONDS * 1000)
    wait_for(
        lambda: is_idle() and all(panel.chosen for panel in board().panels),
        what="eight panels are painted",
        seconds=RENDER_SECONDS,
    )
    person.at("live-bar").wait_for(state="detached")
    person.page.locator("[class*=st-key-blank-panel-]").wait_for(state="detached")
    assert person.page.locator("[class*=st-key-panel-] img").count() == 8
    assert all(panel.stand_in_for == "kolors" for panel in board().panels)

    # Changes one prompt and renders with the keyboard: the new text goes along, and only its panel is painted.
    prompt = person.at(f"field:{STORY}:s2:prompt").locator("textarea")
    prompt.fill("一个紫色短发小女孩, 海边, 日落")
    prompt.press("Control+Enter")
    wait_for(lambda: len(board().panels[1].takes) == 2 and is_idle(), what="a second take", seconds=RENDER_SECONDS)
    assert (
        board().panels[1].takes[-1].take.recipe.prompt
        == flows.resolved_text.resolved_text(services, services.stories.load(STORY), "s2").prompt
    )
    assert [len(panel.takes) for panel in board().panels] == [1, 2, 1, 1, 1, 1, 1, 1]

    # Redoes one panel, pins its seed, and picks the older take.
    person.settle()
    person.press(f"redo-{STORY}-s3")
    wait_for(lambda: len(board().panels[2].takes) == 2 and is_idle(), what="a redone panel", seconds=RENDER_SECONDS)
    person.press(f"icon-pin-{STORY}-s3")
    wait_for(lambda: services.stories.load(STORY).scene("s3").pinned, what="the seed is pinned")
    older = board().panels[2].takes[0].take.id
    person.settle()
    person.press(f"pick-s3-{older}")
    wait_for(lambda: board().panels[2].is_picked, what="the pick is on disk")
    assert board().panels[2].chosen.take.id == older

    # Scores again: nothing is lost, and the pick stays.
    person.settle()
    person.page.get_by_role("button", name="More", exact=True).first.click(delay=80)
    person.press("rescore")
    wait_for(lambda: is_idle() and None not in board().scores, what="every panel has a score", seconds=RENDER_SECONDS)
    assert board().panels[2].chosen.take.id == older

    # Meanwhile nothing broke behind the scenes, nothing was fetched from elsewhere, and the app never loaded the model.
    log = app.config.workspace / "logs" / "pages.log"
    assert not log.exists() or "Unexpected error" not in log.read_text(encoding="utf-8")
    hosts = {urlsplit(request).hostname for request in person.requests if request.startswith("http")}
    assert hosts == {"127.0.0.1"}
    assert "/torch/" not in Path(f"/proc/{app.process}/maps").read_text(encoding="utf-8")
