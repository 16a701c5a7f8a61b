"""What can be mended in a LoRA file: each repair gives the tensors of a new file and leaves the old one alone.

A new file is in kohya's form with diffusers' block names; what a repair is not about stays in it, to the bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from story_engine.errors import FixInput
from story_engine.lora_files.alpha import told_alpha
from story_engine.lora_files.doctor import OpenedLora, layer_state, open_lora
from story_engine.lora_files.names import kohya_name
from story_engine.lora_files.write import alpha_tensor, safetensors_bytes


@dataclass(frozen=True, slots=True)
class _Layer:
    down: torch.Tensor
    up: torch.Tensor
    alpha: float | None

    @property
    def rank(self) -> int:
        return self.down.shape[0]

    @property
    def scale(self) -> float:
        return 1.0 if self.alpha is None else self.alpha / self.rank


def repaired(path: Path, what: str, *, alpha: float | None = None, metadata: Mapping[str, str] | None = None) -> bytes:
    """The content of the file after one repair.

    Args:
        path: of the file.
        what: one of `domain.lora.REPAIRS`.
        alpha: for "alpha"; for the others where the file does not say it.
        metadata: instead of the file's own.

    Raises:
        FixInput: the file cannot be read, nothing of it would be left, or its alpha is needed.
        ValueError: no such repair.
    """
    opened = open_lora(path)
    layers, others = _sorted(path, opened, alpha=alpha, is_told=what == "alpha")
    if what == "drop_broken":
        layers = {module: layer for module, layer in layers.items() if _is_sound(layer)}
        others = {name: tensor for name, tensor in others.items() if name not in opened.known}
    elif what == "drop_foreign":
        others = {name: tensor for name, tensor in others.items() if name in opened.known}
    elif what == "even_ranks":
        layers = _even(layers)
    elif what not in ("convert", "alpha"):
        raise ValueError(f"no repair of LoRA files: {what}")
    if not layers:
        raise FixInput("loras.nothing_left", file=path.name)
    tensors = dict(others)
    for module, layer in layers.items():
        name = kohya_name(module)
        tensors[f"{name}.lora_down.weight"], tensors[f"{name}.lora_up.weight"] = layer.down, layer.up
        if layer.alpha is not None:
            tensors[f"{name}.alpha"] = alpha_tensor(layer.alpha)
    said = dict(opened.metadata if metadata is None else metadata)
    said.pop("lora_adapter_metadata", None)  # alpha is in the tensors now, and the names are others
    return safetensors_bytes(tensors, said | _network(layers))


def _sorted(
    path: Path, opened: OpenedLora, *, alpha: float | None, is_told: bool
) -> tuple[dict[str, _Layer], dict[str, torch.Tensor]]:
    """Whole layers with their alphas, and every tensor that belongs to none of them, under its own name."""
    layers: dict[str, _Layer] = {}
    used: set[str] = set()
    whole = {
        module: parts
        for module, parts in opened.parts.items()
        if layer_state(parts) not in ("half", "misshapen")
        and not any(name in opened.faults for name in opened.names[module])
    }
    for module, parts in whole.items():
        own = float(parts["alpha"].item()) if "alpha" in parts else None
        if is_told or own is None:
            own = alpha if alpha is not None else _told(path, opened, parts)
        layers[module] = _Layer(parts["down"], parts["up"], own)
        used |= set(opened.names[module])
    # A tensor that claims more than is stored must not be written out whole.
    left = {name for name in opened.tensors if name not in used and name not in opened.faults}
    return layers, {name: opened.tensors[name] for name in left if _is_stored(opened.tensors[name])}


def _told(path: Path, opened: OpenedLora, parts: Mapping[str, torch.Tensor]) -> float | None:
    halves = {name: key for name, key in opened.known.items() if key.part != "alpha"}
    rank = parts["down"].shape[0]
    alpha, _ = told_alpha(path, opened.tensors, halves, metadata=opened.metadata, rank=rank)
    if alpha is None:
        raise FixInput("loras.alpha_needed", file=path.name, rank=rank)
    return alpha


def _even(layers: Mapping[str, _Layer]) -> dict[str, _Layer]:
    """One rank, and one scale, for all: smaller ranks are filled with zeros, other scales go into `up`.

    Most layers keep their values to the bit: the scale that most of them have becomes the scale of all.
    """
    rank = max((layer.rank for layer in layers.values()), default=1)
    scales = Counter(layer.scale for layer in layers.values())
    scale = scales.most_common(1)[0][0] if scales else 1.0
    evened: dict[str, _Layer] = {}
    for module, layer in layers.items():
        missing = rank - layer.rank
        down = torch.nn.functional.pad(layer.down, (0, 0, 0, missing))
        up = torch.nn.functional.pad(layer.up, (0, missing))
        if layer.scale != scale:
            up = (up.double() * (layer.scale / scale)).to(up.dtype)
        evened[module] = replace(layer, down=down, up=up, alpha=scale * rank)
    return evened


def _is_sound(layer: _Layer) -> bool:
    return layer_state({"down": layer.down, "up": layer.up}) == "ok"


def _is_stored(tensor: torch.Tensor) -> bool:
    return tensor.untyped_storage().nbytes() >= tensor.numel() * tensor.element_size()


def _network(layers: Mapping[str, _Layer]) -> dict[str, str]:
    """Source: kohya-ss/sd-scripts, "Dynamic" where layers differ (networks/resize_lora.py)."""
    ranks = {layer.rank for layer in layers.values()}
    alphas = {layer.alpha for layer in layers.values()} - {None}
    rank = str(ranks.pop()) if len(ranks) == 1 else "Dynamic"
    return {"ss_network_dim": rank} | ({"ss_network_alpha": repr(alphas.pop())} if len(alphas) == 1 else {})
