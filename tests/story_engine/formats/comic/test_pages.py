from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdfium2 import PdfDocument

from story_engine.domain.comic import ComicOptions
from story_engine.errors import ChooseAnother
from story_engine.formats.comic.bubbles import Said
from story_engine.formats.comic.drawing import Letters, Picture
from story_engine.formats.comic.pages import Comic, ComicPanel, comic_pages
from story_engine.formats.comic.pdf import comic_pdf
from story_engine.formats.comic.png import page_image, page_png

CAPTIONS = ("毛线球滚到哪里，它就追到哪里。", "Someone had left a page open.", "“何方神兽？”皇帝问。", "The end 😀")


def picture_file(folder: Path, number: int) -> Path:
    path = folder / f"{number}.png"
    if not path.exists():
        Image.new("RGB", (64, 64), (number * 30 % 256, 90, 160)).save(path)
    return path


def a_comic(
    folder: Path, count: int = 8, *, caption: str | None = None, said: tuple[Said, ...] = (), **options
) -> Comic:
    panels = tuple(
        ComicPanel(
            picture=picture_file(folder, number),
            shape=1.0,
            title=f"第{number}幕",
            caption=CAPTIONS[number % 4] if caption is None else caption,
            said=said,
        )
        for number in range(count)
    )
    return Comic(title="橘猫穿越记", panels=panels, options=ComicOptions(**options))


def test_a_page_has_print_size_and_says_so(tmp_path):
    (page,), findings = comic_pages(a_comic(tmp_path))

    with Image.open(io.BytesIO(page_png(page))) as opened:
        assert opened.size == (2480, 3508)
        assert round(opened.info["dpi"][0]) == 300
    assert findings == ()


def test_every_panel_s_picture_is_on_the_page_in_its_colour(tmp_path):
    (page,), _ = comic_pages(a_comic(tmp_path, 5, captions="none", title=False))
    image = page_image(page)

    for number, item in enumerate(item for item in page.items if isinstance(item, Picture)):
        middle = (round(item.box.x + item.box.width / 2), round(item.box.y + item.box.height / 2))
        assert image.getpixel(middle) == (number * 30 % 256, 90, 160)


def test_the_same_story_gives_the_same_bytes_and_leaves_its_pictures_alone(tmp_path):
    comic = a_comic(tmp_path, said=(Said("喵！", "橘猫"), Said("A cat?")))
    before = [hashlib.sha256(panel.picture.read_bytes()).digest() for panel in comic.panels]

    first, second = (comic_pages(comic)[0] for _ in range(2))

    assert page_png(first[0]) == page_png(second[0])
    assert comic_pdf(first, title=comic.title) == comic_pdf(second, title=comic.title)
    assert [hashlib.sha256(panel.picture.read_bytes()).digest() for panel in comic.panels] == before


def test_words_of_the_pdf_can_be_selected_in_both_languages(tmp_path):
    pages, _ = comic_pages(a_comic(tmp_path, 10, said=(Said("我回来了！"),)))

    read = PdfDocument(comic_pdf(pages, title="橘猫穿越记"))
    text = "".join(page.get_textpage().get_text_range() for page in read)

    assert len(read) == 2 and read.get_metadata_value("Title") == "橘猫穿越记"
    assert [round(side) for side in read[0].get_size()] == [595, 842]
    for words in (
        "橘猫穿越记",
        "毛线球滚到哪里，它就追到哪里。",
        "Someone had left a page open.",
        "我回来了！",
        "1 / 2",
    ):
        assert words in text, (words, text)


def test_the_pdf_looks_like_the_picture(tmp_path):
    (page,), _ = comic_pages(a_comic(tmp_path, 6, said=(Said("喵！", "橘猫"), Said("wait…")), vertical=True))
    picture = page_image(page).resize((620, 877), Image.Resampling.BOX)

    drawn = PdfDocument(comic_pdf((page,), title=""))[0].render(scale=300 / 72).to_pil().convert("RGB")

    far = np.abs(np.asarray(drawn.resize((620, 877), Image.Resampling.BOX), dtype=int) - np.asarray(picture, dtype=int))
    assert far.mean() < 1.5 and np.percentile(far, 99.5) < 60


def test_turned_words_of_a_column_run_downwards(tmp_path):
    (page,), _ = comic_pages(a_comic(tmp_path, 1, caption="第12章 Hello", vertical=True, title=False))

    hello = next(item for item in page.items if isinstance(item, Letters) and "Hello" in item.text)
    image = np.asarray(page_image(page).convert("L"))
    left, top = round(hello.x - hello.size), round(hello.y - hello.size * 0.2)
    dark = np.argwhere(image[top : round(hello.y + hello.size * 3), left : left + round(2 * hello.size)] < 120)

    assert hello.turned
    assert np.ptp(dark[:, 0]) > 1.8 * np.ptp(dark[:, 1])


def test_a_character_without_letters_is_named(tmp_path):
    _, findings = comic_pages(a_comic(tmp_path, caption="龘是一条龙"))

    (found,) = findings
    assert found.code == "comics.missing" and "龘 (U+9F98)" in str(found.values["characters"])


def test_words_that_find_no_place_are_told_with_their_panel(tmp_path):
    said = (Said("话" * 500),) * 3
    _, findings = comic_pages(a_comic(tmp_path, 8, caption="很长的配文，" * 300, said=said))

    codes = {(each.code, each.values["panel"]) for each in findings}
    assert ("comics.caption_cut", 1) in codes and ("comics.speech_cut", 8) in codes


@pytest.mark.parametrize("vertical", [False, True])
def test_bubbles_stay_inside_their_panel_and_off_its_caption(tmp_path, vertical):
    said = (Said("何方神兽？", "皇帝"), Said("Meow! I am only passing through", "Marmalade"), Said("喵"))
    comic = a_comic(
        tmp_path, 6, caption="配文，在画面之内。", said=said, captions="inside", vertical=vertical, title=False
    )

    (page,), findings = comic_pages(comic)

    frames = [item.box for item in page.items if isinstance(item, Picture)]
    for letters in (item for item in page.items if isinstance(item, Letters)):
        assert any(box.x <= letters.x <= box.right and box.y <= letters.y <= box.bottom for box in frames), letters
    assert findings == ()


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    comic = a_comic(tmp_path, 2)
    comic.panels[1].picture.write_bytes(b"no picture")
    (page,), _ = comic_pages(comic)

    with pytest.raises(ChooseAnother, match=r"1\.png"):
        page_png(page)
    with pytest.raises(ChooseAnother, match=r"1\.png"):
        comic_pdf((page,), title="")


def test_hostile_titles_and_captions_are_only_words(tmp_path):
    hostile = "<script>alert(1)</script> | \u202egnp.exe **b** \ufeff ]]> %s {0} \\"

    pages, _ = comic_pages(a_comic(tmp_path, 3, caption=hostile, said=(Said(hostile, hostile[:60]),)))

    assert page_image(pages[0]).size == (2480, 3508)
    assert len(PdfDocument(comic_pdf(pages, title=hostile))) == 1
