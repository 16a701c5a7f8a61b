"""Two tabs on one story: whatever both change is shown to whoever comes second, and what cannot be saved stays."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file
from streamlit.testing.v1 import AppTest

from story_engine.domain.edit import Edit
from story_engine.domain.story import Appearance, Character, LoraUse
from tests.pages.conftest import Studio, texts

STORY = "orange-cat-en"
MIMI = Character(id="mimi", name="Mimi", description="a girl", outfits={"coat": "a coat", "hat": "a hat"})
DESCRIPTION = f"cast:{STORY}:mimi:description"
COAT_NAME, COAT_WORDS = (f"cast:{STORY}:mimi:outfit:coat:{part}" for part in ("name", "words"))
WHO = f"who:{STORY}:s1"


@pytest.fixture
def cast(studio: Studio) -> Studio:
    """A story with two characters, one of them in the first scene, and two LoRAs in the library."""
    folder = studio.services.config.workspace / "loras"
    folder.mkdir(parents=True)
    for name in ("ink", "oil"):
        save_file({"lora_unet_x.alpha": np.ones(1, np.float32)}, folder / f"{name}.safetensors")
    story = studio.services.stories.load(STORY)
    edits = [Edit(scene=scene.id, field="characters", value=(), seen=scene.characters) for scene in story.scenes]
    studio.services.stories.edit(STORY, edits)
    edits = [
        Edit(scene=None, field="characters", value=(MIMI, Character(id="bobo", name="Bobo")), seen=story.characters),
        Edit(scene="s1", field="characters", value=(Appearance(character="mimi", outfit="coat"),), seen=()),
        Edit(scene=None, field="loras", value=(LoraUse(name="ink", strength=0.5),), seen=()),
    ]
    studio.services.stories.edit(STORY, edits)
    return studio


def tab(studio: Studio, drawer: str) -> AppTest:
    app = studio.page("story", story=STORY)
    return app.segmented_control(key=f"drawer-{STORY}").set_value(drawer).run()


def mimi(studio: Studio) -> Character:
    return next(one for one in studio.services.stories.load(STORY).characters if one.id == "mimi")


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


@pytest.mark.parametrize(
    ("key", "mine", "theirs"),
    [
        (DESCRIPTION, "a girl with RED hair", "a girl with BLUE hair"),
        (f"cast:{STORY}:mimi:name", "Mina", "Mia"),
        (COAT_WORDS, "a red coat", "a blue coat"),
    ],
    ids=["description", "name", "outfit"],
)
@pytest.mark.parametrize("kept", ["keep-mine", "take-theirs"])
def test_a_text_of_a_character_that_both_tabs_change_is_shown_twice_and_one_is_chosen(
    cast: Studio, key: str, mine: str, theirs: str, kept: str
):
    first, second = tab(cast, "cast"), tab(cast, "cast")

    first.text_input(key=key).set_value(theirs).run()
    second.text_input(key=key).set_value(mine).run()

    assert theirs in str(mimi(cast)) and mine not in str(mimi(cast))
    assert {mine, theirs} <= {code.value for code in second.code}
    assert second.text_input(key=key).value == mine
    second.button(key=f"{kept}-{key}").click().run()
    chosen = mine if kept == "keep-mine" else theirs
    assert chosen in str(mimi(cast))
    assert second.text_input(key=key).value == chosen
    assert not second.exception


def test_tabs_that_change_different_things_of_one_character_both_keep_theirs(cast: Studio):
    first, second, third = tab(cast, "cast"), tab(cast, "cast"), tab(cast, "cast")

    first.text_input(key=DESCRIPTION).set_value("a tall girl").run()
    second.text_input(key=COAT_WORDS).set_value("a red coat").run()
    third.text_input(key=f"cast:{STORY}:bobo:description").set_value("a boy").run()
    third.button(key="cast-add").click().run()

    assert mimi(cast).description == "a tall girl"
    assert mimi(cast).outfits == {"coat": "a red coat", "hat": "a hat"}
    assert [one.description for one in cast.services.stories.load(STORY).characters] == ["a tall girl", "a boy", ""]


@pytest.mark.parametrize(("key", "value"), [(DESCRIPTION, "x" * 20_001), (COAT_WORDS, "bad \x07 bell")])
def test_a_text_of_a_character_that_cannot_be_saved_stays_in_its_field_with_the_reason(
    cast: Studio, key: str, value: str
):
    app = tab(cast, "cast")

    app.text_input(key=key).set_value(value).run()
    app.run()

    assert app.text_input(key=key).value == value
    assert len(app.error) == 1
    assert mimi(cast) == MIMI
    app.text_input(key=key).set_value("short").run()
    assert not app.error
    assert "short" in str(mimi(cast))


@pytest.mark.parametrize(("name", "complaint"), [("hat", "already has an outfit"), ("a/b", "a/b")])
def test_an_outfit_is_not_given_a_name_that_cannot_be_and_says_why(cast: Studio, name: str, complaint: str):
    app = tab(cast, "cast")

    app.text_input(key=COAT_NAME).set_value(name).run()

    assert mimi(cast) == MIMI
    assert complaint in texts(app)
    assert app.text_input(key=COAT_NAME).value == name


def test_a_text_for_what_another_tab_has_removed_is_kept_on_the_page_until_it_is_dismissed(cast: Studio):
    first, second = tab(cast, "cast"), tab(cast, "cast")

    first.text_input(key=COAT_NAME).set_value("cloak").run()
    second.text_input(key=COAT_WORDS).set_value("a coat of many colours").run()

    assert mimi(cast).outfits == {"cloak": "a coat", "hat": "a hat"}
    assert cast.services.stories.load(STORY).scene("s1").characters[0].outfit == "cloak"
    assert "a coat of many colours" in texts(second)
    second.button(key=f"drop-{COAT_WORDS}").click().run()
    assert "a coat of many colours" not in texts(second)
    assert not second.exception


def test_a_prompt_of_a_scene_that_another_tab_has_removed_is_kept_on_the_page(cast: Studio):
    first, second = cast.page("story", story=STORY), cast.page("story", story=STORY)

    cast.services.stories.remove_scene(STORY, "s3")
    first.text_area(key=f"field:{STORY}:s3:prompt").set_value("long thought over").run()

    assert "long thought over" in texts(first)
    assert not first.exception and not second.exception


def test_what_is_not_saved_is_shown_too_while_its_drawer_is_closed(cast: Studio):
    app = tab(cast, "cast")
    app.text_input(key=DESCRIPTION).set_value("y" * 20_001).run()

    app.segmented_control(key=f"drawer-{STORY}").set_value("words").run()
    assert "y" * 20_001 in texts(app)
    app.segmented_control(key=f"drawer-{STORY}").set_value("cast").run()

    assert app.text_input(key=DESCRIPTION).value == "y" * 20_001
    assert f"drop-{DESCRIPTION}" not in keys(app)


def test_a_character_or_outfit_that_another_tab_has_just_changed_is_not_removed_unread(cast: Studio):
    first, second = tab(cast, "cast"), tab(cast, "cast")
    first.text_input(key=COAT_WORDS).set_value("a red coat").run()

    second.button(key="icon-outfit-remove-mimi-coat").click().run()
    assert "coat" in mimi(cast).outfits
    first.text_input(key=DESCRIPTION).set_value("a tall girl").run()
    second.button(key="cast-remove-mimi").click().run()

    assert "another window" in texts(second)
    assert mimi(cast).description == "a tall girl"
    second.button(key="cast-remove-mimi").click().run()
    assert [one.id for one in cast.services.stories.load(STORY).characters] == ["bobo"]
    assert cast.services.stories.load(STORY).scene("s1").characters == ()


def test_a_character_goes_with_what_this_tab_has_just_typed_into_it(cast: Studio):
    app = tab(cast, "cast")

    app.text_input(key=DESCRIPTION).set_value("a tall girl")
    app.button(key="cast-remove-mimi").click().run()

    assert [one.id for one in cast.services.stories.load(STORY).characters] == ["bobo"]


def test_two_tabs_that_put_different_characters_into_a_scene_both_keep_theirs(cast: Studio):
    cast.comfortable()
    first, second = tab(cast, "cast"), tab(cast, "cast")

    first.button_group(key=WHO).set_value(["mimi\ncoat", "bobo\n"]).run()
    second.button_group(key=WHO).set_value(["mimi\ncoat", "mimi\nhat"]).run()

    assert cast.services.stories.load(STORY).scene("s1").characters == (
        Appearance(character="mimi", outfit="hat"),
        Appearance(character="bobo"),
    )
    assert sorted(second.button_group(key=WHO).value) == ["bobo\n", "mimi\nhat"]


def test_two_tabs_that_dress_one_character_differently_are_shown_both(cast: Studio):
    cast.comfortable()
    first, second = tab(cast, "cast"), tab(cast, "cast")

    first.button_group(key=WHO).set_value([]).run()
    second.button_group(key=WHO).set_value(["mimi\ncoat", "mimi\nhat"]).run()

    assert cast.services.stories.load(STORY).scene("s1").characters == ()
    assert f"keep-mine-{WHO}" in keys(second)
    second.button(key=f"keep-mine-{WHO}").click().run()
    assert cast.services.stories.load(STORY).scene("s1").characters == (Appearance(character="mimi", outfit="hat"),)
    assert not second.exception


def test_two_tabs_that_choose_different_loras_both_keep_theirs(cast: Studio):
    first, second, third = tab(cast, "settings"), tab(cast, "settings"), tab(cast, "settings")

    first.slider(key=f"strength:{STORY}:ink").set_value(0.9).run()
    second.multiselect(key=f"loras:{STORY}").set_value(["ink", "oil"]).run()
    third.multiselect(key=f"loras:{STORY}").set_value([]).run()

    assert cast.services.stories.load(STORY).loras == (LoraUse(name="ink", strength=0.9), LoraUse(name="oil"))
    assert f"keep-mine-loras:{STORY}" in keys(third)  # it would take away a strength that it never saw
    third.button(key=f"take-theirs-loras:{STORY}").click().run()
    assert third.multiselect(key=f"loras:{STORY}").value == ["ink", "oil"]
    assert not third.exception


def test_a_strength_and_a_choice_that_both_tabs_change_are_shown_twice(cast: Studio):
    first, second = tab(cast, "settings"), tab(cast, "settings")

    first.slider(key=f"strength:{STORY}:ink").set_value(0.9).run()
    first.selectbox(key=f"setting:{STORY}:sampler").set_value("ddim").run()
    second.slider(key=f"strength:{STORY}:ink").set_value(0.1)
    second.selectbox(key=f"setting:{STORY}:sampler").set_value("euler").run()

    assert cast.services.stories.load(STORY).loras[0].strength == 0.9
    assert cast.services.stories.load(STORY).settings.sampler == "ddim"
    second.button(key=f"keep-mine-strength:{STORY}:ink").click().run()
    second.button(key=f"take-theirs-setting:{STORY}:sampler").click().run()
    assert cast.services.stories.load(STORY).loras[0].strength == 0.1
    assert second.selectbox(key=f"setting:{STORY}:sampler").value == "ddim"
    assert not second.exception


def test_a_conflict_can_be_settled_while_its_drawer_is_closed(cast: Studio):
    first, second = tab(cast, "cast"), tab(cast, "cast")
    first.text_input(key=DESCRIPTION).set_value("theirs").run()
    second.text_input(key=DESCRIPTION).set_value("mine").run()
    second.segmented_control(key=f"drawer-{STORY}").set_value(None).run()

    second.button(key=f"keep-mine-{DESCRIPTION}").click().run()

    assert mimi(cast).description == "mine"
    second.segmented_control(key=f"drawer-{STORY}").set_value("cast").run()
    assert second.text_input(key=DESCRIPTION).value == "mine"
    assert not second.exception
