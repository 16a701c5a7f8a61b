from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from story_engine import flows
from story_engine.domain.desk import Desk
from story_engine.domain.edit import Edit
from story_engine.domain.resolve import resolve
from story_engine.domain.story import LONGEST_PROMPT
from story_engine.domain.take import Score
from story_engine.errors import StudioError
from tests.builders import a_recipe, a_take
from tests.pages.conftest import Studio, texts

PROMPT = "field:orange-cat-en:s1:prompt"
SEED = "field:orange-cat-en:s1:seed"
STORY = "orange-cat-en"


def prompt_on_disk(studio: Studio) -> str:
    return studio.services.stories.load(STORY).scene("s1").prompt


def changed_elsewhere(studio: Studio, value: str) -> None:
    edit = Edit(scene="s1", field="prompt", value=value, seen=prompt_on_disk(studio))
    studio.services.stories.edit(STORY, [edit])


def test_a_story_shows_its_eight_scenes_with_their_words(studio: Studio):
    app = studio.page("story", story=STORY)

    assert not app.exception
    assert not app.error
    assert app.text_area(key=PROMPT).value == prompt_on_disk(studio)
    assert [app.text_input(key=f"field:{STORY}:s{n}:title").value for n in range(1, 9)] == [
        scene.title for scene in studio.services.stories.load(STORY).scenes
    ]


def test_without_a_story_the_page_offers_those_of_the_shelf(studio: Studio):
    app = studio.page("story")

    app.button(key=f"choose-{STORY}").click().run()

    assert app.text_area(key=PROMPT).value == prompt_on_disk(studio)


def test_a_story_that_does_not_exist_is_named_in_a_message(studio: Studio):
    app = studio.page("story", story="nowhere", language="zh")

    assert not app.exception
    assert "nowhere" in app.error[0].value


def test_typed_text_is_on_disk_without_a_save_button(studio: Studio):
    app = studio.page("story", story=STORY)

    app.text_area(key=PROMPT).set_value("an orange kitten on the moon").run()

    assert prompt_on_disk(studio) == "an orange kitten on the moon"


def test_a_change_from_another_tab_appears_in_an_untouched_field(studio: Studio):
    app = studio.page("story", story=STORY)

    changed_elsewhere(studio, "a black cat")
    app.run()

    assert app.text_area(key=PROMPT).value == "a black cat"


@pytest.mark.parametrize(("button", "kept"), [("keep-mine", "mine"), ("take-theirs", "theirs")], ids=["mine", "theirs"])
def test_two_tabs_are_shown_both_texts_and_one_is_chosen(studio: Studio, button: str, kept: str):
    app = studio.page("story", story=STORY)
    changed_elsewhere(studio, "theirs")

    app.text_area(key=PROMPT).set_value("mine").run()

    assert prompt_on_disk(studio) == "theirs"
    assert app.text_area(key=PROMPT).value == "mine"
    assert {"mine", "theirs"} <= {code.value for code in app.code}
    app.button(key=f"{button}-{PROMPT}").click().run()
    assert prompt_on_disk(studio) == kept
    assert app.text_area(key=PROMPT).value == kept
    assert not app.exception


def test_text_that_cannot_be_accepted_stays_in_the_field_with_the_reason(studio: Studio):
    before = prompt_on_disk(studio)
    app = studio.page("story", story=STORY)
    pasted = "kitten " * LONGEST_PROMPT

    app.text_area(key=PROMPT).set_value(pasted).run()

    assert app.text_area(key=PROMPT).value == pasted
    assert prompt_on_disk(studio) == before
    assert app.error


def test_dice_roll_a_seed_and_a_pinned_seed_cannot_be_rolled(studio: Studio):
    app = studio.page("story", story=STORY)
    before = studio.services.stories.load(STORY).scene("s1").seed

    app.button(key=f"icon-dice-{STORY}-s1").click().run()

    rolled = studio.services.stories.load(STORY).scene("s1").seed
    assert rolled != before
    assert app.number_input(key=SEED).value == rolled
    app.button(key=f"icon-pin-{STORY}-s1").click().run()
    assert studio.services.stories.load(STORY).scene("s1").pinned
    assert app.button(key=f"icon-dice-{STORY}-s1").disabled


