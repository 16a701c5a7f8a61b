from __future__ import annotations

from PIL import Image, ImageDraw

from story_engine.formats.comic.calm import Calm


def test_the_part_with_less_to_see_is_calmer(tmp_path):
    picture = Image.new("RGB", (256, 256), "white")
    pen = ImageDraw.Draw(picture)
    for x in range(0, 128, 8):
        pen.line((x, 0, x, 128), fill="black", width=3)
    picture.save(tmp_path / "p.png")

    calm = Calm(tmp_path / "p.png")

    assert calm.detail(0, 0, 0.5, 0.5) > 10 * calm.detail(0.55, 0.55, 1, 1)
    assert calm.detail(-1, -1, 2, 2) > 0 and calm.detail(1, 1, 1, 1) == 0
