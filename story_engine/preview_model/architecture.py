"""The preview model's networks: DiffSynth's own Kolors classes with the same block lists and small widths.

Block order, module names and forward code are those of DiffSynth, so LoRA names, rename tables and the stock pipeline
hold for the preview model as they do for Kolors. Only widths, transformer depths and the embedding table are smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from diffsynth.models.sd_unet import AttentionBlock, DownSampler, PopBlock, PushBlock, ResnetBlock, Timesteps, UpSampler
from diffsynth.models.sd_vae_decoder import SDVAEDecoder, VAEAttentionBlock
from diffsynth.models.sd_vae_encoder import SDVAEEncoder
from diffsynth.models.sdxl_unet import SDXLUNet
from torch import nn

from story_engine.catalog.preview_sizes import SMALLEST, PreviewConfig
from story_engine.domain.family import LATENT_CHANNELS
from story_engine.preview_model.text_encoder import PreviewTextEncoder

__all__ = [
    "LATENT_SCALE",
    "SMALLEST",
    "PreviewConfig",
    "PreviewParts",
    "PreviewTextEncoder",
    "PreviewUNet",
    "PreviewVAEDecoder",
    "PreviewVAEEncoder",
    "build_preview",
]

LATENT_SCALE = 0.13025
"""Latents are VAE means times this. Source: diffsynth 1.1.9, models/sdxl_vae_encoder.py."""


class PreviewUNet(SDXLUNet):  # type: ignore[misc]
    """`SDXLUNet(is_kolors=True)` with small widths."""

    def __init__(self, config: PreviewConfig) -> None:
        nn.Module.__init__(self)
        time, timestep_channels = config.unet_time_embedding, config.unet_timestep_channels
        self.time_proj = Timesteps(timestep_channels)
        self.time_embedding = nn.Sequential(nn.Linear(timestep_channels, time), nn.SiLU(), nn.Linear(time, time))
        self.add_time_proj = Timesteps(config.unet_size_channels)
        # Kolors: 5632 = 4096 (pooled text) + 6 size numbers of 256 channels each.
        added = config.text_hidden + 6 * config.unet_size_channels
        self.add_time_embedding = nn.Sequential(nn.Linear(added, time), nn.SiLU(), nn.Linear(time, time))
        self.conv_in = nn.Conv2d(LATENT_CHANNELS, config.unet_widths[0], kernel_size=3, padding=1)
        self.text_intermediate_proj = nn.Linear(config.text_hidden, config.text_hidden)
        self.blocks = nn.ModuleList(_unet_blocks(config))
        self.conv_norm_out = nn.GroupNorm(num_channels=config.unet_widths[0], num_groups=32, eps=1e-5)
        self.conv_act = nn.SiLU()
        self.conv_out = nn.Conv2d(config.unet_widths[0], LATENT_CHANNELS, kernel_size=3, padding=1)
        self.is_kolors = True


class PreviewVAEEncoder(SDVAEEncoder):  # type: ignore[misc]
    """`SDVAEEncoder` with small widths: picture in -1…1 to scaled latents."""

    def __init__(self, config: PreviewConfig) -> None:
        nn.Module.__init__(self)
        first, second, third, fourth = config.vae_encoder_widths
        groups = config.vae_groups
        self.scaling_factor = LATENT_SCALE
        self.quant_conv = nn.Conv2d(2 * LATENT_CHANNELS, 2 * LATENT_CHANNELS, kernel_size=1)
        self.conv_in = nn.Conv2d(3, first, kernel_size=3, padding=1)
        self.blocks = nn.ModuleList(
            [
                _vae_resnet(first, first, groups),
                _vae_resnet(first, first, groups),
                DownSampler(first, padding=0, extra_padding=True),
                _vae_resnet(first, second, groups),
                _vae_resnet(second, second, groups),
                DownSampler(second, padding=0, extra_padding=True),
                _vae_resnet(second, third, groups),
                _vae_resnet(third, third, groups),
                DownSampler(third, padding=0, extra_padding=True),
                _vae_resnet(third, fourth, groups),
                _vae_resnet(fourth, fourth, groups),
                _vae_resnet(fourth, fourth, groups),
                VAEAttentionBlock(1, fourth, fourth, 1, norm_num_groups=groups, eps=1e-6),
                _vae_resnet(fourth, fourth, groups),
            ]
        )
        self.conv_norm_out = nn.GroupNorm(num_channels=fourth, num_groups=groups, eps=1e-6)
        self.conv_act = nn.SiLU()
        self.conv_out = nn.Conv2d(fourth, 2 * LATENT_CHANNELS, kernel_size=3, padding=1)


class PreviewVAEDecoder(SDVAEDecoder):  # type: ignore[misc]
    """`SDVAEDecoder` with small widths: scaled latents to a picture in -1…1."""

    def __init__(self, config: PreviewConfig) -> None:
        nn.Module.__init__(self)
        first, second, third, fourth = config.vae_decoder_widths
        groups = config.vae_groups
        self.scaling_factor = LATENT_SCALE
        self.post_quant_conv = nn.Conv2d(LATENT_CHANNELS, LATENT_CHANNELS, kernel_size=1)
        self.conv_in = nn.Conv2d(LATENT_CHANNELS, first, kernel_size=3, padding=1)
        self.blocks = nn.ModuleList(
            [
                _vae_resnet(first, first, groups),
                VAEAttentionBlock(1, first, first, 1, norm_num_groups=groups, eps=1e-6),
                _vae_resnet(first, first, groups),
                *(_vae_resnet(first, first, groups) for _ in range(3)),
                UpSampler(first),
                _vae_resnet(first, second, groups),
                *(_vae_resnet(second, second, groups) for _ in range(2)),
                UpSampler(second),
                _vae_resnet(second, third, groups),
                *(_vae_resnet(third, third, groups) for _ in range(2)),
                UpSampler(third),
                _vae_resnet(third, fourth, groups),
                *(_vae_resnet(fourth, fourth, groups) for _ in range(2)),
            ]
        )
        self.conv_norm_out = nn.GroupNorm(num_channels=fourth, num_groups=groups, eps=1e-5)
        self.conv_act = nn.SiLU()
        self.conv_out = nn.Conv2d(fourth, 3, kernel_size=3, padding=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewParts:
    """The four networks of the preview model, float32, on the CPU, in evaluation mode."""

    config: PreviewConfig
    unet: PreviewUNet
    text_encoder: PreviewTextEncoder
    vae_encoder: PreviewVAEEncoder
    vae_decoder: PreviewVAEDecoder


def build_preview(
    config: PreviewConfig, *, known_token_ids: Sequence[int] = tuple(range(3, 200)), seed: int = 0
) -> PreviewParts:
    """Build untrained networks; the same seed gives the same values, and the global random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PreviewParts(
            config=config,
            unet=PreviewUNet(config).eval(),
            text_encoder=PreviewTextEncoder(config, known_token_ids).eval(),
            vae_encoder=PreviewVAEEncoder(config).eval(),
            vae_decoder=PreviewVAEDecoder(config).eval(),
        )