def test_a_scene_moves_and_its_text_moves_with_it(studio: Studio):
    app = studio.page("story", story=STORY)
    moved = prompt_on_disk(studio)

    app.menu_button(key=f"icon-scene-{STORY}-s1").click("down").run()

    assert [scene.id for scene in studio.services.stories.load(STORY).scenes[:2]] == ["s2", "s1"]
    assert app.text_area(key=PROMPT).value == moved


def test_a_removed_scene_comes_back_with_undo(studio: Studio):
    app = studio.page("story", story=STORY)

    app.menu_button(key=f"icon-scene-{STORY}-s3").click("remove").run()
    assert len(studio.services.stories.load(STORY).scenes) == 7
    app.button(key="undo-0").click().run()

    assert [scene.id for scene in studio.services.stories.load(STORY).scenes] == [f"s{n}" for n in range(1, 9)]


def test_the_one_choice_of_a_stand_in_is_kept_in_the_story_and_renders_it(studio: Studio):
    app = studio.page("story", story="singer")

    app.button(key="use-stand-in").click().run()

    assert studio.services.stories.load("singer").settings.stand_in == "preview"
    assert not any(button.key == "use-stand-in" for button in app.button)
    (job,) = studio.services.ledger.jobs()
    assert len(studio.services.ledger.spec(job.id).items) == 8


def test_render_before_that_choice_points_at_it(studio: Studio):
    app = studio.page("story", story="singer")

    app.button(key="render-all").click().run()

    assert not app.exception
    assert "First choose which model shall paint" in texts(app)


def test_a_double_click_on_render_makes_one_job(studio: Studio):
    app = studio.page("story", story=STORY)

    app.button(key="render-all").click().run()
    app.button(key="render-all").click().run()

    assert not app.exception
    [job] = flows.queue.jobs(studio.services, story=STORY)
    assert [button.key for button in app.button if button.key.endswith(f"cancel-{job.id}")]


def test_a_double_click_on_redo_asks_for_two_takes(studio: Studio):
    app = studio.page("story", story=STORY)

    app.button(key=f"redo-{STORY}-s1").click().run()
    app.button(key=f"redo-{STORY}-s1").click().run()

    assert not app.exception
    specs = [studio.services.ledger.spec(job.id) for job in flows.queue.jobs(studio.services, story=STORY)]
    first, second = [item.recipe.seed for spec in specs for item in spec.items]
    assert second == first + 1


def test_a_job_is_cancelled_where_it_is_shown(studio: Studio):
    app = studio.page("story", story=STORY)
    app.button(key=f"redo-{STORY}-s1").click().run()
    job = flows.queue.jobs(studio.services, story=STORY)[0].id

    app.button(key=f"cancel-{job}").click().run()

    assert flows.queue.jobs(studio.services, story=STORY) == ()


def test_a_click_on_a_thumbnail_picks_and_the_pick_can_be_taken_back(studio: Studio):
    studio.painted(STORY, "s1", takes=3, score=5.0)
    oldest = studio.takes(STORY, "s1")[0].take.id
    app = studio.page("story", story=STORY)

    app.button(key=f"pick-s1-{oldest}").click().run()

    assert flows.panels.open_story(studio.services, STORY).board.panels[0].is_picked
    assert flows.panels.open_story(studio.services, STORY).board.panels[0].chosen.take.id == oldest
    app.menu_button(key=f"take-menu-{STORY}-s1").click("unpick").run()
    assert not flows.panels.open_story(studio.services, STORY).board.panels[0].is_picked


def test_a_pick_draws_its_panel_and_the_mean_again_and_no_field_of_text(studio: Studio):
    studio.painted(STORY, "s1", "s2", takes=3, score=5.0)
    oldest = studio.takes(STORY, "s1")[0].take
    scorer = studio.services.present_scorer()
    worse = Score(picture_sha256=oldest.picture_sha256, scorer=scorer.name, scorer_version=scorer.version, value=4.0)
    studio.services.scores.add([worse])
    app = studio.page("story", story=STORY)
    assert "5.00" in texts(app)

    app.button(key=f"pick-s1-{oldest.id}").click().run()

    assert not app.exception
    assert not app.text_area
    assert app.menu_button(key=f"take-menu-{STORY}-s1").proto.options[0] == "Take the pick back"
    assert "4.50" in texts(app)
    app.run()
    assert len([area for area in app.text_area if area.key.endswith(":prompt")]) == 8


