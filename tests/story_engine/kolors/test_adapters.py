"""Kolors' own adapters: every published tensor in its place at full size, and diffusers' results at small ones."""

from __future__ import annotations

import pytest
import torch
from diffsynth.models.sdxl_unet import SDXLUNet
from diffusers import (
    ControlNetModel,
    EulerDiscreteScheduler,
    StableDiffusionXLControlNetPipeline,
    UNet2DConditionModel,
)
from diffusers.models.embeddings import IPAdapterPlusImageProjection
from PIL import Image
from transformers import CLIPImageProcessor

from benchmarks.gpu.sizes import NOISE_CONFIG, UNET_CONFIG
from story_engine.catalog.adapter_checks import control_names
from story_engine.catalog.kolors_adapters import CANNY, INPAINTING, PICTURE_ADAPTER
from story_engine.domain.control import ControlPart
from story_engine.inference.adapter_files import (
    open_control_net,
    open_picture_adapter,
    open_picture_encoder,
)
from story_engine.inference.control_net import ControlNet, added_to, from_published
from story_engine.inference.controls import Controls, LikenessControl, MapControl
from story_engine.inference.denoising import PictureInputs, denoise
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.fit_widths import fit_widths
from story_engine.inference.lora_injection import UnetAdapters
from story_engine.inference.picture_adapter import PictureAdapter
from story_engine.inference.samplers import build_sampler
from story_engine.kolors.family import KOLORS
from story_engine.kolors.networks import _renamed as renamed
from story_engine.kolors.networks import load_unet
from story_engine.lora_files.layers import LoraLayer
from story_engine.lora_files.read import LoraWeights
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_kolors import TEXT_WIDTH, publish_small_kolors
from tests.story_engine.kolors.small_adapters import (
    CONTROL_CONFIG,
    SIDE,
    publish_control_net,
    publish_inpainting,
    publish_picture_adapter,
)
from tests.story_engine.kolors.small_diffusers import kolors_pipeline
from tests.story_engine.kolors.test_published import marked, shapes

HALF_BYTES = 2
PIXELS, TOKENS = 64, 16


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    folder = tmp_path_factory.mktemp("studio")
    layout = Layout(folder / "workspace", folder / "stories")
    publish_small_kolors(layout)
    return layout


@pytest.fixture(scope="module")
def unet(layout):
    return load_unet(layout.models / KOLORS.home, device="cpu", dtype=torch.float32)


@pytest.fixture(scope="module")
def theirs(layout):
    return kolors_pipeline(layout)


@pytest.fixture(scope="module")
def their_net(layout):
    return publish_control_net(layout)


@pytest.fixture(scope="module")
def our_net(layout, their_net):
    return open_control_net(layout, "kolors", "edges", device="cpu", dtype=torch.float32)


def some(*sides: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*sides, generator=torch.Generator().manual_seed(seed))


def furthest(ours: torch.Tensor, wanted: torch.Tensor) -> float:
    """As a share of the largest number."""
    return float((ours - wanted).abs().max() / wanted.abs().max())


def test_every_tensor_of_a_published_control_net_goes_to_one_place_of_its_own_shape():
    with torch.device("meta"):
        published = ControlNetModel(**CONTROL_CONFIG).state_dict()
        ours, untouched = ControlNet(), ControlNet()

    tensors = from_published(published)
    fit_widths(ours, tensors)
    ours.load_state_dict(tensors, assign=True)

    assert len(published) == 846 and shapes(ours.state_dict()) == shapes(untouched.state_dict()) == shapes(tensors)
    assert len({int(number) for number in from_published(marked(published)).values()}) == len(published)
    assert control_names(2, 10) == set(published)
    inside = HALF_BYTES * sum(tensor.numel() for tensor in published.values())
    assert inside < CANNY.sizes["diffusion_pytorch_model.safetensors"] < inside + 300_000


def test_the_picture_adapter_has_every_tensor_of_the_published_file():
    with torch.device("meta"):
        ours = PictureAdapter().state_dict()
    wanted = {"latents": (1, 16, 2048), "proj_in.weight": (2048, 1024), "proj_in.bias": (2048,)}
    wanted |= {f"proj_out.{kind}": shape for kind, shape in (("weight", (2048, 2048)), ("bias", (2048,)))}
    wanted |= {f"norm_out.{kind}": (2048,) for kind in ("weight", "bias")}
    for layer in range(4):
        here = f"layers.{layer}"
        wanted |= {
            f"{here}.{norm}.{kind}": (2048,) for norm in ("0.norm1", "0.norm2", "1.0") for kind in ("weight", "bias")
        }
        wanted |= {f"{here}.0.to_q.weight": (768, 2048), f"{here}.0.to_kv.weight": (1536, 2048)}
        wanted |= {f"{here}.0.to_out.weight": (2048, 768)}
        wanted |= {f"{here}.1.1.weight": (8192, 2048), f"{here}.1.3.weight": (2048, 8192)}
    table = {f"image_proj.{name}": shape for name, shape in wanted.items()}
    with torch.device("meta"):
        attentions = {
            name: module.to_q.out_features
            for name, module in UNet2DConditionModel(**UNET_CONFIG).named_modules()
            if name.endswith("attn2")
        }
    # diffusers counts down, up, middle, self-attention and attention to the prompt in turns
    ordered = sorted(attentions, key=lambda name: ("down", "up_b", "mid_").index(name[:4]))
    for place, name in enumerate(ordered):
        table |= {f"ip_adapter.{2 * place + 1}.to_{part}_ip.weight": (attentions[name], 2048) for part in "kv"}

    assert shapes(ours) == table and len(table) == 191
    inside = HALF_BYTES * sum(tensor.numel() for tensor in ours.values())
    assert inside < PICTURE_ADAPTER.sizes["ip_adapter_plus_general.bin"] < inside + 300_000