def _unet_blocks(config: PreviewConfig) -> list[nn.Module]:
    """The block list of `SDXLUNet`, in its order. Source: diffsynth 1.1.9, models/sdxl_unet.py."""
    one, two, three = config.unet_widths
    middle, deep = config.unet_depths

    def resnet(channels_in: int, channels_out: int) -> nn.Module:
        block: nn.Module = ResnetBlock(channels_in, channels_out, config.unet_time_embedding)
        return block

    def attention(width: int, depth: int) -> nn.Module:
        heads, head_width = width // config.unet_head_width, config.unet_head_width
        block: nn.Module = AttentionBlock(heads, head_width, width, depth, config.text_hidden)
        return block

    blocks: list[nn.Module] = [
        resnet(one, one),
        PushBlock(),
        resnet(one, one),
        PushBlock(),
        DownSampler(one),
        PushBlock(),
    ]
    for before, width, depth, is_last in ((one, two, middle, False), (two, three, deep, True)):
        blocks += [resnet(before, width), attention(width, depth), PushBlock()]
        blocks += [resnet(width, width), attention(width, depth), PushBlock()]
        if not is_last:
            blocks += [DownSampler(width), PushBlock()]
    blocks += [resnet(three, three), attention(three, deep), resnet(three, three)]
    for skips, before, width, depth in (
        ((three, three, two), three, three, deep),
        ((two, two, one), three, two, middle),
        ((one, one, one), two, one, 0),
    ):
        for position, skip in enumerate(skips):
            blocks += [PopBlock(), resnet((before if position == 0 else width) + skip, width)]
            if depth:
                blocks.append(attention(width, depth))
        if depth:
            blocks.append(UpSampler(width))
    return blocks


def _vae_resnet(channels_in: int, channels_out: int, groups: int) -> nn.Module:
    block: nn.Module = ResnetBlock(channels_in, channels_out, groups=groups, eps=1e-6)
    return block
