from __future__ import annotations

import io

from PIL import Image, ImageDraw

from story_engine.domain.control import ControlUse
from tests.pages.conftest import Studio, texts

STORY = "singer"
MORE = f"control-more-{STORY}-s1"


def a_picture() -> bytes:
    picture, content = Image.new("RGB", (400, 300), "white"), io.BytesIO()
    ImageDraw.Draw(picture).rectangle((100, 60, 300, 240), outline="black", width=6)
    picture.save(content, "PNG")
    return content.getvalue()


def control(studio: Studio) -> ControlUse:
    [use] = studio.services.stories.load(STORY).scene("s1").controls
    return use


def test_a_scene_is_held_to_the_lines_of_a_file_with_a_weight_and_a_range_of_steps(studio: Studio):
    studio.comfortable()
    app = studio.page("story", story=STORY)
    app.session_state[f"scene-controls-{STORY}-s1"] = True
    app.run()
    app.segmented_control(key=f"{MORE}-kind").set_value("edges").run()
    app.file_uploader(key=f"{MORE}-file-edges-0").set_value(("o.png", a_picture(), "image/png")).run()

    assert not app.exception and not app.error
    assert (control(studio).kind, control(studio).weight, control(studio).end) == ("edges", 0.7, 0.9)
    key = f"control-{STORY}-s1-edges"
    app.slider(key=f"{key}-weight").set_value(1.2).run()
    app.slider(key=f"{key}-steps").set_value((0.1, 0.6)).run()
    assert not app.exception and (control(studio).weight, control(studio).begin, control(studio).end) == (1.2, 0.1, 0.6)

    app.button(key=f"icon-{key}-remove").click().run()
    assert not app.exception and studio.services.stories.load(STORY).scene("s1").controls == ()


def test_what_a_family_lacks_is_said_where_it_is_chosen_in_both_languages(studio: Studio):
    studio.comfortable()
    for story, language, words in ((STORY, "en", "“Kolors ControlNet Pose”"), ("orange-cat-en", "zh", "可图有")):
        app = studio.page("story", story=story, language=language)
        app.session_state[f"scene-controls-{story}-s1"] = True
        app.run()
        app.segmented_control(key=f"control-more-{story}-s1-kind").set_value("pose").run()

        assert not app.exception
        assert any(words in line for line in texts(app).splitlines() if line.startswith(":orange[")), texts(app)


def test_a_file_that_is_no_picture_says_why_and_changes_nothing(studio: Studio):
    studio.comfortable()
    app = studio.page("story", story=STORY)
    app.session_state[f"scene-controls-{STORY}-s1"] = True
    app.run()
    app.segmented_control(key=f"{MORE}-kind").set_value("edges").run()
    app.file_uploader(key=f"{MORE}-file-edges-0").set_value(("o.png", b"no picture", "image/png")).run()

    assert not app.exception and "no picture that can be read" in app.error[0].value
    assert studio.services.stories.load(STORY).scene("s1").controls == ()
