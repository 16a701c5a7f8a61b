"""The six styles: the paint each one allows, and what it does to the finished drawing."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from story_engine.preview_model.world.drawing.backdrop import star_points
from story_engine.preview_model.world.drawing.canvas import RGB, Palette, Pen
from story_engine.preview_model.world.drawing.colours import CUT_PAPERS, mixed
from story_engine.preview_model.world.drawing.textures import SIDE, Picture, blotches, displaced, vignette

_AMBIENT = {"day": (1.0, 1.0, 1.0), "dusk": (1.0, 0.84, 0.76), "night": (0.60, 0.62, 0.94)}
_FIGURE_AMBIENT = {"day": (1.0, 1.0, 1.0), "dusk": (1.0, 0.95, 0.91), "night": (0.98, 0.95, 1.0)}
_RICE_PAPER: RGB = (241, 234, 216)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How one style paints."""

    place_ink: RGB
    figure_ink: RGB
    place_outline: float
    """Units of the picture."""
    figure_outline: float
    paint_place: Callable[[RGB], RGB]
    paint_light: Callable[[RGB], RGB]
    paint_figure: Callable[[RGB], RGB]
    finish: Callable[[Picture, Image.Image, random.Random], Picture]
    """Takes the drawing, the mask of its figures (L, 256 x 256) and chance."""
    is_flat: bool = False
    decorate: Callable[[Pen, random.Random], None] | None = None
    """Draws between the place and the figures."""


@lru_cache(maxsize=64)
def palettes(style: str, time: str) -> tuple[Palette, Palette, Palette]:
    """What matter, light and figures are painted with at that hour."""
    chosen = STYLES_BY_NAME[style]
    matter = Palette(
        ink=chosen.place_ink,
        outline_width=chosen.place_outline,
        is_flat=chosen.is_flat,
        tint=_tint(chosen.paint_place, _AMBIENT[time]),
    )
    light = Palette(
        ink=chosen.place_ink,
        outline_width=chosen.place_outline,
        is_flat=chosen.is_flat,
        tint=_tint(chosen.paint_light, _AMBIENT["day"]),
    )
    figures = Palette(
        ink=chosen.figure_ink,
        outline_width=chosen.figure_outline,
        is_flat=chosen.is_flat,
        tint=_tint(chosen.paint_figure, _FIGURE_AMBIENT[time]),
    )
    return matter, light, figures


def finish(picture: Picture, mask: Image.Image, style: str, rng: random.Random) -> Picture:
    """The drawing, (256, 256, 3), with the surface of its style."""
    return STYLES_BY_NAME[style].finish(picture, mask, rng)


def _tint(paint: Callable[[RGB], RGB], ambient: tuple[float, float, float]) -> Callable[[RGB], RGB]:
    red, green, blue = ambient

    @lru_cache(maxsize=4096)
    def tint(colour: RGB) -> RGB:
        return paint((round(colour[0] * red), round(colour[1] * green), round(colour[2] * blue)))

    return tint


def _light_of(colour: RGB) -> float:
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def _keep(colour: RGB) -> RGB:
    return colour


def _softened(colour: RGB) -> RGB:
    """Places step back a little behind the figures."""
    return mixed(colour, (236, 236, 240), 0.1)


def _chroma(colour: RGB, share: float) -> RGB:
    light = _light_of(colour)
    red, green, blue = (min(255, max(0, round(light + (value - light) * share))) for value in colour)
    return red, green, blue


def _as_wash(colour: RGB) -> RGB:
    """Ink on rice paper with a breath of the colour."""
    return _on_rice_paper(_chroma(colour, 0.7))


def _as_lit_wash(colour: RGB) -> RGB:
    """Light keeps more of its colour than matter."""
    return _on_rice_paper(_chroma(colour, 0.85))


def _on_rice_paper(colour: RGB) -> RGB:
    red, green, blue = (
        round(54 + (value / 255) ** 0.9 * (paper - 54)) for value, paper in zip(colour, _RICE_PAPER, strict=True)
    )
    return red, green, blue


def _as_accent(colour: RGB) -> RGB:
    """Mineral colours that stay readable among the greys."""
    return mixed(_chroma(colour, 0.86), _RICE_PAPER, 0.1)


def _as_pastel(colour: RGB) -> RGB:
    return mixed(_chroma(colour, 1.25), (255, 236, 250), 0.13)


