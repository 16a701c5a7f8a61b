"""Bad input on the pages: the message is shown, and what was typed stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from story_engine.domain.edit import Edit
from story_engine.domain.story import LARGEST_SEED, LoraUse
from tests.pages.conftest import Studio, texts

STORY = "orange-cat-en"
PROMPT = f"field:{STORY}:s1:prompt"
SEED = f"field:{STORY}:s1:seed"


def test_a_pasted_file_of_five_megabytes_stays_in_the_field_with_the_reason(studio: Studio):
    before = studio.services.stories.load(STORY)
    app = studio.page("story", story=STORY)
    pasted = "kitten " * 750_000

    app.text_area(key=PROMPT).set_value(pasted).run()

    assert app.text_area(key=PROMPT).value == pasted
    assert "5 250 000" in texts(app)
    assert studio.services.stories.load(STORY) == before


@pytest.mark.parametrize(
    ("seed", "told"),
    [
        (-1.0, "-1 不在 0 … 4294967295"),
        (2.0**32, "4294967296 不在 0 … 4294967295"),
        (1e20, "100000000000000000000"),
        (1.5, "1.5”不是整数"),
    ],
)
def test_a_seed_that_cannot_be_one_stays_in_its_field_with_the_reason_in_the_readers_language(
    studio: Studio, seed: float, told: str
):
    before = studio.services.stories.load(STORY).scene("s1").seed
    app = studio.page("story", story=STORY, language="zh")
    field = app.number_input(key=SEED)
    # The browser would hold a number outside of these back, with a bubble in its own words.
    assert (field.proto.has_min, field.proto.has_max) == (False, False)
    assert field.proto.max > 1e300

    field.set_value(seed).run()

    assert not app.exception
    assert told in texts(app)
    assert app.number_input(key=SEED).value == seed
    assert studio.services.stories.load(STORY).scene("s1").seed == before
    app.number_input(key=SEED).set_value(LARGEST_SEED).run()
    assert not app.error
    assert studio.services.stories.load(STORY).scene("s1").seed == LARGEST_SEED


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("width", 1000, "960, 1024"),
        ("height", 64, "256 … 2048"),
        ("width", 1e9, "1000000000 pixels"),
        ("steps", 0, "0 steps are outside"),
        ("steps", 12.5, "12.5"),
        ("cfg_scale", 1e9, "1000000000"),
    ],
)
def test_a_bad_setting_stays_in_its_field_with_the_reason(studio: Studio, name: str, value: float, told: str):
    before = studio.services.stories.load(STORY).settings
    app = studio.page("story", story=STORY)
    key = f"setting:{STORY}:{name}"
    app.segmented_control(key=f"drawer-{STORY}").set_value("settings").run()

    app.number_input(key=key).set_value(value).run()

    assert not app.exception
    assert told in texts(app)
    assert app.number_input(key=key).value == value
    assert studio.services.stories.load(STORY).settings == before
    good = 320 if name in ("width", "height") else 7
    app.number_input(key=key).set_value(good).run()
    assert not app.error
    assert getattr(studio.services.stories.load(STORY).settings, name) == good
    app.number_input(key=key).set_value(None).run()
    assert studio.services.stories.load(STORY).settings == before


@pytest.mark.parametrize(
    "changed",
    [
        Edit(scene=None, field="settings", value={"cfg_scale": 0.0}, seen=None),
        Edit(scene=None, field="settings", value={"width": 2048, "height": 256, "steps": 200}, seen=None),
        Edit(scene=None, field="loras", value=[LoraUse(name="ink", strength=-5.0)], seen=None),
    ],
    ids=["no guidance", "a size that this model cannot paint", "a strong lora that is not here"],
)
def test_whatever_a_story_file_may_say_the_page_can_show(studio: Studio, changed: Edit):
    seen = studio.services.stories.load(STORY)
    edit = replace(changed, seen=getattr(seen, changed.field))
    studio.services.stories.edit(STORY, [edit])

    app = studio.page("story", story=STORY)

    app.segmented_control(key=f"drawer-{STORY}").set_value("settings").run()
    assert not app.exception
    assert not app.error
    assert app.text_area(key=PROMPT).value == seen.scene("s1").prompt


@pytest.mark.parametrize("how", ["deleted in another tab", "renamed on disk"])
def test_text_typed_into_a_story_that_is_gone_is_shown_and_saved_as_a_new_story(studio: Studio, how: str):
    app = studio.page("story", story=STORY)
    was = studio.services.stories.load(STORY)
    if how == "renamed on disk":
        (studio.stories / f"{STORY}.yaml").rename(studio.stories / "moved.yaml")
    else:
        studio.services.stories.delete(STORY)

    app.text_area(key=PROMPT).set_value("an orange kitten on the moon").run()

    assert not app.exception
    assert STORY in app.error[0].value.replace("\\", "")
    assert [code.value for code in app.code] == ["an orange kitten on the moon"]
    app.button(key="keep-as-new").click().run()
    assert not app.exception
    assert not app.error
    slug = app.session_state["opened_story"]
    saved = studio.services.stories.load(slug)
    assert slug != STORY
    assert saved.scene("s1").prompt == "an orange kitten on the moon"
    assert saved.scenes[1:] == was.scenes[1:]
    assert app.text_area(key=f"field:{slug}:s1:prompt").value == "an orange kitten on the moon"


def test_a_story_that_comes_back_shows_what_was_typed_meanwhile(studio: Studio):
    app = studio.page("story", story=STORY)
    token = studio.services.stories.delete(STORY)
    app.text_area(key=PROMPT).set_value("an orange kitten on the moon").run()

    studio.services.stories.restore(token)
    app.run()

    assert app.text_area(key=PROMPT).value == "an orange kitten on the moon"


def test_a_title_that_cannot_be_accepted_stays_in_the_field(studio: Studio):
    app = studio.page()
    app.menu_button(key=f"icon-more-{STORY}").click("rename").run()

    app.text_input(key=f"rename-{STORY}").set_value("x" * 300).run()

    assert "300" in texts(app)
    assert app.text_input(key=f"rename-{STORY}").value == "x" * 300


@pytest.mark.parametrize("slug", ["../x", "CON", "\u202egnp"])
def test_an_address_that_names_no_story_is_answered_in_words(studio: Studio, slug: str):
    for page in ("story", "submit"):
        app = studio.page(page, story=slug)

        assert not app.exception
        assert "There is no story" in app.error[0].value


def test_a_story_file_broken_while_it_is_open_shows_its_last_good_state(studio: Studio):
    app = studio.page("story", story=STORY)
    app.number_input(key=SEED).set_value(7).run()
    (studio.stories / f"{STORY}.yaml").write_text("title: 'x\n\tscenes", encoding="utf-8")

    app.text_area(key=PROMPT).set_value("typed meanwhile").run()

    assert not app.exception
    assert studio.services.stories.load(STORY).scene("s1").prompt == "typed meanwhile"
    assert studio.services.stories.load(STORY).scene("s1").seed == 7
