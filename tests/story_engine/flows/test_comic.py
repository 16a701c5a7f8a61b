"""Sheet and comic pages of a story with real stores; its pictures are painted by nobody."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.comic import ComicOptions
from story_engine.domain.edit import Edit
from story_engine.domain.speech_text import speech_from
from story_engine.errors import ChooseAnother, FixInput
from tests.builders import a_recipe, a_story, a_take


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


def painted(services, count: int = 8) -> str:
    slug = services.stories.create("猫的一天", a_story(count=count))
    for number, scene in enumerate(services.stories.load(slug).scenes):
        take = a_take(a_recipe(seed=number, width=512, height=512), story=slug, scene=scene.id)
        services.takes.add(take, Image.new("RGB", (64, 64), (number * 20, 80, 90)), {})
    return slug


def test_pages_and_sheet_are_written_by_the_ending_of_their_names(services, tmp_path):
    slug = painted(services, 9)

    written = [flows.comic.write(services, slug, tmp_path / name)[0] for name in ("c.pdf", "c.png", "s.jpg")]

    assert [[path.name for path in paths] for paths in written] == [["c.pdf"], ["c-01.png", "c-02.png"], ["s.jpg"]]
    assert (tmp_path / "c.pdf").read_bytes().startswith(b"%PDF-")
    assert Image.open(tmp_path / "c-02.png").size == (2480, 3508)
    assert Image.open(tmp_path / "s.jpg").size == (1024, 2560)


def test_another_ending_is_refused_with_those_that_there_are(services, tmp_path):
    slug = painted(services, 1)

    with pytest.raises(FixInput, match=r"\.pdf, \.png"):
        flows.comic.write(services, slug, tmp_path / "c.gif")


def test_the_chosen_layout_is_what_pages_and_bundle_have(services):
    slug = painted(services)
    flows.comic.choose(services, slug, paper="b5", per_page=4, sheet="4x2")

    comic = flows.comic.lay_out(services, slug)
    entries = flows.comic.bundle_entries(services, flows.panels.open_story(services, slug))

    assert flows.comic.options(services, slug) == ComicOptions(paper="b5", per_page=4, sheet="4x2")
    assert [(page.width, page.height) for page in comic.pages] == [(2079, 2953)] * 2
    assert set(entries) == {"contact_sheet.jpg", "comic.pdf", "comic-01.png", "comic-02.png"}
    assert Image.open(io.BytesIO(entries["contact_sheet.jpg"])).size == (2048, 1024)


def test_what_is_said_is_kept_with_the_story_and_stands_in_bubbles(services):
    slug = painted(services, 2)
    bare = flows.comic.lay_out(services, slug).pages[0]
    said = speech_from("皇帝：何方神兽？")

    story = services.stories.edit(slug, [Edit(scene="s1", field="speech", value=said, seen=())])

    assert story.scene("s1").speech == said == services.stories.load(slug).scene("s1").speech
    with_bubble = flows.comic.lay_out(services, slug).pages[0]
    assert len(with_bubble.items) > len(bare.items)
    assert flows.comic.lay_out(services, slug, ComicOptions(bubbles=False)).pages[0] == bare


def test_a_story_file_without_speech_gains_no_line_of_it(services):
    slug = services.stories.create("Cat", a_story(count=2))
    path = services.layout.story(slug)
    assert "speech" not in path.read_text(encoding="utf-8")

    services.stories.edit(slug, [Edit(scene="s1", field="caption", value="one", seen="")])

    assert "speech" not in path.read_text(encoding="utf-8")


def test_the_short_form_of_speech_and_its_comments_stay_when_something_else_is_edited(services):
    slug = services.stories.create("Cat", a_story(count=1))
    path = services.layout.story(slug)
    lines = "    speech:\n      - 喵？ # softly\n      - {speaker: Emperor, text: A cat.}\n"
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n" + lines, encoding="utf-8")

    services.stories.edit(slug, [Edit(scene="s1", field="caption", value="one", seen="")])

    text = path.read_text(encoding="utf-8")
    assert "- 喵？ # softly" in text and "{speaker: Emperor, text: A cat.}" in text
    assert [each.text for each in services.stories.load(slug).scene("s1").speech] == ["喵？", "A cat."]


def test_without_a_picture_it_is_said_what_to_do(services):
    slug = services.stories.create("Cat", a_story(count=2))

    with pytest.raises(FixInput, match="Render the story first"):
        flows.comic.lay_out(services, slug)


def test_a_page_that_is_not_there_is_refused(services):
    comic = flows.comic.lay_out(services, painted(services, 2))

    with pytest.raises(ChooseAnother, match="no page 2"):
        flows.comic.png(comic, 2)


def test_an_option_that_there_is_not_changes_nothing(services):
    slug = painted(services, 1)

    for changes in ({"layout": "spiral"}, {"per_page": 0}, {"per_page": 25}, {"paper": None}):
        with pytest.raises(FixInput):
            flows.comic.choose(services, slug, **changes)
    assert flows.comic.options(services, slug) == ComicOptions()