def _as_bright(colour: RGB) -> RGB:
    return mixed(_chroma(colour, 1.2), (255, 246, 250), 0.03)


def _as_cut_paper(colour: RGB) -> RGB:
    return min(CUT_PAPERS, key=lambda paper: sum((one - two) ** 2 for one, two in zip(colour, paper, strict=True)))


def _as_wax(colour: RGB) -> RGB:
    return mixed(_chroma(colour, 1.12), (255, 252, 244), 0.08)


def _modern(picture: Picture, mask: Image.Image, _: random.Random) -> Picture:
    return _with_rim(picture, mask, (255, 255, 255), width=3, share=0.75)


def _ink(picture: Picture, mask: Image.Image, rng: random.Random) -> Picture:
    paper = np.array(_RICE_PAPER, dtype=np.float32)
    wandered = displaced(_with_rim(picture, mask, _RICE_PAPER, width=4, share=0.85), rng, reach=2.6, cell=14)
    wash = 0.34 * blotches(rng, 42) + 0.14 * blotches(rng, 16)
    figures = np.asarray(mask, dtype=np.float32) / 255
    bare = np.clip(wash * 0.75 * (1 - figures), 0, 1) + vignette() * 1.2
    bare = np.clip(bare, 0, 1)[..., None]
    washed = (wandered * (1 - bare) + paper * bare).astype(np.uint8)
    return _stamped(washed, mask, rng) if rng.random() < 0.6 else washed


def _anime(picture: Picture, mask: Image.Image, _: random.Random) -> Picture:
    rimmed = _with_rim(picture, mask, (255, 250, 255), width=3, share=0.8)
    image = Image.fromarray(rimmed)
    bloom = (
        image.resize((64, 64), Image.Resampling.BOX)
        .filter(ImageFilter.GaussianBlur(3))
        .resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    )
    shining = rimmed + np.asarray(bloom, dtype=np.float32) * (0.18 * (1 - rimmed / 255.0))
    veil = _pastel_veil()
    return np.clip(shining * 0.93 + veil * 0.07, 0, 255).astype(np.uint8)


def _crayon(picture: Picture, mask: Image.Image, rng: random.Random) -> Picture:
    wandered = displaced(_with_rim(picture, mask, (255, 252, 244), width=4, share=0.9), rng, reach=4.0, cell=14)
    grain = 0.65 * blotches(rng, 9, 16) + 0.35 * blotches(rng, 22)
    figures = np.asarray(mask, dtype=np.float32) / 255
    bare = np.clip((grain - 0.44) * 2.0, 0, 0.36) * (1 - 0.6 * figures)
    edge = np.clip(vignette() * 2.4 * (0.4 + grain), 0, 1)
    bare = np.maximum(bare, edge)[..., None]
    return (wandered * (1 - bare) + np.array([255, 252, 244], dtype=np.float32) * bare).astype(np.uint8)


