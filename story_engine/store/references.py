"""Pictures and masks that recipes are painted from, by content: what a recipe names is there unchanged, or missing."""

from __future__ import annotations

import hashlib
import io
import os
import re
import time
import warnings
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from story_engine.errors import ChooseAnother, FixInput
from story_engine.store.atomic import create_bytes, read_bytes, write_bytes
from story_engine.store.layout import Layout

LONGEST_SIDE = 2048
"""Pixels: as large as a picture can be painted (`kolors.family`)."""
SMALLEST_SIDE = 16
"""Pixels: two latent cells."""
LARGEST_BYTES = 20_000_000
"""More than the pixels of the largest picture take up as they are."""
UNUSED_SECONDS = 24 * 3600.0
"""What was put here within a day may belong to a picture that is only being asked for."""
_NAME = re.compile(r"[0-9a-f]{64}")
_NAMES_IN_TEXT = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_MODES = frozenset({"RGB", "L"})


class ReferenceStore:
    """The reference pictures of a workspace. Nothing in them is trusted: each is checked whenever it is read."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._folder = layout.references

    def keep(self, picture: Image.Image) -> str:
        """Store a decoded picture (8-bit RGB) or mask (8-bit grey); its SHA-256. The same pixels are one file.

        Raises:
            FixInput: it is too large or too small.
            Wait: the disk is full, or cannot be written.
        """
        plain = picture if picture.mode in _MODES else picture.convert("RGB")
        _check_size(plain.size)
        content = io.BytesIO()
        plain.info = {}
        plain.save(content, "PNG", compress_level=4)
        return self._kept(content.getvalue())

    def keep_file(self, content: bytes) -> str:
        """Store a PNG as it is, such as a take's own, so that its name is the take's hash.

        Raises:
            FixInput: it is no PNG of 8-bit colours or grey, damaged, too large or too small.
            Wait: the disk is full, or cannot be written.
        """
        name = hashlib.sha256(content).hexdigest()
        _decoded(content, name)
        return self._kept(content)

    def path(self, sha256: str) -> Path:
        """Where a reference lies, or would.

        Raises:
            FixInput: this is no SHA-256.
        """
        if not _NAME.fullmatch(sha256):
            raise FixInput("references.no_name", name=sha256[:80])
        return self._folder / f"{sha256}.png"

    def content(self, sha256: str) -> bytes:
        """The file, after its content has been checked.

        Raises:
            ChooseAnother: it is not here.
            FixInput: what lies here is another content, or `sha256` is no name.
        """
        try:
            content = read_bytes(self.path(sha256), limit=LARGEST_BYTES)
        except FileNotFoundError as error:
            raise ChooseAnother("references.missing", name=sha256[:12]) from error
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise FixInput("references.changed", name=sha256[:12], found=found[:12])
        return content

    def picture(self, sha256: str) -> Image.Image:
        """A reference as 8-bit RGB.

        Raises:
            ChooseAnother, FixInput: as `content`, or it is no picture that can be used.
        """
        return _decoded(self.content(sha256), sha256).convert("RGB")

    def mask(self, sha256: str) -> Image.Image:
        """A reference as a mask: 8-bit grey, 255 where it is painted, else 0.

        Raises:
            ChooseAnother, FixInput: as `picture`, or nothing or everything is painted.
        """
        return checked_mask(_decoded(self.content(sha256), sha256))

    def size(self, sha256: str) -> tuple[int, int]:
        """Width and height; the whole file is checked.

        Raises:
            ChooseAnother, FixInput: as `picture`.
        """
        return _decoded(self.content(sha256), sha256).size

    def unused(self, also_named: Iterable[str] = ()) -> list[Path]:
        """What no take, no story and nothing in the trash names any more, and was not put here within a day.

        Every text that could name one is searched for its name, whatever the field: what is named anywhere stays.

        Args:
            also_named: further texts, such as the specifications of jobs.
        """
        before = time.time() - UNUSED_SECONDS
        found = {path.stem: path for path in self._folder.glob("*.png") if _NAME.fullmatch(path.stem)}
        found = {name: path for name, path in found.items() if _touched_at(path) < before}
        for text in also_named:
            _take_out_named(found, text.encode())
        for folder in (self._layout.workspace / "takes", self._layout.trash, self._layout.stories):
            for place, _, names in os.walk(folder):
                for name in names:
                    if not found:
                        return []
                    if name.endswith((".json", ".yaml")):
                        try:
                            _take_out_named(found, Path(place, name).read_bytes())
                        except FileNotFoundError:
                            continue
                        except OSError:  # what cannot be read may name any of them
                            return []
        return list(found.values())

    def _kept(self, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        path = self.path(name)
        if not create_bytes(path, content):
            try:
                self.content(name)
                path.touch()  # wanted again: it is not cleaned away before it is named
            except (FixInput, OSError):  # whatever took its place: this is what belongs there
                write_bytes(path, content)
        return name


def checked_mask(picture: Image.Image) -> Image.Image:
    """A picture as a mask: 8-bit grey, 255 where it is bright, else 0.

    Raises:
        FixInput: nothing or everything is.
    """
    mask = picture.convert("L").point(lambda value: 255 if value >= 128 else 0)
    least, most = mask.getextrema()
    if most == 0:
        raise FixInput("references.mask_empty")
    if least == 255:
        raise FixInput("references.mask_whole")
    return mask


def _touched_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()


def _take_out_named(found: dict[str, Path], text: bytes) -> None:
    for name in _NAMES_IN_TEXT.findall(text):
        found.pop(name.decode(), None)


def _decoded(content: bytes, name: str) -> Image.Image:
    if len(content) > LARGEST_BYTES:
        raise FixInput("references.bytes", name=name[:12], size=len(content), limit=LARGEST_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
                _check_size(picture.size)
                if picture.mode not in _MODES:
                    raise FixInput("references.unreadable", name=name[:12], reason=f"mode {picture.mode}")
                picture.load()
                return picture.copy()
    except FixInput:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Warning) as error:
        raise FixInput("references.unreadable", name=name[:12], reason=str(error)[:120]) from error


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if not (min(size) >= SMALLEST_SIDE and max(size) <= LONGEST_SIDE):
        limits = {"least": SMALLEST_SIDE, "most": LONGEST_SIDE}
        raise FixInput("references.size", width=width, height=height, **limits)
