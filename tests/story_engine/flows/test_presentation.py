"""The slides of a board with real stores; their pictures are painted by nobody."""

from __future__ import annotations

import io
import json
from itertools import product

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.cli.main import DONE, PUT_RIGHT, run
from story_engine.config import read_config
from story_engine.domain.presentation import SHAPES, Look
from story_engine.errors import ChooseAnother, FixInput
from story_engine.formats.comic.drawing import Letters, Picture
from story_engine.formats.slides import SIZES, SlidePanel, board_slide, panel_slide
from tests.builders import a_recipe, a_story, a_take

HOSTILE = "<b>|x|</b> \u202ertl 🐱🐱\n\n" + "很长的标题" * 400


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(tmp_path / "stories"))
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    return open_services(read_config())


def painted(services, *numbers: int, count: int = 8) -> str:
    slug = services.stories.create("猫的一天", a_story(count=count))
    scenes = services.stories.load(slug).scenes
    for number in numbers:
        take = a_take(a_recipe(seed=number, width=512, height=512), story=slug, scene=scenes[number - 1].id)
        services.takes.add(take, Image.new("RGB", (64, 64), (number * 20, 80, 90)), {})
    return slug


def test_the_command_line_saves_the_very_picture_that_the_screen_shows(services, tmp_path, capsys):
    slug, out = painted(services, 1, 3), tmp_path / "board.png"

    assert run(["board", slug, "--out", str(out), "--tall", "--dark", "--json"]) == DONE

    assert json.loads(capsys.readouterr().out)["file"] == str(out)
    assert out.read_bytes() == flows.presentation.slide(services, slug, look=Look(shape="tall", theme="dark"))
    assert run(["board", slug, "--out", str(tmp_path / "3.png"), "--panel", "3"]) == DONE
    shown = Image.open(tmp_path / "3.png")
    assert shown.size == SIZES["wide"]
    assert (60, 80, 90) in {color for _, color in shown.getcolors(1 << 24)}


def test_what_cannot_be_shown_is_said_with_what_can(services, tmp_path, capsys):
    slug = painted(services, 2)

    with pytest.raises(ChooseAnother, match="has 8"):
        flows.presentation.slide(services, slug, 9)
    with pytest.raises(FixInput, match="Render the story first"):
        flows.presentation.slide(services, services.stories.create("nothing", a_story()))
    assert run(["board", slug, "--out", str(tmp_path / "board.gif")]) == PUT_RIGHT
    assert ".png" in capsys.readouterr().err


def test_every_panel_is_inside_the_slide_with_its_number_whatever_its_words_and_shape(services, tmp_path):
    lost = []
    for count in (1, 3, 8, 24):
        for shape, form in product(SHAPES, (0.5, 2.0)):
            panels = [
                SlidePanel(number=n, title=HOSTILE, caption=HOSTILE, picture=tmp_path / "x.png", shape=form)
                for n in range(1, count + 1)
            ]
            look = Look(shape=shape)
            for page in (board_slide(HOSTILE, panels, look), panel_slide(panels[-1], look)):
                boxes = [item.box for item in page.items if isinstance(item, Picture)]
                inside = all(
                    min(box.x, box.y) >= 0 and box.right <= page.width and box.bottom <= page.height for box in boxes
                )
                low = [item for item in page.items if isinstance(item, Letters) and item.y > page.height]
                written = {item.text for item in page.items if isinstance(item, Letters)}
                if not inside or low or f"{panels[-1].number}" not in written:
                    lost.append((count, shape, form, len(page.items)))
    assert not lost


def test_a_slide_follows_what_is_picked_and_written(services):
    slug = painted(services, 1)
    first = flows.presentation.slide(services, slug)
    again = flows.presentation.slide(services, slug)
    other = a_take(a_recipe(seed=77, width=512, height=512), story=slug, scene="s1", number=1)
    services.takes.add(other, Image.new("RGB", (64, 64), (1, 2, 250)), {})

    flows.takes.pick(services, slug, "s1", other.id)

    picked = flows.presentation.slide(services, slug)
    assert first == again != picked
    colours = {colour for _, colour in Image.open(io.BytesIO(picked)).getcolors(1 << 24)}
    assert (1, 2, 250) in colours
