"""With which alpha a LoRA was trained: what its tensors, its metadata, a file beside it or its dialect's custom say."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from story_engine.errors import FixInput
from story_engine.lora_files.names import LoraKey
from story_engine.store.lora_beside import alpha_beside


def told_alpha(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    known: Mapping[str, LoraKey],
    *,
    metadata: Mapping[str, str],
    rank: int,
    given: float | None = None,
) -> tuple[float | None, str]:
    """The alpha, and by whom it is told ("given", "tensors", "metadata", "beside", "convention"); or None and "".

    Args:
        path: of the file.
        tensors: all of its tensors.
        known: the names of them that are understood.
        metadata: of the file.
        rank: of the LoRA.
        given: what a person says; it stands above everything.

    Raises:
        FixInput: the layers have several alphas, or one that is no positive number.
    """
    if given is not None:
        return _positive(path, given), "given"
    alphas = {float(tensors[name].item()) for name, key in known.items() if key.part == "alpha"}
    if len(alphas) > 1:
        raise FixInput("models.lora_shapes", file=path.name, reason=f"alphas {sorted(alphas)[:6]}")
    if alphas:
        return _positive(path, alphas.pop()), "tensors"
    written = alpha_in_metadata(metadata, rank=rank)
    if written is not None:
        return _positive(path, written), "metadata"
    beside = alpha_beside(path, rank=rank)
    if beside is not None:
        return _positive(path, beside), "beside"
    # Without an alpha, kohya's and diffusers' own readers take alpha = rank; DiffSynth's names leave it open.
    if known and all(key.dialect != "diffsynth" for key in known.values()):
        return float(rank), "convention"
    return None, ""


def alpha_in_metadata(metadata: Mapping[str, str], *, rank: int) -> float | None:
    """Source: diffusers, `lora_adapter_metadata` ("unet.lora_alpha"); kohya-ss/sd-scripts, `ss_network_alpha`."""
    adapter = _json_object(metadata.get("lora_adapter_metadata", ""))
    said = {name.removeprefix("unet."): value for name, value in adapter.items()}
    alpha = said.get("alpha", said.get("lora_alpha"))
    if isinstance(alpha, int | float) and not isinstance(alpha, bool):
        return float(alpha) * (math.sqrt(rank) if said.get("use_rslora") is True else 1.0)
    for name in ("alpha", "lora_alpha", "ss_network_alpha"):
        try:
            return float(metadata[name])
        except (KeyError, ValueError):
            continue
    return None


def _positive(path: Path, alpha: float) -> float:
    if not (math.isfinite(alpha) and alpha > 0):
        raise FixInput("models.lora_shapes", file=path.name, reason=f"alpha {alpha}")
    return alpha


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
