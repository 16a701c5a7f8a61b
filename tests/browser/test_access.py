"""Every page in both themes and both languages, as axe-core sees it: nothing is against WCAG A and AA."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from pages.parts.shared.wording import texts
from story_engine.domain.take import Score
from tests.browser.conftest import DESK, App, Visitor
from tests.builders import a_recipe, a_take
from tests.pages.test_dataset import a_dataset
from tests.pages.test_train import a_run, finished

STORY = "orange-cat-en"
OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {name: {"enabled": True} for name in ("heading-order", "empty-heading", "page-has-heading-one")},
}
STREAMLITS_OWN = {text for key, text in texts("en").items() if key.startswith("streamlit.")}
READ = """() => {
  const found = [];
  const words = document.createTreeWalker(document.getElementById("root"), NodeFilter.SHOW_TEXT);
  while (words.nextNode()) found.push(words.currentNode.nodeValue.trim());
  for (const name of ["aria-label", "title", "placeholder"])
    document.querySelectorAll(`[${name}]`).forEach((each) => found.push(each.getAttribute(name)));
  return found;
}"""
"""Everything that is read on the page, or read out."""
HAS_FOCUS = "(key) => document.activeElement.closest('.' + key) !== null"
IS_USABLE_IN = (
    "(place) => document.activeElement.matches(place + ' :enabled') && document.activeElement.checkVisibility()"
)
PAGES = (
    "",
    f"Story?story={STORY}",
    f"Compare?story={STORY}",
    "Dataset",
    "Train",
    "LoRAs",
    f"Submit?story={STORY}",
    "Settings",
    "Gallery",
)


@pytest.fixture(scope="module")
def furnished(app: App) -> App:
    """Pictures with scores in two scenes, a dataset and a finished training: pages as they are in use."""
    scorer = app.services.present_scorer()
    for scene in ("s1", "s2"):
        for number in range(2):
            recipe = a_recipe(prompt=f"{scene} {number}").model_copy(update={"seed": number})
            take = a_take(recipe, story=STORY, scene=scene, number=number)
            take = app.services.takes.add(take, Image.new("RGB", (64, 64), (90, 40, 99 * number)), {})
            score = Score(
                picture_sha256=take.picture_sha256, scorer=scorer.name, scorer_version=scorer.version, value=5.5
            )
            app.services.scores.add([score])
    dataset = a_dataset(app, "a cat", "a dog", "")
    finished(app, a_run(app, dataset=dataset))
    return app


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary'].splitlines()[1].strip()} {node['html'][:160]}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.parametrize(
    ("language", "dark"),
    [
        pytest.param("en", False, id="light"),
        pytest.param("zh", True, id="dark", marks=pytest.mark.thorough),
    ],
)
def test_no_page_is_against_wcag_or_speaks_another_language(
    furnished: App, visit: Callable[..., Visitor], language: str, dark: bool
):
    person = visit(language=language, dark=dark)
    found: list[str] = []
    for path in PAGES:
        person.open(path)
        person.page.get_by_test_id("stSkipToContent").get_by_text(texts(language)["streamlit.skip"]).wait_for(
            state="attached"
        )
        person.rest()
        found += [f"{path}: {each}" for each in violations(person.page)]
        if language == "zh":
            found += [f"{path}: {words}" for words in person.page.evaluate(READ) if words in STREAMLITS_OWN]
    person.open()
    person.at("home-new").get_by_role("button").first.click()
    person.page.get_by_label(texts(language)["home.new_title"]).wait_for()
    person.rest()
    found += [f"new story: {each}" for each in violations(person.page)]
    person.open(f"Story?story={STORY}")
    person.segment(f"view-{STORY}", texts(language)["toolbar.view_board"])
    person.rest()
    found += [f"board: {each}" for each in violations(person.page)]

    assert not found, "\n".join(found)


def test_a_story_has_a_heading_and_a_group_for_each_scene_and_buttons_named_with_it(
    furnished: App, visit: Callable[..., Visitor]
):
    person = visit()
    person.open(f"Story?story={STORY}")

    person.page.get_by_role("heading", name="The Orange Kitten's Journey", level=1).wait_for()
    for number, title in ((1, "An ordinary morning"), (8, "Home again")):
        name = f"Scene {number} {title}"
        person.page.get_by_role("heading", name=name, level=2).wait_for()
        scene = person.page.get_by_role("group", name=name)
        scene.get_by_role("button", name=f"Redo · {name}", exact=True).wait_for()
    names = person.page.evaluate(
        "() => [...document.querySelectorAll('[role=group] button')].map((each) => each.getAttribute('aria-label'))"
    )
    assert len(names) > 40 and all(re.search(r"\S · Scene [1-8] \w", name or "") for name in names)


def test_the_focus_is_never_lost_after_an_action(furnished: App, visit: Callable[..., Visitor]):
    person = visit()
    person.open(f"Story?story={STORY}")
    person.page.get_by_role("group", name="Scene 8").get_by_role("button", name="Redo").first.wait_for()

    lost = []
    for key in (
        f"icon-dice-{STORY}-s3",
        f"icon-pin-{STORY}-s1",
        f"icon-pin-{STORY}-s1",
        f"redo-{STORY}-s2",
        "add-scene",
    ):
        button = person.at(key).get_by_role("button").first
        button.focus()
        person.page.keyboard.press("Enter")
        person.settle()
        try:
            person.page.wait_for_function(HAS_FOCUS, arg=f"st-key-{key}", timeout=10_000)
        except PlaywrightTimeout:
            lost.append(key)

    assert not lost
    person.at("nav-settings").get_by_role("button").focus()
    person.page.keyboard.press("Enter")
    person.page.get_by_role("heading", name="Settings", level=1).wait_for()
    person.page.wait_for_function("() => document.activeElement !== document.body")


def test_the_focus_goes_on_when_its_button_is_disabled_moved_hidden_or_taken_away_and_nothing_else_changes(
    furnished: App, visit: Callable[..., Visitor]
):
    person = visit()
    person.open("Settings")
    person.rest()
    button = person.at("nav-dataset").locator("button")

    lost = []
    for change in (
        "(button) => button.closest('.st-key-menu').append(button.closest('.st-key-nav-dataset'))",
        "(button) => { button.disabled = true }",
        "(button) => { button.disabled = false; button.focus(); button.style.display = 'none' }",
        "(button) => { button.style.display = ''; button.focus(); button.remove() }",
    ):
        button.focus()
        button.evaluate(change)
        try:
            person.page.wait_for_function(IS_USABLE_IN, arg=".st-key-menu", timeout=10_000)
        except PlaywrightTimeout:
            lost.append(change)

    assert not lost


def test_who_clicks_on_an_empty_place_lets_go_of_the_focus(furnished: App, visit: Callable[..., Visitor]):
    person = visit()
    person.open("Settings")
    person.rest()
    button = person.at("nav-dataset").get_by_role("button")
    button.focus()

    person.page.mouse.click(5, DESK["height"] - 5)
    button.evaluate("(button) => button.remove()")
    person.page.wait_for_timeout(1_000)

    assert person.page.evaluate("() => document.activeElement.closest('.st-key-menu') === null")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_story_s_menu_stands_beside_what_is_said_of_it_however_narrow_its_card(
    furnished: App, visit: Callable[..., Visitor], language: str
):
    person = visit(language=language)
    person.page.set_viewport_size({"width": 1000, "height": 800})
    person.open()
    person.at(f"icon-more-{STORY}").wait_for()
    person.rest()

    said = person.at(f"shelf-text-{STORY}").get_by_test_id("stCaptionContainer").bounding_box()
    menu = person.at(f"icon-more-{STORY}").bounding_box()

    assert said["x"] + said["width"] <= menu["x"]
    assert said["y"] < menu["y"] + menu["height"] / 2 < said["y"] + said["height"]
