"""A spot is painted again: not one value changes outside of it, the seam is soft, and it costs a part of a picture."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from story_engine.domain.recipe import Mend, Recipe
from story_engine.errors import FixInput
from story_engine.inference.control_loading import ControlNetworks
from story_engine.inference.denoising import Kept
from story_engine.inference.encoding import EncodedPrompt, texts_of
from story_engine.inference.networks import Painter
from story_engine.inference.painting import Painting
from story_engine.inference.progress import Call, RenderProgress
from story_engine.inference.render import Renderer
from story_engine.inference.spots import AREA_STEPS, spot_of
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore
from tests.story_engine.inference.small_preview import recipe, small_workspace

SIDE = 256


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return small_workspace(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def store(layout: Layout) -> ReferenceStore:
    return ReferenceStore(layout)


@pytest.fixture(scope="module")
def renderer(layout: Layout) -> Renderer:
    return Renderer(layout, threads=1)


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """With detail everywhere: whatever is decoded again is another picture."""
    return Image.fromarray(np.random.default_rng(3).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8))


def a_mask(*box: int, size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    return mask


def mending(
    layout: Layout, store: ReferenceStore, picture: Image.Image, mask: Image.Image, **changes: object
) -> Recipe:
    values = {"prompt": "粉色连衣裙", "strength": 0.75} | {
        name: changes.pop(name) for name in ("prompt", "strength") if name in changes
    }
    mend = Mend(reference=store.keep(picture), mask=store.keep(mask), **values)
    return recipe(layout, mend=mend, width=picture.width, height=picture.height, **changes)


@pytest.mark.parametrize(
    "how",
    [
        {"sampler": "ddim"},
        {"sampler": "euler", "cfg_scale": 1.0},
        {"sampler": "dpmpp_2m_karras", "guidance_above": 0.2, "negative_below": 1.0},
    ],
)
def test_not_one_value_changes_outside_of_the_mask(
    layout: Layout, store: ReferenceStore, renderer: Renderer, picture: Image.Image, how: dict[str, object]
) -> None:
    mask = a_mask(90, 60, 170, 140)
    painted = np.asarray(mask) > 0

    [mended] = renderer.render([mending(layout, store, picture, mask, **how)])

    changed = (np.asarray(mended) != np.asarray(picture)).any(axis=2)
    assert not changed[~painted].any()
    assert changed[painted].mean() > 0.7


def test_tries_of_one_spot_are_painted_together_beside_other_pictures_and_are_what_they_are_alone(
    layout: Layout, store: ReferenceStore, renderer: Renderer, picture: Image.Image
) -> None:
    mask, other = a_mask(90, 60, 170, 140), a_mask(10, 10, 60, 90)
    wanted = [mending(layout, store, picture, mask, seed=seed) for seed in range(2)]
    wanted += [recipe(layout), mending(layout, store, picture, other, prompt="红色的花")]
    told: list[RenderProgress] = []

    together = renderer.render(wanted, on_step=told.append)

    for one, alone in zip(together, wanted, strict=True):
        assert np.abs(np.asarray(one).astype(int) - np.asarray(renderer.render([alone])[0]).astype(int)).max() <= 1
    assert len({each.tobytes() for each in together}) == 4
    assert (0, 1) in {each.positions for each in told}
    assert told[-1].step == told[-1].total == 3 + 4 + 3, "of four steps, a strength of .75 makes three"


def test_words_of_the_spot_are_sent_and_the_scenes_own_are_not(
    layout: Layout, store: ReferenceStore, picture: Image.Image
) -> None:
    wanted = mending(layout, store, picture, a_mask(90, 60, 170, 140), prompt="一条龙", negative_below=1.0)

    texts = texts_of(wanted)
    encoded = {text: EncodedPrompt(torch.tensor([float(place)]), torch.zeros(1)) for place, text in enumerate(texts)}
    inputs = Painting(
        cast(Painter, None), encoded, None, Call(None, lambda: False), {}, cast(ControlNetworks, None)
    ).inputs(wanted)

    assert texts == ("一条龙", "模糊", "")
    assert [each.embedding.item() for each in (inputs.prompt, inputs.negative)] == [0, 1]


def test_a_mask_of_nothing_of_everything_or_of_another_size_is_refused_before_anything_is_painted(
    layout: Layout, store: ReferenceStore, renderer: Renderer, picture: Image.Image
) -> None:
    for mask, words in (
        (Image.new("L", (SIDE, SIDE)), "Nothing is painted"),
        (Image.new("L", (SIDE, SIDE), 255), "whole picture"),
        (a_mask(0, 0, 9, 9, size=(64, 64)), "64x64"),
    ):
        with pytest.raises(FixInput, match=words):
            renderer.render([mending(layout, store, picture, mask)])


@pytest.mark.parametrize("strength", [0.4, 0.8])
@pytest.mark.parametrize(
    ("side", "box"),
    [
        (256, (90, 60, 170, 140)),
        (1024, (700, 20, 1024, 340)),
        (1024, (0, 0, 40, 1000)),
        (1024, (500, 500, 503, 503)),
        (512, (10, 10, 500, 400)),
    ],
)
def test_a_spot_is_cut_with_what_surrounds_it_and_costs_no_more_than_it_may(
    side: int, box: tuple[int, int, int, int], strength: float
) -> None:
    from tests.builders import a_recipe

    mend = Mend(reference="a" * 64, mask="b" * 64, prompt="x", strength=strength)
    wanted = a_recipe(width=side, height=side, steps=20, mend=mend)
    mask = a_mask(*box, size=(side, side))

    spot = spot_of(wanted, Image.new("RGB", (side, side)), mask)

    left, top, right, bottom = spot.box
    bounds = mask.getbbox()
    assert bounds is not None
    assert 0 <= left <= bounds[0] and 0 <= top <= bounds[1]
    assert bounds[2] <= right <= side and bounds[3] <= bottom <= side
    assert all(each % 32 == 0 for each in spot.size) and max(spot.size) <= side
    assert abs((right - left) / (bottom - top) / (spot.size[0] / spot.size[1]) - 1) < 0.1, "nothing is distorted"
    assert spot.free.shape == (1, 1, spot.size[1] // 8, spot.size[0] // 8) and 0 < spot.free.mean() < 1
    share = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) / side**2
    if share <= 0.12:
        assert spot.size[0] * spot.size[1] / side**2 * strength <= AREA_STEPS * 1.35


@pytest.mark.parametrize("box", [(90, 60, 130, 160), (0, 0, 3, 3), (40, 30, 250, 220), (230, 10, 255, 200)])
def test_a_spot_of_a_model_that_needs_its_square_is_cut_square_and_painted_as_large(
    box: tuple[int, int, int, int],
) -> None:
    from tests.builders import a_recipe

    mend = Mend(reference="a" * 64, mask="b" * 64, prompt="x", strength=0.8, side=256)

    spot = spot_of(a_recipe(mend=mend), Image.new("RGB", (SIDE, SIDE)), a_mask(*box))

    left, top, right, bottom = spot.box
    assert spot.size == (256, 256) and right - left == bottom - top
    assert left <= box[0] and top <= box[1] and right > box[2] and bottom > box[3]


def test_the_new_picture_comes_in_from_the_masks_edge_without_a_step() -> None:
    from tests.builders import a_recipe

    mend = Mend(reference="a" * 64, mask="b" * 64, prompt="x", strength=0.8)
    grey = Image.new("RGB", (SIDE, SIDE), (100, 100, 100))
    spot = spot_of(a_recipe(mend=mend), grey, a_mask(90, 60, 170, 140))

    mended = np.asarray(spot.mended(Image.new("RGB", spot.size, (180, 180, 180)))).astype(int)[..., 0]

    assert mended[100, 130] == 180, "in the middle it is all new"
    assert np.abs(np.diff(mended, axis=0)).max() <= 80 / 8 * 2 and np.abs(np.diff(mended, axis=1)).max() <= 80 / 8 * 2
    thin = spot_of(a_recipe(mend=mend), grey, a_mask(100, 100, 101, 101))
    assert (np.asarray(thin.mended(Image.new("RGB", thin.size, "white"))) == 255).any(), "a dot is mended too"


def test_what_is_held_has_the_noise_of_its_step_and_none_at_the_end() -> None:
    free = torch.zeros(1, 1, 2, 2)
    free[..., 0, 0] = 1
    clean, noise, latents = torch.full((1, 4, 2, 2), 2.0), torch.full((1, 4, 2, 2), 3.0), torch.zeros(1, 4, 2, 2)
    kept = Kept(clean, noise, free)

    finished, noisy = kept.put_back(latents, 0.0), kept.put_back(latents, 1.0)

    assert finished[0, 0].tolist() == [[0.0, 2.0], [2.0, 2.0]]
    assert noisy[0, 0, 1, 1].item() == pytest.approx((2 + 3) / 2**0.5)