def test_a_pin_is_drawn_again_where_it_is(studio: Studio):
    app = studio.page("story", story=STORY)

    app.button(key=f"icon-pin-{STORY}-s1").click().run()

    assert not app.text_area
    assert app.button(key=f"icon-dice-{STORY}-s1").disabled
    app.button(key=f"icon-pin-{STORY}-s1").click().run()
    assert not app.button(key=f"icon-dice-{STORY}-s1").disabled
    assert not studio.services.stories.load(STORY).scene("s1").pinned


def test_the_pin_holds_the_seed_of_the_picture_that_is_shown(studio: Studio):
    studio.painted(STORY, "s1", takes=3)
    first, second, _ = studio.takes(STORY, "s1")
    flows.takes.pick(studio.services, STORY, "s1", second.take.id)
    app = studio.page("story", story=STORY)
    pin = f"icon-pin-{STORY}-s1"
    assert "seed 1 of take 2" in app.button(key=pin).label

    app.button(key=pin).click().run()

    scene = studio.services.stories.load(STORY).scene("s1")
    assert (scene.seed, scene.pinned) == (1, True)
    assert app.number_input(key=SEED).value == 1
    flows.takes.pick(studio.services, STORY, "s1", first.take.id)
    app.run()
    app.button(key=pin).click().run()
    assert studio.services.stories.load(STORY).scene("s1").seed == 0, "another picture, another seed: pinned anew"
    app.button(key=pin).click().run()
    assert not studio.services.stories.load(STORY).scene("s1").pinned


def test_panels_say_what_is_going_to_be_painted(studio: Studio):
    app = studio.page("story", story=STORY)
    assert "Queued" not in texts(app)

    app.button(key=f"redo-{STORY}-s7").click().run()
    assert texts(app).count(":material/schedule: Queued") == 1
    app.button(key="render-all").click().run()

    assert texts(app).count(":material/schedule: Queued") == 8


def test_a_board_of_older_pictures_is_not_called_finished(studio: Studio):
    studio.painted(STORY)
    app = studio.page("story", story=STORY)

    assert "8 of 8 panels · 8 outdated" in texts(app)
    assert "changed: text, settings" in texts(app) or "changed: text" in texts(app)


def test_a_pin_in_a_story_that_another_tab_changed_shows_that_story(studio: Studio):
    app = studio.page("story", story=STORY)
    studio.services.stories.remove_scene(STORY, "s1")

    app.button(key=f"icon-pin-{STORY}-s1").click().run()
    app.run()

    assert not app.exception
    assert len([area for area in app.text_area if area.key.endswith(":prompt")]) == 7


def test_a_deleted_take_comes_back_with_undo(studio: Studio):
    studio.painted(STORY, "s1", takes=2)
    app = studio.page("story", story=STORY)

    app.menu_button(key=f"take-menu-{STORY}-s1").click("delete").run()
    assert len(studio.takes(STORY, "s1")) == 1
    app.button(key="undo-0").click().run()

    assert len(studio.takes(STORY, "s1")) == 2


def test_the_seed_of_a_take_is_pinned_to_its_scene(studio: Studio):
    studio.painted(STORY, "s1", takes=2)
    app = studio.page("story", story=STORY)
    chosen = flows.panels.open_story(studio.services, STORY).board.panels[0].chosen

    app.button(key=f"icon-pin-{STORY}-s1").click().run()

    scene = studio.services.stories.load(STORY).scene("s1")
    assert (scene.seed, scene.pinned) == (chosen.take.recipe.seed, True)
    assert app.number_input(key=SEED).value == scene.seed


