"""The header of a safetensors file, checked against the file, without loading a tensor (and without torch)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST_HEADER_BYTES = 8 * 2**20
MOST_TENSORS = 20_000
_BITS = {
    "F64": 64, "I64": 64, "U64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16, "BF16": 16, "I16": 16, "U16": 16,
    "F8_E4M3": 8, "F8_E5M2": 8, "I8": 8, "U8": 8, "BOOL": 8,
}  # fmt: skip


class HeaderError(ValueError):
    """The file is not what its header says, or has none.

    `kind` is "truncated" (bytes are missing), "too_large" (over the limits) or "unreadable" (anything else).
    """

    def __init__(self, kind: str, reason: str) -> None:
        self.kind = kind
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor as the header tells it."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """Everything that a file says of itself."""

    metadata: Mapping[str, str]
    tensors: Mapping[str, TensorEntry]


def read_header(path: Path) -> Header:
    """The header, after checking that names, sizes and places fit each other and the file exactly.

    Source: the format's description in github.com/huggingface/safetensors, README.md.

    Raises:
        HeaderError: see there.
        OSError: the file cannot be read.
    """
    file_bytes = path.stat().st_size
    with path.open("rb") as file:
        prefix = file.read(8)
        if len(prefix) < 8:
            raise HeaderError("truncated", "shorter than a header")
        header_bytes = int.from_bytes(prefix, "little")
        if header_bytes > LARGEST_HEADER_BYTES:
            raise HeaderError("too_large", f"a header of {header_bytes} bytes")
        content = file.read(header_bytes)
    if len(content) < header_bytes:
        raise HeaderError("truncated", "the header is cut off")
    fields = _parsed(content)
    metadata = fields.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise HeaderError("unreadable", "metadata that is not text")
    if len(fields) > MOST_TENSORS:
        raise HeaderError("too_large", f"{len(fields)} tensors")
    _check_places(fields, file_bytes - 8 - header_bytes)
    return Header(
        metadata, {name: TensorEntry(entry["dtype"], tuple(entry["shape"])) for name, entry in fields.items()}
    )


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(content, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise HeaderError("unreadable", f"no safetensors header ({error})") from error
    if not isinstance(fields, dict):
        raise HeaderError("unreadable", "no safetensors header")
    return fields


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands there twice")
    return fields


def _check_places(fields: Mapping[str, Any], data_bytes: int) -> None:
    """Tensors must lie one after the other from the first byte to the last: no gap, no overlap."""
    places: list[tuple[int, int]] = []
    for name, entry in fields.items():
        if not _is_entry(entry):
            raise HeaderError("unreadable", f"no tensor: {name[:80]}")
        start, end = entry["data_offsets"]
        if (end - start) * 8 != math.prod(entry["shape"]) * _BITS[entry["dtype"]]:
            raise HeaderError("unreadable", f"size and shape disagree: {name[:80]}")
        places.append((start, end))
    expected = 0
    for start, end in sorted(places):
        if start != expected:
            raise HeaderError("unreadable", "tensors overlap or leave gaps")
        expected = end
    if expected > data_bytes:
        raise HeaderError("truncated", f"{expected - data_bytes} bytes are missing at the end")
    if expected < data_bytes:
        raise HeaderError("unreadable", f"{data_bytes - expected} bytes too many")


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"} or entry["dtype"] not in _BITS:
        return False
    shape, offsets = entry["shape"], entry["data_offsets"]
    return isinstance(shape, list) and isinstance(offsets, list) and len(offsets) == 2 and _are_sizes(shape + offsets)


def _are_sizes(values: list[Any]) -> bool:
    return all(type(value) is int and 0 <= value < 2**48 for value in values)
