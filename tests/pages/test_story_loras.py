"""LoRAs of a story and its scenes on the story page."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file
from streamlit.testing.v1 import AppTest

from story_engine import flows
from story_engine.domain.edit import Edit
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import LoraUse
from tests.builders import a_take
from tests.pages.conftest import Studio, texts

STORY = "orange-cat-en"
INK, OIL = LoraUse(name="ink", strength=0.5), LoraUse(name="oil")


@pytest.fixture
def wardrobe(studio: Studio) -> Studio:
    """Two LoRAs in the library, as far as a page that opens no tensors can tell."""
    folder = studio.services.config.workspace / "loras"
    folder.mkdir(parents=True)
    for use in (INK, OIL):
        save_file({"lora_unet_x.alpha": np.ones(1, np.float32)}, folder / f"{use.name}.safetensors")
    return studio


def wear(studio: Studio, loras: tuple[LoraUse, ...] | None, scene: str | None = None) -> None:
    story = studio.services.stories.load(STORY)
    seen = story.loras if scene is None else story.scene(scene).loras
    studio.services.stories.edit(STORY, [Edit(scene=scene, field="loras", value=loras, seen=seen)])


def settings_of(studio: Studio, **options: str):
    app = studio.page("story", story=STORY, **options)
    return app.segmented_control(key=f"drawer-{STORY}").set_value("settings").run()


def unfolded(app: AppTest, scene: str = "s1") -> AppTest:
    """With the scene's LoRAs open: unlike a browser, AppTest folds them at each click."""
    app.session_state[f"scene-loras-{STORY}-{scene}"] = True
    return app.run()


def queued(studio: Studio) -> list[Recipe]:
    jobs = flows.queue.jobs(studio.services, story=STORY)
    specs = [studio.services.ledger.spec(job.id) for job in jobs]
    return [item.recipe for spec in specs for item in spec.items]


def painted(studio: Studio, recipe: Recipe, *, scene: str = "s1") -> str:
    take = a_take(recipe, scene=scene, story=STORY)
    return studio.services.takes.add(take, Image.new("RGB", (64, 64)), {}).id


def test_several_loras_are_worn_at_once_each_with_its_strength(wardrobe: Studio):
    app = settings_of(wardrobe)

    app.multiselect(key=f"loras:{STORY}").set_value(["ink", "oil"]).run()
    app.slider(key=f"strength:{STORY}:oil").set_value(0.4).run()

    assert not app.exception
    assert wardrobe.services.stories.load(STORY).loras == (LoraUse(name="ink"), LoraUse(name="oil", strength=0.4))


def test_a_lora_starts_with_the_strength_that_is_recommended_for_it(wardrobe: Studio):
    flows.loras.set_strength(wardrobe.services, "ink", 0.7)
    app = settings_of(wardrobe)

    app.multiselect(key=f"loras:{STORY}").set_value(["ink"]).run()

    assert wardrobe.services.stories.load(STORY).loras == (LoraUse(name="ink", strength=0.7),)


def test_a_trigger_word_goes_into_the_style_with_one_click(wardrobe: Studio):
    flows.loras.set_trigger(wardrobe.services, "ink", "inkstyle")
    wear(wardrobe, (INK,))
    style = wardrobe.services.stories.load(STORY).style
    app = settings_of(wardrobe)

    app.button(key=f"trigger:{STORY}:ink").click().run()

    story = wardrobe.services.stories.load(STORY)
    assert story.style.startswith("inkstyle") and story.style.endswith(style)
    assert flows.resolved_text.resolved_text(wardrobe.services, story, "s5").prompt.startswith("inkstyle")
    assert not any(button.key == f"trigger:{STORY}:ink" for button in app.button)
    assert "inkstyle is in the prompt" in texts(app)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_lora_that_is_gone_is_told_above_the_scenes_and_beside_its_strength(wardrobe: Studio, language: str):
    wear(wardrobe, (LoraUse(name="gone"),))

    app = settings_of(wardrobe, language=language)

    assert not app.exception
    assert "gone" in app.warning[0].value
    assert any("library" in caption.value or "库" in caption.value for caption in app.caption)


def test_a_scene_is_given_loras_of_its_own_none_and_those_of_the_story_again(wardrobe: Studio):
    wardrobe.comfortable()
    wear(wardrobe, (INK,))
    app = unfolded(wardrobe.page("story", story=STORY))
    kind = f"lora-kind:{STORY}:s1"

    unfolded(app).segmented_control(key=kind).set_value("own").run()
    assert wardrobe.services.stories.load(STORY).scene("s1").loras == (INK,)
    unfolded(app).multiselect(key=f"loras:{STORY}:s1").set_value(["ink", "oil"]).run()
    unfolded(app).slider(key=f"strength:{STORY}:s1:ink").set_value(1.5).run()
    assert wardrobe.services.stories.load(STORY).scene("s1").loras == (LoraUse(name="ink", strength=1.5), OIL)
    unfolded(app).segmented_control(key=kind).set_value("none").run()
    assert wardrobe.services.stories.load(STORY).scene("s1").loras == ()
    unfolded(app).segmented_control(key=kind).set_value("story").run()

    assert not app.exception
    assert wardrobe.services.stories.load(STORY).scene("s1").loras is None
    assert wardrobe.services.stories.load(STORY).loras == (INK,)


