"""Kolors' U-Net for inpainting paints a spot: as diffusers' pipeline does, and as any other spot is painted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionXLInpaintPipeline, UNet2DConditionModel
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from benchmarks.gpu.sizes import NOISE_CONFIG
from story_engine.catalog.families import family_of
from story_engine.catalog.kolors_adapters import INPAINTING
from story_engine.domain.recipe import Mend, Recipe
from story_engine.errors import ChooseAnother, InstallOrDownload
from story_engine.inference.batches import batches
from story_engine.inference.denoising import denoise
from story_engine.inference.render import Renderer
from story_engine.inference.runtime import open_runtime
from story_engine.inference.samplers import build_sampler
from story_engine.inference.starts import encoded_starts, key_of
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore
from tests.story_engine.inference.small_kolors import publish_small_kolors
from tests.story_engine.kolors.small_adapters import publish_inpainting
from tests.story_engine.kolors.small_diffusers import kolors_pipeline
from tests.story_engine.kolors.test_adapters import furthest, inputs

SIDE = 256


def kolors_in(folder: Path) -> Layout:
    layout = Layout(folder / "workspace", folder / "stories")
    publish_small_kolors(layout)
    return layout


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Kolors alone."""
    return kolors_in(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return kolors_in(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def wide(layout: Layout) -> UNet2DConditionModel:
    """The published file, with nine channels and small widths."""
    return publish_inpainting(layout)


def a_picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8))


def a_mask(*box: int) -> Image.Image:
    mask = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(mask).rectangle(box, fill=255)
    return mask


def mending(layout: Layout, *, mask: Image.Image | None = None, inpainting: str | None = None, **changes) -> Recipe:
    family, store = family_of(layout, "kolors"), ReferenceStore(layout)
    spot = Mend(
        reference=store.keep(a_picture()),
        mask=store.keep(a_mask(96, 96, 159, 175) if mask is None else mask),
        prompt="粉色连衣裙",
        strength=0.95,
        inpainting=family.inpainting if inpainting is None else inpainting,
    )
    given = {"prompt": "一个女孩", "negative": "模糊", "seed": 7, "sampler": "euler", "steps": 3, "cfg_scale": 5.0}
    fixed = {"width": SIDE, "height": SIDE, "noise": "cpu", "family": "kolors", "precision": "float32"}
    return Recipe(**(given | fixed | {"weights_hash": family.weights_hash, "mend": spot} | changes))


def test_a_spot_is_denoised_as_the_inpainting_pipeline_of_diffusers_denoises_it(layout: Layout, wide) -> None:
    theirs, store, recipe = kolors_pipeline(layout), ReferenceStore(layout), mending(layout)
    runtime = open_runtime(layout, "kolors", is_inpainting=True)
    unet = runtime.unet(device="cpu", precision="float32")
    start = encoded_starts([recipe], store, lambda: runtime.vae_encoder(device="cpu"))[key_of(recipe)]
    spot, shown = start.spot, inputs(10)
    height, width = start.latents.shape[-2:]
    noise = torch.randn(1, 4, height, width, generator=torch.Generator().manual_seed(1))

    ours = denoise(
        unet,
        [replace(shown, noise=noise)],
        build_sampler("euler", 3),
        rows_per_call=4,
        on_step=lambda _step, _denoised: None,
        should_stop=lambda: False,
        beside=start.beside,
    )

    values = torch.from_numpy(np.asarray(spot.cut, dtype=np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
    hidden = spot.hidden.float()[None, None]
    with torch.inference_mode():
        seen = theirs.vae.encode(values * (hidden < 0.5)).latent_dist.mode() * theirs.vae.config.scaling_factor
    pipeline = StableDiffusionXLInpaintPipeline(
        vae=theirs.vae,
        text_encoder=None,
        text_encoder_2=None,
        tokenizer=None,
        tokenizer_2=None,
        unet=wide,
        scheduler=EulerDiscreteScheduler(**NOISE_CONFIG),
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    wanted = pipeline(
        prompt_embeds=shown.prompt.embedding[None],
        pooled_prompt_embeds=shown.prompt.pooled[None],
        negative_prompt_embeds=shown.negative.embedding[None],
        negative_pooled_prompt_embeds=shown.negative.pooled[None],
        image=values,
        # diffusers looks at every eighth pixel of it, we at whether any is touched.
        mask_image=spot.free.repeat_interleave(8, 2).repeat_interleave(8, 3),
        masked_image_latents=seen,
        latents=noise,
        strength=1.0,
        num_inference_steps=3,
        guidance_scale=5.0,
        output_type="latent",
        height=8 * height,
        width=8 * width,
    ).images
    assert furthest(ours, wanted) < 1e-4 and wanted.std() > 0.01
    assert start.beside[:, :1].unique().tolist() == [0, 1] and furthest(start.beside[:, 1:], seen) < 1e-4


def test_its_pictures_are_other_ones_and_nothing_changes_outside_of_the_mask(layout: Layout, wide) -> None:
    renderer = Renderer(layout, threads=1)
    mask = np.asarray(a_mask(96, 96, 159, 175)) > 0
    by_it, by_kolors = mending(layout), mending(layout, inpainting="")

    painted, plain, again = renderer.render([by_it, by_kolors, by_it.model_copy(update={"seed": 8})])

    assert [len(each.recipes) for each in batches([by_it, by_kolors], most=lambda _: 4)] == [1, 1]
    for one in (painted, plain, again):
        changed = (np.asarray(one) != np.asarray(a_picture())).any(axis=2)
        assert not changed[~mask].any() and changed[mask].mean() > 0.7
    assert len({each.tobytes() for each in (painted, plain, again)}) == 3
    [alone] = Renderer(layout, threads=1).render([by_it])
    assert np.abs(np.asarray(alone).astype(int) - np.asarray(painted).astype(int)).max() <= 1
    assert by_it.digest != by_kolors.digest


def test_where_it_is_not_or_is_another_one_the_recipe_is_refused_and_says_which(
    layout: Layout, plain: Layout, wide
) -> None:
    here = family_of(layout, "kolors").inpainting

    with pytest.raises(InstallOrDownload, match="not on this machine"):
        Renderer(plain, threads=1).render([mending(plain, inpainting=here)])
    with pytest.raises(ChooseAnother, match=here[:12]):
        Renderer(layout, threads=1).render([mending(layout, inpainting="0" * 64)])
    preview = family_of(layout, "preview")
    spot = mending(layout).mend
    with pytest.raises(ChooseAnother, match="no network for inpainting"):
        Renderer(layout, threads=1).render(
            [mending(layout, family="preview", weights_hash=preview.weights_hash, mend=spot)]
        )


def test_half_a_file_is_told_and_one_of_another_network_does_not_count(tmp_path: Path) -> None:
    layout = kolors_in(tmp_path)
    whole = publish_inpainting(layout).state_dict()
    path = layout.models / INPAINTING.home / "unet" / "diffusion_pytorch_model.safetensors"

    save_file({name: whole[name] for name in list(whole)[::2]}, path)
    with pytest.raises(InstallOrDownload, match=r"Kolors-Inpainting.* are missing"):
        Renderer(layout, threads=1).render([mending(layout)])

    others = {name: tensor for name, tensor in whole.items() if not name.startswith("encoder_hid_proj")}
    for tensors in (others, whole | {"conv_in.weight": whole["conv_in.weight"][:, :4].contiguous()}):
        save_file(tensors, path)
        assert family_of(layout, "kolors").inpainting == ""
    path.write_bytes(path.read_bytes()[:5000])
    assert family_of(layout, "kolors").inpainting == ""
