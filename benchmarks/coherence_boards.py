"""Boards out of the preview world's drawings, of which it is known whether they hold together."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from PIL import Image, ImageEnhance, ImageOps

from story_engine.preview_model.world import COLOURS, PLACES, PROPS, SHOTS, STYLES, SUBJECTS, DrawnScene, Figure
from story_engine.preview_model.world.drawing import draw
from story_engine.preview_model.world.drawing.sampling import sample_figure

PANELS = 8
_TIMES = ("day", "day", "dusk", "night")
_EMPTY = "plain"

Board = list[Image.Image]


@dataclass(frozen=True, slots=True)
class Story:
    """Eight scenes of one style and one main figure, at eight places."""

    scenes: tuple[DrawnScene, ...]

    def board(self) -> Board:
        """As it should be."""
        return [draw(scene) for scene in self.scenes]


def a_story(rng: random.Random) -> Story:
    """Shot, place, time, doing and mood change from scene to scene; style and figure stay."""
    style, figure = rng.choice(STYLES), sample_figure(rng, rng.choice(SUBJECTS))
    places = rng.sample([place for place in PLACES if place != _EMPTY], PANELS)
    return Story(tuple(_scene(rng, style, figure, place) for place in places))


def mixed(rng: random.Random, story: Story) -> Board:
    """The same scenes, each in a style and with a figure of its own."""
    return [draw(_other(rng, scene, style=rng.choice(STYLES))) for scene in story.scenes]


def odd_panel(rng: random.Random, scene: DrawnScene, *, style: bool = True, figure: bool = True) -> Image.Image:
    """The same scene in another style, with another figure, or both."""
    wanted = rng.choice([each for each in STYLES if each != scene.style]) if style else scene.style
    return draw(_other(rng, scene, style=wanted) if figure else replace(scene, style=wanted))


def copies(rng: random.Random, picture: Image.Image) -> Board:
    """Eight panels that are one picture: as it is, toned, mirrored, cropped, written again, or with a little noise."""
    ways = (_as_it_is, _lighter, _stronger, _redder, ImageOps.mirror, _cropped, _softer, _smaller)
    return [rng.choice(ways)(picture) if place else picture for place in range(PANELS)]


def _scene(rng: random.Random, style: str, figure: Figure, place: str) -> DrawnScene:
    shot = rng.choice(SHOTS)
    doing = sample_figure(rng, figure.subject, shot)
    return DrawnScene(
        main=replace(figure, action=doing.action, mood=doing.mood, view=doing.view),
        place=place,
        style=style,
        shot=shot,
        time=rng.choice(_TIMES),
        prop=rng.choice(PROPS) if rng.random() < 0.3 else "none",
        prop_colour=rng.choice(COLOURS),
        seed=rng.randrange(2**31),
    )


def _other(rng: random.Random, scene: DrawnScene, *, style: str) -> DrawnScene:
    subject = rng.choice([each for each in SUBJECTS if each != scene.main.subject])
    return replace(scene, style=style, main=sample_figure(rng, subject, scene.shot))


def _as_it_is(picture: Image.Image) -> Image.Image:
    return picture


def _lighter(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(1.2)


def _stronger(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Contrast(picture).enhance(1.3)


def _redder(picture: Image.Image) -> Image.Image:
    red, green, blue = picture.split()
    return Image.merge("RGB", (red.point(lambda value: min(255, value + 20)), green, blue))


def _cropped(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((width // 10, height // 12, width * 9 // 10, height * 7 // 8)).resize(picture.size)


def _softer(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Sharpness(picture).enhance(0.2)


def _smaller(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2)).resize(picture.size)
