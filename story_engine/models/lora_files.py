"""LoRA files of every kind in use, read as nothing but plain tensors and checked before they are believed."""

from __future__ import annotations

import json
import math
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from story_engine.errors import FixInput
from story_engine.models.lora_names import LoraKey, parse_key
from story_engine.models.safetensors_header import MOST_TENSORS, HeaderError, read_header

LARGEST_RANK = 256
LARGEST_FILE_BYTES = 2 * 2**30
"""Rank 256 on all of Kolors' attention is 1.5 GB in float32."""


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
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise FixInput("models.lora_too_large", file=path.name, largest=LARGEST_FILE_BYTES // 2**20)
    with path.open("rb") as file:
        is_checkpoint = file.read(2) == b"PK"
    tensors, metadata = _checkpoint(path) if is_checkpoint else _safetensors(path)
    known = {name: key for name in tensors if (key := parse_key(name)) is not None}
    _check_tensors(path, {name: tensors[name] for name in known}, known)
    layers = _layers(path, tensors, known)
    ranks = {layer.down.shape[0] for layer in layers.values()}
    if len(ranks) > 1:
        raise FixInput("models.lora_shapes", file=path.name, reason=f"ranks {sorted(ranks)}")
    rank = ranks.pop()
    told = alpha if alpha is not None else _told_alpha(path, tensors, known, metadata, rank)
    if told is None:
        raise FixInput("models.lora_alpha_unknown", file=path.name, rank=rank)
    count = sum(1 for name in tensors if not name.endswith(".alpha"))
    return LoraWeights(layers=layers, rank=rank, alpha=told, tensors=count)


def _checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], Mapping[str, str]]:
    """A file of torch.save, admitting nothing but tensors; nothing in it is run."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            # torch stores without compression: what unpacks to more than the file itself was made to do harm.
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise FixInput("models.lora_not_plain", file=path.name)
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise FixInput("models.lora_not_plain", file=path.name) from error
    except (OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise FixInput("models.lora_unreadable", file=path.name, reason=str(error)[:200]) from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or len(content) > MOST_TENSORS:
        raise FixInput("models.lora_not_plain", file=path.name)
    if not all(isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in content.items()):
        raise FixInput("models.lora_not_plain", file=path.name)
    return dict(content), {}


def _safetensors(path: Path) -> tuple[dict[str, torch.Tensor], Mapping[str, str]]:
    try:
        header = read_header(path)
        return load_file(path), header.metadata
    except (HeaderError, SafetensorError) as error:
        raise FixInput("models.lora_unreadable", file=path.name, reason=str(error)[:200]) from error


def _check_tensors(path: Path, tensors: Mapping[str, torch.Tensor], known: Mapping[str, LoraKey]) -> None:
    """Before anything is copied: a tensor can claim to be larger than what is stored of it."""
    if not tensors:
        raise FixInput("models.lora_no_layers", file=path.name)
    for name, tensor in tensors.items():
        if known[name].part == "alpha":
            fits = tensor.numel() == 1
        else:
            fits = tensor.ndim == 2 and tensor.is_floating_point() and min(tensor.shape) >= 1
            fits = fits and tensor.shape[0 if known[name].part == "down" else 1] <= LARGEST_RANK
        stored = tensor.untyped_storage().nbytes()
        if not fits or stored < tensor.numel() * tensor.element_size():
            shape = " × ".join(str(side) for side in tensor.shape) or "1"
            raise FixInput("models.lora_shapes", file=path.name, reason=f"{name[:120]}: {shape}, {tensor.dtype}")


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


def _told_alpha(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    known: Mapping[str, LoraKey],
    metadata: Mapping[str, str],
    rank: int,
) -> float | None:
    """What the file, its metadata, a file beside it, or its dialect's convention says; None when nothing does."""
    alphas = {float(tensors[name].item()) for name, key in known.items() if key.part == "alpha"}
    if len(alphas) > 1:
        raise FixInput("models.lora_shapes", file=path.name, reason=f"alphas {sorted(alphas)}")
    if alphas:
        return _positive(path, alphas.pop())
    for said in (_from_metadata(metadata), *map(_json_object, _beside(path))):
        value = said.get("alpha", said.get("lora_alpha"))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _positive(path, float(value) * (math.sqrt(rank) if said.get("use_rslora") is True else 1.0))
    # Without an alpha, kohya's and diffusers' own readers take alpha = rank; DiffSynth's names leave it open.
    dialects = {key.dialect for key in known.values()}
    return None if "diffsynth" in dialects else float(rank)


def _positive(path: Path, alpha: float) -> float:
    if not (math.isfinite(alpha) and alpha > 0):
        raise FixInput("models.lora_shapes", file=path.name, reason=f"alpha {alpha}")
    return alpha


def _from_metadata(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Source: diffusers, `lora_adapter_metadata` ("unet.lora_alpha"); kohya-ss/sd-scripts, `ss_network_alpha`."""
    adapter = _json_text(metadata.get("lora_adapter_metadata", ""))
    said = {name.removeprefix("unet."): value for name, value in adapter.items()}
    for name in ("alpha", "lora_alpha", "ss_network_alpha"):
        try:
            said.setdefault("alpha", float(metadata[name]))
        except (KeyError, ValueError):
            continue
    return said


def _beside(path: Path) -> tuple[Path, ...]:
    return path.with_suffix(".json"), path.parent / "lora.json", path.parent / "adapter_config.json"


def _json_object(path: Path) -> dict[str, Any]:
    try:
        return _json_text(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}


def _json_text(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
