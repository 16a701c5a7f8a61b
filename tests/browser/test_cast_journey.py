"""Two characters are held to their looks, a spot is mended, takes are culled, and the bundle replays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from story_engine import flows
from story_engine.domain.story import Appearance, Character, Scene, Settings, Story
from tests.browser.conftest import App, Visitor, wait_for
from tests.browser.test_lightbox import Reader

KITTEN = Character(id="kitten", name="Marmalade", description="an orange kitten")
EMPEROR = Character(
    id="emperor",
    name="His Majesty",
    description="an emperor with black hair",
    outfits={"court": "wearing a yellow dragon robe"},
)
BOTH = (Appearance(character="emperor", outfit="court"), Appearance(character="kitten"))
TOLD = Story(
    title="The kitten at court",
    style="crayon drawing",
    settings=Settings(family="preview", steps=3),
    characters=(KITTEN, EMPEROR),
    scenes=(
        Scene(id="s1", prompt="{kitten} in a cosy living room, full body", seed=1),
        Scene(id="s2", prompt="sitting on a golden throne, full body", seed=2, characters=BOTH),
        Scene(id="s3", prompt="in an ancient palace hall, full body", seed=3, characters=BOTH),
    ),
)
RENDER_SECONDS = 900


@pytest.mark.thorough
@pytest.mark.timeout(3000)
def test_characters_are_held_a_spot_is_mended_takes_are_culled_and_the_bundle_replays(
    app: App, visit: Callable[..., Visitor]
):
    person = visit()
    services = app.services
    slug = services.stories.create(TOLD.title, TOLD)

    def board():
        return flows.panels.open_story(services, slug).board

    def looks() -> dict[str, object]:
        return {each.id: each.looks for each in services.stories.load(slug).characters if each.looks}

    def painted(what: str, reached: Callable[[], object] = lambda: True) -> None:
        wait_for(lambda: reached() and not flows.queue.jobs(services, story=slug), what=what, seconds=RENDER_SECONDS)
        person.rest()

    person.open(f"Story?story={slug}")
    person.press("render-all")
    painted("three panels", lambda: all(panel.chosen for panel in board().panels))

    # Both characters are held to a take each; who looks at them is painted again, and only they.
    person.choose(f"take-menu-{slug}-s1", "This is how Marmalade looks")
    wait_for(lambda: set(looks()) == {"kitten"}, what="the kitten has a look")
    person.rest()
    person.choose(f"take-menu-{slug}-s3", "This is how His Majesty looks")
    wait_for(lambda: set(looks()) == {"kitten", "emperor"}, what="the emperor has one, too")
    person.rest()
    # The first panel is itself what it would be held to.
    assert ["look" in panel.changed for panel in board().panels] == [False, True, True]
    person.press("render-outdated")
    painted("the followers", lambda: not any(panel.changed for panel in board().panels))
    held = [{part.character for part in panel.chosen.take.recipe.cast} for panel in board().panels]
    assert held == [set(), {"emperor", "kitten"}, {"emperor", "kitten"}]

    # One panel of the board, deleted and painted alone, is the same picture.
    second = board().panels[1].chosen.take
    before = np.asarray(Image.open(services.takes.picture(second)), dtype=int)
    services.takes.delete(slug, "s2", second.id)
    person.open(f"Story?story={slug}")
    person.press("render-all")
    painted("it is painted alone", lambda: any(view.take.id == second.id for view in board().panels[1].takes))
    again = np.asarray(Image.open(services.takes.picture(second)), dtype=int)
    assert np.abs(before - again).max() <= 1

    # Eight more takes are culled by keys: one is picked, one goes.
    person.choose(f"redo-more-{slug}-s2", "8 takes")
    painted("eight takes", lambda: len(board().panels[1].takes) >= 9)
    takes = [view.take.id for view in reversed(board().panels[1].takes)]
    person.at("choose-look-s2").get_by_role("button").focus()
    reader = Reader(person)
    reader.press("Enter")
    reader.shows("s2", takes[0])
    assert "Marmalade × 30" in reader.box.locator("dl").inner_text()
    reader.press("3", "s")
    wait_for(lambda: services.takes.picks(slug).get("s2") == takes[2], what="the third is picked")
    reader.press("9", "Delete")
    wait_for(lambda: len(board().panels[1].takes) == len(takes) - 1, what="the ninth is gone")
    reader.press("Escape")
    reader.box.wait_for(state="hidden")
    person.rest()

    # A variation of one panel, a mended spot of another.
    varied = board().panels[0].chosen.take
    person.choose(f"take-menu-{slug}-s1", "Vary this picture a little")
    painted("a variation", lambda: any(view.take.recipe.start for view in board().panels[0].takes))
    new = board().panels[0].takes[-1].take
    assert new.parent == varied.id and new.recipe.start is not None
    spoilt = board().panels[2].chosen.take
    person.choose(f"take-menu-{slug}-s3", "Mend a spot")
    canvas = person.page.locator(".stage canvas")
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box is not None
    person.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    person.page.mouse.down()
    person.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=6)
    person.page.mouse.up()
    person.page.get_by_label("What is to be there").fill("an orange kitten")
    person.page.get_by_role("button", name="Paint the spot").click()
    painted("a mended spot", lambda: any(view.take.recipe.mend for view in board().panels[2].takes))
    mended = board().panels[2].takes[-1].take
    one, other = (np.asarray(Image.open(services.takes.picture(each))) for each in (spoilt, mended))
    mask = np.asarray(services.references.mask(mended.recipe.mend.mask)) > 0
    changed = (one != other).any(axis=2)
    assert mended.parent == spoilt.id and changed[mask].any() and not changed[~mask].any()
    for scene, take in (("s1", new.id), ("s3", mended.id)):
        person.press(f"pick-{scene}-{take}")
        wait_for(lambda scene=scene, take=take: services.takes.picks(slug).get(scene) == take, what="it is picked")
        person.rest()

    # Handed in, and painted again from the bundle alone: the same bytes.
    person.press("nav-submit")
    person.page.get_by_test_id("stMetric").wait_for()
    person.tick(f"anyway-{slug}")
    person.press("export")
    person.at("download-bundle").wait_for()
    person.rest()
    person.press("replay-start")
    person.page.get_by_text("identical to the last value").wait_for(timeout=RENDER_SECONDS * 1000)
    (job,) = [each for each in flows.queue.jobs(services, story=slug, active=False) if each.kind == "replay"]
    report = flows.replay.report_of(job)
    assert report is not None
    assert (len(report.pictures), report.identical, report.largest) == (3, 3, 0)
    log = app.config.workspace / "logs" / "pages.log"
    assert not log.exists() or "Unexpected error" not in log.read_text(encoding="utf-8")
