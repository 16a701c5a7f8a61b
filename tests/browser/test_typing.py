"""Text is saved while it is typed, wherever people write; nothing is lost by leaving, and nothing is sent twice."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable

from playwright.sync_api import Locator

from story_engine.domain.story import Character
from tests.browser.conftest import App, Visitor, wait_for

STORY = "orange-cat-en"
PROMPT = f"field:{STORY}:s2:prompt"

# What is seen is looked at after each key: on a busy machine a pause may save before a test could ask.
WATCH_KEYS = """
() => {
  const isSeen = (name) => [...document.querySelectorAll(name)].some((found) => found.checkVisibility());
  window.notes = [];
  addEventListener("input", () => window.notes.push(
    [".not-saved-yet", ".st-key-unsaved-note", ".st-key-saved-note"].map(isSeen).join()));
  window.pauses = 0;
  let last = Infinity;
  addEventListener("keydown", () => {
    const now = performance.now();
    window.pauses += now - last > 900 ? 1 : 0;
    last = now;
  }, true);
}
"""


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
    wait_for(lambda: not _prompt(app), what="the empty field is saved")  # or its pause would end among the keys
    person.settle()
    field.click()
    person.page.evaluate(WATCH_KEYS)
    before = len(sent)
    keyboard.type("a kitten ", delay=100)
    # A machine that is busy with other tests lets a second go by between two keys: that is a pause as well.
    assert len(sent) - before <= person.page.evaluate("pauses"), "nothing is sent while keys follow each other"
    assert person.page.evaluate("notes") == ["true,true,false"] * len("a kitten "), "said after each key"
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
    most = before + 2 + person.page.evaluate("pauses")
    assert before + 2 <= len(sent) <= most, "one message for each pause"
    person.settle()
    field.blur()
    person.at("saved-note").wait_for()
    assert len(sent) <= most, "leaving the field sends nothing again"

    field.click()
    keyboard.press("End")
    keyboard.type("and")
    person.page.reload()
    assert asked == ["beforeunload"], "leaving with unsaved text asks"
    wait_for(lambda: _prompt(app).endswith("sings and"), what="what was typed before a reload is saved")
    wait_for(lambda: field.input_value().endswith("sings and"), what="the page shows it again")


def test_back_saves_first(app: App, visit: Callable[..., Visitor]):
    person = visit(language="zh")
    field, asked = _come_from_settings(person)
    field.fill("")
    field.click()
    person.page.keyboard.type("the kitten waits")

    person.page.evaluate("history.back()")

    settings = person.at("nav-settings").locator("button:disabled")
    wait_for(lambda: settings.count() or asked, what="the page before is shown, or one is asked")
    if asked:  # the app did nothing for five seconds, as on a machine that is busy with other tests
        wait_for(lambda: _prompt(app) == "the kitten waits", what="the text that was on its way is saved")
        person.page.locator(".not-saved-yet").wait_for(state="hidden")
        person.page.evaluate("history.back()")
    settings.wait_for()
    assert _prompt(app) == "the kitten waits"


def test_back_on_a_slow_machine_asks_and_whoever_stays_loses_nothing(app: App, visit: Callable[..., Visitor]):
    person = visit(language="zh")
    field, asked = _come_from_settings(person)
    field.fill("the kitten sleeps")
    os.kill(app.process, signal.SIGSTOP)
    try:
        person.page.evaluate("void setTimeout(() => history.back())")
        person.page.wait_for_timeout(7000)
    finally:
        os.kill(app.process, signal.SIGCONT)
    wait_for(lambda: _prompt(app) == "the kitten sleeps", what="the text is saved")
    assert asked == ["confirm"]
    assert field.input_value() == "the kitten sleeps"

    person.page.locator(".not-saved-yet").wait_for(state="hidden")
    person.page.evaluate("history.back()")
    person.at("nav-settings").locator("button:disabled").wait_for()


def _come_from_settings(person: Visitor) -> tuple[Locator, list[str]]:
    """The field of the prompt, with the settings one Back away, and what one is asked from then on: one stays."""
    asked: list[str] = []
    person.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    person.open(f"Story?story={STORY}")
    person.press("nav-settings")
    person.at("nav-settings").locator("button:disabled").wait_for()
    person.press("nav-story")
    field = person.at(PROMPT).locator("textarea")
    field.wait_for()
    person.settle()
    return field, asked


def _prompt(app: App) -> str:
    return app.services.stories.load(STORY).scene("s2").prompt


def test_characters_outfits_and_names_in_prompts_by_keyboard_alone(app: App, visit: Callable[..., Visitor]):
    person = visit()
    person.open(f"Story?story={STORY}")
    keyboard = person.page.keyboard
    person.segment(f"drawer-{STORY}", "Characters")
    before = {character.id for character in app.services.stories.load(STORY).characters}

    person.at("cast-add").get_by_role("button").focus()
    keyboard.press("Enter")
    wait_for(lambda: _focused(person).endswith("-name"), what="the new character's name has the focus")
    keyboard.type("Mia")
    keyboard.press("Tab")
    keyboard.type("a girl with red hair")
    wait_for(
        lambda: ("Mia", "a girl with red hair") in [(each.name, each.description) for each in _cast(app)],
        what="the character is saved",
    )
    fresh = next(character.id for character in _cast(app) if character.id not in before)
    person.settle()
    person.at(f"outfit-add-{fresh}").get_by_role("button").focus()
    keyboard.press("Enter")
    wait_for(lambda: re.search("outfit.*-name$", _focused(person)), what="the new outfit's name has the focus")
    keyboard.type("rain")
    keyboard.press("Tab")
    keyboard.type("in a yellow coat")
    wait_for(lambda: {"rain": "in a yellow coat"} in [each.outfits for each in _cast(app)], what="the outfit is saved")

    person.at(PROMPT).locator("textarea").fill("{mia} and {Mio} swim")
    person.at("nobody-s2-0").get_by_text("names no character").wait_for()
    person.press("nobody-put-s2-0")
    wait_for(lambda: _prompt(app) == "{mia} and {Mia} swim", what="the nearest name is put")
    person.at("nobody-s2-0").wait_for(state="detached")
    person.at(PROMPT).locator("textarea").fill("")
    person.at(PROMPT).locator("textarea").click()
    keyboard.type("{mi")
    person.page.get_by_role("option", name="Mia").wait_for()
    keyboard.press("Enter")
    keyboard.type(" swims")
    wait_for(lambda: _prompt(app) == "{Mia} swims", what="the name that was offered is put")
    person.settle()
    person.at(f"more-fields-{STORY}-s2").locator("summary").first.click()
    person.at(f"who:{STORY}:s2").locator("[data-selected=true], [aria-checked=true], [aria-pressed=true]").wait_for()


def test_a_new_name_is_typed_over_even_where_its_text_comes_after_the_focus(app: App, visit: Callable[..., Visitor]):
    person = visit()
    # React puts a field's text in when it pleases, and the caret goes behind it: here always after the focus.
    person.page.add_init_script(
        "const focus = HTMLInputElement.prototype.focus;"
        "const put = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;"
        "HTMLInputElement.prototype.focus = function () { focus.call(this); const text = this.value;"
        " put.call(this, ''); setTimeout(() => put.call(this, text), 50); }"
    )
    person.open(f"Story?story={STORY}")
    person.segment(f"drawer-{STORY}", "Characters")
    person.at("cast-add").get_by_role("button").focus()
    person.page.keyboard.press("Enter")
    wait_for(lambda: _focused(person).endswith("-name"), what="the new character's name has the focus")
    person.page.wait_for_timeout(1_000)

    person.page.keyboard.type("Zoe")
    person.page.keyboard.press("Tab")

    wait_for(lambda: any(each.name.endswith("Zoe") for each in _cast(app)), what="the name is saved")
    assert "Zoe" in [each.name for each in _cast(app)]


def test_what_is_folded_away_stays_open_while_one_writes_in_it(app: App, visit: Callable[..., Visitor]):
    person = visit()
    person.open(f"Story?story={STORY}")
    more, sent = person.at(f"more-fields-{STORY}-s1"), person.at(f"sent-{STORY}-s1")
    more.locator("summary").first.click()
    sent.locator("summary").first.click()
    field = person.at(f"field:{STORY}:s1:negative").locator("textarea")
    field.click()

    person.page.keyboard.type("blurry, dark")

    wait_for(lambda: app.services.stories.load(STORY).scene("s1").negative.endswith("blurry, dark"), what="it is saved")
    person.settle()
    assert field.evaluate("field => field === document.activeElement")
    person.segment("language", "中文")
    person.page.get_by_text("反向提示词与模型实际读到的文字").first.wait_for()
    person.settle()
    assert field.is_visible()


def _focused(person: Visitor) -> str:
    """Key of the field that has the focus."""
    script = "document.activeElement.closest('[class*=st-key-cast-]')?.className.match(/st-key-\\S+/)[0] ?? ''"
    return str(person.page.evaluate(script))


def _cast(app: App) -> tuple[Character, ...]:
    return app.services.stories.load(STORY).characters
