"""Texts inside pictures and LoRA files are read without decoding anything."""

import random
import zlib
from io import BytesIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from story_engine.formats.embedded_texts import LARGEST_TEXT_BYTES, texts_of


def png(**texts):
    info, file = PngInfo(), BytesIO()
    for key, text in texts.items():
        info.add_itxt(key, text, zip=True) if key == "packed" else info.add_text(key, text)
    Image.new("RGB", (8, 8)).save(file, "png", pnginfo=info)
    return file.getvalue()


def test_every_kind_of_text_in_a_png_is_read():
    found = dict(texts_of("a.png", png(parameters="a cat", story="猫", packed="长" * 1_000)))

    assert found == {"parameters": "a cat", "story": "猫", "packed": "长" * 1_000}


def test_a_text_that_unpacks_to_gigabytes_is_cut():
    bomb = zlib.compress(b"a" * 200_000_000, 9)
    chunk = b"key\0\0" + bomb
    content = png()[:33] + len(chunk).to_bytes(4, "big") + b"zTXt" + chunk + b"\0\0\0\0"

    assert len(dict(texts_of("a.png", content))["key"]) == LARGEST_TEXT_BYTES


def test_comments_and_exif_of_a_jpeg_are_read():
    file = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "/home/mei/cat"
    Image.new("RGB", (8, 8)).save(file, "jpeg", exif=exif, comment=b"by mei")

    told = " ".join(text for _, text in texts_of("a.jpg", file.getvalue()))

    assert "/home/mei/cat" in told and "by mei" in told


def test_damaged_files_end_in_peace(tmp_path):
    chance = random.Random(1)
    whole = png(a="b", packed="c" * 500)
    for _ in range(2_000):
        broken = bytearray(whole[: chance.randrange(len(whole))])
        for _ in range(chance.randrange(6)):
            if broken:
                broken[chance.randrange(len(broken))] = chance.randrange(256)
        for name in ("a.png", "a.jpg", "a.md", "a.json"):
            list(texts_of(name, bytes(broken)))
        file = tmp_path / "a.safetensors"
        file.write_bytes(broken)
        assert list(texts_of(file.name, file)) == []
