from __future__ import annotations

import pytest

from story_engine import flows
from story_engine.domain.edit import Edit
from story_engine.domain.story import Settings
from story_engine.flows import memory
from tests.pages.conftest import Studio, texts

STORY = "singer"


def with_drawer(studio: Studio, name: str, **options: str):
    app = studio.page("story", story=STORY, **options)
    return app.segmented_control(key=f"drawer-{STORY}").set_value(name).run()


def test_the_shared_style_is_written_once_for_all_scenes(studio: Studio):
    app = with_drawer(studio, "words")

    app.text_area(key=f"field:{STORY}::style").set_value("水彩").run()

    story = studio.services.stories.load(STORY)
    assert story.style == "水彩"
    assert flows.resolved_text.resolved_text(studio.services, story, "s8").prompt.startswith("水彩")


def test_a_character_with_an_outfit_is_written_and_put_into_a_scene(studio: Studio):
    studio.comfortable()
    app = with_drawer(studio, "cast")

    app.button(key="cast-add").click().run()
    character = studio.services.stories.load(STORY).characters[-1].id
    app.text_input(key=f"cast:{STORY}:{character}:description").set_value("一个紫色短发小女孩").run()
    app.button(key=f"outfit-add-{character}").click().run()
    (outfit,) = studio.services.stories.load(STORY).characters[-1].outfits
    app.text_input(key=f"cast:{STORY}:{character}:outfit:{outfit}:words").set_value("穿着红色长裙").run()
    app.button_group(key=f"who:{STORY}:s1").set_value([f"{character}\n{outfit}"]).run()

    assert not app.exception
    story = studio.services.stories.load(STORY)
    assert story.scene("s1").characters[0].outfit == outfit
    sent = flows.resolved_text.resolved_text(studio.services, story, "s1").prompt
    assert "一个紫色短发小女孩" in sent
    assert "穿着红色长裙" in sent


def test_an_outfit_renamed_in_the_cast_keeps_its_name_in_the_scenes(studio: Studio):
    studio.comfortable()
    app = with_drawer(studio, "cast")
    app.button(key="cast-add").click().run()
    character = studio.services.stories.load(STORY).characters[-1].id
    app.button(key=f"outfit-add-{character}").click().run()
    (outfit,) = studio.services.stories.load(STORY).characters[-1].outfits
    app.button_group(key=f"who:{STORY}:s1").set_value([f"{character}\n{outfit}"]).run()

    app.text_input(key=f"cast:{STORY}:{character}:outfit:{outfit}:name").set_value("stage").run()

    assert not app.exception
    assert studio.services.stories.load(STORY).scene("s1").characters[0].outfit == "stage"


def test_a_removed_character_leaves_the_scenes_and_comes_back_with_undo(studio: Studio):
    studio.comfortable()
    app = with_drawer(studio, "cast")
    app.button(key="cast-add").click().run()
    character = studio.services.stories.load(STORY).characters[-1].id
    app.button_group(key=f"who:{STORY}:s1").set_value([f"{character}\n"]).run()

    app.button(key=f"cast-remove-{character}").click().run()
    assert studio.services.stories.load(STORY).scene("s1").characters == ()
    app.button(key="undo-0").click().run()

    assert studio.services.stories.load(STORY).scene("s1").characters[0].character == character


@pytest.mark.parametrize(("button", "kept"), [("keep-mine", 15), ("take-theirs", None)], ids=["mine", "theirs"])
def test_two_tabs_that_change_one_number_are_shown_both_and_one_is_chosen(
    studio: Studio, button: str, kept: int | None
):
    steps = f"setting:{STORY}:steps"
    first = with_drawer(studio, "settings")
    first.number_input(key=steps).set_value(9).run()
    second = with_drawer(studio, "settings", language="zh")
    first.number_input(key=steps).set_value(None).run()

    second.number_input(key=steps).set_value(15).run()

    assert studio.services.stories.load(STORY).settings.steps is None
    assert second.number_input(key=steps).value == 15
    assert [code.value for code in second.code] == ["15", "模型默认"]
    second.button(key=f"{button}-{steps}").click().run()
    assert studio.services.stories.load(STORY).settings.steps == kept
    assert second.number_input(key=steps).value == kept
    assert not second.code
    assert not second.exception


