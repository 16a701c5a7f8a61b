"""Reading a take's files: the record may be damaged, the picture cut off, the thumbnail missing."""

from __future__ import annotations

import io
import logging
import os
from functools import lru_cache
from pathlib import Path

from filelock import FileLock, Timeout
from PIL import Image
from pydantic import ValidationError

from story_engine.domain.take import Take
from story_engine.errors import StudioError
from story_engine.store.atomic import cannot_write, read_bytes, write_bytes
from story_engine.store.folders import make_folder

THUMBNAIL_SIDE = 384
"""Pixels of the longer side: a board shows four panels beside each other."""
THUMBNAIL_QUALITY = 88
_LARGEST_RECORD_BYTES = 1_000_000
_LOCK_SECONDS = 5
_LAST_SERIAL = "last-number.txt"
_LONGEST_NUMBER = 32
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_LOG = logging.getLogger(__name__)


def read_folder(folder: Path) -> tuple[Take, ...]:
    """The takes of one scene, oldest first; what lacks its record or its whole picture is passed over and logged."""
    takes: list[Take] = []
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.endswith(".json")]
    except FileNotFoundError:
        return ()
    except OSError as error:
        _LOG.warning("The takes in %s cannot be listed: %s", folder, error)
        return ()
    for name in names:
        take = read_record(folder / name)
        if take is None:
            continue
        if is_whole_picture(folder / f"{take.id}.png"):
            takes.append(take)
        else:
            _LOG.warning("The picture of take %s in %s is missing or cut off; the take is not listed", take.id, folder)
    return _numbered(sorted(takes, key=lambda take: (take.created_at, take.number, take.id)))


def _numbered(takes: list[Take]) -> tuple[Take, ...]:
    """Takes of earlier versions have no number of their own: they are counted as they came."""
    return tuple(
        take if take.serial else take.model_copy(update={"serial": place}) for place, take in enumerate(takes, start=1)
    )


def last_serial(folder: Path) -> int:
    """The highest number that a take in `folder` was ever given, deleted ones included."""
    try:
        noted = int(read_bytes(folder / _LAST_SERIAL, limit=_LONGEST_NUMBER))
    except (OSError, ValueError, StudioError):
        noted = 0  # there was none yet, or it was damaged: those that are here still count
    return max([noted, *(take.serial for take in read_folder(folder))])


def new_serial(folder: Path) -> int:
    """A number that no take in `folder` has or had, and none will get again: several GPUs may ask at once.

    Raises:
        Wait: the disk cannot be written.
    """
    path = folder / _LAST_SERIAL
    try:
        make_folder(folder)
        with FileLock(folder.parent / f".{folder.name}.lock", timeout=_LOCK_SECONDS):
            serial = last_serial(folder) + 1
            write_bytes(path, f"{serial}\n".encode(), is_durable=False)
            return serial
    except Timeout:
        return last_serial(folder) + 1  # whoever holds it hangs; a number twice is better than a picture lost
    except OSError as error:
        raise cannot_write(folder, error) from error


def read_record(path: Path) -> Take | None:
    """The take that a record describes; None when there is none, or when it cannot be read."""
    try:
        stat = path.stat()
        take = _parsed_record(path, stat.st_size, stat.st_mtime_ns)
    except FileNotFoundError:  # there was none, or it was deleted in this moment
        return None
    except (OSError, StudioError) as error:
        _LOG.warning("The record %s cannot be read and is passed over: %s", path, error)
        return None
    if take is not None and take.id != path.stem:
        _LOG.warning("The record %s is that of another take, %s, and is passed over", path, take.id[:64])
        return None
    return take


def is_whole_picture(picture: Path) -> bool:
    """Whether the PNG has its end: cheap, and finds what a stopped writer leaves."""
    try:
        with picture.open("rb") as file:
            file.seek(-len(_PNG_END), os.SEEK_END)
            return file.read() == _PNG_END
    except OSError:
        return False


def thumbnail_bytes(picture: Image.Image) -> bytes:
    """The small JPEG of a picture, for pages."""
    small = picture.convert("RGB")
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=THUMBNAIL_QUALITY)
    return buffer.getvalue()


def read_thumbnail(path: Path) -> bytes | None:
    """A take's small picture; made again from the picture beside it where it is missing or damaged.

    None where the picture itself cannot be read either.
    """
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if content.startswith(_JPEG_START) and content.endswith(_JPEG_END):
        return content
    try:
        with Image.open(path.with_suffix(".png")) as picture:
            content = thumbnail_bytes(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        _LOG.warning("%s is missing, and its picture cannot be read: %s", path, error)
        return None
    try:
        write_bytes(path, content)
    except StudioError as error:
        _LOG.warning("A thumbnail could not be kept: %s", error)
    return content


@lru_cache(maxsize=16384)
def _parsed_record(path: Path, size_bytes: int, modified_ns: int) -> Take | None:
    del size_bytes, modified_ns  # they only make the cache key
    try:
        return Take.model_validate_json(read_bytes(path, limit=_LARGEST_RECORD_BYTES))
    except ValidationError as error:
        _LOG.warning("The record %s is damaged and passed over: %s", path, str(error)[:500])
        return None
