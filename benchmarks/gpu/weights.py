"""Random weights in the files of a Kolors folder, made on the device: nothing is downloaded."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel
from safetensors.torch import save_file

from benchmarks.gpu.sizes import Sizes
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout

_SEED = 0


def write_kolors(layout: Layout, sizes: Sizes, device: str) -> Path:
    """A folder that the Studio, DiffSynth and diffusers can load; written once. U-Net and encoder in half precision."""
    folder = layout.models / KOLORS.home
    if KOLORS.is_complete(folder):
        return folder
    torch.manual_seed(_SEED)
    with torch.device("meta"):
        unet = UNet2DConditionModel(**sizes.unet)
        vae = AutoencoderKL(**sizes.vae)
        encoder = ChatGLMModel(ChatGLMConfig(**sizes.text_encoder), empty_init=False)
    unet.save_config(folder / "unet")
    vae.save_config(folder / "vae")
    (folder / "text_encoder").mkdir(parents=True, exist_ok=True)
    config = sizes.text_encoder | {
        "architectures": ["ChatGLMModel"],
        "model_type": "chatglm",
        "torch_dtype": "float16",
        "use_cache": True,
    }
    (folder / "text_encoder" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    whole = {name: tensor for name, tensor in encoder.state_dict().items() if not name.startswith("output_layer.")}
    _save(whole, folder / "text_encoder" / "model.safetensors", device, torch.float16)
    _save(unet.state_dict(), folder / "unet" / "diffusion_pytorch_model.fp16.safetensors", device, torch.float16)
    _save(vae.state_dict(), folder / "vae" / "diffusion_pytorch_model.safetensors", device, torch.float32)
    return folder


def _save(tensors: Mapping[str, torch.Tensor], path: Path, device: str, dtype: torch.dtype) -> None:
    filled = {name: _random(name, tensor.shape, device).to(dtype).cpu() for name, tensor in tensors.items()}
    save_file(filled, path, metadata={"format": "pt"})


def _random(name: str, shape: torch.Size, device: str) -> torch.Tensor:
    """So that what goes through stays near one: half precision overflows nowhere, and nothing is not a number."""
    if name.endswith(".inv_freq"):
        return 1.0 / 10000 ** (torch.arange(0, 2 * shape[0], 2, device=device).float() / (2 * shape[0]))
    if name.endswith(".bias"):
        return torch.zeros(shape, device=device)
    if "norm" in name:
        return torch.ones(shape, device=device)
    return torch.randn(shape, device=device) / math.sqrt(math.prod(shape[1:]))