def test_two_tabs_that_change_different_numbers_both_keep_theirs(studio: Studio):
    first, second = with_drawer(studio, "settings"), with_drawer(studio, "settings")
    first.number_input(key=f"setting:{STORY}:steps").set_value(12).run()

    second.number_input(key=f"setting:{STORY}:cfg_scale").set_value(6.5).run()

    settings = studio.services.stories.load(STORY).settings
    assert (settings.steps, settings.cfg_scale) == (12, 6.5)
    assert second.number_input(key=f"setting:{STORY}:steps").value == 12


def test_picture_settings_are_saved_and_blank_means_the_default(studio: Studio):
    app = with_drawer(studio, "settings")

    app.number_input(key=f"setting:{STORY}:steps").set_value(12).run()
    app.selectbox(key=f"setting:{STORY}:sampler").set_value("ddim").run()
    assert (
        studio.services.stories.load(STORY).settings.steps,
        studio.services.stories.load(STORY).settings.sampler,
    ) == (12, "ddim")
    app.selectbox(key=f"setting:{STORY}:sampler").set_value("").run()

    assert not app.exception
    assert studio.services.stories.load(STORY).settings.sampler is None


def test_guidance_by_noise_level_is_one_line_until_it_is_on_and_its_levels_are_saved(studio: Studio):
    seen = studio.services.stories.load(STORY).settings
    preview = [Edit(scene=None, field="settings", value=Settings(family="preview"), seen=seen)]
    studio.services.stories.edit(STORY, preview)
    app = with_drawer(studio, "settings")
    choice = f"setting:{STORY}:guidance"
    assert app.selectbox(key=choice).value == "constant", "a story that says nothing stays as it was painted"
    assert "default: 20" in app.number_input(key=f"setting:{STORY}:steps").placeholder

    app.selectbox(key=choice).set_value("by_noise").run()
    assert "default: 12" in app.number_input(key=f"setting:{STORY}:steps").placeholder
    app.session_state[f"guidance-{STORY}"] = True
    app.run()
    app.number_input(key=f"setting:{STORY}:negative_below").set_value(2.5).run()

    settings = studio.services.stories.load(STORY).settings
    assert (settings.guidance, settings.guidance_above, settings.negative_below) == ("by_noise", None, 2.5)
    app.number_input(key=f"setting:{STORY}:negative_below").set_value(31.0).run()
    assert "31" in texts(app) and studio.services.stories.load(STORY).settings.negative_below == 2.5
    assert not app.exception


def test_history_brings_back_an_earlier_state(studio: Studio):
    app = studio.page("story", story=STORY)
    before = studio.services.stories.load(STORY).scene("s1").prompt
    app.text_area(key=f"field:{STORY}:s1:prompt").set_value("something else").run()
    app.segmented_control(key=f"drawer-{STORY}").set_value("history").run()
    oldest = studio.services.stories.history(STORY)[-1].number

    assert "Scene 1 " in texts(app) and "scenes[" not in texts(app)
    assert not [each for each in app.button if each.key == f"back-{STORY}-{oldest}"]
    app.button(key=f"look-{STORY}-{oldest}").click().run()
    assert ":red-background[~~something else~~]" in texts(app)
    app.button(key=f"back-{STORY}-{oldest}").click().run()

    assert not app.exception
    assert studio.services.stories.load(STORY).scene("s1").prompt == before
    assert app.text_area(key=f"field:{STORY}:s1:prompt").value == before


def test_the_drawers_speak_chinese_too(studio: Studio):
    app = with_drawer(studio, "words", language="zh")

    assert not app.exception
    assert "写一次，用于所有分镜" in texts(app)


def test_a_large_model_says_what_it_takes_of_the_memory_before_it_paints(studio: Studio, monkeypatch):
    for free, icon in ((64, ":material/memory:"), (1, ":material/warning:")):
        monkeypatch.setattr(memory, "free_bytes", lambda free=free: free * 2**30)
        for language, word in (("en", "at most"), ("zh", "预计最多")):
            app = with_drawer(studio, "settings", language=language)
            (told,) = [each.value for each in app.caption if word in each.value]
            assert told.startswith(icon)
