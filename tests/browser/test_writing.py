"""Text that a person types is never lost: between tabs, on the way to another page, while work goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image

from story_engine import flows
from tests.browser.conftest import HELD, App, Visitor, wait_for
from tests.builders import a_recipe, a_take

STORY = "orange-cat-en"
PROMPT = f"field:{STORY}:s1:prompt"


def test_text_typed_before_leaving_for_another_page_is_saved(app: App, visit: Callable[..., Visitor]):
    person = visit()
    person.open(f"Story?story={STORY}")

    person.at(PROMPT).locator("textarea").fill("a kitten that waits for rain")
    person.press("nav-settings")

    person.page.get_by_role("heading", name="Settings").wait_for()
    wait_for(
        lambda: app.services.stories.load(STORY).scene("s1").prompt == "a kitten that waits for rain",
        what="the text is saved",
    )


def test_two_tabs_on_one_field_lose_nothing(app: App, visit: Callable[..., Visitor]):
    first, second = visit(), visit(language="zh")
    first.open(f"Story?story={STORY}")
    second.open(f"Story?story={STORY}")

    first.write(PROMPT, "theirs")
    wait_for(lambda: app.services.stories.load(STORY).scene("s1").prompt == "theirs", what="the first tab is saved")
    second.write(PROMPT, "mine")

    second.page.get_by_role("button", name="保留我的").click(delay=HELD)
    wait_for(lambda: app.services.stories.load(STORY).scene("s1").prompt == "mine", what="the choice is saved")
    assert "theirs" in "".join(
        app.services.stories.load_at(STORY, each.number).scene("s1").prompt
        for each in app.services.stories.history(STORY)
    )


def test_switching_the_language_keeps_view_and_text(app: App, visit: Callable[..., Visitor]):
    person = visit()
    person.open(f"Story?story={STORY}")
    person.segment(f"view-{STORY}", "Board")
    person.at("board-page").wait_for()

    person.segment("language", "中文")

    person.page.get_by_role("button", name="渲染故事").wait_for()
    person.settle()
    assert person.at("board-page").is_visible()
    assert person.page.locator("html").get_attribute("lang") == "zh-CN"


def test_a_phone_shows_the_board_in_two_columns_without_scrolling_sideways(app: App, visit: Callable[..., Visitor]):
    person = visit(phone=True)
    person.open(f"Story?story={STORY}")
    person.segment(f"view-{STORY}", "Board")
    person.at("board-page").wait_for()

    panels = person.at("board-page").locator("[class*=st-key-panel-]")
    first, second, third = (panels.nth(place).bounding_box() for place in range(3))

    assert first["y"] == second["y"] < third["y"]
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_seed_out_of_range_stays_in_its_field_with_our_own_words(app: App, visit: Callable[..., Visitor]):
    person = visit(language="zh")
    person.open(f"Story?story={STORY}")
    before = app.services.stories.load(STORY).scene("s3").seed
    seed = f"field:{STORY}:s3:seed"

    person.write(seed, "-1")

    person.at("card-s3").get_by_text("种子 -1 不在 0 … 4294967295 之内").wait_for()
    assert person.at(seed).locator("input").input_value() == "-1"
    assert "outside" not in person.at("card-s3").inner_text()
    person.settle()  # the field is drawn again with its trouble
    person.write(seed, "4294967296")
    person.at("card-s3").get_by_text("种子 4294967296 不在").wait_for()
    assert app.services.stories.load(STORY).scene("s3").seed == before
    person.settle()
    person.write(seed, "42")
    wait_for(lambda: app.services.stories.load(STORY).scene("s3").seed == 42, what="a good seed is saved")
    person.at("card-s3").get_by_role("alert").wait_for(state="detached")


def test_a_click_on_a_picture_takes_text_that_was_just_typed_along(app: App, visit: Callable[..., Visitor]):
    recipe = a_recipe(prompt="two takes")
    for number in range(2):
        again = recipe.model_copy(update={"seed": number})
        take = a_take(again, story=STORY, scene="s4", number=number)
        app.services.takes.add(take, Image.new("RGB", (64, 64), (90, 40, 99 * number)), {})
    older = flows.panels.open_story(app.services, STORY).board.panels[3].takes[0].take.id
    person = visit()
    person.open(f"Story?story={STORY}")

    person.at(f"field:{STORY}:s4:prompt").locator("textarea").fill("a kitten in the snow")
    # Held for longer than typing pauses before it is saved, which moves the page.
    person.at(f"pick-s4-{older}").get_by_role("button").first.click(delay=1_500)

    wait_for(lambda: flows.panels.open_story(app.services, STORY).board.panels[3].is_picked, what="the pick is on disk")
    wait_for(
        lambda: app.services.stories.load(STORY).scene("s4").prompt == "a kitten in the snow", what="the text is saved"
    )
    person.at(f"thumb-older-s4-{older}").wait_for(state="detached")
    person.at(f"thumb-chosen-s4-{older}").wait_for()
    person.page.get_by_text("picked").first.wait_for()
    assert person.at(f"field:{STORY}:s4:prompt").locator("textarea").input_value() == "a kitten in the snow"


@pytest.mark.thorough
def test_a_click_before_the_page_is_drawn_to_its_end_empties_no_field(app: App, visit: Callable[..., Visitor]):
    scenes = app.services.stories.load(STORY).scenes
    shown = []
    for _ in range(5):
        person = visit()
        person.page.goto(f"{person.url}/Story?story={STORY}")

        person.at(f"more-fields-{STORY}-s1").locator("summary").first.click()

        person.at(f"field:{STORY}:{scenes[-1].id}:prompt").locator("textarea").wait_for()
        person.settle()
        person.page.wait_for_timeout(500)  # what was cleared is cleared after the run has ended
        titles = [person.at(f"field:{STORY}:{scene.id}:title").locator("input").input_value() for scene in scenes]
        shown.append(titles)
        person.page.close()

    assert all(titles == [scene.title for scene in scenes] for titles in shown), shown