def test_the_inpainting_unet_is_kolors_own_with_nine_channels_and_takes_a_lora_of_560_modules():
    with torch.device("meta"):
        published = UNet2DConditionModel(**{**UNET_CONFIG, "in_channels": 9}).state_dict()
        unet, plain = SDXLUNet(is_kolors=True), SDXLUNet(is_kolors=True)

    tensors = renamed(unet, published)
    fit_widths(unet, tensors)
    unet.load_state_dict(tensors, assign=True)
    unet.requires_grad_(False)

    others = {"conv_in.weight": (320, 9, 3, 3)}
    assert shapes(unet.state_dict()) == shapes(plain.state_dict()) | others and len(published) == 1682
    inside = HALF_BYTES * sum(tensor.numel() for tensor in published.values())
    assert inside < INPAINTING.sizes["unet/diffusion_pytorch_model.safetensors"] < inside + 300_000
    layers = {
        name: LoraLayer(
            torch.empty(4, module.in_features, device="meta"), torch.empty(module.out_features, 4, device="meta")
        )
        for name, module in unet.named_modules()
        if name.rpartition(".")[2] in ("to_q", "to_k", "to_v", "to_out")
    }
    match = UnetAdapters(unet).add("ink", "ink", LoraWeights(layers=layers, rank=4, alpha=4.0, tensors=1120))
    assert len(layers) == 560 and (match.matched, match.expected) == (1120, 1120)


def test_a_small_inpainting_unet_predicts_what_diffusers_does(layout, theirs):
    wide = publish_inpainting(layout)
    folder = layout.models / INPAINTING.home
    unet = load_unet(folder, device="cpu", dtype=torch.float32, package=INPAINTING)
    latents, text, pooled = some(2, 9, 8, 8), some(2, TOKENS, TEXT_WIDTH, seed=1), some(2, TEXT_WIDTH, seed=2)
    sizes = torch.tensor([PIXELS, PIXELS, 0, 0, PIXELS, PIXELS])

    with torch.inference_mode():
        ours = unet(latents, torch.tensor([500.0]), text, sizes.repeat(2), pooled)
        added = {"text_embeds": pooled, "time_ids": sizes.repeat(2, 1)}
        wanted = wide(latents, 500.0, text, added_cond_kwargs=added).sample

    assert INPAINTING.is_complete(folder) and furthest(ours, wanted) < 1e-4 and wanted.std() > 0.01


def test_a_control_net_adds_what_diffusers_adds(unet, theirs, their_net, our_net):
    latents, text, pooled = some(2, 4, 8, 8), some(2, TOKENS, TEXT_WIDTH, seed=1), some(2, TEXT_WIDTH, seed=2)
    sizes, timestep = torch.tensor([PIXELS, PIXELS, 0, 0, PIXELS, PIXELS]), torch.tensor([700.0])
    lines = torch.rand(2, 3, PIXELS, PIXELS, generator=torch.Generator().manual_seed(3))
    added = {"text_embeds": pooled, "time_ids": sizes.repeat(2, 1)}

    with torch.inference_mode():
        ours = our_net(latents, timestep, text, sizes.repeat(2), pooled, lines)
        down, middle = their_net(latents, timestep, text, lines, added_cond_kwargs=added, return_dict=False)
        with added_to(unet, ours):
            painted = unet(latents, timestep, text, sizes.repeat(2), pooled)
        plain = unet(latents, timestep, text, sizes.repeat(2), pooled)
        wanted = theirs.unet(
            latents,
            timestep,
            text,
            added_cond_kwargs=added,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
        ).sample

    for mine, other in zip(ours, [*down, middle], strict=True):
        assert furthest(mine, other) < 1e-4 and other.std() > 1e-3
    assert furthest(painted, wanted) < 1e-4 < furthest(plain, wanted)


