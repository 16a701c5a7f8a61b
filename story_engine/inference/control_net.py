"""ControlNet of the Kolors families: the down path of their U-Net beside it, shown a picture of lines, depth or a pose.

SDXL's ControlNet (arXiv:2302.05543) with Kolors' own layer for the text encoder's embeddings. Built of DiffSynth's
blocks, so that names and conversions are those of the U-Net. Source of the shape: the published config.json of
Kwai-Kolors/Kolors-ControlNet-Canny.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from diffsynth.models.sd_controlnet import ControlNetConditioningLayer
from diffsynth.models.sd_unet import AttentionBlock, DownSampler, PopBlock, PushBlock, ResnetBlock, Timesteps
from diffsynth.models.sdxl_controlnet import SDXLControlNetUnionStateDictConverter
from torch import nn

_WIDTHS, _TIME, _ADDED, _ENCODED, _TEXT = (320, 640, 1280), 1280, 5632, 4096, 2048
_PICTURE_WIDTHS = (3, 16, 32, 96, 256, 320)
_TEXT_LAYER = {"encoder_hid_proj": "text_intermediate_proj"}
"""Published name → ours, of the layer that SDXL's ControlNet lacks."""


class ControlNet(nn.Module):
    """From noisy latents, time step, prompt and control picture to what is added to the U-Net's skips and middle.

    Built at Kolors' widths; `fit_widths` gives it others.
    """

    def __init__(self) -> None:
        super().__init__()
        one, two, three = _WIDTHS
        self.time_proj = Timesteps(one)
        self.time_embedding = nn.Sequential(nn.Linear(one, _TIME), nn.SiLU(), nn.Linear(_TIME, _TIME))
        self.add_time_proj = Timesteps(256)
        self.add_time_embedding = nn.Sequential(nn.Linear(_ADDED, _TIME), nn.SiLU(), nn.Linear(_TIME, _TIME))
        self.text_intermediate_proj = nn.Linear(_ENCODED, _TEXT)
        self.conv_in = nn.Conv2d(4, one, kernel_size=3, padding=1)
        self.controlnet_conv_in = ControlNetConditioningLayer(_PICTURE_WIDTHS)
        self.blocks = nn.ModuleList(
            [
                ResnetBlock(one, one, _TIME),
                PushBlock(),
                ResnetBlock(one, one, _TIME),
                PushBlock(),
                DownSampler(one),
                PushBlock(),
                ResnetBlock(one, two, _TIME),
                AttentionBlock(two // 64, 64, two, 2, _TEXT),
                PushBlock(),
                ResnetBlock(two, two, _TIME),
                AttentionBlock(two // 64, 64, two, 2, _TEXT),
                PushBlock(),
                DownSampler(two),
                PushBlock(),
                ResnetBlock(two, three, _TIME),
                AttentionBlock(three // 64, 64, three, 10, _TEXT),
                PushBlock(),
                ResnetBlock(three, three, _TIME),
                AttentionBlock(three // 64, 64, three, 10, _TEXT),
                PushBlock(),
                ResnetBlock(three, three, _TIME),
                AttentionBlock(three // 64, 64, three, 10, _TEXT),
                ResnetBlock(three, three, _TIME),
                PushBlock(),
            ]
        )
        widths = (one, one, one, one, two, two, two, three, three, three)
        self.controlnet_blocks = nn.ModuleList([nn.Conv2d(width, width, kernel_size=1) for width in widths])

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        add_time_id: torch.Tensor,
        add_text_embeds: torch.Tensor,
        picture: torch.Tensor,
    ) -> list[torch.Tensor]:
        """What belongs to the nine skips, from the first on, and to the middle.

        Args:
            sample: (rows, 4, height/8, width/8).
            timestep: (1,) or (rows,).
            encoder_hidden_states: (rows, tokens, width of the text encoder).
            add_time_id: (6 · rows,), sizes in pixels.
            add_text_embeds: (rows, width of the text encoder).
            picture: (rows, 3, height, width), 0…1.
        """
        time = self.time_embedding(self.time_proj(timestep).to(sample.dtype))
        sizes = self.add_time_proj(add_time_id).reshape(len(add_text_embeds), -1)
        added = torch.cat([add_text_embeds, sizes], dim=-1).to(sample.dtype)
        time = time + self.add_time_embedding(added)
        text = self.text_intermediate_proj(encoder_hidden_states)
        hidden = self.conv_in(sample) + self.controlnet_conv_in(picture)
        skips = [hidden]
        for block in self.blocks:
            hidden, time, text, skips = block(hidden, time, text, skips)
        return [layer(skip) for layer, skip in zip(self.controlnet_blocks, skips, strict=True)]


def from_published(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Published (diffusers) names to ours; tensors that have ours already stay as they are."""
    if not any(name.startswith("down_blocks.") for name in tensors):
        return dict(tensors)
    text = {name: tensor for name, tensor in tensors.items() if name.partition(".")[0] in _TEXT_LAYER}
    others = {name: tensor for name, tensor in tensors.items() if name not in text}
    converted: dict[str, torch.Tensor] = SDXLControlNetUnionStateDictConverter().from_diffusers(others)
    for name, tensor in text.items():
        first, _, last = name.partition(".")
        converted[f"{_TEXT_LAYER[first]}.{last}"] = tensor
    return converted


@contextmanager
def added_to(unet: nn.Module, additions: Sequence[torch.Tensor]) -> Iterator[None]:
    """While it is entered, the U-Net's skips and middle have a ControlNet's additions.

    Args:
        unet: DiffSynth's SDXLUNet or one of its blocks.
        additions: of `ControlNet.forward`, for the rows of the very next pass; several ControlNets' are summed before.
    """
    blocks: Any = unet.blocks
    middle = next(place for place, block in enumerate(blocks) if isinstance(block, PopBlock)) - 1
    hook: Callable[..., Any] = _adds(additions)
    handle = blocks[middle].register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _adds(additions: Sequence[torch.Tensor]) -> Callable[..., Any]:
    def add(_module: nn.Module, _given: Any, result: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden, time, text, skips = result
        changed = [skip + addition for skip, addition in zip(skips, additions, strict=False)]
        return hidden + additions[-1], time, text, changed

    return add