def test_two_takes_are_compared_in_the_lightbox(studio: Studio):
    studio.painted(STORY, "s1", takes=2)
    first, second = (take.id for take in studio.services.takes.takes_of(STORY, "s1"))
    app = studio.page("story", story=STORY)

    app.menu_button(key=f"take-menu-{STORY}-s1").click("compare").run()

    assert not app.exception
    asked = app.session_state["lightbox-open"]
    assert asked["place"] == "s1"
    assert {asked["take"], asked["beside"]} == {first, second}


def test_the_board_shows_the_panels_with_their_captions(studio: Studio):
    studio.painted(STORY)
    app = studio.page("story", story=STORY)

    app.segmented_control(key=f"view-{STORY}").set_value("board").run()

    assert not app.exception
    assert len(app.get("imgs") or app.image) == 8
    for scene in studio.services.stories.load(STORY).scenes:
        assert (scene.caption or scene.title) in texts(app)


def test_words_of_a_person_are_shown_and_never_run(studio: Studio):
    studio.services.stories.rename(STORY, "![](http://example.org/x.png) <b>bold</b>")
    app = studio.page("story", story=STORY)

    app.segmented_control(key=f"view-{STORY}").set_value("board").run()

    assert app.header[0].value.startswith("\\!\\[")


def test_two_scenes_with_the_same_words_and_seed_are_picked_pinned_and_deleted_apart(studio: Studio):
    recipe = a_recipe(prompt="a cat", seed=0)
    for scene in ("s1", "s2"):
        for number in range(2):
            again = recipe.model_copy(update={"seed": number})
            take = a_take(again, story=STORY, scene=scene, number=number)
            studio.services.takes.add(take, Image.new("RGB", (64, 64), (90, 40, 99 * number)), {})
    app = studio.page("story", story=STORY)
    assert not app.exception and not app.error
    first = studio.takes(STORY, "s2")[0].take.id

    app.button(key=f"pick-s2-{first}").click().run()
    app.run()
    app.menu_button(key=f"take-menu-{STORY}-s1").click("delete").run()

    panels = flows.panels.open_story(studio.services, STORY).board.panels
    assert [panel.is_picked for panel in panels[:2]] == [False, True]
    assert [len(panel.takes) for panel in panels[:2]] == [1, 2]
    app.button(key=f"icon-pin-{STORY}-s2").click().run()
    assert [scene.pinned for scene in studio.services.stories.load(STORY).scenes[:2]] == [False, True]
    assert not app.exception and not app.error


def test_missing_thumbnails_and_damaged_choices_and_records_leave_every_page_alive(studio: Studio):
    """What can be made again is; what cannot has a grey picture; what was chosen and cannot be read is named."""
    studio.painted(STORY, takes=2, score=6.0)
    layout = studio.services.takes._layout
    scenes = sorted(each for each in layout.takes(STORY, "s1").parent.iterdir() if each.is_dir())
    for scene in scenes:
        for path in scene.glob("*.jpg"):
            path.unlink()
    broken = next(scenes[0].glob("*.png"))
    broken.write_bytes(b"no picture" + b"\0\0\0\0IEND\xaeB`\x82")
    (scenes[1] / "deep.json").write_text("[" * 100_000)
    layout.picks(STORY).parent.mkdir(parents=True, exist_ok=True)
    layout.picks(STORY).write_text("[" * 100_000)
    layout.sweeps(STORY).parent.mkdir(parents=True, exist_ok=True)
    layout.sweeps(STORY).write_text("[" * 100_000)

    for page in ("story", "home", "compare", "submit"):
        app = studio.page(page, story=STORY)
        assert not app.exception, page
        if page == "story":
            assert any("cannot be read" in each.value for each in app.warning)
    assert all(path.with_suffix(".jpg").exists() for path in scenes[2].glob("*.png"))
    with pytest.raises(StudioError, match=r"singer\.json|cannot be read"):
        flows.export.export(studio.services, STORY)


