"""The preview model's networks: DiffSynth's own Kolors classes with the same block lists and small widths.

Block order, module names and forward code are those of DiffSynth, so LoRA names, rename tables and the stock pipeline
hold for the preview model as they do for Kolors. Only widths, transformer depths and the embedding table are smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from diffsynth.models.kolors_text_encoder import ChatGLMConfig, ChatGLMModel, RMSNorm
from diffsynth.models.sd_unet import AttentionBlock, DownSampler, PopBlock, PushBlock, ResnetBlock, Timesteps, UpSampler
from diffsynth.models.sd_vae_decoder import SDVAEDecoder, VAEAttentionBlock
from diffsynth.models.sd_vae_encoder import SDVAEEncoder
from diffsynth.models.sdxl_unet import SDXLUNet
from torch import nn

KOLORS_TOKEN_COUNT = 65024
"""Rows of the full Kolors embedding table.

Source: `padded_vocab_size` in text_encoder/config.json of Kwai-Kolors/Kolors.
"""

LATENT_SCALE = 0.13025
"""Latents are VAE means times this. Source: diffsynth 1.1.9, models/sdxl_vae_encoder.py."""

LATENT_CHANNELS = 4
PIXELS_PER_LATENT = 8


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


class CompactEmbedding(nn.Module):
    """Kolors token ids to vectors through a table of the known tokens only; row 0 stands for every other token."""

    known_token_ids: torch.Tensor
    row_of_token: torch.Tensor

    def __init__(self, known_token_ids: Sequence[int], width: int) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(len(known_token_ids) + 1, width)
        known = torch.tensor(list(known_token_ids), dtype=torch.int64)
        row_of_token = torch.zeros(KOLORS_TOKEN_COUNT, dtype=torch.int64)
        row_of_token[known] = torch.arange(1, len(known_token_ids) + 1)
        # The ids travel with the weights, so that rows and words can never drift apart; the map is derived from them.
        self.register_buffer("known_token_ids", known)
        self.register_buffer("row_of_token", row_of_token, persistent=False)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Vectors of tokens, in the order that the ChatGLM layers expect.

        Args:
            input_ids: (batch, tokens), integer; ids of the Kolors tokenizer, or -1 for "unknown" (token dropout).

        Returns:
            (tokens, batch, width), the table's dtype.
        """
        rows = torch.where(input_ids < 0, 0, self.row_of_token[input_ids])
        vectors: torch.Tensor = self.word_embeddings(rows)
        return vectors.transpose(0, 1).contiguous()


class PreviewTextEncoder(ChatGLMModel):  # type: ignore[misc]
    """`ChatGLMModel` with small widths, a compact embedding table and no unused output layer."""

    def __init__(self, config: PreviewConfig, known_token_ids: Sequence[int]) -> None:
        layers = ChatGLMConfig(
            num_layers=config.text_layers,
            padded_vocab_size=1,
            hidden_size=config.text_hidden,
            ffn_hidden_size=config.text_feed_forward,
            kv_channels=config.text_hidden // config.text_heads,
            num_attention_heads=config.text_heads,
            seq_length=config.prompt_tokens,
            add_qkv_bias=True,
            multi_query_attention=True,
            multi_query_group_num=config.text_groups,
            original_rope=True,
            torch_dtype=torch.float32,
            use_cache=False,
        )
        super().__init__(layers, empty_init=False)
        self.embedding = CompactEmbedding(known_token_ids, config.text_hidden)
        self.output_layer = nn.Identity()
        for module in self.modules():
            if isinstance(module, RMSNorm):
                # DiffSynth leaves this weight uninitialised because Kolors always loads it.
                nn.init.ones_(module.weight)

    @property
    def known_token_ids(self) -> list[int]:
        """Ids of the Kolors tokenizer that have a row of their own, in row order (first id: row 1)."""
        ids: list[int] = self.embedding.known_token_ids.tolist()
        return ids


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewParts:
    """The four networks of the preview model, float32, on the CPU, in evaluation mode."""

    config: PreviewConfig
    unet: PreviewUNet
    text_encoder: PreviewTextEncoder
    vae_encoder: PreviewVAEEncoder
    vae_decoder: PreviewVAEDecoder

    def parameter_count(self) -> int:
        """Number of trained values in all four networks."""
        parts = (self.unet, self.text_encoder, self.vae_encoder, self.vae_decoder)
        return sum(parameter.numel() for part in parts for parameter in part.parameters())


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
