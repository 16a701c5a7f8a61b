from __future__ import annotations

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.pages.conftest import Studio

KEY = "recall-file-singer-s1-0"


def a_picture() -> bytes:
    packed, info = io.BytesIO(), PngInfo()
    info.add_text("parameters", "a red fox\nNegative prompt: hands\nSteps: 30, Sampler: Euler, CFG scale: 6, Seed: 42")
    Image.new("RGB", (64, 64)).save(packed, "PNG", pnginfo=info)
    return packed.getvalue()


def test_a_picture_dropped_on_a_scene_gives_it_words_and_seed_and_leaves_the_other_scenes_settings(studio: Studio):
    studio.comfortable()
    app = studio.page("story", story="singer")
    app.session_state["recall-singer-s1"] = True
    app.run()
    app.file_uploader(key=KEY).set_value(("fox.png", a_picture(), "image/png")).run()

    assert not app.exception
    ticks = {box.key.removeprefix(f"{KEY}-"): box.value for box in app.checkbox if box.key.startswith(KEY)}
    assert ticks == {
        "prompt": True,
        "negative": True,
        "seed": True,
        "steps": False,
        "cfg_scale": False,
        "sampler": False,
    }

    app.checkbox(key=f"{KEY}-negative").uncheck().run()
    app.button(key=f"{KEY}-take").click().run()

    assert not app.exception
    story = studio.services.stories.load("singer")
    assert (story.scenes[0].prompt, story.scenes[0].seed, story.scenes[0].negative) == ("a red fox", 42, "")
    assert story.settings.steps == 50
    assert app.text_area(key="field:singer:s1:prompt").value == "a red fox"
