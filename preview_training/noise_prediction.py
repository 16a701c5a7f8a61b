"""One call of the preview model's U-Net as trainings make it: whole pictures, in bfloat16 where that is faster."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from preview_training.device import device_with
from preview_training.text_tokens import encode_tokens
from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.preview_model.architecture import PreviewTextEncoder, PreviewUNet


def predicted_noise(
    unet: PreviewUNet,
    text_encoder: PreviewTextEncoder,
    latents: torch.Tensor,
    timesteps: torch.Tensor,
    tokens: Mapping[str, torch.Tensor],
) -> torch.Tensor:
    """The noise in latents under their prompts, (batch, 4, side, side) float32 on the U-Net's device; gradients flow.

    Args:
        unet: with the text encoder on one device.
        text_encoder: of its family.
        latents: (batch, 4, side, side), noisy, anywhere.
        timesteps: (batch,), 0…1099.
        tokens: the prompts, as `caption_batches.pad_tokens` gives them.
    """
    device = device_with(unet)
    side = latents.shape[3] * PIXELS_PER_LATENT
    # Height, width, crop and target size as `SDXLImagePipeline.prepare_extra_input` gives them.
    sizes = torch.tensor([side, side, 0, 0, side, side], device=device).repeat(len(latents))
    given = latents.to(device).contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16):
        pooled, embedding = encode_tokens(text_encoder, {name: each.to(device) for name, each in tokens.items()})
        noise: torch.Tensor = unet(given, timesteps.float().to(device), embedding, sizes, pooled)
    return noise.float()
