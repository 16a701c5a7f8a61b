"""What a file that came as a LoRA is by its first bytes, whatever it is called. No torch, and nothing in it is run."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

_READ_BYTES = 2048
_LARGEST_HEADER_BYTES = 100_000_000
"""Source: huggingface/safetensors, tensor.rs, `MAX_HEADER_SIZE`."""
_ZIP, _TAR_MARK = b"PK\x03\x04", slice(257, 262)
_TORCH_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The number 0x1950a86a20f9469cfc6c as a pickle. Source: torch/serialization.py, `MAGIC_NUMBER`."""
_STARTS = {
    "archive": (b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd", b"PK\x05\x06"),
    "picture": (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\x00", b"MM\x00*"),
    "model": (b"GGUF", b"\x93NUMPY", b"\x89HDF"),
    "document": (b"%PDF", b"\xd0\xcf\x11\xe0"),
}
_WEB_PAGE = re.compile(rb"<(?:!doctype|html|head|body|\?xml|script)\b", re.IGNORECASE)
_POINTER = b"version https://git-lfs.github.com/"


def kind_of(path: Path) -> str:
    """What the file is.

    Returns:
        "safetensors", "checkpoint" (a zip of `torch.save`), "old_checkpoint" (`torch.save` before 1.6); or what no LoRA
        can be: "empty", "pointer" (of git-lfs), "web_page", "archive", "cut_archive", "tar_checkpoint" (torch before
        0.2), "pickle", "picture", "model" (of another kind), "document", "text". What is none of these is called
        "safetensors": its reader says what is wrong with it.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_READ_BYTES)
    if not start.strip(b"\0"):
        return "empty"
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= _LARGEST_HEADER_BYTES:
        return "safetensors"
    if start.startswith(_ZIP):
        return _kind_of_zip(path)
    if _TORCH_MAGIC in start[:64]:
        return "old_checkpoint"
    if start[_TAR_MARK] == b"ustar":
        return "tar_checkpoint" if _holds_tensors(path) else "archive"
    for kind, marks in _STARTS.items():
        if start.startswith(marks):
            return kind
    return _kind_of_text(start) or ("pickle" if re.match(rb"\x80[\x02-\x05]", start) else "safetensors")


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError):
        return "cut_archive"
    return "checkpoint" if any(name.endswith("data.pkl") for name in names) else "archive"


def _holds_tensors(path: Path) -> bool:
    """Source: torch/serialization.py, `legacy_load`: a tar with `storages`, `tensors` and `pickle`."""
    with path.open("rb") as file:
        name = file.read(100).rstrip(b"\0").removeprefix(b"./")
    return name in (b"storages", b"tensors", b"pickle", b"sys_info")


def _kind_of_text(start: bytes) -> str | None:
    plain = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if plain.startswith(_POINTER):
        return "pointer"
    if plain.startswith(b"<") and _WEB_PAGE.search(start):
        return "web_page"
    try:
        text = start[: start.rfind(b"\n") + 1 or None].decode()
    except UnicodeDecodeError:
        return None
    return "text" if text and all(each.isprintable() or each in "\r\n\t" for each in text) else None
