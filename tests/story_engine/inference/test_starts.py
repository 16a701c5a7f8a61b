"""Pictures that begin with a picture: the same loop, begun later; nothing is painted from what is missing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from story_engine.domain.recipe import Recipe, Start
from story_engine.errors import ChooseAnother, FixInput
from story_engine.inference.denoising import PictureInputs
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.progress import RenderProgress
from story_engine.inference.render import Renderer
from story_engine.inference.samplers import build_sampler
from story_engine.inference.starts import Start as Encoded
from story_engine.inference.starts import begin, encode_picture
from story_engine.preview_model.weights import load_preview
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore
from tests.story_engine.inference.small_preview import recipe, small_workspace


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return small_workspace(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def renderer(layout: Layout) -> Renderer:
    return Renderer(layout, threads=1)


@pytest.fixture(scope="module")
def reference(layout: Layout) -> str:
    """Four colours."""
    picture = Image.new("RGB", (256, 256), "red")
    for box, colour in (((0, 0, 128, 128), "blue"), ((128, 128, 256, 256), "white"), ((0, 128, 128, 256), "black")):
        picture.paste(colour, box)
    return ReferenceStore(layout).keep(picture)


def begun(layout: Layout, reference: str, *, strength: float = 0.5, **changes: object) -> Recipe:
    return recipe(layout, start=Start(reference=reference, strength=strength), **changes)


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(int)


@pytest.mark.parametrize("sampler", ["ddim", "euler", "dpmpp_2m_karras"])
def test_a_picture_begins_with_the_noised_latents_of_its_reference(
    layout: Layout, reference: str, sampler: str
) -> None:
    wanted = begun(layout, reference, sampler=sampler, steps=8, strength=0.25)
    encoder = load_preview(layout.models / "preview").vae_encoder
    clean = encode_picture(encoder, ReferenceStore(layout).picture(reference))
    noise = torch.randn((1, 4, 32, 32), generator=torch.Generator().manual_seed(1))
    run = build_sampler(sampler, 8)

    text = EncodedPrompt(torch.zeros(1, 1), torch.zeros(1))
    inputs = PictureInputs(noise=noise, prompt=text, negative=text, cfg_scale=1.0)

    start, kept = begin([wanted], {reference: Encoded(clean)}, [inputs], run, device="cpu")

    assert start is not None and start.steps == 6 and kept is None
    # What the sampler itself takes for the clean latents, given the noise that was put in, is what was put in.
    assert torch.allclose(run.denoised(noise, 6, start.latents), clean, atol=2e-3)


def test_a_weaker_start_makes_fewer_steps_and_stays_closer_to_its_reference(
    layout: Layout, renderer: Renderer, reference: str
) -> None:
    told: list[RenderProgress] = []
    weak, strong = (begun(layout, reference, steps=8, strength=each) for each in (0.125, 0.875))

    weak_picture = renderer.render([weak], on_step=told.append)[0]
    strong_picture = renderer.render([strong])[0]

    assert {each.total for each in told if each.stage == "denoising"} == {1}, told
    assert abs(pixels(weak_picture) - pixels(strong_picture)).mean() > 1
    again = renderer.render([weak, strong, weak.model_copy(update={"seed": 3})])
    assert abs(pixels(again[0]) - pixels(weak_picture)).max() <= 1 and again[2].tobytes() != again[0].tobytes()


def test_nothing_is_painted_from_a_reference_that_is_missing_changed_or_of_another_size(
    layout: Layout, renderer: Renderer, reference: str
) -> None:
    store = ReferenceStore(layout)
    small = store.keep(Image.new("RGB", (128, 128), "red"))
    changed = store.keep(Image.new("RGB", (256, 256), "green"))
    store.path(changed).write_bytes(store.content(reference))
    painted: list[int] = []
    for name, error in (("0" * 64, ChooseAnother), (changed, FixInput), (small, FixInput), ("no name", FixInput)):
        with pytest.raises(error):
            renderer.render(
                [recipe(layout), begun(layout, name)], on_picture=lambda position, _: painted.append(position)
            )
    with pytest.raises(FixInput, match="128x128"):
        renderer.render([begun(layout, small)])
    for strength in (0.0, 1.0):
        with pytest.raises(FixInput, match="strength"):
            renderer.render([begun(layout, reference, strength=strength)])
    assert painted == []
