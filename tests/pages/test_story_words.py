"""What the Story page does with all words of a story at once: remarks with repairs, find and replace, notes."""

from __future__ import annotations

from story_engine.domain.edit import Edit
from tests.pages.conftest import Studio, texts

STORY = "singer"


def spoil(studio: Studio) -> None:
    prompt = studio.services.stories.load(STORY).scene("s1").prompt
    studio.services.stories.edit(STORY, [Edit(scene="s1", field="prompt", value=f"{prompt},(微笑:1.2)", seen=prompt)])


def unfolded(studio: Studio):
    app = studio.page("story", story=STORY)
    app.session_state[f"lint-{STORY}"] = True
    return app.run()


def test_a_story_without_remarks_shows_no_section(studio: Studio):
    app = studio.page("story", story=STORY)

    assert not app.exception
    assert not [each for each in app.expander if "Remark" in each.label]


def test_a_remark_is_counted_while_folded_and_repaired_with_one_click_and_undone_with_another(studio: Studio):
    spoil(studio)
    before = studio.services.stories.load(STORY).scene("s1").prompt
    app = studio.page("story", story=STORY)
    assert "1" in [each.value for each in app.caption]

    app = unfolded(studio)
    app.button(key=f"lint-repair-{STORY}-0").click().run()

    assert not app.exception
    assert studio.services.stories.load(STORY).scene("s1").prompt == before.replace("(微笑:1.2)", "微笑")
    app.button(key="undo-0").click().run()
    assert studio.services.stories.load(STORY).scene("s1").prompt == before


def test_words_are_replaced_everywhere_after_they_were_shown(studio: Studio):
    app = studio.page("story", story=STORY)
    app.segmented_control(key=f"drawer-{STORY}").set_value("replace").run()
    app.text_input(key=f"replace-find-{STORY}").set_value("紫色").run()
    app.text_input(key=f"replace-put-{STORY}").set_value("蓝色").run()

    shown = texts(app)
    assert "紫色" in shown and "蓝色" in shown
    assert "紫色" in studio.services.stories.load(STORY).scene("s1").prompt
    app.button(key=f"replace-commit-{STORY}").click().run()

    assert not app.exception
    assert not [scene for scene in studio.services.stories.load(STORY).scenes if "紫色" in scene.prompt]
    app.button(key="undo-0").click().run()
    assert "紫色" in studio.services.stories.load(STORY).scene("s1").prompt


def test_a_note_is_written_on_the_card_and_read_on_the_page_of_the_hand_in(studio: Studio):
    studio.comfortable()
    app = studio.page("story", story=STORY)
    app.text_input(key=f"field:{STORY}:s3:note").set_value("手指多了一根 <b>").run()

    assert studio.services.stories.load(STORY).scene("s3").note == "手指多了一根 <b>"
    submit = studio.page("submit", story=STORY)
    assert not submit.exception
    assert [each for each in submit.expander if "otes" in each.label] and "1" in [each.value for each in submit.caption]
