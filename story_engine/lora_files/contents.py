"""What a LoRA file holds, sorted: the layers of the U-Net, and everything that belongs to none of them, by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch

from story_engine.formats.lora_metadata import DORA_MAKER_KEY
from story_engine.lora_files.dialects import is_of_text_encoder, other_methods
from story_engine.lora_files.layers import Parts
from story_engine.lora_files.names import LoraKey, parse_key
from story_engine.lora_files.tensors import StoredTensors, read_tensors, tensor_fault


@dataclass(slots=True)
class _Sorted:
    known: dict[str, LoraKey] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    parts: dict[str, Parts] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class LoraContents:
    """The tensors of a file, sorted by what they belong to."""

    stored: StoredTensors
    known: Mapping[str, LoraKey]
    """The names that belong to a layer."""
    faults: Mapping[str, str]
    """Tensor → why it can be no part of a layer."""
    parts: Mapping[str, Parts]
    """Layer → its parts, as `LoraKey.part` calls them; those with faults are left out."""
    names: Mapping[str, list[str]]
    """Layer → the names of its tensors."""

    @property
    def tensors(self) -> Mapping[str, torch.Tensor]:
        """All of them, by name."""
        return self.stored.tensors

    @property
    def metadata(self) -> Mapping[str, str]:
        """Of the file."""
        return self.stored.metadata

    @cached_property
    def foreign(self) -> tuple[str, ...]:
        """Every tensor that belongs to no layer."""
        return tuple(name for name in self.tensors if name not in self.known)

    @cached_property
    def of_text_encoder(self) -> tuple[str, ...]:
        """Those of them that are for a text encoder."""
        return tuple(name for name in self.foreign if is_of_text_encoder(name))

    @cached_property
    def unplaced(self) -> tuple[str, ...]:
        """Those of them that are not: something that the LoRA was trained with, and that would not act."""
        encoder = frozenset(self.of_text_encoder)
        return tuple(name for name in self.foreign if name not in encoder)

    @cached_property
    def other_methods(self) -> tuple[str, ...]:
        """Kinds of adapters other than LoRA and DoRA in the file."""
        return other_methods(self.foreign)

    @property
    def is_from_peft(self) -> bool:
        """Whether a DoRA in LyCORIS' names was peft's before."""
        return self.metadata.get(DORA_MAKER_KEY) == "peft"

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Layer → rank, where it has a half that says so."""
        return {module: parts["down"].shape[0] for module, parts in self.parts.items() if "down" in parts}


def open_lora(path: Path) -> LoraContents:
    """The tensors of a file, sorted; tensors that claim more than is stored are set apart.

    Raises:
        FixInput: the file is damaged, too large, or holds anything but tensors.
    """
    stored = read_tensors(path)
    found = _Sorted()
    for name, tensor in stored.tensors.items():
        key = parse_key(name)
        if key is None:
            continue
        found.known[name] = key
        found.names.setdefault(key.module, []).append(name)
        fault = tensor_fault(name, tensor, key)
        if fault is None and key.part in found.parts.get(key.module, {}):
            fault = f"{name[:120]}: a second {key.part}"
        if fault is not None:
            found.faults[name] = fault
        else:
            found.parts.setdefault(key.module, {})[key.part] = tensor
    _drop_halfless(found)
    return LoraContents(stored, found.known, found.faults, found.parts, found.names)


def _drop_halfless(found: _Sorted) -> None:
    """An alpha or a magnitude without any half is of another method's layer, or of none."""
    for module, names in list(found.names.items()):
        if not any(found.known[name].part in ("down", "up", "mid") for name in names):
            for name in names:
                del found.known[name]
                found.faults.pop(name, None)
            del found.names[module]
            found.parts.pop(module, None)
