from __future__ import annotations

import os

import pytest

from story_engine import flows
from story_engine.store.takes import TakeStore
from tests.pages.conftest import Studio, texts


def test_the_shelf_shows_every_story_with_its_progress(studio: Studio):
    studio.painted("singer", "s1", "s2")

    app = studio.page()

    assert not app.exception
    assert "歌星梦" in texts(app)
    assert "2 of 8 panels" in texts(app)


def test_an_empty_shelf_welcomes_a_newcomer(studio: Studio):
    for story in studio.stories.glob("*.yaml"):
        story.unlink()

    app = studio.page(language="zh")

    assert not app.exception
    assert "八幅画，一个故事" in texts(app)


def test_the_first_primary_button_leads_to_a_picture_in_two_clicks_in_each_language(studio: Studio):
    ready = {state.name for state in flows.machine.inspect(studio.services).families if state.ready}
    copies = {"en": ("a copy of", "The Orange Kitten's Journey (copy)"), "zh": ("的副本", "歌星梦（副本）")}
    for language, (said, title) in copies.items():
        app = studio.page(language=language)

        # "create" lies in a popover that is closed.
        first = next(each for each in app.button if each.proto.type == "primary" and each.key != "create")
        assert said in first.label
        first.click().run()
        slug = app.session_state["opened_story"]
        app.switch_page("pages/1_Story.py").run()
        next(button for button in app.button if button.key == "render-all").click().run()

        story = studio.services.stories.load(slug)
        assert story.title == title
        assert (story.settings.stand_in or story.settings.family) in ready
        (job,) = (job for job in studio.services.ledger.jobs() if job.story == slug)
        assert len(studio.services.ledger.spec(job.id).items) == 8


def test_a_story_is_created_as_a_copy_of_an_example_that_says_so(studio: Studio):
    app = studio.page()
    original = studio.services.stories.load("orange-cat")

    app.selectbox(key="new-template").set_value("orange-cat").run()
    app.text_input(key="new-title").set_value("My cat")
    app.button(key="create").click().run()

    assert not app.exception
    mine = studio.services.stories.load(app.session_state["opened_story"])
    assert mine.title == "My cat"
    assert [scene.prompt for scene in mine.scenes] == [scene.prompt for scene in original.scenes]
    for title in ("橘猫穿越记 (copy)", "橘猫穿越记 (copy 2)"):
        app = studio.page()
        app.selectbox(key="new-template").set_value("orange-cat").run()
        app.button(key="create").click().run()
        assert studio.services.stories.load(app.session_state["opened_story"]).title == title


def test_eight_lines_pasted_into_a_new_story_are_its_eight_scenes(studio: Studio):
    lines = [f"the kitten looks at the moon {number} times" for number in range(1, 9)]

    app = studio.page()
    app.text_input(key="new-title").set_value("Moon")
    app.text_area(key="new-text").set_value("\n".join(lines))
    app.button(key="create").click().run()
    later = studio.page("story", story=flows.shelf.create(studio.services, "Later"))
    later.text_area(key="paste-later").set_value("\n".join(lines))
    later.button(key="paste-make").click().run()

    assert not app.exception and not later.exception
    for slug in (app.session_state["opened_story"], "later"):
        assert [scene.prompt for scene in studio.services.stories.load(slug).scenes] == lines
    assert "8 scenes written" in texts(later)
    assert not [field for field in later.text_area if field.key == "paste-later"]


def test_an_unreadable_story_keeps_its_card_and_says_why(studio: Studio):
    (studio.stories / "broken.yaml").write_text("scenes: [", encoding="utf-8")

    app = studio.page()

    assert not app.exception
    (error,) = app.error
    assert "stories/broken.yaml" in error.value.replace("\\", "")
    assert app.button(key="open-singer")
    assert app.menu_button(key="icon-more-broken")


