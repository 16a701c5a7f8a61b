"""Kolors as the catalogue knows it: files as published, defaults, limits. No torch."""

from __future__ import annotations

import json
from pathlib import Path

from story_engine.catalog.description import FamilyDescription, UnetSizes
from story_engine.catalog.devices import gpu_names
from story_engine.catalog.kolors_adapters import CANNY, DEPTH, INPAINTING, LICENCE, PICTURE_ADAPTER, POSE
from story_engine.catalog.package import Package
from story_engine.catalog.part import Form, Part
from story_engine.catalog.tensor_shapes import Shapes
from story_engine.catalog.tokenizer import KOLORS_TOKEN_LIMIT
from story_engine.domain.family import GIB, GuidanceByNoise, TrainingMemory
from story_engine.domain.guidance import Guidance
from story_engine.domain.memory_plan import RenderMemory
from story_engine.errors import InstallOrDownload
from story_engine.store.layout import Layout

_SHARD_BYTES = (1_827_781_090, 1_968_299_480, 1_927_415_036, 1_815_225_998, 1_968_299_544, 1_927_415_036, 1_052_808_542)
"""ChatGLM3-6B in float16 as published, seven shards."""
_SHARDS = tuple(f"text_encoder/pytorch_model-{number:05}-of-00007.bin" for number in range(1, len(_SHARD_BYTES) + 1))
_UNET = "unet/diffusion_pytorch_model.fp16.safetensors"
_VAE = "vae/diffusion_pytorch_model.safetensors"


_TEXT_IN = "encoder_hid_proj.weight"
"""The one layer that SDXL's U-Net lacks: it takes in the text encoder's embeddings."""
_LATENT_CHANNELS = 4
_WORDS = 65_024
"""Rows of ChatGLM3's word embeddings; GLM-4 has 151 552."""


def _other_unet(shapes: Shapes, file: Path, folder: Path) -> InstallOrDownload | None:
    """Kolors' U-Net is SDXL's with one more layer, and as wide as the text encoder beside it."""
    if not shapes:
        return None
    if _TEXT_IN not in shapes:
        is_sdxl = any("add_embedding." in name or ".label_emb." in name for name in shapes)
        return InstallOrDownload("models.other_unet", file=str(file), what="SDXL" if is_sdxl else "?", layer=_TEXT_IN)
    channels = (shapes.get("conv_in.weight") or (0, _LATENT_CHANNELS))[1]
    if channels != _LATENT_CHANNELS:
        return InstallOrDownload("models.other_unet_inputs", file=str(file), found=channels, wanted=_LATENT_CHANNELS)
    width, found = _encoder_width(folder), (shapes[_TEXT_IN] or (0, 0))[1]
    if width and found and width != found:
        return InstallOrDownload("models.other_unet_width", file=str(file), found=found, wanted=width)
    return None


def _other_vae(shapes: Shapes, file: Path, folder: Path) -> InstallOrDownload | None:
    del folder
    shape = shapes.get("decoder.conv_in.weight", (0, 0))
    is_ours = "quant_conv.weight" in shapes and (shape is None or shape[1] == _LATENT_CHANNELS)
    return InstallOrDownload("models.other_vae", file=str(file)) if shapes and not is_ours else None


def _other_text_encoder(shapes: Shapes, file: Path, folder: Path) -> InstallOrDownload | None:
    known = {name.removeprefix("transformer.") for name in shapes}
    is_chatglm = "embedding.word_embeddings.weight" in known and "encoder.layers.0.mlp.dense_h_to_4h.weight" in known
    words = _configured(folder, "padded_vocab_size") or _WORDS
    is_other = (bool(known) and not is_chatglm) or words != _WORDS
    return InstallOrDownload("models.other_encoder", file=str(file)) if is_other else None


def _encoder_width(folder: Path) -> int:
    return _configured(folder, "hidden_size")


def _configured(folder: Path, key: str) -> int:
    """A number of the text encoder's configuration, as a package's folder or one of its own has it; 0 where none."""
    for name in ("text_encoder/config.json", "config.json"):
        try:
            found = json.loads((folder / name).read_text(encoding="utf-8")).get(key)
        except (OSError, ValueError, AttributeError):
            continue
        if isinstance(found, int):
            return found
    return 0


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
            apart=("ZhipuAI/chatglm3-6b-base", "THUDM/chatglm3-6b-base", "zai-org/chatglm3-6b-base"),
            check=_other_text_encoder,
        ),
        Part(name="unet", forms=_safetensors("unet/diffusion_pytorch_model", half_first=True), check=_other_unet),
        Part(name="vae", forms=_safetensors("vae/diffusion_pytorch_model", half_first=False), check=_other_vae),
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
    repositories=("Kwai-Kolors/Kolors", "Kwai-Kolors/Kolors-diffusers"),
    licence=LICENCE,
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


_LAYERS, _LAYER = 4.071 * GIB, 0.0648 * GIB
"""All transformer layers of the U-Net in half precision, and the largest (`python -m benchmarks.memory`)."""

FAMILY = FamilyDescription(
    package=KOLORS,
    sampler="dpmpp_2m_karras",
    steps=20,
    cfg_scale=5.0,
    # The interval that was found best for SDXL, whose latents and network Kolors shares; not measured on Kolors.
    # Source: Kynkäänniemi et al. 2024 (arXiv:2404.07724), section 4, "Stable Diffusion XL".
    by_noise=GuidanceByNoise(levels=Guidance(guidance_above=0.28, guidance_below=5.42), steps=20, is_usual=False),
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
        encoder_brought_half=2.1 * GIB,
        bringable_half=_LAYERS,
        layer_half=_LAYER,
    ),
    painting=RenderMemory(
        encoder=11.134 * GIB,
        encoder_brought=0.88 * GIB,
        encoder_text=0.152 * GIB,
        unet=4.805 * GIB,
        unet_bringable=_LAYERS,
        unet_rounded=2.732 * GIB,
        unet_layer=_LAYER,
        unet_row=0.1423 * GIB,
        decoder=0.185 * GIB,
        decoder_picture=3.001 * GIB,
        decoder_band=0.35 * GIB,
        side=1024,
        adapters={**dict.fromkeys(("edges", "depth", "pose"), 2.353 * GIB), "likeness": 0.944 * GIB},
        control_row=0.0501 * GIB,
    ),
    unet_sizes=_sizes,
    controls={"edges": CANNY, "depth": DEPTH, "pose": POSE, "likeness": PICTURE_ADAPTER},
    inpainting=INPAINTING,
)
