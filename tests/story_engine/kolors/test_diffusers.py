"""Our Kolors against diffusers' KolorsPipeline on the very same files, from the words to the picture.

What is made equal for it: the noise (float32, from the CPU's generator, as both draw it) and, where the scheduler of
diffusers would take others, the timesteps. Euler is compared with Kolors' published scheduler as it is.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, KolorsPipeline

from benchmarks.gpu.sizes import NOISE_CONFIG
from story_engine.catalog.families import families
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.inference.render import Renderer
from story_engine.inference.samplers import build_sampler
from story_engine.kolors.family import KOLORS
from story_engine.kolors.networks import load_unet, load_vae_decoder, load_vae_encoder
from story_engine.kolors.runtime import open_runtime
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore
from tests.story_engine.inference.small_kolors import TEXT_WIDTH, publish_small_kolors
from tests.story_engine.inference.small_loras import RANK, save_kohya
from tests.story_engine.kolors.small_diffusers import kolors_pipeline

NEGATIVE = "丑陋、变形、嘈杂、模糊、低对比度"
TEXTS = ["二次元，一个紫色短发小女孩，在家中沙发上坐着", "a dog in a classroom", "", "猫" * 400]
SCALING = 0.13025


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    folder = tmp_path_factory.mktemp("studio")
    layout = Layout(folder / "workspace", folder / "stories")
    publish_small_kolors(layout)
    return layout


@pytest.fixture(scope="module")
def theirs(layout) -> KolorsPipeline:
    return kolors_pipeline(layout)


@pytest.fixture
def folder(layout):
    return layout.models / KOLORS.home


@pytest.fixture(scope="module")
def unet(layout):
    return load_unet(layout.models / KOLORS.home, device="cpu", dtype=torch.float32)


@pytest.fixture(scope="module")
def renderer(layout) -> Renderer:
    return Renderer(layout, threads=1)


def a_recipe(layout, **changes) -> Recipe:
    fields = {
        "prompt": TEXTS[0],
        "negative": NEGATIVE,
        "seed": 7,
        "sampler": "euler",
        "steps": 2,
        "cfg_scale": 5.0,
        "width": 256,
        "height": 256,
        "noise": "cpu",
        "family": "kolors",
        "weights_hash": families(layout)["kolors"].weights_hash,
        "precision": "float32",
    }
    return Recipe(**(fields | changes))


def painted_by(pipeline, recipe, **settings):
    return pipeline(
        prompt=recipe.prompt,
        negative_prompt=recipe.negative,
        guidance_scale=recipe.cfg_scale,
        width=recipe.width,
        height=recipe.height,
        generator=torch.Generator("cpu").manual_seed(recipe.seed),
        **({"num_inference_steps": recipe.steps} | settings),
    ).images[0]


def furthest(first, second) -> int:
    return int(np.abs(np.asarray(first, dtype=int) - np.asarray(second, dtype=int)).max())


def test_prompts_are_encoded_alike(folder, theirs):
    prompter = open_runtime(folder).prompter(device="cpu", precision="float32")

    with torch.inference_mode():
        pooled, embedding = prompter.encode_prompt(TEXTS, device="cpu")
        wanted, _, wanted_pooled, _ = theirs.encode_prompt(TEXTS, do_classifier_free_guidance=False, device="cpu")

    assert embedding.shape == (len(TEXTS), 256, TEXT_WIDTH) and torch.isfinite(embedding).all()
    assert torch.equal(embedding, wanted) and torch.equal(pooled, wanted_pooled)
    assert not torch.equal(embedding[0], embedding[1])


@pytest.mark.parametrize("timestep", [1099.0, 512.25])
def test_the_unet_predicts_the_same_noise(unet, theirs, timestep):
    generator = torch.Generator().manual_seed(3)
    latents = torch.randn(2, 4, 32, 32, generator=generator)
    text = torch.randn(2, 256, TEXT_WIDTH, generator=generator)
    pooled = torch.randn(2, TEXT_WIDTH, generator=generator)
    sizes = torch.tensor([256, 256, 0, 0, 256, 256])

    with torch.inference_mode():
        ours = unet(latents, torch.tensor([timestep]), text, sizes.repeat(2), pooled)
        added = {"text_embeds": pooled, "time_ids": sizes.repeat(2, 1)}
        wanted = theirs.unet(latents, torch.tensor(timestep), text, added_cond_kwargs=added).sample

    assert (ours - wanted).abs().max() < 1e-4 * wanted.abs().max() and wanted.std() > 0.1


def test_both_halves_of_the_vae_compute_the_same(folder, theirs):
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(1)) * 2 - 1

    with torch.inference_mode():
        latents = load_vae_encoder(folder, device="cpu")(picture)
        wanted = theirs.vae.encode(picture).latent_dist.mode() * SCALING
        decoded = load_vae_decoder(folder, device="cpu")(wanted)
        wanted_picture = theirs.vae.decode(wanted / SCALING).sample

    assert torch.allclose(latents, wanted, atol=1e-5) and wanted.std() > 1e-3
    assert torch.allclose(decoded, wanted_picture, atol=1e-4) and wanted_picture.std() > 1e-2


def test_a_picture_by_euler_is_the_picture_of_the_published_pipeline(layout, theirs, renderer):
    recipe = a_recipe(layout)

    [ours] = renderer.render([recipe])

    wanted = painted_by(theirs, recipe)
    assert furthest(ours, wanted) <= 2 and np.asarray(wanted).std() > 2


@pytest.mark.thorough
def test_a_picture_by_ddim_is_diffusers_euler_on_the_notebooks_timesteps(layout, theirs, renderer):
    recipe = a_recipe(layout, sampler="ddim", prompt=TEXTS[1])
    timesteps = [int(each) for each in build_sampler("ddim", recipe.steps).timesteps]

    [ours] = renderer.render([recipe])

    wanted = painted_by(theirs, recipe, timesteps=timesteps)
    assert furthest(ours, wanted) <= 2


@pytest.mark.thorough
def test_a_picture_by_dpmpp_2m_karras_is_that_of_diffusers_solver(layout, theirs, renderer):
    class Unrounded(DPMSolverMultistepScheduler):
        """diffusers rounds the timesteps of Karras' levels to trained ones; everything else is its own."""

        def set_timesteps(self, num_inference_steps, device=None, **_):
            super().set_timesteps(num_inference_steps, device)
            exact = torch.tensor(build_sampler("dpmpp_2m_karras", num_inference_steps).timesteps)
            assert (exact - self.timesteps).abs().max() <= 0.5 + 1e-3
            self.timesteps = exact

    recipe = a_recipe(layout, sampler="dpmpp_2m_karras")

    [ours] = renderer.render([recipe])

    published = {**NOISE_CONFIG, "use_karras_sigmas": True, "algorithm_type": "dpmsolver++", "solver_order": 2}
    theirs.scheduler = Unrounded(**published)
    try:
        wanted = painted_by(theirs, recipe)
    finally:
        theirs.scheduler = EulerDiscreteScheduler(**NOISE_CONFIG)
    assert furthest(ours, wanted) <= 2


@pytest.mark.thorough
def test_a_picture_with_a_lora_is_that_of_diffusers_own_loader(layout, theirs, renderer, unet):
    generator = torch.Generator().manual_seed(5)
    halves = {
        name: (
            torch.randn(RANK, module.in_features, generator=generator) * 0.3,
            torch.randn(module.out_features, RANK, generator=generator) * 0.3,
        )
        for name, module in unet.named_modules()
        if name.rpartition(".")[2] in ("to_q", "to_k", "to_v", "to_out")
    }
    home = layout.loras / "ink"
    home.mkdir(parents=True)
    save_kohya(halves, home / "adapter.safetensors")
    used = LoraPart(name="ink", sha256=LoraStore(layout).sha256("ink"), strength=0.5)
    recipe = a_recipe(layout, loras=(used,))

    bare, ours = renderer.render([a_recipe(layout), recipe])

    theirs.load_lora_weights(str(home), weight_name="adapter.safetensors", adapter_name="ink")
    theirs.set_adapters(["ink"], [0.5])
    try:
        wanted = painted_by(theirs, recipe)
    finally:
        theirs.unload_lora_weights()
    assert furthest(ours, wanted) <= 2 and furthest(ours, bare) > 10
