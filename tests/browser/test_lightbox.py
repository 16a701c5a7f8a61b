"""The lightbox: seen large, done there, by keyboard and by finger; and the keys of a page while nobody types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from story_engine import flows
from story_engine.domain.presentation import Look
from tests.browser.conftest import STEADY, App, Visitor, wait_for
from tests.browser.test_access import OPTIONS
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

    person.rest()
    violations = Axe().run(person.page, options=OPTIONS).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations] == []

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


def test_a_click_on_what_is_said_of_a_picture_opens_the_picture_too(
    app: App, visit: Callable[..., Visitor], takes: dict[str, list[str]]
):
    person = visit()
    person.open(f"Story?story={STORY}")
    said = person.at("badges-s2").locator(".stMarkdownBadge").first
    said.wait_for()
    person.rest()
    place = None
    while place is None or place != said.bounding_box():
        said.evaluate("(badge) => badge.scrollIntoView({ block: 'center', behavior: 'instant' })")
        place = said.bounding_box()
        person.page.wait_for_timeout(STEADY)

    person.page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)

    Reader(person).shows("s2", takes["s2"][-1])


def test_a_click_before_the_lightbox_listens_opens_it_all_the_same(
    app: App, visit: Callable[..., Visitor], takes: dict[str, list[str]]
):
    person = visit()
    # A picture is on a slow machine's page before the lightbox is: as here, where it never comes to hear of a click.
    person.page.add_init_script(
        "const add = document.addEventListener.bind(document);"
        "document.addEventListener = (name, ...rest) => (/click$/.test(name) ? undefined : add(name, ...rest))"
    )
    person.open(f"Story?story={STORY}")
    reader = Reader(person)
    opener = person.at("look-s2").get_by_role("button", name="Open large")

    opener.press("Enter")
    reader.shows("s2", takes["s2"][1])
    reader.press("Escape")
    reader.box.wait_for(state="hidden")
    person.settle()
    person.at("choose-s1").get_by_role("button").press("Enter")
    reader.shows("s1", takes["s1"][2])
    reader.press("Escape")
    reader.box.wait_for(state="hidden")
    person.settle()
    opener.press("Enter")
    reader.shows("s2", takes["s2"][1])


def test_letters_lead_through_the_page_and_never_fire_while_somebody_types(
    app: App, visit: Callable[..., Visitor], takes: dict[str, list[str]]
):
    person = visit()
    person.open(f"Story?story={STORY}")
    reader = Reader(person)
    before = app.services.stories.load(STORY)
    here = "document.activeElement.closest('[class*=\"st-key-look-{scene}\"]') !== null"

    # What is typed is text, also what an input method is still putting together.
    prompt = person.at(f"field:{STORY}:s4:prompt").locator("textarea")
    prompt.focus()
    prompt.press("End")
    prompt.press_sequentially(" pjkrc?o")
    assert prompt.input_value() == f"{before.scene('s4').prompt} pjkrc?o"
    prompt.blur()
    person.page.evaluate(
        "for (const how of [{isComposing: true}, {keyCode: 229}, {ctrlKey: true}]) document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'j', bubbles: true, composed: true, ...how}))"
    )
    assert person.page.locator("dialog[open]").count() == 0
    assert not person.page.evaluate(here.format(scene="s"))
    wait_for(lambda: app.services.stories.load(STORY).scene("s4").prompt.endswith("pjkrc?o"), what="the text is saved")
    person.settle()
    after = app.services.stories.load(STORY)
    assert [scene.pinned for scene in after.scenes] == [scene.pinned for scene in before.scenes]

    # J and K, the arrows along a scene's small pictures, P for the one that has the focus.
    person.at("look-s2").get_by_role("button").focus()
    reader.press("j", "j", "k", "k")
    assert person.page.evaluate(here.format(scene="s2"))
    reader.press("ArrowRight", "ArrowRight", "p")
    wait_for(lambda: app.services.stories.load(STORY).scene("s2").pinned, what="the seed is pinned")
    assert app.services.stories.load(STORY).scene("s2").seed == 100
    person.settle()

    # C opens two of the scene; the switch turns the letters of the page off.
    person.at("look-s2").get_by_role("button").focus()
    reader.press("c")
    reader.box.locator("figure:visible img").nth(1).wait_for()
    reader.press("Escape", "Escape")
    reader.box.wait_for(state="hidden")
    reader.press("?")
    keys = person.page.get_by_role("dialog", name="Keyboard shortcuts")
    keys.get_by_role("checkbox").uncheck()
    reader.press("Escape")
    keys.wait_for(state="hidden")
    person.at("look-s2").get_by_role("button").focus()
    reader.press("j", "?")
    assert person.page.evaluate(here.format(scene="s2"))
    assert person.page.locator("dialog[open]").count() == 0


def test_a_phone_swipes_through_takes_and_slides_and_a_slide_is_saved_as_it_is_seen(
    app: App, visit: Callable[..., Visitor], takes: dict[str, list[str]]
):
    person = visit(language="zh", phone=True, dark=True)
    person.open(f"Story?story={STORY}")
    reader = Reader(person)
    touch = person.page.context.new_cdp_session(person.page)

    def swipe(right: int, down: int = 0) -> None:
        for kind, share in (("touchStart", 0.0), ("touchMove", 0.5), ("touchMove", 1.0), ("touchEnd", None)):
            points = [] if share is None else [{"x": 200 + right * share, "y": 250 + down * share}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    person.segment(f"view-{STORY}", "故事板")
    person.at("board-page").wait_for()
    person.press("look-s2")
    reader.shows("s2", takes["s2"][1])
    swipe(-150)
    reader.shows("s2", takes["s2"][0])
    swipe(0, -150)
    reader.shows("s3", takes["s3"][0])
    swipe(0, 150)
    swipe(150)
    reader.box.get_by_role("button", name="关闭").click()
    reader.box.wait_for(state="hidden")
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 390

    person.page.get_by_role("button", name="全屏演示").click()
    deck = person.page.get_by_role("dialog")
    deck.locator('img[src*="/tall-dark/0.png"]').wait_for()
    swipe(-150)
    deck.locator('img[src*="/tall-dark/1.png"]').wait_for()
    assert app.services.stories.load(STORY).scene("s1").title in deck.locator("img").get_attribute("alt")
    with person.page.expect_download() as download:
        person.page.keyboard.press("s")
    look = Look(shape="tall", theme="dark")
    assert Path(download.value.path()).read_bytes() == flows.presentation.slide(app.services, STORY, 1, look)
    person.page.keyboard.press("End")
    deck.locator(f'img[src*="/tall-dark/{len(takes)}.png"]').wait_for()
    person.page.keyboard.press("Escape")
    deck.wait_for(state="hidden")
