from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from pages.parts.shared import picture_route, use_picture
from story_engine import flows
from story_engine.domain.gallery import PictureKey, Wanted
from tests.builders import a_recipe, a_take
from tests.pages.conftest import Studio, texts


@pytest.fixture
def keys(studio: Studio) -> tuple[PictureKey, ...]:
    studio.painted("singer", "s1", "s2", score=5.5)
    lost = a_take(a_recipe(prompt="a lighthouse by night", seed=4), story="long-gone", scene="s1")
    studio.services.takes.add(lost, Image.new("RGB", (64, 64), (9, 9, 90)), {})
    return tuple(picture.key for picture in flows.gallery.look(studio.services, Wanted(order="oldest")).pictures)


def test_the_page_searches_filters_and_says_how_much_it_found(studio: Studio, keys: tuple[PictureKey, ...]):
    app = studio.page("gallery")
    assert not app.exception and "3 pictures" in texts(app)

    app.text_input(key="gallery-words").set_value("lighthouse").run()
    assert not app.exception and "1 of 3 pictures" in texts(app)
    app.text_input(key="gallery-words").set_value("zzz").run()
    assert "No picture is like that" in texts(app)
    app.text_input(key="gallery-words").set_value("").run()
    app.selectbox(key="gallery-story").select("long-gone (deleted)").run()
    assert not app.exception and "1 of 3 pictures" in texts(app)
    app.button(key="gallery-clear").click().run()
    assert "3 pictures" in texts(app) and app.selectbox(key="gallery-story").value is None


def test_what_is_chosen_is_deleted_together_with_one_undo(studio: Studio, keys: tuple[PictureKey, ...]):
    app = studio.page("gallery", language="zh")

    app.button(key="gallery-choose-all").click().run()
    assert "已选 3 张" in texts(app)
    app.button(key="gallery-delete-many").click().run()

    assert not app.exception and flows.gallery.look(studio.services, Wanted()).total == 0
    app.button(key="undo-0").click().run()
    assert flows.gallery.look(studio.services, Wanted()).total == 3


def test_a_story_begins_with_a_picture_of_another_one_that_is_gone(studio: Studio, keys: tuple[PictureKey, ...]):
    app = studio.page("gallery")
    lost = next(key for key in keys if key.story == "long-gone")
    found = flows.picture_use.of_take(studio.services, lost)
    asked = use_picture.Asked(pictures=(found,), name="lost", title="Found again", take=lost)
    app.session_state["use-picture"], app.session_state["use-picture-turn"] = asked, 1
    app.run()
    assert not app.exception and "lost" in texts(app)
    before = set(studio.services.stories.slugs())

    app.button(key="use-start").click().run()

    (slug,) = set(studio.services.stories.slugs()) - before
    story = studio.services.stories.load(slug)
    assert (story.title, len(story.scenes)) == ("Found again", 8)
    assert story.scenes[0].prompt == "a lighthouse by night" and story.scenes[0].seed == 4


def fetched(address: str) -> Response:
    """As the server would answer, with what a browser's address becomes there."""
    (route,) = picture_route.routes()
    _, *parts = address.split("/")
    names = dict(zip(("story", "scene", "name"), map(unquote, parts), strict=True))
    return route.endpoint(Request({"type": "http", "path_params": names}))


def test_pictures_have_addresses_and_nothing_else_has(studio: Studio, keys: tuple[PictureKey, ...]):
    key = keys[0]
    small, large = fetched(picture_route.thumbnail(key)), fetched(picture_route.picture(key))
    assert small.body.startswith(b"\xff\xd8") and "immutable" in small.headers["cache-control"]
    assert isinstance(large, FileResponse) and Path(large.path).read_bytes().startswith(b"\x89PNG")

    folder = studio.services.layout.takes(key.story, key.scene)
    (folder / f"{'f' * 32}.png").symlink_to(__file__)
    wrong = [
        f"pictures/{key.story}/{key.scene}/{key.take}.json",
        f"pictures/{key.story}/{key.scene}/..%2f{key.take}.png",
        f"pictures/..%2f..%2fetc/{key.scene}/passwd.png",
        f"pictures/../{key.scene}/{key.take}.jpg",
        f"pictures/{key.story}/{key.scene}/{'f' * 32}.png",
        f"pictures/{key.story}/{key.scene}/{'0' * 32}.jpg",
        f"pictures/{key.story}/nul/{key.take}.jpg",
        f"pictures/{key.story}/{key.scene}/{key.take}",
    ]
    assert [address for address in wrong if fetched(address).status_code != 404] == []
