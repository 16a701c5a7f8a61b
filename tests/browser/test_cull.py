"""Many takes of a scene are culled in the large view: by keys, four at once, and by finger; no picture comes twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import APIResponse, Route

from story_engine.domain.contest import Measures, StoppedTake
from story_engine.domain.gallery import PictureKey
from story_engine.domain.job_result import Failure
from story_engine.domain.job_spec import RenderItem
from tests.browser.conftest import HELD, PHONE, STEADY, App, Visitor, wait_for
from tests.browser.test_access import OPTIONS
from tests.browser.test_lightbox import ACTIVE, Reader
from tests.builders import a_recipe, a_take

STORY, COUNT = "singer", 12
GROUPS = re.compile(rf"/takes/{STORY}$")


@pytest.fixture(scope="module")
def takes(app: App) -> list[str]:
    """Ids of the first scene's takes, newest first, as the large view has them."""
    planted = []
    for number in range(COUNT):
        take = a_take(a_recipe(prompt="many", seed=number), story=STORY, scene="s1", number=number)
        app.services.takes.add(take, Image.new("RGB", (256, 256), (20 * number, 90, 160)), {})
        planted.append(take.id)
    return planted[::-1]


def ids(app: App) -> set[str]:
    return {take.id for take in app.services.takes.takes_of(STORY, "s1")}


def test_twelve_takes_are_culled_by_keys_and_a_phone_taps_one_of_four(
    app: App, visit: Callable[..., Visitor], takes: list[str]
):
    person = visit()
    person.open(f"Story?story={STORY}")
    person.at("choose-look-s1").get_by_role("button").focus()
    reader = Reader(person)
    reader.press("Enter")
    reader.shows("s1", takes[0])  # the newest

    for key, place in (("5", 4), ("ArrowRight", 5), ("PageDown", 11), ("2", 10), ("Home", 0), ("9", 8), ("1", 0)):
        reader.press(key)
        reader.shows("s1", takes[place])
    reader.press("v", "4")
    assert reader.box.locator("figure:visible img").count() == 4
    reader.shows("s1", takes[3])
    reader.press("ArrowRight")  # on into the next four
    reader.shows("s1", takes[4])
    violations = Axe().run(person.page, options=OPTIONS).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations] == []
    reader.press("s")
    wait_for(lambda: app.services.takes.picks(STORY) == {"s1": takes[4]}, what="it is picked for its panel")
    reader.press("ArrowRight", "f")
    liked = PictureKey(STORY, "s1", takes[5])
    wait_for(lambda: liked in app.services.favourites.favourites(), what="it is a favourite")
    reader.press("Escape")
    assert reader.box.locator("figure:visible img").count() == 1

    # Faster than the server answers: each key means the picture that is shown when it is pressed.
    reader.press("End", "Delete", "Delete", "Delete")
    reader.shows("s1", takes[8])
    wait_for(lambda: ids(app) == set(takes[:9]), what="three are gone")
    reader.says("deleted")
    reader.press("z")
    wait_for(lambda: ids(app) == set(takes[:10]), what="the last one is back")

    loaded = Counter(url for url in person.requests if "/pictures/" in url)
    assert loaded and set(loaded.values()) == {1}
    # What the takes were before a key does not come back, however late it arrives.
    # (Only now: what is intercepted is not kept by the browser.)
    late: list[tuple[Route, APIResponse]] = []
    person.page.route(GROUPS, lambda route: late.append((route, route.fetch())), times=1)
    reader.press("Home", "f")
    wait_for(lambda: person.page.wait_for_timeout(50) or late, what="the takes are asked for again")
    reader.press("ArrowRight", "Delete")
    before = takes.pop(1)
    wait_for(lambda: before not in ids(app), what="it is deleted")
    for route, answer in late:
        route.fulfill(response=answer)
    person.page.wait_for_timeout(300)
    assert not reader.box.locator(f"img[src*='{before}']").count()
    reader.shows("s1", takes[1])
    reader.press("Escape")
    reader.box.wait_for(state="hidden")
    person.settle()
    assert person.page.evaluate(f"{ACTIVE}.closest('[class*=\"st-key-choose-look-s1\"]') !== null")

    phone = visit(language="zh", phone=True, dark=True)
    phone.open(f"Story?story={STORY}")
    phone.at("choose-look-s1").get_by_role("button").tap()
    small = Reader(phone)
    small.shows("s1", takes[0])
    small.box.get_by_role("button", name="同时看四张").tap()
    small.box.locator("figure:visible").nth(2).tap()
    small.shows("s1", takes[2])
    small.box.get_by_role("button", name="选定", exact=True).tap()
    wait_for(lambda: app.services.takes.picks(STORY) == {"s1": takes[2]}, what="the tapped one is picked")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert small.box.locator("figure:visible").nth(3).bounding_box()["width"] > 120


def test_the_list_of_stopped_takes_is_no_slit_at_a_narrow_window_s_lower_edge(app: App, visit: Callable[..., Visitor]):
    for seed in range(6):
        item = RenderItem(scene="s2", number=seed, recipe=a_recipe(prompt="stopped", seed=seed))
        alike = Failure(code="contest.alike", values={"best": "7"})
        made = {"steps": 3, "measures": Measures(), "reason": alike, "job": 1, "created_at": "2026-11-29T10:00:00Z"}
        app.services.stopped_takes.add(STORY, StoppedTake(item=item, **made), Image.new("RGB", (64, 64)))
    person = visit()
    person.page.set_viewport_size(PHONE)
    person.open(f"Story?story={STORY}")
    button = person.at("stopped-line-s2").get_by_role("button").first
    button.scroll_into_view_if_needed()
    # Below it there is just room for the window before its list has come.
    person.page.mouse.move(200, 400)

    def is_low() -> bool:
        """Pictures above it that come later move it again."""
        over = button.bounding_box()["y"] - (PHONE["height"] - 120)
        person.page.mouse.wheel(0, over)
        person.page.wait_for_timeout(STEADY)
        return abs(over) < 20 and abs(button.bounding_box()["y"] - (PHONE["height"] - 120)) < 20

    wait_for(is_low, what="the button is at the window's lower edge")

    button.click(delay=HELD)

    person.page.get_by_text("Seed 5, stopped after 3 of").wait_for()
    window = person.page.get_by_test_id("stPopoverBody")
    wait_for(lambda: window.bounding_box()["height"] > 250, what="the list has room", seconds=20)
    assert window.bounding_box()["y"] >= 0
