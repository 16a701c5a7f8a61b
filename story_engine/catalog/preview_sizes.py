"""Every size of the preview model: the shipped one, and the smallest one for tests."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewConfig:
    """Every size of the preview model; stored with the weights."""

    unet_widths: tuple[int, int, int] = (96, 128, 128)
    """Channels at full, half and quarter latent resolution; multiples of 32 (GroupNorm has 32 groups)."""
    unet_depths: tuple[int, int] = (1, 1)
    """Transformer layers per attention block at half and quarter resolution (Kolors: 2 and 10)."""
    unet_head_width: int = 32
    unet_timestep_channels: int = 64
    unet_time_embedding: int = 256
    unet_size_channels: int = 32
    """Channels per number of the size condition (Kolors: 256)."""
    text_hidden: int = 160
    text_layers: int = 3
    text_heads: int = 5
    text_groups: int = 1
    text_feed_forward: int = 384
    vae_encoder_widths: tuple[int, int, int, int] = (32, 64, 64, 64)
    """Channels from full resolution down to latents."""
    vae_decoder_widths: tuple[int, int, int, int] = (96, 64, 64, 32)
    """Channels from latents up to full resolution."""
    vae_groups: int = 8
    prompt_tokens: int = 64
    """Length every prompt is padded or cut to, in training and in use: the UNet attends to padding."""
    picture_size: int = 256
    """Native width and height in pixels."""

    def to_json(self) -> dict[str, Any]:
        """The sizes as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> PreviewConfig:
        """The configuration that `to_json` wrote.

        Raises:
            TypeError: a key is missing in this version of the code.
        """
        sizes: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**sizes)


SMALLEST = PreviewConfig(
    unet_widths=(32, 32, 32),
    unet_head_width=16,
    unet_timestep_channels=16,
    unet_time_embedding=16,
    unet_size_channels=8,
    text_hidden=16,
    text_layers=2,
    text_heads=2,
    text_groups=1,
    text_feed_forward=16,
    vae_encoder_widths=(8, 8, 8, 8),
    vae_decoder_widths=(8, 8, 8, 8),
    vae_groups=4,
    picture_size=64,
)
"""The smallest configuration that still has every block: for tests, builds and runs in milliseconds."""
