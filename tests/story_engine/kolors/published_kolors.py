"""Kolors' networks at full size without their numbers: what lies in the published files, by name and shape.

The settings are those of the published config.json files. diffusers' classes are a second source beside DiffSynth's,
and DiffSynth has kept fingerprints of the published files, by which it recognises them.
"""

from functools import cache

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel

from benchmarks.gpu.sizes import TEXT_ENCODER_CONFIG, UNET_CONFIG, VAE_CONFIG

UNET_FINGERPRINT = "52817e4fdd89df154f02749ca6f692ac"
VAE_FINGERPRINT = "13115dd45a6e1c39860f91ab073b8a78"
"""Of all names and shapes in the published file. Source: diffsynth 1.1.9, configs/model_config.py."""


@cache
def published_unet() -> dict[str, torch.Tensor]:
    """1682 tensors on the meta device, by published name."""
    with torch.device("meta"):
        return dict(UNet2DConditionModel(**UNET_CONFIG).state_dict())


@cache
def published_vae() -> dict[str, torch.Tensor]:
    """248 tensors on the meta device, by published name."""
    with torch.device("meta"):
        return dict(AutoencoderKL(**VAE_CONFIG).state_dict())


@cache
def published_text_encoder() -> dict[str, torch.Tensor]:
    """200 tensors on the meta device, by published name."""
    with torch.device("meta"):
        return dict(ChatGLMModel(ChatGLMConfig(**TEXT_ENCODER_CONFIG), empty_init=False).state_dict())
