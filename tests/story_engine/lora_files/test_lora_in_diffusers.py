"""What we write is loaded by diffusers' own reader for Kolors, and acts there as it does here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffsynth.models.sdxl_unet import SDXLUNetStateDictConverter
from diffusers import KolorsPipeline, StableDiffusionXLPipeline, UNet2DConditionModel

from story_engine.domain.lora import LoraFacts
from story_engine.formats.lora_metadata import lora_metadata
from story_engine.inference.lora_injection import UnetAdapters
from story_engine.lora_files.read import LoraLayer, LoraWeights
from story_engine.lora_files.write import write_lora
from story_engine.preview_model.architecture import SMALLEST, PreviewUNet
from tests.story_engine.inference.small_loras import random_halves

RANK, ALPHA = 4, 3.0
CONFIG = replace(SMALLEST, unet_timestep_channels=32, unet_time_embedding=128)
"""diffusers derives both from the first width."""


@pytest.fixture(scope="module")
def theirs() -> UNet2DConditionModel:
    torch.manual_seed(0)
    first, second, third = CONFIG.unet_widths
    heads = tuple(width // CONFIG.unet_head_width for width in CONFIG.unet_widths)
    return UNet2DConditionModel(
        block_out_channels=(first, second, third),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=2,
        transformer_layers_per_block=(1, *CONFIG.unet_depths),
        attention_head_dim=heads,
        use_linear_projection=True,
        cross_attention_dim=CONFIG.text_hidden,
        encoder_hid_dim=CONFIG.text_hidden,
        encoder_hid_dim_type="text_proj",
        addition_embed_type="text_time",
        addition_time_embed_dim=CONFIG.unet_size_channels,
        projection_class_embeddings_input_dim=CONFIG.text_hidden + 6 * CONFIG.unet_size_channels,
    ).eval()


@pytest.fixture
def ours(theirs: UNet2DConditionModel) -> PreviewUNet:
    plain = {name.replace(".base_layer", ""): tensor for name, tensor in theirs.state_dict().items()}
    converted, _ = SDXLUNetStateDictConverter().from_diffusers(
        {name: tensor for name, tensor in plain.items() if ".lora_" not in name}
    )
    unet = PreviewUNet(CONFIG).eval().requires_grad_(False)
    unet.load_state_dict(converted)
    return unet


@pytest.mark.parametrize("pipeline", [KolorsPipeline, StableDiffusionXLPipeline])
@pytest.mark.parametrize("dialect", ["kohya", "diffusers"])
def test_diffusers_gives_the_same_at_every_strength(
    ours: PreviewUNet, theirs: UNet2DConditionModel, dialect: str, pipeline: Any, tmp_path: Path
) -> None:
    layers = {name: LoraLayer(down, up) for name, (down, up) in random_halves(rank=RANK).items()}
    weights = LoraWeights(layers=layers, rank=RANK, alpha=ALPHA, tensors=2 * len(layers))
    metadata = lora_metadata(LoraFacts(title="ink", trigger="ink", family="kolors"))
    write_lora(tmp_path / "ink.safetensors", weights, dialect=dialect, metadata=metadata)
    adapters = UnetAdapters(ours)
    adapters.add("ink", "ink", weights)

    read = pipeline.lora_state_dict(
        tmp_path, weight_name="ink.safetensors", unet_config=theirs.config, return_lora_metadata=True
    )
    pipeline.load_lora_into_unet(read[0], read[1], theirs, adapter_name="ink", metadata=read[2])

    try:
        loaded = {name for name, _ in theirs.named_modules() if name.endswith("lora_A.ink")}
        assert len(loaded) == len(layers)
        for strength in (1.0, 0.5):
            adapters.activate({"ink": strength})
            theirs.set_adapters(["ink"], [strength])
            difference = (_ours(ours) - _theirs(theirs)).abs().max()
            assert difference < 1e-4
        adapters.activate({})
        assert (_ours(ours) - _theirs(theirs)).abs().max() > 1e-2
    finally:
        theirs.unload_lora()


_GENERATOR = torch.Generator().manual_seed(3)
_LATENTS = torch.randn(1, 4, 8, 8, generator=_GENERATOR)
_TEXT = torch.randn(1, CONFIG.prompt_tokens, CONFIG.text_hidden, generator=_GENERATOR)
_POOLED = torch.randn(1, CONFIG.text_hidden, generator=_GENERATOR)
_SIZES = torch.tensor([64, 64, 0, 0, 64, 64])


@torch.inference_mode()
def _ours(unet: PreviewUNet) -> torch.Tensor:
    answer: torch.Tensor = unet(_LATENTS, torch.tensor([500.0]), _TEXT, _SIZES, _POOLED)
    return answer


@torch.inference_mode()
def _theirs(unet: UNet2DConditionModel) -> torch.Tensor:
    added = {"text_embeds": _POOLED, "time_ids": _SIZES[None]}
    answer: torch.Tensor = unet(_LATENTS, 500.0, _TEXT, added_cond_kwargs=added).sample
    return answer
