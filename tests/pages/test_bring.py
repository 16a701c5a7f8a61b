from __future__ import annotations

from streamlit.testing.v1 import AppTest

from story_engine.config import PROJECT_FOLDER
from tests.pages.conftest import Studio, texts

CHALLENGE = PROJECT_FOLDER / "tests" / "challenge"
NOTEBOOK = (CHALLENGE / "baseline.ipynb").read_bytes()


def opened(studio: Studio, *, language: str = "en") -> AppTest:
    app = studio.page(language=language)
    app.session_state["bring"] = True
    return app.run()


def test_a_notebook_is_shown_as_scenes_and_blocks_before_a_story_is_made(studio: Studio):
    before = studio.services.stories.slugs()

    app = opened(studio)
    app.file_uploader(key="bring-files-0").set_value([("baseline.ipynb", NOTEBOOK, "application/json")]).run()

    assert not app.exception
    assert "8 scenes found" in texts(app)
    assert [box.value for box in app.checkbox] == [True] * len(app.checkbox) and len(app.checkbox) >= 4
    assert studio.services.stories.slugs() == before


def test_what_is_left_out_of_the_blocks_stays_in_the_scenes(studio: Studio):
    app = opened(studio)
    app.file_uploader(key="bring-files-0").set_value([("baseline.ipynb", NOTEBOOK, "application/json")]).run()

    app.checkbox(key="b-style-0").uncheck()
    app.text_input(key="bring-title-0").set_value("My singer").run()
    app.button(key="bring-make").click().run()

    assert not app.exception
    story = studio.services.stories.load(app.session_state["opened_story"])
    assert story.title == "My singer" and story.style == "" and story.negative
    assert story.scenes[0].prompt.startswith("二次元,{")
    assert (story.settings.family, story.settings.stand_in) == ("kolors", "preview")


def test_pasted_text_without_a_story_says_what_can_be_read(studio: Studio):
    app = opened(studio, language="zh")
    app.text_area(key="bring-text-0").set_value("今天天气很好").run()

    assert not app.exception
    assert "没有找到分镜" in app.error[0].value