def inputs(seed: int) -> PictureInputs:
    return PictureInputs(
        noise=some(1, 4, 8, 8, seed=seed),
        prompt=EncodedPrompt(some(TOKENS, TEXT_WIDTH, seed=seed + 1), some(TEXT_WIDTH, seed=seed + 2)),
        negative=EncodedPrompt(some(TOKENS, TEXT_WIDTH, seed=3), some(TEXT_WIDTH, seed=4)),
        cfg_scale=5.0,
    )


def denoised(unet, pictures, controls: Controls | None, *, steps: int = 3, rows: int = 4) -> torch.Tensor:
    sampler = build_sampler("euler", steps)
    nothing = (lambda _step, _denoised: None, lambda: False)
    return denoise(
        unet, pictures, sampler, rows_per_call=rows, on_step=nothing[0], should_stop=nothing[1], controls=controls
    )


def test_denoised_with_lines_is_what_the_control_net_pipeline_of_diffusers_denoises(theirs, their_net, our_net, unet):
    pictures = [inputs(10), inputs(20)]
    maps = torch.rand(2, 3, PIXELS, PIXELS, generator=torch.Generator().manual_seed(3))
    part = ControlPart(kind="edges", picture="a" * 64, weights_hash="b", weight=0.7, end=0.7)

    ours = denoised(unet, pictures, Controls(maps=(MapControl(part, our_net, maps),)), rows=3)

    pipeline = StableDiffusionXLControlNetPipeline(
        vae=theirs.vae,
        text_encoder=None,
        text_encoder_2=None,
        tokenizer=None,
        tokenizer_2=None,
        unet=theirs.unet,
        controlnet=their_net,
        scheduler=EulerDiscreteScheduler(**NOISE_CONFIG),
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    wanted = pipeline(
        prompt_embeds=torch.stack([each.prompt.embedding for each in pictures]),
        pooled_prompt_embeds=torch.stack([each.prompt.pooled for each in pictures]),
        negative_prompt_embeds=torch.stack([each.negative.embedding for each in pictures]),
        negative_pooled_prompt_embeds=torch.stack([each.negative.pooled for each in pictures]),
        image=maps,
        latents=torch.cat([each.noise for each in pictures]),
        num_inference_steps=3,
        guidance_scale=5.0,
        controlnet_conditioning_scale=0.7,
        control_guidance_end=0.7,
        output_type="latent",
        height=PIXELS,
        width=PIXELS,
    ).images
    assert furthest(ours, wanted) < 1e-4 < furthest(denoised(unet, pictures, None), wanted)


def test_denoised_with_a_likeness_is_what_diffusers_ip_adapter_denoises(layout, theirs, unet):
    widths = [
        module.to_q.out_features
        for group in (theirs.unet.down_blocks, theirs.unet.up_blocks, [theirs.unet.mid_block])
        for block in group
        for name, module in block.named_modules()
        if name.endswith("attn2")
    ]
    encoder = publish_picture_adapter(layout, widths, TEXT_WIDTH)
    folder = layout.models / PICTURE_ADAPTER.home
    picture = Image.effect_noise((90, 60), 80).convert("RGB")
    sees = open_picture_encoder(layout, "kolors", device="cpu", dtype=torch.float32)
    adapter = open_picture_adapter(layout, "kolors", device="cpu", dtype=torch.float32)
    part = ControlPart(kind="likeness", picture="a" * 64, weights_hash="b", weight=0.5)
    shown = inputs(10)

    with torch.inference_mode():
        tokens, nothing = adapter.tokens(sees.seen([picture])), adapter.tokens(sees.nothing())
    ours = denoised(unet, [shown], Controls(likeness=LikenessControl(part, adapter, tokens, nothing)))
    plain = denoised(unet, [shown], None)

    theirs.unet.text_encoder_hid_proj = theirs.unet.encoder_hid_proj
    theirs.register_modules(
        image_encoder=encoder,
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=SIDE),
    )
    theirs.load_ip_adapter(
        str(folder),
        subfolder="",
        weight_name="ip_adapter_plus_general.bin",
        image_encoder_folder=None,
        low_cpu_mem_usage=False,
    )
    theirs.set_ip_adapter_scale(0.5)
    [projection] = theirs.unet.encoder_hid_proj.image_projection_layers
    assert isinstance(projection, IPAdapterPlusImageProjection)
    try:
        wanted = theirs(
            prompt_embeds=shown.prompt.embedding[None],
            pooled_prompt_embeds=shown.prompt.pooled[None],
            negative_prompt_embeds=shown.negative.embedding[None],
            negative_pooled_prompt_embeds=shown.negative.pooled[None],
            ip_adapter_image=picture,
            latents=shown.noise,
            num_inference_steps=3,
            guidance_scale=5.0,
            output_type="latent",
            height=PIXELS,
            width=PIXELS,
        ).images
    finally:
        theirs.unload_ip_adapter()
        theirs.unet.encoder_hid_proj = theirs.unet.text_encoder_hid_proj
    assert furthest(ours, wanted) < 1e-4 < furthest(plain, wanted)
