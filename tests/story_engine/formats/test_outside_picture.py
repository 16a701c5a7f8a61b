import io
import struct
import time
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

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


def display_p3() -> bytes:
    """An ICC profile of Display P3: its primaries adapted to D50, with the curve of sRGB."""
    columns = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
    ramp = np.arange(256) / 255
    curve = np.where(ramp <= 0.04045, ramp / 12.92, ((ramp + 0.055) / 1.055) ** 2.4)

    def xyz(values):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))

    table = b"curv\0\0\0\0" + struct.pack(">I256H", 256, *(round(value * 65535) for value in curve))
    text = b"desc\0\0\0\0" + struct.pack(">I", 11) + b"Display P3\0" + b"\0" * 78
    tags = {b"desc": text, b"cprt": b"text\0\0\0\0none\0", b"wtpt": xyz((0.9642, 1.0, 0.8249))}
    tags |= dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(xyz, columns), strict=True))
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), table)
    index, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        index += name + struct.pack(">II", start + len(body), len(content))
        body += content.ljust(-(-len(content) // 4) * 4, b"\0")
    head = struct.pack(">I4xI4s4s4s", start + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ").ljust(36, b"\0")
    head = (head + b"acsp").ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + index + body


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize(("orientation", "changed"), [(1, ("profile",)), (6, ("rotated", "profile"))])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_wide_gamut_pictures_become_srgb(kind, orientation, changed):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    content = stored(Image.new("RGB", (40, 30), (200, 100, 50)), kind, icc_profile=display_p3(), exif=exif, **options)

    read = read_picture(content, "p3")

    assert read.changed == changed
    # Display P3 (200, 100, 50) in sRGB, by the published matrices of both.
    assert np.abs(np.subtract(read.picture.getpixel((20, 15)), (215, 93, 31))).max() <= 3
    assert read.picture.info == {}


def test_a_profile_that_says_srgb_changes_nothing():
    content = stored(Image.new("RGB", (40, 30), (200, 100, 50)), "JPEG", icc_profile=srgb_profile())

    assert read_picture(content, "x.jpg").changed == ()


def test_transparency_and_grey_keep_their_meaning_beside_a_profile():
    see_through = stored(Image.new("RGBA", (40, 30), (200, 100, 50, 0)), icc_profile=display_p3())
    grey = stored(Image.new("L", (40, 30), 128), icc_profile=display_p3())

    assert read_picture(see_through, "x.png").picture.getpixel((0, 0)) == (255, 255, 255)
    assert np.abs(np.subtract(read_picture(grey, "x.png").picture.getpixel((0, 0)), 128)).max() <= 2


@pytest.mark.parametrize("profile", [b"rubbish", b"\0" * 200, display_p3()[:300]])
def test_a_damaged_profile_is_noted_and_the_picture_is_read(profile):
    read = read_picture(stored(Image.new("RGB", (40, 30), "red"), icc_profile=profile), "x.png")

    assert (read.picture.getpixel((0, 0)), read.changed, read.notes) == ((255, 0, 0), (), ("profile",))


def a_jpeg_with(segment: bytes) -> bytes:
    whole = stored(Image.effect_noise((40, 30), 60).convert("RGB"), "JPEG")
    return whole[:2] + segment + whole[2:]


def app_segment(number: int, body: bytes) -> bytes:
    return b"\xff" + bytes([0xE0 + number]) + struct.pack(">H", len(body) + 2) + body


@pytest.mark.parametrize(
    "segment",
    [
        app_segment(1, b"Exif\0\0MM\0*\0\0\0\x08\0\x09\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"),  # nine tags said, one there
        app_segment(1, b"Exif\0\0rubbish rubbish"),
        app_segment(1, b"Exif\0\0"),
        app_segment(1, b"Exif\0\0MM\0*\xff\xff\xff\xff"),
        app_segment(2, b"MPF\0MM\0*\0\0\0\x08\0\x09"),
        app_segment(2, b"MPF\0rubbish"),
        app_segment(2, b"ICC_PROFILE\0\x01\x05short"),
    ],
)
def test_a_whole_photo_with_damaged_surroundings_is_opened(segment):
    read = read_picture(a_jpeg_with(segment), "phone.jpg")

    assert (read.picture.size, read.ending) in (((40, 30), ".jpg"), ((30, 40), ".jpg"))


def test_what_pillow_warns_of_is_noted():
    mpo = a_jpeg_with(app_segment(2, b"MPF\0MM\0*\0\0\0\x08\0\x09"))

    assert read_picture(mpo, "phone.jpg").notes == ("metadata",)
    assert read_picture(stored(Image.new("RGB", (40, 30)), "JPEG"), "plain.jpg").notes == ()


def test_a_tiff_that_claims_hundreds_of_thousands_of_pictures_is_refused_at_once():
    chain = bytearray(stored(Image.new("RGB", (40, 30)), "TIFF"))
    start = struct.unpack("<I", chain[4:8])[0]
    link = start + 2 + 12 * struct.unpack("<H", chain[start : start + 2])[0]
    directory = bytes(chain[start:link])
    # Behind the tags of a directory stands where the next one lies.
    chain[link : link + 4] = struct.pack("<I", len(chain))
    for _ in range(300_000):
        chain += directory + struct.pack("<I", len(chain) + len(directory) + 4)
    chain[-4:] = b"\0" * 4
    began = time.monotonic()

    assert refusal(bytes(chain), "many.tif") == "animated"
    assert time.monotonic() - began < 5


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