def _papercut(picture: Picture, mask: Image.Image, _: random.Random) -> Picture:
    sheet = _with_rim(picture, mask, (255, 250, 238), width=5, share=1.0)
    border = np.asarray(_widened(mask, 5), dtype=np.float32)
    height = 255 - sheet @ np.array([0.3, 0.59, 0.11], dtype=np.float32)
    height = np.maximum(height, border * 2)
    raised = height.copy()
    raised[5:, 4:] = height[:-5, :-4]
    shadow = np.clip(raised - height - 16, 0, 70) / 70
    soft = np.asarray(Image.fromarray((shadow * 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(2)), dtype=np.float32)
    warm = sheet * (1 - soft[..., None] * (0.5 / 255))
    return warm.astype(np.uint8)


def _pixel(picture: Picture, mask: Image.Image, rng: random.Random) -> Picture:
    cells = rng.choice((42, 48))
    rimmed = Image.fromarray(_with_rim(picture, mask, (255, 255, 255), width=4, share=0.6))
    small = rimmed.resize((cells, cells), Image.Resampling.BOX).filter(ImageFilter.UnsharpMask(1, 90, 0))
    few = small.quantize(28, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    return np.asarray(few.resize((SIDE, SIDE), Image.Resampling.NEAREST))


def _sparkle(pen: Pen, rng: random.Random) -> None:
    """Round lights and small stars in the air."""
    for _ in range(4):
        pen.glow(rng.uniform(0, 256), rng.uniform(0, 210), rng.uniform(16, 34), (255, 255, 255), 0.55)
    for _ in range(4):
        pen.polygon(
            star_points(rng.uniform(10, 246), rng.uniform(10, 150), rng.uniform(7, 11)), (255, 255, 255), outline=False
        )


def _with_rim(picture: Picture, mask: Image.Image, colour: RGB, *, width: int, share: float) -> Picture:
    """A light rim around the figures, so that they stand off any place."""
    image = Image.fromarray(picture)
    ring = ImageChops.subtract(_widened(mask, width), mask)
    image.paste(colour, mask=ring if share == 1 else ring.point(_shares(share)))
    return np.asarray(image)


@lru_cache(maxsize=8)
def _shares(share: float) -> list[int]:
    return [round(value * share) for value in range(256)]


def _widened(mask: Image.Image, width: int) -> Image.Image:
    return mask.filter(ImageFilter.BoxBlur(width)).point(_threshold())


@lru_cache(maxsize=1)
def _threshold() -> list[int]:
    return [min(255, max(0, (value - 24) * 6)) for value in range(256)]


@lru_cache(maxsize=1)
def _pastel_veil() -> NDArray[np.float32]:
    """A run from sky blue to pink across the picture."""
    slope = np.linspace(0, 1, SIDE, dtype=np.float32)
    share = ((slope[:, None] + slope[None, :]) / 2)[..., None]
    blue, pink = (np.array(colour, dtype=np.float32) for colour in ((176, 226, 255), (255, 196, 226)))
    return (blue * (1 - share) + pink * share).astype(np.float32)


def _stamped(picture: Picture, mask: Image.Image, rng: random.Random) -> Picture:
    """A red seal in a corner that no figure fills; none where there is no such corner."""
    corners = [(12, 212), (212, 12), (212, 212), (12, 12)]
    free = [(left, top) for left, top in corners if not mask.crop((left, top, left + 32, top + 32)).getbbox()]
    if not free:
        return picture
    left, top = rng.choice(free)
    picture[top : top + 32, left : left + 32] = (196, 44, 40)
    for row in (7, 22):
        picture[top + row : top + row + 4, left + 6 : left + 26] = (250, 228, 210)
    picture[top + 7 : top + 26, left + 14 : left + 18] = (250, 228, 210)
    return picture


STYLES_BY_NAME: dict[str, Style] = {
    "modern": Style(
        place_ink=(96, 76, 84),
        figure_ink=(42, 30, 44),
        place_outline=2.4,
        figure_outline=4.0,
        paint_place=_softened,
        paint_light=_keep,
        paint_figure=_keep,
        finish=_modern,
    ),
    "ink": Style(
        place_ink=(60, 56, 56),
        figure_ink=(22, 20, 24),
        place_outline=3.0,
        figure_outline=5.0,
        paint_place=_as_wash,
        paint_light=_as_lit_wash,
        paint_figure=_as_accent,
        finish=_ink,
    ),
    "anime": Style(
        place_ink=(168, 132, 178),
        figure_ink=(96, 48, 104),
        place_outline=1.6,
        figure_outline=3.0,
        paint_place=_as_pastel,
        paint_light=_as_pastel,
        paint_figure=_as_bright,
        finish=_anime,
        decorate=_sparkle,
    ),
    "crayon": Style(
        place_ink=(112, 84, 92),
        figure_ink=(58, 42, 60),
        place_outline=3.2,
        figure_outline=5.0,
        paint_place=_as_wax,
        paint_light=_as_wax,
        paint_figure=_as_wax,
        finish=_crayon,
    ),
    "papercut": Style(
        place_ink=(92, 26, 44),
        figure_ink=(64, 26, 36),
        place_outline=0.0,
        figure_outline=1.6,
        paint_place=_as_cut_paper,
        paint_light=_as_cut_paper,
        paint_figure=_keep,
        finish=_papercut,
        is_flat=True,
    ),
    "pixel": Style(
        place_ink=(70, 60, 84),
        figure_ink=(30, 22, 40),
        place_outline=3.0,
        figure_outline=5.4,
        paint_place=_keep,
        paint_light=_keep,
        paint_figure=_as_bright,
        finish=_pixel,
        is_flat=True,
    ),
}
