import random
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from story_engine.preview_model.world.drawing import draw, sample_scene
from story_engine.training.choose import ALIKE
from story_engine.training.style import Style, numbers_of

STYLES = ("ink", "crayon", "anime")


def drawings(style, count, seed):
    rng = random.Random(f"{style} {seed}")
    return [draw(replace(sample_scene(rng), style=style, degradation="none")) for _ in range(count)]


@pytest.fixture(scope="module")
def trained_on():
    """The numbers of sixteen drawings of each style, of all that a drawing can show."""
    return {style: numbers_of(drawings(style, 16, 0)) for style in STYLES}


def three_panels(subject, style):
    """The same three scenes of one subject, whatever the style."""
    rng = random.Random(5)
    for place, shot in (("forest", "full"), ("street", "full"), ("kitchen", "upper")):
        scene = sample_scene(rng)
        main = replace(scene.main, subject=subject, colour="white" if subject == "panda" else scene.main.colour)
        asked = {"place": place, "shot": shot, "prop": "none", "time": "day", "degradation": "none", "style": style}
        yield draw(replace(scene, main=main, companions=(), **asked))


@pytest.mark.parametrize("style", ["ink", "crayon"])
@pytest.mark.parametrize("subject", ["panda", "fox"])
def test_what_is_wholly_in_a_style_has_come_all_the_way_and_what_is_half_in_it_half_also_where_it_is_black_and_white(
    trained_on, style, subject
):
    plain, styled = (list(three_panels(subject, each)) for each in ("anime", style))
    half = [Image.blend(one, other, 0.5) for one, other in zip(plain, styled, strict=True)]

    reference = Style.of(trained_on[style], base=numbers_of(plain))
    far, between, near = (reference.way(numbers_of(each)) for each in (plain, half, styled))

    assert far == pytest.approx(0) and 0.35 < between < 0.65 and near > 0.95, (far, between, near)


def test_what_has_gone_beyond_the_style_is_not_all_the_way_there(trained_on):
    base, ink = trained_on["anime"], trained_on["ink"]
    beyond = ink + 0.5 * (ink.mean(axis=0) - base.mean(axis=0))

    assert Style.of(ink, base=base).way(beyond) == pytest.approx(0.5)


def test_what_looks_like_the_style_before_any_training_is_told_from_what_does_not(trained_on):
    ink = trained_on["ink"]
    plain, alike = (numbers_of(list(three_panels("fox", each))) for each in ("anime", "ink"))

    assert Style.of(ink, base=plain).contrast > ALIKE > Style.of(ink, base=alike).contrast


@pytest.mark.parametrize("style", ["ink", "crayon"])
def test_drawings_of_a_style_are_nearer_to_it_than_drawings_of_any_other(trained_on, style):
    reference = Style.of(trained_on[style], base=trained_on["anime"])

    own = reference.distance(numbers_of(drawings(style, 5, 1)))
    others = [reference.distance(numbers_of(drawings(other, 5, 1))) for other in STYLES if other != style]

    assert own < 0.5 * min(others), (own, others)


def test_a_style_is_at_no_distance_from_itself_even_where_nothing_varies_in_it():
    plain = numbers_of([Image.new("RGB", (64, 64), "red")])
    other = numbers_of([Image.new("RGB", (64, 64), "blue")])

    assert Style.of(plain, base=other).distance(plain) == pytest.approx(0, abs=1e-9)
    assert np.isfinite(Style.of(plain, base=plain).distance(other))
