"""Networks of the large families' classes with the widths and depths of the weights they are given."""

from __future__ import annotations

from typing import Any

import torch
from diffsynth.models.attention import Attention
from diffsynth.models.sd_unet import Timesteps
from torch import nn

from story_engine.inference.weight_files import Tensors


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
    whole: Any = network
    if isinstance(getattr(whole, "add_time_proj", None), Timesteps):
        whole.time_proj.num_channels = whole.time_embedding[0].in_features
        text_width = whole.text_intermediate_proj.in_features
        whole.add_time_proj.num_channels = (whole.add_time_embedding[0].in_features - text_width) // 6


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
