"""What can be mended in a LoRA file: each repair gives the tensors of a new file and leaves the old one alone.

A new file is in kohya's form with diffusers' block names; what a repair is not about stays in it, to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from story_engine.domain.lora import REPAIRS
from story_engine.errors import FixInput
from story_engine.formats.lora_metadata import DORA_MAKER_KEY
from story_engine.lora_files.alpha import Alphas, alphas_of
from story_engine.lora_files.contents import LoraContents, open_lora
from story_engine.lora_files.layers import LoraLayer, layer_of, layer_state, shape_fault
from story_engine.lora_files.read import LoraWeights
from story_engine.lora_files.tensors import is_plain
from story_engine.lora_files.write import evened, kohya_tensors, maker_metadata, network_metadata, safetensors_bytes


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
    if what not in REPAIRS:
        raise ValueError(f"no repair of LoRA files: {what}")
    contents = open_lora(path)
    whole = _whole(contents)
    if what == "drop_broken":
        whole = [module for module in whole if layer_state(contents.parts[module]) == "ok"]
    if not whole:
        raise FixInput("loras.nothing_left", file=path.name)
    weights = _weights(path, contents, whole, alpha=alpha, is_stated=what == "alpha")
    if what == "even_ranks":
        weights = evened(weights)
    others = {} if what == "drop_foreign" else _foreign(contents)
    if what != "drop_broken":
        others |= _halves(contents, whole)
    kept = dict(contents.metadata if metadata is None else metadata)
    for key in ("lora_adapter_metadata", "ss_network_dim", "ss_network_alpha", DORA_MAKER_KEY):
        kept.pop(key, None)  # alphas are in the tensors now, and the names are others
    kept |= network_metadata(weights) | maker_metadata(weights)
    return safetensors_bytes(others | kohya_tensors(weights), kept)


def _whole(contents: LoraContents) -> list[str]:
    """The layers that have all that they need."""
    return [
        module
        for module, parts in contents.parts.items()
        if shape_fault(parts) is None and not any(name in contents.faults for name in contents.names[module])
    ]


def _weights(
    path: Path, contents: LoraContents, whole: list[str], *, alpha: float | None, is_stated: bool
) -> LoraWeights:
    alphas = _alphas(path, contents, alpha=alpha, is_stated=is_stated)
    layers: dict[str, LoraLayer] = {}
    for module in whole:
        if module not in alphas.values:
            raise FixInput("loras.alpha_needed", file=path.name, rank=contents.ranks[module])
        layers[module] = layer_of(
            contents.parts[module], alpha=alphas.values[module], is_from_peft=contents.is_from_peft
        )
    first = next(iter(layers.values()))
    count = sum(layer.tensors for layer in layers.values())
    return LoraWeights(layers=layers, rank=first.rank, alpha=first.alpha or 1.0, tensors=count)


def _alphas(path: Path, contents: LoraContents, *, alpha: float | None, is_stated: bool) -> Alphas:
    """What the file says; `alpha` where it says nothing, or everywhere when it is the repair."""
    if is_stated and alpha is not None:
        return alphas_of(path, contents, given=alpha)
    own = alphas_of(path, contents)
    if alpha is None:
        return own
    return Alphas(dict.fromkeys(contents.ranks, alpha) | dict(own.values), own.source)


def _foreign(contents: LoraContents) -> dict[str, torch.Tensor]:
    """What belongs to no layer, under its own name; a tensor that claims more than is stored is never written out."""
    return {name: contents.tensors[name] for name in contents.foreign if is_plain(contents.tensors[name])}


def _halves(contents: LoraContents, whole: list[str]) -> dict[str, torch.Tensor]:
    """What is no whole layer, under its own name, for the repair that is about it."""
    left = {name for module, names in contents.names.items() if module not in whole for name in names}
    return {name: contents.tensors[name] for name in left if is_plain(contents.tensors[name])}
