"""LoRA files of every kind in use, checked before they are believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from story_engine.errors import FixInput
from story_engine.lora_files.alpha import told_alpha
from story_engine.lora_files.names import LoraKey, parse_key
from story_engine.lora_files.tensors import read_tensors, tensor_fault


@dataclass(frozen=True, slots=True)
class LoraLayer:
    """W' = W + strength · alpha/rank · up @ down."""

    down: torch.Tensor
    """(rank, in)."""
    up: torch.Tensor
    """(out, rank)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraWeights:
    """A LoRA as it was trained."""

    layers: Mapping[str, LoraLayer]
    """By the layer's name in DiffSynth."""
    rank: int
    alpha: float
    """At strength 1 a LoRA acts with alpha / rank."""
    tensors: int
    """In the file, without alphas: what a complete match would use."""


def read_lora(path: Path, *, alpha: float | None = None) -> LoraWeights:
    """Read the challenge's `.ckpt`, or a safetensors file in DiffSynth's, peft's, diffusers' or kohya's names.

    Args:
        path: the file; what it is is judged by its content.
        alpha: what the LoRA was trained with, for files that do not say so. `lora.json` or `adapter_config.json`
            beside the file may say it too.

    Raises:
        FixInput: the file is damaged, too large, holds anything but a U-Net LoRA, or leaves its alpha open.
    """
    tensors, metadata = read_tensors(path)
    known = {name: key for name in tensors if (key := parse_key(name)) is not None}
    _check_tensors(path, {name: tensors[name] for name in known}, known)
    layers = _layers(path, tensors, known)
    ranks = {layer.down.shape[0] for layer in layers.values()}
    if len(ranks) > 1:
        raise FixInput("models.lora_shapes", file=path.name, reason=f"ranks {sorted(ranks)}")
    rank = ranks.pop()
    told, _ = told_alpha(path, tensors, known, metadata=metadata, rank=rank, given=alpha)
    if told is None:
        raise FixInput("models.lora_alpha_unknown", file=path.name, rank=rank)
    count = sum(1 for name in tensors if not name.endswith(".alpha"))
    return LoraWeights(layers=layers, rank=rank, alpha=told, tensors=count)


def _check_tensors(path: Path, tensors: Mapping[str, torch.Tensor], known: Mapping[str, LoraKey]) -> None:
    """Before anything is copied: a tensor can claim to be larger than what is stored of it."""
    if not tensors:
        raise FixInput("models.lora_no_layers", file=path.name)
    for name, tensor in tensors.items():
        fault = tensor_fault(name, tensor, known[name])
        if fault is not None:
            raise FixInput("models.lora_shapes", file=path.name, reason=fault)


def _layers(path: Path, tensors: Mapping[str, torch.Tensor], known: Mapping[str, LoraKey]) -> dict[str, LoraLayer]:
    parts: dict[str, dict[str, torch.Tensor]] = {}
    for name, key in known.items():
        if key.part != "alpha":
            parts.setdefault(key.module, {})[key.part] = tensors[name].contiguous()
    layers: dict[str, LoraLayer] = {}
    for module, halves in parts.items():
        if set(halves) != {"down", "up"} or halves["down"].shape[0] != halves["up"].shape[1]:
            raise FixInput("models.lora_shapes", file=path.name, reason=module)
        layers[module] = LoraLayer(halves["down"], halves["up"])
    if not layers:
        raise FixInput("models.lora_no_layers", file=path.name)
    return layers
