import random

from PIL import Image, ImageDraw

from story_engine.formats.perceptual_hash import near_duplicates, perceptual_hash


def a_drawing(seed, side=128):
    picture, rng = Image.new("RGB", (128, 128), "white"), random.Random(seed)
    pen = ImageDraw.Draw(picture)
    for _ in range(6):
        x, y, size = rng.randrange(100), rng.randrange(100), rng.randrange(20, 60)
        pen.ellipse((x, y, x + size, y + size), fill=tuple(rng.randrange(256) for _ in range(3)))
    return picture.resize((side, side))


def test_a_smaller_copy_is_a_near_duplicate_and_another_drawing_is_not():
    pictures = tuple(
        (name, perceptual_hash(picture), picture.width**2)
        for name, picture in {"small": a_drawing(1, 64), "large": a_drawing(1), "other": a_drawing(2)}.items()
    )

    assert near_duplicates(pictures, 4) == {"small": "large"}


def test_ten_thousand_pictures_are_compared_in_a_moment():
    rng = random.Random(0)
    pictures = tuple((f"{n}", f"{rng.getrandbits(64):016x}", n) for n in range(10_000))

    assert len(near_duplicates(pictures, 4)) < 10
