"""Kolors' own adapters in their published layouts, small ones with random numbers that fit `small_kolors`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from benchmarks.gpu.sizes import SMALL_UNET_CONFIG, UNET_CONFIG
from story_engine.catalog.kolors_adapters import CANNY, INPAINTING, PICTURE_ADAPTER
from story_engine.store.layout import Layout

CONTROL_CONFIG: dict[str, Any] = {
    key: value for key, value in UNET_CONFIG.items() if key not in ("sample_size", "up_block_types")
} | {"conditioning_embedding_out_channels": (16, 32, 96, 256)}
"""Source: config.json of Kwai-Kolors/Kolors-ControlNet-Canny."""
SMALL_CONTROL_CONFIG = (
    CONTROL_CONFIG
    | {
        key: value
        for key, value in SMALL_UNET_CONFIG.items()
        if key in CONTROL_CONFIG and key != "conditioning_embedding_out_channels"
    }
    | {"conditioning_embedding_out_channels": (8, 8, 16, 16)}
)
SMALL_CONTROL_CONFIG.pop("time_embedding_dim", None)
_DEPTH = 4
"""diffusers takes no other."""
SEEN, SIDE = 32, 28
"""Width of the small picture encoder, and pixels of what it sees."""
VISION = CLIPVisionConfig(
    hidden_size=SEEN, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2, image_size=SIDE, patch_size=14
)


class KolorsControlNet(ControlNetModel):
    """diffusers has the layer for the text encoder's embeddings, and passes it over; Kolors' own class does not.

    Source: Kwai-Kolors/Kolors, kolors/models/controlnet.py, `forward`.
    """

    def forward(self, sample, timestep, encoder_hidden_states, *given, **named):
        """As diffusers', of embeddings of the prompt as wide as the attentions take them."""
        return super().forward(sample, timestep, self.encoder_hid_proj(encoder_hidden_states), *given, **named)


def small_control_net(seed: int = 1) -> ControlNetModel:
    """diffusers' own, with numbers where an untrained one has zeros."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = KolorsControlNet(**SMALL_CONTROL_CONFIG).eval()
        for name, parameter in net.named_parameters():
            if name.startswith(("controlnet_down", "controlnet_mid", "controlnet_cond_embedding.conv_out")):
                nn.init.normal_(parameter, std=0.3)
    return net


def publish_control_net(layout: Layout) -> ControlNetModel:
    """For lines, as `kolors_adapters.CANNY`."""
    net = small_control_net()
    folder = layout.models / CANNY.home
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, folder / CONTROL_FILE)
    return net


CONTROL_FILE = "diffusion_pytorch_model.safetensors"
ADAPTER_FILE = "ip_adapter_plus_general.bin"


def small_picture_adapter(widths: list[int], text: int, *, seed: int = 2) -> dict[str, dict[str, torch.Tensor]]:
    """The two tables of a published file: a resampler with heads of 64, keys and values."""
    generator = torch.Generator().manual_seed(seed)

    def some(*sides: int) -> torch.Tensor:
        return torch.randn(*sides, generator=generator) / max(sides[-1], 1) ** 0.5

    inner = 128
    resampler = {
        "latents": some(1, 16, text),
        "proj_in.weight": some(text, SEEN),
        "proj_in.bias": some(text),
        "proj_out.weight": some(text, text),
        "proj_out.bias": some(text),
        "norm_out.weight": 1 + 0.1 * some(text),
        "norm_out.bias": some(text),
    }
    for layer in range(_DEPTH):
        here = f"layers.{layer}"
        for norm in ("0.norm1", "0.norm2", "1.0"):
            resampler |= {f"{here}.{norm}.weight": 1 + 0.1 * some(text), f"{here}.{norm}.bias": some(text)}
        resampler |= {
            f"{here}.0.to_q.weight": some(inner, text),
            f"{here}.0.to_kv.weight": some(2 * inner, text),
            f"{here}.0.to_out.weight": some(text, inner),
            f"{here}.1.1.weight": some(4 * text, text),
            f"{here}.1.3.weight": some(text, 4 * text),
        }
    keys = {
        f"{2 * place + 1}.to_{part}_ip.weight": 3 * some(width, text)
        for place, width in enumerate(widths)
        for part in "kv"
    }
    return {"image_proj": resampler, "ip_adapter": keys}


def publish_picture_adapter(layout: Layout, widths: list[int], text: int) -> CLIPVisionModelWithProjection:
    """As `kolors_adapters.PICTURE_ADAPTER`, its encoder pickled and with the configuration of a whole CLIP."""
    folder = layout.models / PICTURE_ADAPTER.home
    (folder / "image_encoder").mkdir(parents=True)
    torch.save(small_picture_adapter(widths, text), folder / ADAPTER_FILE)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        encoder = CLIPVisionModelWithProjection(VISION).eval()
    published = {**encoder.state_dict(), "logit_scale": torch.tensor(1.0)}
    torch.save(published, folder / "image_encoder" / "pytorch_model.bin")
    config = {"model_type": "clip", "projection_dim": VISION.projection_dim, "vision_config": VISION.to_dict()}
    (folder / "image_encoder" / "config.json").write_text(json.dumps(config))
    return encoder


def publish_inpainting(layout: Layout) -> UNet2DConditionModel:
    """As `kolors_adapters.INPAINTING`: diffusers' own, with nine channels."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(8)
        unet = UNet2DConditionModel(**SMALL_UNET_CONFIG | {"in_channels": 9}).eval()
    folder = layout.models / INPAINTING.home / "unet"
    folder.mkdir(parents=True)
    save_file(unet.state_dict(), folder / CONTROL_FILE)
    return unet


def weights_in(folder: Path) -> list[str]:
    """Names of all weights files."""
    return sorted(path.name for path in folder.rglob("*") if path.suffix in (".bin", ".safetensors"))