@pytest.mark.parametrize(
    ("file", "told", "advice"),
    [
        ("con.yaml", "belongs to a device on Windows", "con-story.yaml"),
        ("cafe\u0301.yaml", "Write it composed: café", "café.yaml"),
        ("a|b.yaml", "the character |", "a-b.yaml"),
        ("cat\udcff.yaml", "U+DCFF", "cat.yaml"),
    ],
    ids=["a device of Windows", "separate accents", "a bar", "bytes that are no text"],
)
def test_a_story_file_whose_name_cannot_be_used_is_on_the_shelf_with_the_way_out(
    studio: Studio, file: str, told: str, advice: str
):
    path = studio.stories / file
    path.write_bytes((studio.stories / "singer.yaml").read_bytes())
    (studio.stories / ".hidden.yaml").touch()

    app = studio.page()

    assert not app.exception
    (error,) = app.error
    assert told in error.value.replace("\\", "")
    assert advice in texts(app)
    assert path.exists()
    assert app.button(key="open-singer")
    path.rename(studio.stories / advice)
    assert not studio.page().error


def test_two_files_that_want_one_name_have_a_card_each(studio: Studio):
    for file in ("con.yaml", "CON.yaml", "con-story.yaml"):
        (studio.stories / file).write_bytes((studio.stories / "singer.yaml").read_bytes())

    app = studio.page()

    assert not app.exception
    assert len(app.error) == 2
    assert app.button(key="open-con-story")


def test_a_deleted_story_comes_back_with_undo(studio: Studio):
    app = studio.page()

    app.menu_button(key="icon-more-singer").click("delete").run()
    assert "singer" not in {card.slug for card in flows.shelf.cards(studio.services)}
    app.button(key="undo-0").click().run()

    assert not app.exception
    assert "singer" in {card.slug for card in flows.shelf.cards(studio.services)}


def test_a_story_is_renamed_in_its_card(studio: Studio):
    app = studio.page()

    app.menu_button(key="icon-more-singer").click("rename").run()
    app.text_input(key="rename-singer").set_value("The voice").run()

    assert studio.services.stories.load("singer").title == "The voice"
    assert "The voice" in texts(app)


def test_a_story_is_duplicated_without_its_pictures(studio: Studio):
    app = studio.page()

    app.menu_button(key="icon-more-singer").click("duplicate").run()

    assert not app.exception
    assert len([card for card in flows.shelf.cards(studio.services) if card.title.startswith("歌星梦")]) == 2


def test_the_address_overrides_the_language_of_the_browser(studio: Studio):
    app = studio.page(language="en", lang="zh")

    assert app.title[0].value == "故事"


def test_the_language_is_switched_on_the_page(studio: Studio):
    app = studio.page(language="zh")

    app.segmented_control(key="language").set_value("en").run()

    assert app.title[0].value == "Stories"


def test_a_long_shelf_has_pages_and_reads_only_the_boards_that_it_shows(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    text = (studio.stories / "singer.yaml").read_text(encoding="utf-8")
    for number in range(60):
        path = studio.stories / f"story-{number:02}.yaml"
        path.write_text(text.replace("歌星梦", f"Story {number:02}"), encoding="utf-8")
        os.utime(path, (number, number))
    read: list[str] = []
    takes = TakeStore.takes

    def counted(store: TakeStore, slug: str) -> object:
        read.append(slug)
        return takes(store, slug)

    monkeypatch.setattr(TakeStore, "takes", counted)

    app = studio.page()
    assert len(read) <= 24 + 3
    read.clear()
    app.session_state["shelf-page"] = 3
    app.run()

    assert not app.exception
    assert "Story 00" in texts(app) and "Story 59" not in texts(app)
    assert len(read) <= 24 + 3
    for number in range(20):
        studio.services.stories.delete(f"story-{number:02}")
    app.run()
    assert not app.exception
    assert "Story 20" in texts(app)


def test_stories_to_choose_from_are_named_without_reading_a_board(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    (studio.stories / "damaged.yaml").write_text("scenes: [", encoding="utf-8")
    monkeypatch.setattr(TakeStore, "takes", None)

    assert flows.shelf.titles(studio.services)["singer"] == "歌星梦"
    assert "damaged" not in flows.shelf.titles(studio.services)
