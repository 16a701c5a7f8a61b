from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from story_engine.errors import ChooseAnother
from story_engine.formats import lettering
from story_engine.formats.labelled_grid import MOST_PIXELS, GridCell, LabelledGrid, as_png, labelled_grid


def a_picture(folder, colour, size=(256, 256)):
    path = folder / f"{'-'.join(map(str, colour))}.png"
    Image.new("RGB", size, colour).save(path)
    return path


def a_grid(cells, **changes):
    fields = {
        "title": "小猫",
        "lines": ("20 步",),
        "x_name": "种子",
        "columns": tuple(str(n) for n in range(len(cells[0]))),
        "y_name": "强度",
        "rows": tuple(str(n) for n in range(len(cells))),
        "cells": cells,
        "blank": "未渲染",
        "footer": "Story Studio",
    }
    return LabelledGrid(**(fields | changes))


def colours(picture):
    pixels = np.asarray(picture.quantize(64).convert("RGB")).reshape(-1, 3)
    return {tuple(int(part) for part in colour) for colour in np.unique(pixels, axis=0)}


def test_every_picture_stands_in_its_cell(tmp_path):
    red, blue = a_picture(tmp_path, (200, 10, 10)), a_picture(tmp_path, (10, 10, 200))
    cells = ((GridCell(picture=red), GridCell(picture=blue)),)

    picture = labelled_grid(a_grid(cells, rows=("",)), shape=(256, 256))

    pixels = np.asarray(picture)
    where = {
        name: np.argwhere((pixels == colour).all(axis=2))
        for name, colour in (("red", (200, 10, 10)), ("blue", (10, 10, 200)))
    }
    assert len(where["red"]) == len(where["blue"]) == 256 * 256
    assert where["red"][:, 1].max() < where["blue"][:, 1].min()
    assert where["red"][0][0] == where["blue"][0][0]


def test_the_best_cell_has_a_frame_and_what_is_missing_a_blank(tmp_path):
    red = a_picture(tmp_path, (200, 10, 10))
    plain = labelled_grid(a_grid(((GridCell(picture=red, note="5.00"), GridCell(picture=None)),)), shape=(256, 256))
    marked = labelled_grid(
        a_grid(((GridCell(picture=red, note="5.00", is_best=True), GridCell(picture=None)),)), shape=(256, 256)
    )

    accent = np.array((0x9A, 0x3B, 0x66))
    count = [int((np.asarray(picture) == accent).all(axis=2).sum()) for picture in (plain, marked)]
    assert count[1] > count[0] + 2000
    assert (np.asarray(plain) == np.array((0xF0, 0xEB, 0xE4))).all(axis=2).sum() > 256 * 200


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (64, 1), (1, 64), (8, 8)])
def test_the_largest_grids_stay_within_what_programs_open(tmp_path, columns, rows):
    cell = GridCell(picture=a_picture(tmp_path, (9, 9, 9), (64, 64)), note="5.00")

    picture = labelled_grid(a_grid(((cell,) * columns,) * rows), shape=(1024, 1536))

    assert picture.width * picture.height <= MOST_PIXELS


def test_the_longest_names_do_not_widen_the_picture(tmp_path):
    cells = ((GridCell(picture=a_picture(tmp_path, (9, 9, 9))),) * 2,)
    long = "很长的名字" * 40

    picture = labelled_grid(a_grid(cells, columns=(long, long), rows=(long,), title=long), shape=(256, 256))

    assert picture.width < 1100


def test_labels_are_letters_and_not_boxes():
    one, other = (bytes(lettering.font(20).getmask(text)) for text in ("种", "强"))
    assert one != other and lettering.can_write("种子 × 强度 – LoRA")


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")

    with pytest.raises(ChooseAnother, match=r"broken\.png"):
        labelled_grid(a_grid(((GridCell(picture=broken),),)), shape=(256, 256))


def test_the_file_says_about_itself_what_it_is(tmp_path):
    picture = Image.new("RGB", (8, 8))

    with Image.open(io.BytesIO(as_png(picture, {"story_studio_grid": "强度"}))) as opened:
        assert opened.text == {"story_studio_grid": "强度"}