def test_what_is_rarely_used_is_folded_away_and_said_and_stays_open_for_those_who_use_it(studio: Studio):
    services = studio.services
    services.stories.edit(STORY, [Edit(scene="s2", field="note", value="an *ear* too many", seen="")])
    app = studio.page("story", story=STORY)
    caption = f"field:{STORY}:s2:caption"
    assert caption not in [field.key for field in app.text_input]
    [note] = [each.value for each in app.caption if "too many" in each.value]
    assert re.match(r"\d+ / 64 tokens · “", note) and "an \\*ear\\* too many" in note

    app.pills(key="desk-shown").set_value(["note", "caption"]).run()

    assert app.text_input(key=caption).value == services.stories.load(STORY).scene("s2").caption
    assert services.desk.read().shown == ("caption", "note")
    assert not any("too many" in each.value for each in app.caption)
    app.segmented_control(key="desk-layout").set_value("comfortable").run()
    again = studio.page("story", story="singer")
    assert services.desk.read() == Desk(scenes="comfortable", shown=("caption", "note"))
    assert any(field.key == "field:singer:s1:caption" for field in again.text_input)


def test_a_damaged_choice_of_layout_shows_the_usual_one(studio: Studio):
    studio.services.desk.write(Desk(scenes="comfortable"))
    studio.services.layout.desk.write_text('{"scenes": "sideways", "shown": ["<script>"]}')

    app = studio.page("story", story=STORY)

    assert not app.exception
    assert studio.services.desk.read() == Desk()


def test_outdated_panels_are_named_in_one_line_with_the_way_to_new_pictures(studio: Studio):
    app = studio.page("story", story=STORY)
    assert not any(button.key == "render-outdated" for button in app.button)
    studio.painted(STORY, "s2", "s5")
    app.run()
    line = next(each.value for each in app.markdown if "Changed since" in each.value)
    assert "**2** The old book (text" in line and "**5**" in line and "**3**" not in line

    app.button(key="render-outdated").click().run()

    (job,) = flows.queue.jobs(studio.services, story=STORY)
    assert job.scenes == ("s2", "s5")


def test_a_take_or_a_file_shows_how_a_character_looks_and_its_card_says_who_is_held_to_it(studio: Studio):
    services = studio.services
    story = services.stories.load(STORY)
    shown = story.scene("s1")
    recipe = resolve(story, shown, 0, family=services.families()["preview"], loras={})
    picture = Image.new("RGB", (recipe.width, recipe.height), "orange")
    services.takes.add(a_take(recipe, story=STORY, scene=shown.id), picture, {})
    app = studio.page("story", story=STORY)

    app.menu_button(key=f"take-menu-{STORY}-{shown.id}").click("look:kitten").run()
    app.segmented_control(key=f"drawer-{STORY}").set_value("cast").run()

    assert not app.exception
    assert any("Held to it: panels" in each.value for each in app.caption)
    assert any(re.search(r"In \d of \d panels .* tokens are the same numbers", each.value) for each in app.caption)
    app.number_input(key=f"setting:{STORY}:cast_strength").set_value(0.5).run()
    assert services.stories.load(STORY).settings.cast_strength == 0.5
    app.button(key=f"look-forget-{STORY}-kitten-").click().run()
    assert not any(character.looks for character in services.stories.load(STORY).characters)

    key = f"look-outside-{STORY}-kitten"
    app.session_state[key] = True
    app.run()
    app.file_uploader(key=f"{key}-file-0").set_value(("cat.png", b"no cat", "image/png")).run()
    assert "no picture that can be read" in app.error[0].value
    content = io.BytesIO()
    Image.new("RGB", (100, 120), "orange").save(content, "PNG")
    app.file_uploader(key=f"{key}-file-0").set_value(("cat.png", content.getvalue(), "image/png")).run()
    assert not app.exception and not app.error and not app.file_uploader  # what it was opened for is done
    assert "a picture from outside" in texts(app) and "100 × 120" in texts(app)
    (kitten,) = (each for each in services.stories.load(STORY).characters if each.id == "kitten")
    assert kitten.looks[""].scene == ""
    app.button(key="undo-0").click().run()
    story = services.stories.load(STORY)
    assert not any(each.looks for each in story.characters)

    elsewhere = story.settings.model_copy(update={"family": "kolors", "stand_in": "preview"})
    services.stories.edit(STORY, [Edit(scene=None, field="settings", value=elsewhere, seen=story.settings)])
    app.run()
    assert "and without looks" in texts(app) and "choose in the menu of a picture" not in texts(app)
