"""The published Kolors files as DiffSynth's networks, each loaded on its own so that they can take turns in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffsynth.models.attention import Attention
from diffsynth.models.kolors_text_encoder import ChatGLMModel
from diffsynth.models.sdxl_unet import SDXLUNet
from diffsynth.models.sdxl_vae_decoder import SDXLVAEDecoder
from diffsynth.models.sdxl_vae_encoder import SDXLVAEEncoder
from safetensors import SafetensorError, safe_open
from torch import nn

from story_engine.catalog.published import KOLORS, needed_names
from story_engine.errors import InstallOrDownload

Tensors = dict[str, torch.Tensor]


def load_unet(folder: Path, *, device: str, dtype: torch.dtype) -> nn.Module:
    """Kolors' U-Net from the folder of `published.KOLORS`, in evaluation mode, without gradients.

    Raises:
        InstallOrDownload: the file is missing or damaged, or holds another network.
    """
    path = _needed_file(folder, "unet/")
    return _loaded(path, lambda: SDXLUNet(is_kolors=True), device=device, dtype=dtype)


def load_vae_decoder(folder: Path, *, device: str) -> nn.Module:
    """The VAE's decoder in float32: in float16 it overflows, as DiffSynth knows too. Raises as `load_unet`."""
    return _loaded(_needed_file(folder, "vae/"), SDXLVAEDecoder, device=device, dtype=torch.float32)


def load_vae_encoder(folder: Path, *, device: str) -> nn.Module:
    """The VAE's encoder in float32. Raises as `load_unet`."""
    return _loaded(_needed_file(folder, "vae/"), SDXLVAEEncoder, device=device, dtype=torch.float32)


def load_text_encoder(folder: Path, *, device: str, dtype: torch.dtype) -> ChatGLMModel:
    """Kolors' text encoder without its output layer, which no prompt passes through. Raises as `load_unet`."""
    path = folder / "text_encoder"
    try:
        encoder = ChatGLMModel.from_pretrained(path, dtype=dtype).eval()
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise InstallOrDownload("models.weights_damaged", file=str(path), reason=str(error)[:300]) from error
    encoder.output_layer = nn.Identity()
    return encoder.requires_grad_(False).to(device)


def _needed_file(folder: Path, beginning: str) -> Path:
    names = needed_names(folder, KOLORS)
    return folder / next(name for name in names if name.startswith(beginning))


def _loaded(path: Path, build: Callable[[], nn.Module], *, device: str, dtype: torch.dtype) -> nn.Module:
    try:
        with safe_open(path, framework="pt", device=device) as file:
            published = {name: file.get_tensor(name).to(dtype) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError) as error:
        raise InstallOrDownload("models.weights_damaged", file=str(path), reason=str(error)[:300]) from error
    with torch.device("meta"):
        network = build()
    try:
        tensors = _renamed(network, published)
        fit_widths(network, tensors)
        network.load_state_dict(tensors, assign=True)
    except (ValueError, KeyError, RuntimeError) as error:
        raise InstallOrDownload("models.weights_damaged", file=str(path), reason=str(error)[:300]) from error
    return network.requires_grad_(False).eval()


def _renamed(network: nn.Module, published: Tensors) -> Tensors:
    """Published (diffusers) names to DiffSynth's, by DiffSynth's own table."""
    converter: Any = network.state_dict_converter
    converted = converter().from_diffusers(published)
    tensors: Tensors = converted[0] if isinstance(converted, tuple) else converted
    return tensors


def fit_widths(network: nn.Module, tensors: Tensors) -> None:
    """Give a network that is still on the meta device the widths and depths of `tensors`.

    DiffSynth's classes have Kolors' widths written into them. A network of the same blocks with other widths (a small
    one for a test, a pruned one) goes through the same code; for Kolors itself nothing changes.
    """
    for name, layers in list(network.named_modules()):
        if isinstance(layers, nn.ModuleList) and name.endswith("transformer_blocks"):
            depth = len({key.split(".")[name.count(".") + 1] for key in tensors if key.startswith(f"{name}.")})
            del layers[depth:]
    for name, module in network.named_modules():
        weight = tensors.get(f"{name}.weight")
        if weight is not None:
            _fit(module, weight)
    for module in network.modules():
        if isinstance(module, Attention):
            inner = module.to_q.out_features
            # The VAE's attention has one head as wide as its channels; the U-Net's heads have a fixed width.
            module.head_dim = inner if module.num_heads == 1 else module.head_dim
            module.num_heads = inner // module.head_dim
    if isinstance(network, SDXLUNet):
        network.time_proj.num_channels = network.time_embedding[0].in_features
        text_width = network.text_intermediate_proj.in_features
        network.add_time_proj.num_channels = (network.add_time_embedding[0].in_features - text_width) // 6


def _fit(module: nn.Module, weight: torch.Tensor) -> None:
    if isinstance(module, nn.Linear):
        module.out_features, module.in_features = weight.shape
    elif isinstance(module, nn.Conv2d):
        module.out_channels, module.in_channels = weight.shape[:2]
    elif isinstance(module, nn.GroupNorm):
        module.num_channels = weight.shape[0]
    elif isinstance(module, nn.LayerNorm):
        module.normalized_shape = tuple(weight.shape)
    for key, parameter in list(module.named_parameters(recurse=False)):
        shape = weight.shape if key == "weight" else weight.shape[:1]
        if parameter.shape != shape:
            setattr(module, key, nn.Parameter(torch.empty(shape, device="meta")))
