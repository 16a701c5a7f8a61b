import io

import numpy as np
import pytest
from PIL import Image

from story_engine.errors import FixInput
from story_engine.formats.contact_sheet import as_jpeg, contact_sheet


def painted(folder, index, size=(256, 256)):
    path = folder / f"{index}.png"
    Image.new("RGB", size, (index * 25, 80, 200 - index * 20)).save(path)
    return path


def test_eight_pictures_make_the_challenge_s_sheet(tmp_path):
    paths = [painted(tmp_path, index) for index in range(8)]

    sheet = contact_sheet(paths)

    assert sheet.size == (1024, 2048)
    pixels = np.asarray(sheet)
    assert tuple(pixels[256, 256]) == (0, 80, 200)
    assert tuple(pixels[256, 768]) == (25, 80, 180)
    assert tuple(pixels[2048 - 256, 768]) == (175, 80, 60)


def test_an_odd_number_leaves_a_white_cell(tmp_path):
    sheet = contact_sheet([painted(tmp_path, index) for index in range(3)])

    assert sheet.size == (1024, 1024)
    assert sheet.getpixel((900, 900)) == (255, 255, 255)


def test_no_pictures_is_said_clearly():
    with pytest.raises(FixInput, match="Render the story first"):
        contact_sheet([])


def test_the_jpeg_opens_again(tmp_path):
    data = as_jpeg(contact_sheet([painted(tmp_path, 1)]))

    assert Image.open(io.BytesIO(data)).format == "JPEG"
