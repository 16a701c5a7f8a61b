"""The tensors of a LoRA file, read as nothing but plain tensors: nothing in it is run, and nothing is believed yet."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from story_engine.errors import FixInput
from story_engine.formats.safetensors_header import MOST_TENSORS, HeaderError, read_header
from story_engine.lora_files.names import LoraKey

LARGEST_RANK = 256
LARGEST_FILE_BYTES = 2 * 2**30
"""Rank 256 on all of Kolors' attention is 1.5 GB in float32."""


def is_checkpoint(path: Path) -> bool:
    """Whether the content is a file of `torch.save`, whatever it is called."""
    with path.open("rb") as file:
        # Four bytes: in a safetensors file they are the length of its header, and "PK" alone can well be one.
        return file.read(4) == b"PK\x03\x04"


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], Mapping[str, str]]:
    """All tensors by name, and the metadata; what the file is is judged by its content.

    Raises:
        FixInput: the file is damaged, too large, or holds anything but tensors.
    """
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise FixInput("models.lora_too_large", file=path.name, largest=LARGEST_FILE_BYTES // 2**20)
    return _checkpoint(path) if is_checkpoint(path) else _safetensors(path)


def tensor_fault(name: str, tensor: torch.Tensor, key: LoraKey) -> str | None:
    """Why a tensor cannot be a part of a layer; None when it can. To be asked before anything is copied.

    A tensor can claim to be larger than what is stored of it.
    """
    if key.part == "alpha":
        fits = tensor.numel() == 1
    else:
        fits = tensor.ndim == 2 and tensor.is_floating_point() and min(tensor.shape) >= 1
        fits = fits and tensor.shape[0 if key.part == "down" else 1] <= LARGEST_RANK
    stored = tensor.untyped_storage().nbytes()
    if fits and stored >= tensor.numel() * tensor.element_size():
        return None
    shape = " × ".join(str(side) for side in tensor.shape) or "1"
    return f"{name[:120]}: {shape}, {tensor.dtype}"


def _checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], Mapping[str, str]]:
    """A file of torch.save, admitting nothing but tensors; nothing in it is run."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            # torch stores without compression: what unpacks to more than the file itself was made to do harm.
            is_plain = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
            if not is_plain or sum(entry.file_size for entry in entries) > path.stat().st_size:
                raise FixInput("models.lora_not_plain", file=path.name)
        if path.suffix == ".safetensors":  # torch goes by the name, and would not take it for its own
            with path.open("rb") as file:
                content = torch.load(file, map_location="cpu", weights_only=True)
        else:
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
