import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from story_engine.errors import FixInput
from story_engine.formats.outside_picture import read_picture


def stored(picture: Image.Image, kind="PNG", **options) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def a_png_that_claims(width: int, height: int) -> bytes:
    """A header of this size with next to no data."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def refusal(content: bytes, name="x.png") -> str:
    with pytest.raises(FixInput) as caught:
        read_picture(content, name)
    assert name in str(caught.value)
    return caught.value.code.removeprefix("dataset.picture_")


def test_an_ordinary_picture_is_untouched():
    read = read_picture(stored(Image.new("RGB", (40, 30), "red")), "red.png")

    assert (read.picture.size, read.picture.mode, read.ending, read.changed) == ((40, 30), "RGB", ".png", ())


def test_exif_rotation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    read = read_picture(stored(Image.new("RGB", (40, 30)), "JPEG", exif=exif), "phone.jpg")

    assert read.picture.size == (30, 40)
    assert read.changed == ("rotated",)


@pytest.mark.parametrize(
    ("picture", "kind", "changed"),
    [
        (Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "JPEG", ("cmyk",)),
        (Image.new("P", (40, 30)), "PNG", ("palette",)),
        (Image.new("L", (40, 30), 128), "PNG", ("grey",)),
        (Image.new("1", (40, 30)), "PNG", ("grey",)),
        (Image.new("RGBA", (40, 30), (255, 0, 0, 100)), "PNG", ("transparent",)),
        (Image.new("RGBA", (40, 30), (255, 0, 0, 255)), "WEBP", ()),
    ],
)
def test_other_kinds_of_colour_become_rgb_and_say_so(picture, kind, changed):
    read = read_picture(stored(picture, kind), "x")

    assert read.picture.mode == "RGB"
    assert read.changed == changed


def test_sixteen_bits_are_scaled_not_cut_off():
    grey = Image.fromarray(np.full((30, 40), 0x8000, dtype=np.uint16))

    read = read_picture(stored(grey), "scan.png")

    assert read.picture.getpixel((3, 3)) == (128, 128, 128)
    assert read.changed == ("16-bit",)


def test_transparency_shows_white():
    read = read_picture(stored(Image.new("RGBA", (40, 30), (0, 0, 0, 0))), "x.png")

    assert read.picture.getpixel((0, 0)) == (255, 255, 255)


def test_a_picture_100_000_pixels_wide_is_refused():
    assert refusal(a_png_that_claims(100_000, 100)) == "pixels"


def test_a_decompression_bomb_is_refused_before_it_is_unpacked():
    assert refusal(a_png_that_claims(60_000, 60_000)) in ("pixels", "pixels_unknown")
    assert refusal(a_png_that_claims(13_000, 13_000)) in ("pixels", "pixels_unknown")


def test_half_a_jpeg_is_refused():
    rng = np.random.default_rng(0)
    whole = stored(Image.fromarray(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)), "JPEG")

    assert refusal(whole[: len(whole) // 2], "half.jpg") == "damaged"


def test_an_animation_is_refused_with_its_frames():
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue", "green")]

    assert refusal(stored(frames[0], save_all=True, append_images=frames[1:])) == "animated"
    webp = stored(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    assert refusal(webp, "moving.webp") == "animated"


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + b"\0" * 40]
)
def test_what_is_no_picture_is_refused(content):
    assert refusal(content) in ("unknown", "damaged")


def test_a_tiny_picture_is_refused():
    assert refusal(stored(Image.new("RGB", (8, 300)))) == "tiny"


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 300), flipped=st.integers(0, 300), value=st.integers(0, 255))
def test_any_damage_is_a_refusal_or_a_picture_never_another_error(cut, flipped, value):
    content = bytearray(stored(Image.effect_noise((24, 24), 60).convert("RGB"), "JPEG"))
    content[flipped % len(content)] = value

    try:
        read = read_picture(bytes(content[: len(content) - cut]), "x.jpg")
    except FixInput:
        return
    assert read.picture.mode == "RGB"
