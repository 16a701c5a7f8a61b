"""All pictures of the workspace, as a person finds, keeps, throws away and takes them up again."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from story_engine import flows
from story_engine.domain.gallery import PictureKey, Wanted
from tests.browser.conftest import HELD, App, Visitor, wait_for
from tests.builders import a_recipe, a_take

STORY = "orange-cat-en"
DRAG = """
([name, content, events]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([Uint8Array.from(atob(content), each => each.charCodeAt(0))], name));
  const onto = document.querySelector("[data-testid=stMainBlockContainer]");
  for (const kind of events) {
    const event = {dataTransfer: carried, bubbles: true, cancelable: true, composed: true};
    onto.dispatchEvent(new DragEvent(kind, event));
  }
}
"""


@pytest.fixture(scope="module")
def painted(app: App) -> tuple[PictureKey, ...]:
    """Sixty-two pictures of a story, and three of one that is gone."""
    for number in range(65):
        story = "long-gone" if number < 3 else STORY
        words = "a lighthouse by night" if number < 2 else f"a kitten, {number}"
        take = a_take(a_recipe(prompt=words, seed=number), story=story, scene=f"s{number % 8 + 1}", number=number)
        app.services.takes.add(take, Image.new("RGB", (64, 64), (number * 3, 90, 120)), {})
    return found(app, order="oldest")


def found(app: App, **wanted) -> tuple[PictureKey, ...]:
    return tuple(picture.key for picture in flows.gallery.look(app.services, Wanted(**wanted)).pictures)


def picture(text: str = "a red fox\nSteps: 30, Sampler: Euler, CFG scale: 6, Seed: 42") -> bytes:
    packed, info = io.BytesIO(), PngInfo()
    info.add_text("parameters", text)
    Image.effect_noise((600, 600), 90).convert("RGB").save(packed, "PNG", pnginfo=info)
    return packed.getvalue()


def drag(person: Visitor, name: str, content: bytes, *events: str) -> None:
    person.at("drop").get_by_role("button").wait_for()
    person.page.evaluate(DRAG, [name, base64.b64encode(content).decode(), list(events)])


def test_pictures_are_found_kept_deleted_and_opened_in_their_story(
    app: App, painted: tuple[PictureKey, ...], visit: Callable[..., Visitor]
):
    person = visit()
    person.open("Gallery")
    cells = person.at("gallery-grid").locator("li")
    person.page.get_by_text("65 pictures").wait_for()
    cells.nth(59).wait_for()  # the grid draws itself after the line above it
    assert cells.count() == 60
    wait_for(
        lambda: cells.first.locator("img").evaluate("each => each.naturalWidth") == 64, what="the picture is there"
    )

    person.at("gallery-words").locator("input").fill("lighthouse night")
    person.page.get_by_text("2 of 65 pictures").wait_for()
    person.settle()
    cells.first.hover()
    cells.first.locator(".heart").click(delay=HELD)
    cells.nth(1).hover()
    cells.nth(1).locator(".heart").click(delay=HELD)  # two quick clicks are two favourites
    wait_for(lambda: len(app.services.favourites.favourites()) == 2, what="both favourites are on the disk")
    person.settle()
    assert cells.locator(".heart[aria-pressed=true]").count() == 2

    person.at("gallery-words").locator("input").fill("")
    person.page.get_by_text("65 pictures").wait_for()
    person.settle()
    cells.nth(2).hover()
    cells.nth(2).locator(".tick").click(delay=HELD)
    cells.nth(6).hover()
    cells.nth(6).locator(".tick").click(delay=HELD, modifiers=["Shift"])
    person.page.get_by_text("5 chosen").wait_for()
    person.press("gallery-delete-many")
    person.page.get_by_text("5 pictures were deleted").first.wait_for()
    assert len(found(app)) == 60
    person.press("undo-0")
    person.page.get_by_text("65 pictures").wait_for()
    assert found(app, order="oldest") == painted

    person.open("Gallery")
    person.tick("gallery-favourites")
    person.page.get_by_text("2 of 65 pictures").wait_for()
    person.tick("gallery-favourites")
    person.page.get_by_text("65 pictures", exact=True).wait_for()
    person.settle()
    cells.first.locator(".open").click(delay=HELD)
    large = person.at("lightbox").get_by_role("dialog")
    large.get_by_text("1 / 60").wait_for()
    person.page.keyboard.press("ArrowRight")
    large.get_by_text("2 / 60").wait_for()
    person.page.keyboard.press("f")
    large.get_by_role("button", name="No favourite any more").wait_for()  # the answer to it is still awaited
    large.get_by_role("button", name="Open in its story").click(
        delay=HELD
    )  # the answer to the key may still be awaited
    person.page.wait_for_url(f"**/Story?story={STORY}")
    wait_for(lambda: len(app.services.favourites.favourites()) == 3, what="the picture shown is a favourite")
    large.get_by_text("Seed 63").first.wait_for()  # the last but one that was painted


@pytest.mark.thorough
def test_a_picture_dropped_on_any_page_is_begun_with_again(app: App, visit: Callable[..., Visitor]):
    person = visit(language="zh")
    person.open("Settings")
    drag(person, "notes.pdf", b"%PDF-1.7 nothing to see", "dragenter", "drop")
    person.page.get_by_text("不是 PNG / JPEG / WebP 图片").first.wait_for()
    assert not person.page.get_by_role("dialog").count()

    drag(person, "fox.png", picture(), "dragenter", "dragover")
    person.page.get_by_text("松开即可读取").wait_for()
    drag(person, "fox.png", picture(), "drop")
    person.page.get_by_text("松开即可读取").wait_for(state="hidden")
    person.page.get_by_role("dialog").get_by_text("a red fox").wait_for()
    person.press("use-take-over")
    person.page.get_by_text("已将 fox.png 的参数用于").first.wait_for()
    written = [slug for slug in app.services.stories.slugs() if app.services.stories.load(slug).scenes[0].seed == 42]
    assert [app.services.stories.load(slug).scenes[0].prompt for slug in written] == ["a red fox"]

    before = set(app.services.stories.slugs())
    person.open("LoRAs")
    person.at("drop").locator("input[type=file]").set_input_files(
        [
            {
                "name": f"{name}.png",
                "mimeType": "image/png",
                "buffer": picture(f"{name}\nSteps: 9, Sampler: Euler, CFG scale: 6, Seed: 7"),
            }
            for name in "ab"
        ]
    )
    person.page.get_by_text("2 张图片带有生成参数").wait_for()
    person.press("use-start")
    wait_for(lambda: set(app.services.stories.slugs()) - before, what="the new story is there")
    (slug,) = set(app.services.stories.slugs()) - before
    scenes = app.services.stories.load(slug).scenes
    assert [scene.prompt for scene in scenes] == ["a", "b", *[""] * 6]
    person.page.wait_for_url("**/Story?story=*")


def test_the_gallery_is_used_with_the_keyboard_alone_and_fits_a_phone(
    app: App, painted: tuple[PictureKey, ...], visit: Callable[..., Visitor]
):
    person = visit(language="zh", phone=True)
    person.open("Gallery")
    cells = person.at("gallery-grid").locator("li")
    cells.first.wait_for()
    favourites = len(app.services.favourites.favourites())

    cells.first.locator(".open").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "x", "f"):
        person.page.keyboard.press(key)
    person.page.get_by_text("已选 1 张").wait_for()
    wait_for(lambda: len(app.services.favourites.favourites()) == favourites + 1, what="the favourite is on the disk")
    person.settle()
    focused = person.page.evaluate(
        "document.activeElement.shadowRoot.activeElement.closest('li').querySelector('.tick').checked"
    )
    assert focused  # the focus is where it was
    person.page.keyboard.press("Enter")
    large = person.at("lightbox").get_by_role("dialog")
    large.get_by_role("button", name="沿用参数或新建故事").click(delay=HELD)
    person.page.get_by_role("dialog").get_by_text("从图片开始").wait_for()
    large.wait_for(state="hidden")
    person.settle()
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 390
    person.page.keyboard.press("Escape")
    person.page.get_by_text("从图片开始").wait_for(state="detached")
