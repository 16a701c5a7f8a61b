"""The tensors of a LoRA file, read as nothing but plain tensors: nothing in it is run, and nothing is believed yet."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from story_engine.errors import FixInput
from story_engine.formats.file_kind import kind_of
from story_engine.formats.safetensors_header import MOST_TENSORS, HeaderError, read_header
from story_engine.lora_files.names import LoraKey

LARGEST_RANK = 256
LARGEST_FILE_BYTES = 2 * 2**30
"""Rank 256 on all of Kolors' attention is 1.5 GB in float32."""
_WIDENED = {
    **dict.fromkeys(
        (torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz), torch.float16
    ),
    torch.float8_e8m0fnu: torch.float32,
}
"""Eight bits, with which torch cannot count → the smallest type that holds every value of them."""


_NO_LORA = {
    "empty": "loras.file_empty",
    "pointer": "loras.file_pointer",
    "web_page": "loras.file_web_page",
    "archive": "loras.file_archive",
    "cut_archive": "loras.file_cut_archive",
    "tar_checkpoint": "loras.file_tar_checkpoint",
    "pickle": "loras.file_pickle",
    "picture": "loras.file_picture",
    "model": "loras.file_model",
    "document": "loras.file_document",
    "text": "loras.file_text",
}
"""What a file can be instead of a LoRA, as `kind_of` calls it → its message."""


@dataclass(frozen=True, slots=True)
class StoredTensors:
    """Everything in a file."""

    tensors: dict[str, torch.Tensor]
    """By name; values of eight bits are widened without rounding."""
    metadata: Mapping[str, str]
    widened: Mapping[str, torch.dtype] = field(default_factory=dict)
    """Tensor → the type in which it is stored, where it was widened."""


def is_checkpoint(path: Path) -> bool:
    """Whether the content is a file of `torch.save`, whatever it is called."""
    return kind_of(path) in ("checkpoint", "old_checkpoint")


def read_tensors(path: Path) -> StoredTensors:
    """All tensors by name, and the metadata; what the file is is judged by its content.

    Raises:
        FixInput: the file is damaged, too large, or holds anything but tensors.
    """
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise FixInput("models.lora_too_large", file=path.name, largest=LARGEST_FILE_BYTES // 2**20)
    kind = kind_of(path)
    metadata: Mapping[str, str] = {}
    if kind in ("checkpoint", "old_checkpoint"):
        tensors = _checkpoint(path, is_old=kind == "old_checkpoint")
    elif kind == "safetensors":
        tensors, metadata = _safetensors(path)
    else:
        raise FixInput(_NO_LORA[kind], file=path.name)
    widened = {name: tensor.dtype for name, tensor in tensors.items() if tensor.dtype in _WIDENED}
    for name, dtype in widened.items():
        if _plainness_fault(tensors[name]) is None:
            tensors[name] = tensors[name].to(_WIDENED[dtype])
    return StoredTensors(tensors, metadata, widened)


def tensor_fault(name: str, tensor: torch.Tensor, key: LoraKey) -> str | None:
    """Why a tensor cannot be a part of a layer; None when it can. To be asked before anything is copied.

    A tensor can claim to be larger than what is stored of it.
    """
    reason = _plainness_fault(tensor)
    if reason is None:
        if _fits(tensor, key.part):
            return None
        reason = str(tensor.dtype).removeprefix("torch.")
    shape = " × ".join(str(side) for side in tensor.shape) or "1"
    return f"{name[:120]}: {shape}, {reason}"


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor's values are all there, as real numbers, and can be written out again."""
    return _plainness_fault(tensor) is None


def _plainness_fault(tensor: torch.Tensor) -> str | None:
    if tensor.is_meta:
        return "meta: without values"
    if tensor.layout != torch.strided or tensor.is_nested:
        return "sparse"
    if tensor.is_quantized or tensor.is_complex():
        return str(tensor.dtype).removeprefix("torch.")
    if tensor.untyped_storage().nbytes() < tensor.numel() * tensor.element_size():
        return "more than is stored"
    return None


def _fits(tensor: torch.Tensor, part: str) -> bool:
    shape = tensor.shape
    if part == "alpha":
        return tensor.numel() == 1 and tensor.dtype != torch.bool
    if not tensor.is_floating_point() or min(shape, default=0) < 1:
        return False
    if part in ("magnitude", "scale"):
        return tensor.ndim in (1, 2, 4) and sum(side != 1 for side in shape) <= 1
    if part == "mid":
        return tensor.ndim == 4 and shape[0] == shape[1] <= LARGEST_RANK
    if part == "up":
        return tensor.ndim in (2, 4) and shape[1] <= LARGEST_RANK and tuple(shape[2:]) in ((), (1, 1))
    return tensor.ndim in (2, 4) and shape[0] <= LARGEST_RANK


def _checkpoint(path: Path, *, is_old: bool) -> dict[str, torch.Tensor]:
    """A file of torch.save, admitting nothing but tensors; nothing in it is run."""
    try:
        if not is_old:
            _check_zip(path)
        if is_old or path.suffix == ".safetensors":  # torch goes by the name, and would not take it for its own
            with path.open("rb") as file:
                content = torch.load(file, map_location="cpu", weights_only=True)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise FixInput("models.lora_not_plain", file=path.name) from error
    except EOFError as error:
        raise FixInput("loras.file_cut_archive", file=path.name) from error
    except (
        OSError,
        RuntimeError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
        OverflowError,
        NotImplementedError,
        MemoryError,
        RecursionError,
        zipfile.BadZipFile,
    ) as error:
        raise FixInput("models.lora_unreadable", file=path.name, reason=str(error)[:200]) from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or len(content) > MOST_TENSORS:
        raise FixInput("models.lora_not_plain", file=path.name)
    if not all(isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in content.items()):
        raise FixInput("models.lora_not_plain", file=path.name)
    return {name: tensor.detach() for name, tensor in content.items()}


def _check_zip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    # torch stores without compression: what unpacks to more than the file itself was made to do harm.
    is_stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
    if not is_stored or sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise FixInput("models.lora_not_plain", file=path.name)


def _safetensors(path: Path) -> tuple[dict[str, torch.Tensor], Mapping[str, str]]:
    try:
        header = read_header(path)
        return load_file(path), header.metadata
    except HeaderError as error:
        code = "loras.file_cut" if error.kind == "truncated" else "models.lora_unreadable"
        raise FixInput(code, file=path.name, reason=str(error)[:200]) from error
    except (SafetensorError, LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        # The last ones: types that safetensors knows and this version of torch does not.
        raise FixInput("models.lora_unreadable", file=path.name, reason=str(error)[:200]) from error
