"""Pictures that recipes are painted from lie by content, are checked whenever they are read, and stay while needed."""

from __future__ import annotations

import io
import os
import stat
import time

import pytest
from PIL import Image

from story_engine.domain.recipe import Start
from story_engine.errors import ChooseAnother, FixInput
from story_engine.store.layout import Layout
from story_engine.store.references import LONGEST_SIDE, UNUSED_SECONDS, ReferenceStore
from tests.builders import a_recipe, a_take


@pytest.fixture
def layout(tmp_path):
    (tmp_path / "workspace").mkdir(mode=0o700)
    return Layout(tmp_path / "workspace", tmp_path / "stories")


@pytest.fixture
def store(layout):
    return ReferenceStore(layout)


def picture(colour="red", size=(64, 64), mode="RGB"):
    return Image.new(mode, size, colour)


def png(**values):
    content = io.BytesIO()
    picture(**values).save(content, "PNG")
    return content.getvalue()


def aged(store, name):
    then = time.time() - UNUSED_SECONDS - 60
    os.utime(store.path(name), (then, then))


def test_the_same_pixels_are_one_private_file_that_is_read_back_as_it_was(store, layout):
    first, second = store.keep(picture("red")), store.keep(picture("red"))

    assert first == second and store.keep(picture("blue")) != first
    assert store.picture(first).getpixel((3, 3)) == (255, 0, 0) and store.size(first) == (64, 64)
    assert [path.name for path in layout.references.iterdir()].count(f"{first}.png") == 1
    assert stat.S_IMODE(store.path(first).stat().st_mode) == 0o600
    half = picture(0, mode="L")
    half.paste(200, (0, 0, 32, 64))
    assert store.mask(store.keep(half)).getcolors() == [(32 * 64, 0), (32 * 64, 255)]


def test_a_file_that_is_kept_as_it_is_has_the_name_of_its_content_and_mends_a_damaged_one(store):
    content = png(colour="green")
    name = store.keep_file(content)
    store.path(name).write_bytes(b"something else")

    assert store.keep_file(content) == name
    assert store.content(name) == content


def test_what_is_missing_changed_or_no_picture_is_refused_by_name(store):
    with pytest.raises(ChooseAnother, match="not in this workspace"):
        store.picture("0" * 64)
    for odd in ("../../etc/passwd", "a" * 63, ""):
        with pytest.raises(FixInput, match=r"no SHA-256"):
            store.path(odd)
    name = store.keep(picture())
    store.path(name).write_bytes(png(colour="blue"))
    with pytest.raises(FixInput, match="has changed on disk"):
        store.picture(name)
    jpeg = io.BytesIO()
    picture().save(jpeg, "JPEG")
    whole = png()
    for content in (b"", b"no picture", jpeg.getvalue(), whole[: len(whole) // 2]):
        with pytest.raises(FixInput, match="no PNG"):
            store.keep_file(content)


def test_sides_are_bounded_before_a_picture_is_decoded(store):
    for size in ((LONGEST_SIDE + 1, 64), (64, 8)):
        with pytest.raises(FixInput, match=f"{size[0]}x{size[1]}"):
            store.keep(picture(size=size))
        with pytest.raises(FixInput, match=f"{size[0]}x{size[1]}"):
            store.keep_file(png(size=size))


def test_only_what_nothing_names_any_more_is_unused(store, layout):
    names = {colour: store.keep(picture(colour)) for colour in ("red", "green", "blue", "black", "white")}
    take = a_take(a_recipe(start=Start(reference=names["red"], strength=0.5)))
    for folder, name, text in (
        (layout.takes("cat", "s1"), f"{take.id}.json", take.model_dump_json()),
        (layout.trash / "t" / "parts", "a.json", f'{{"mask": "{names["green"]}"}}'),
        (layout.history("cat"), "000001.yaml", f"anchor: {names['blue']}\n"),
    ):
        folder.mkdir(parents=True)
        (folder / name).write_text(text)
    assert store.unused() == [], "what was put here today may belong to a picture that is being asked for"
    for name in names.values():
        aged(store, name)

    assert store.unused([f'{{"reference": "{names["black"]}"}}']) == [store.path(names["white"])]
