"""Kolors as the catalogue knows it: files as published, defaults, limits. No torch."""

from __future__ import annotations

from story_engine.catalog.description import FamilyDescription, UnetSizes
from story_engine.catalog.devices import gpu_names
from story_engine.catalog.package import Form, Package, Part
from story_engine.catalog.tokenizer import KOLORS_TOKEN_LIMIT
from story_engine.domain.family import GIB, TrainingMemory
from story_engine.domain.memory_plan import RenderMemory
from story_engine.store.layout import Layout

_SHARD_BYTES = (1_827_781_090, 1_968_299_480, 1_927_415_036, 1_815_225_998, 1_968_299_544, 1_927_415_036, 1_052_808_542)
"""ChatGLM3-6B in float16 as published, seven shards."""
_SHARDS = tuple(f"text_encoder/pytorch_model-{number:05}-of-00007.bin" for number in range(1, len(_SHARD_BYTES) + 1))
_UNET = "unet/diffusion_pytorch_model.fp16.safetensors"
_VAE = "vae/diffusion_pytorch_model.safetensors"


def _safetensors(stem: str, *, half_first: bool) -> tuple[Form, ...]:
    """A network as diffusers and transformers write it: whole or with an index, in full or half precision."""
    whole = (f"{stem}.fp16.safetensors", f"{stem}.safetensors")
    indexes = (
        f"{stem}.safetensors.index.json",
        f"{stem}.safetensors.index.fp16.json",
        f"{stem}.safetensors.fp16.index.json",
        f"{stem}.fp16.safetensors.index.json",
    )
    return tuple(Form(name) for name in (*(whole if half_first else whole[::-1]), *indexes))


KOLORS = Package(
    name="kolors",
    title="Kolors",
    parts=(
        Part(
            name="text_encoder",
            beside=("text_encoder/config.json",),
            forms=(
                Form("text_encoder/pytorch_model.bin.index.json", _SHARDS),
                *_safetensors("text_encoder/model", half_first=False)[2:],
                *_safetensors("text_encoder/model", half_first=False)[:2],
                Form("text_encoder/pytorch_model.bin"),
            ),
        ),
        Part(name="unet", forms=_safetensors("unet/diffusion_pytorch_model", half_first=True)),
        Part(name="vae", forms=_safetensors("vae/diffusion_pytorch_model", half_first=False)),
    ),
    home="kolors/Kolors",
    also=(
        "kolors/Kolors-diffusers",
        "Kwai-Kolors/Kolors",
        "Kwai-Kolors/Kolors-diffusers",
        "Kolors",
        "Kolors-diffusers",
    ),
    hub="Kwai-Kolors/Kolors",
    sizes={
        "text_encoder/config.json": 1_400,
        "text_encoder/pytorch_model.bin.index.json": 20_000,
        **dict(zip(_SHARDS, _SHARD_BYTES, strict=True)),
        _UNET: 5_159_140_000,
        _VAE: 334_643_000,
    },
)
"""As the challenge's scripts lay it out, with the half-size U-Net; or as `Kolors-diffusers`, with sharded safetensors.

Source: diffsynth 1.1.9, configs/model_config.py, for the first forms.
"""


def _sizes(layout: Layout) -> UnetSizes:
    del layout  # the same wherever it lies
    return UnetSizes(widths=(320, 640, 1280), depths=(2, 10), text=2048, encoded=4096, steps=320, time=1280, added=5632)


def _precision() -> str:
    return "float16" if gpu_names() else "float32"


FAMILY = FamilyDescription(
    package=KOLORS,
    sampler="dpmpp_2m_karras",
    steps=20,
    cfg_scale=5.0,
    width=1024,
    height=1024,
    smallest_side=256,
    largest_side=2048,
    token_limit=KOLORS_TOKEN_LIMIT,
    precision=_precision,
    knows_true_sizes=True,
    safe_learning_rate=1e-3,
    memory=TrainingMemory(
        weights_half=4.8 * GIB,
        side=1024,
        activations_half=20.5 * GIB,
        checkpointed_half=2.1 * GIB,
        adapter_per_rank=0.35 * GIB / 16,
        text_encoder_half=11.6 * GIB,
        process=0.8 * GIB,
        is_half_by_itself=True,
    ),
    painting=RenderMemory(
        encoder=11.134 * GIB,
        encoder_brought=0.88 * GIB,
        encoder_text=0.152 * GIB,
        unet=4.805 * GIB,
        unet_bringable=4.071 * GIB,
        unet_rounded=2.732 * GIB,
        unet_layer=0.0648 * GIB,
        unet_row=0.1423 * GIB,
        decoder=0.185 * GIB,
        decoder_picture=3.001 * GIB,
        decoder_band=0.35 * GIB,
        side=1024,
    ),
    unet_sizes=_sizes,
)
