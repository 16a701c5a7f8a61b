"""Text is saved while it is typed, wherever people write; nothing is lost by leaving, and nothing is sent twice."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.conftest import App, Visitor, wait_for

STORY = "orange-cat-en"
PROMPT = f"field:{STORY}:s2:prompt"


def test_a_scene_is_saved_while_it_is_typed_and_before_the_page_is_left(app: App, visit: Callable[..., Visitor]):
    person = visit()
    sent: list[int] = []
    person.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(len(frame))))
    asked: list[str] = []
    person.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    person.open(f"Story?story={STORY}")
    field = person.at(PROMPT).locator("textarea")
    keyboard = person.page.keyboard

    field.fill("")
    field.click()
    before = len(sent)
    keyboard.type("a kitten ", delay=100)
    assert person.page.locator(".not-saved-yet").is_visible()
    assert person.at("unsaved-note").is_visible() and not person.at("saved-note").is_visible()
    assert len(sent) == before, "nothing is sent while keys follow each other"
    wait_for(lambda: _prompt(app).strip() == "a kitten", what="a pause saves")
    person.page.locator(".not-saved-yet").wait_for(state="hidden")

    keyboard.type("that ", delay=100)
    keyboard.press("ArrowLeft")
    keyboard.type(" sings", delay=100)
    wait_for(lambda: _prompt(app) == "a kitten that sings ", what="a second pause saves, with the blank before it")
    assert field.evaluate(
        "field => field === document.activeElement && field.selectionStart === field.value.length - 1"
    )
    person.page.locator(".not-saved-yet").wait_for(state="hidden")
    assert len(sent) == before + 2, "one message for each pause"
    person.settle()
    field.blur()
    person.at("saved-note").wait_for()
    assert len(sent) == before + 2, "leaving the field sends nothing again"

    field.click()
    keyboard.press("End")
    keyboard.type("and")
    person.page.reload()
    assert asked == ["beforeunload"], "leaving with unsaved text asks"
    wait_for(lambda: _prompt(app).endswith("sings and"), what="what was typed before a reload is saved")
    wait_for(lambda: field.input_value().endswith("sings and"), what="the page shows it again")


def test_back_saves_first(app: App, visit: Callable[..., Visitor]):
    person = visit(language="zh")
    person.open(f"Story?story={STORY}")
    person.press("nav-settings")
    person.at("nav-settings").locator("button:disabled").wait_for()
    person.press("nav-story")
    field = person.at(PROMPT).locator("textarea")
    field.wait_for()
    person.settle()
    field.fill("the kitten waits")

    person.page.go_back()

    person.at("nav-settings").locator("button:disabled").wait_for()
    assert _prompt(app) == "the kitten waits"


def _prompt(app: App) -> str:
    return app.services.stories.load(STORY).scene("s2").prompt
