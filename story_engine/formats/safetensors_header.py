"""The header of a safetensors file, as the format's own library judges it, without loading a tensor or torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

LARGEST_HEADER_BYTES = 100_000_000
"""Source: huggingface/safetensors, tensor.rs, `MAX_HEADER_SIZE`."""
MOST_TENSORS = 20_000


class HeaderError(ValueError):
    """The file is not what its header says, or has none.

    `kind` is "truncated" (bytes are missing), "too_large" (over the limits) or "unreadable" (anything else).
    """

    def __init__(self, kind: str, reason: str) -> None:
        self.kind = kind
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor as the header has it."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """Everything that a file says of itself."""

    metadata: Mapping[str, str]
    tensors: Mapping[str, TensorEntry]


def read_header(path: Path) -> Header:
    """The header, after checking that names, sizes and places fit each other and the file exactly.

    Raises:
        HeaderError: see there.
        OSError: the file cannot be read.
    """
    file_bytes = path.stat().st_size
    with path.open("rb") as file:
        prefix = file.read(8)
    header_bytes = int.from_bytes(prefix, "little")
    if len(prefix) < 8:
        raise HeaderError("truncated", "shorter than a header")
    if header_bytes > LARGEST_HEADER_BYTES:
        raise HeaderError("too_large", f"a header of {header_bytes} bytes")
    if 8 + header_bytes > file_bytes:
        raise HeaderError("truncated", "the header is cut off")
    try:
        with safe_open(path, framework="np") as opened:
            names = opened.keys()
            if len(names) > MOST_TENSORS:
                raise HeaderError("too_large", f"{len(names)} tensors")
            slices = {name: opened.get_slice(name) for name in names}
            tensors = {name: TensorEntry(each.get_dtype(), tuple(each.get_shape())) for name, each in slices.items()}
            return Header(opened.metadata() or {}, tensors)
    except SafetensorError as error:
        missing = _missing_bytes(path, header_bytes, file_bytes)
        if missing > 0:
            raise HeaderError("truncated", f"{missing} bytes are missing at the end") from error
        raise HeaderError("unreadable", f"no safetensors file ({error})") from error


def _missing_bytes(path: Path, header_bytes: int, file_bytes: int) -> int:
    """How many bytes a refused file lacks, as far as its header can be understood."""
    with path.open("rb") as file:
        file.seek(8)
        content = file.read(header_bytes)
    try:
        ends = [entry["data_offsets"][1] for name, entry in json.loads(content).items() if name != "__metadata__"]
        return max((int(end) for end in ends), default=0) + 8 + header_bytes - file_bytes
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return 0