def test_own_loras_can_be_chosen_where_the_story_has_none(wardrobe: Studio):
    wardrobe.comfortable()
    app = unfolded(wardrobe.page("story", story=STORY))

    unfolded(app).segmented_control(key=f"lora-kind:{STORY}:s1").set_value("own").run()
    unfolded(app).multiselect(key=f"loras:{STORY}:s1").set_value(["oil"]).run()

    assert not app.exception
    assert wardrobe.services.stories.load(STORY).scene("s1").loras == (OIL,)


def test_without_a_lora_anywhere_the_page_says_nothing_of_them(studio: Studio):
    app = studio.page("story", story=STORY)

    assert not [expander for expander in app.expander if "LoRA" in expander.label]
    assert not [button for button in app.button if "without-loras" in (button.key or "")]


def test_the_trigger_word_of_a_scenes_own_lora_goes_into_that_scene(wardrobe: Studio):
    wardrobe.comfortable()
    flows.loras.set_trigger(wardrobe.services, "oil", "oilstyle")
    wear(wardrobe, (OIL,), "s1")
    app = unfolded(wardrobe.page("story", story=STORY))

    unfolded(app).button(key=f"trigger:{STORY}:s1:oil").click().run()

    assert wardrobe.services.stories.load(STORY).scene("s1").prompt.startswith("oilstyle, ")
    assert app.text_area(key=f"field:{STORY}:s1:prompt").value.startswith("oilstyle, ")
    assert "oilstyle" not in wardrobe.services.stories.load(STORY).scene("s2").prompt


def opened(app) -> tuple[str, str, str]:
    """Scene and takes that the lightbox opens with."""
    asked = app.session_state["lightbox-open"]
    return asked["place"], asked["take"], asked["beside"]


def test_one_click_paints_the_scene_without_its_lora_and_shows_both(wardrobe: Studio):
    wear(wardrobe, (INK,))
    app = wardrobe.page("story", story=STORY)
    app.button(key=f"redo-{STORY}-s1").click().run()
    (used,) = queued(wardrobe)
    shown = painted(wardrobe, used)
    app.run()

    app.button(key=f"without-loras-{STORY}-s1").click().run()
    bare = queued(wardrobe)[-1]
    control = painted(wardrobe, bare)
    app.run()

    assert not app.exception
    assert bare == used.model_copy(update={"loras": ()})
    assert opened(app) == ("s1", shown, control)
    assert flows.panels.open_story(wardrobe.services, STORY).board.panels[0].chosen.take.id == shown


def test_a_control_that_is_there_is_shown_at_once(wardrobe: Studio):
    wear(wardrobe, (INK,))
    app = wardrobe.page("story", story=STORY)
    app.button(key=f"redo-{STORY}-s1").click().run()
    used = queued(wardrobe)[0]
    shown = painted(wardrobe, used)
    control = painted(wardrobe, used.model_copy(update={"loras": ()}))
    painted(wardrobe, used.model_copy(update={"seed": 77}))
    flows.takes.pick(wardrobe.services, STORY, "s1", shown)
    app.run()

    app.button(key=f"without-loras-{STORY}-s1").click().run()

    assert opened(app) == ("s1", shown, control)
    assert len(queued(wardrobe)) == 1


def test_the_whole_story_is_rendered_without_loras(wardrobe: Studio):
    wear(wardrobe, (INK,))
    app = wardrobe.page("story", story=STORY)

    app.button(key="render-without-loras").click().run()

    assert not app.exception
    assert len(queued(wardrobe)) == 8
    assert all(recipe.loras == () for recipe in queued(wardrobe))


def test_the_word_that_calls_a_worn_lora_is_not_said_to_be_unknown(wardrobe: Studio):
    story = wardrobe.services.stories.load(STORY)
    flows.loras.set_trigger(wardrobe.services, "ink", "zorblax")
    wardrobe.services.stories.edit(STORY, [Edit(scene=None, field="style", value="zorblax, quuxed", seen=story.style)])
    assert (
        "zorblax"
        in flows.resolved_text.resolved_text(
            wardrobe.services, wardrobe.services.stories.load(STORY), "s1"
        ).unknown_words
    )

    wear(wardrobe, (INK,))

    resolved = flows.resolved_text.resolved_text(wardrobe.services, wardrobe.services.stories.load(STORY), "s1")
    assert "zorblax" not in resolved.unknown_words and "quuxed" in resolved.unknown_words
