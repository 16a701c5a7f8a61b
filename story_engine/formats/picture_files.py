"""Which files are pictures: by the endings that tools use, and by the first bytes where the ending says nothing."""

from __future__ import annotations

from pathlib import PurePosixPath

ENDINGS = frozenset(
    {
        ".png",
        ".apng",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".pjpeg",
        ".pjp",
        ".webp",
        ".bmp",
        ".dib",
        ".tif",
        ".tiff",
        ".gif",
        ".avif",
        ".avifs",
        ".jp2",
        ".j2k",
        ".jpx",
        ".jpc",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".tga",
        ".ico",
        ".qoi",
        ".heic",
        ".heif",
        ".hif",
        ".jxl",
        ".psd",
        ".svg",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".raf",
        ".orf",
        ".rw2",
    }
)
"""What a person would call a picture; those that cannot be read are refused by name."""
HEAD_BYTES = 32
_STARTS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"GIF87a",
    b"GIF89a",
    b"\0\0\0\x0cjP  ",
    b"\xff\x4f\xff\x51",
    b"qoif",
    b"\0\0\x01\0",
    b"\xff\x0a",
    b"\0\0\0\x0cJXL ",
    b"8BPS",
)
_UNREAD = {
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"hevc": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
    b"mif1": "HEIF",
    b"msf1": "HEIF",
    b"crx ": "CR3",
}


def has_picture_ending(name: str) -> bool:
    """Whether the name says that this is a picture."""
    return PurePosixPath(name).suffix.lower() in ENDINGS


def begins_like_picture(head: bytes) -> bool:
    """Whether a file that begins with these HEAD_BYTES is one."""
    if head.startswith(_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    return head[4:8] == b"ftyp" and (head[8:12] in (b"avif", b"avis") or head[8:12] in _UNREAD)


def unread_kind(content: bytes, name: str) -> str | None:
    """What a picture is that Pillow cannot read, for its message; None when there is nothing to add."""
    if content[4:8] == b"ftyp":
        return _UNREAD.get(content[8:12])
    if content.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        return "JPEG XL"
    ending = PurePosixPath(name).suffix.lower()
    return ending[1:].upper() if ending in (".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2") else None
