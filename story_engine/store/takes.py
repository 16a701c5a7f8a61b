"""Takes on disk: a picture, a thumbnail for the page, and a record that is written last and promises its picture."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from story_engine.domain.gallery import PictureKey
from story_engine.domain.safe_name import name_fault
from story_engine.domain.take import Take
from story_engine.errors import ChooseAnother, FixInput, Problem
from story_engine.store.atomic import TEMPORARY_SUFFIX, keep_copy, write_bytes
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout
from story_engine.store.picks import PickStore
from story_engine.store.take_files import (
    last_serial,
    new_serial,
    read_folder,
    read_record,
    read_thumbnail,
    thumbnail_bytes,
)
from story_engine.store.take_trash import TakeTrash
from story_engine.store.trash import Trash

LEFTOVER_SECONDS = 600
"""A picture without a record that is older than this will not get one any more: its writer was stopped."""
_SETTLED_NS = 50_000_000
"""A folder whose time stamp is younger than this may change again within the same tick of the file system's clock."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Listing:
    modified_ns: int
    is_settled: bool
    takes: tuple[Take, ...]


class TakeStore:
    """All takes of a workspace. A cache per folder makes listing cheap; it holds nothing that the disk does not."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._picks = PickStore(layout)
        self._trash = Trash(layout)
        self._many = TakeTrash(layout)
        self._listings: dict[Path, _Listing] = {}
        self._folders: dict[tuple[str, str], Path] = {}

    def add(self, take: Take, picture: Image.Image, text_chunks: Mapping[str, str]) -> Take:
        """Store a picture with its record; its `picture_sha256` is filled in. A take that is there already stays.

        Args:
            take: all fields but the picture's hash.
            picture: 8-bit RGB.
            text_chunks: what the PNG says about itself, keyword → text, stored as UTF-8 (iTXt).

        Raises:
            Wait: the disk is full or cannot be written; the take does not exist then.
        """
        known = self.find(take.story, take.scene, take.id)
        if known is not None:
            return known
        png = _png(picture, text_chunks)
        hashed = take.model_copy(update={"picture_sha256": hashlib.sha256(png).hexdigest()})
        return self._store(hashed, png, thumbnail_bytes(picture))

    def receive(self, take: Take, png: bytes, thumbnail: bytes) -> Take:
        """Store a take that another machine has painted, its picture byte for byte. A take that is there already stays.

        Raises:
            FixInput: the picture is not the one that the record promises, or a name is unfit.
            Wait: the disk is full or cannot be written; the take does not exist then.
        """
        known = self.find(take.story, take.scene, take.id)
        if known is not None:
            return known
        if hashlib.sha256(png).hexdigest() != take.picture_sha256:
            raise FixInput("takes.damaged", name=f"{take.id}.png")
        return self._store(take, png, thumbnail)

    def _store(self, take: Take, png: bytes, thumbnail: bytes) -> Take:
        folder = self._folder(take.story, take.scene)
        stored = take.model_copy(update={"serial": new_serial(folder)})
        write_bytes(self.picture(stored), png)
        write_bytes(self.thumbnail(stored), thumbnail)
        write_bytes(self._record(stored), stored.model_dump_json(indent=1).encode())
        return stored

    def picture(self, take: Take) -> Path:
        """The PNG."""
        return self._file(take.story, take.scene, take.id, ".png")

    def thumbnail(self, take: Take) -> Path:
        """The JPEG."""
        return self._file(take.story, take.scene, take.id, ".jpg")

    def shown(self, thumbnail: Path) -> bytes | None:
        """The small picture that lies at `thumbnail`, made again where it is missing; None when that cannot be."""
        return read_thumbnail(thumbnail)

    def files(self, take: Take) -> tuple[Path, Path]:
        """PNG and JPEG."""
        return self.files_of(take.story, take.scene, take.id)

    def files_of(self, slug: str, scene: str, digest: str) -> tuple[Path, Path]:
        """PNG and JPEG of a recipe's take, there or not."""
        return _files(self._folder(slug, scene), digest)

    def live_preview(self, job: int, digest: str) -> Path | None:
        """A small picture of a take that `job` is painting just now."""
        path = self._layout.live(job) / f"{digest}.jpg"
        return path if path.exists() else None

    def takes(self, slug: str) -> dict[str, tuple[Take, ...]]:
        """Scene id → its takes, oldest first; scenes that were removed from the story included."""
        folder = self._folder(slug, "scene").parent
        try:
            scenes = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ChooseAnother("files.not_readable", path=folder, reason=error.strerror) from error
        return {scene: takes for scene in scenes if (takes := self.takes_of(slug, scene))}

    def takes_of(self, slug: str, scene: str) -> tuple[Take, ...]:
        """The takes of one scene, oldest first. What lacks its record or its whole picture is passed over."""
        folder = self._folder(slug, scene)
        try:
            modified_ns = folder.stat().st_mtime_ns
        except OSError:
            return ()
        known = self._listings.get(folder)
        if known is not None and known.is_settled and known.modified_ns == modified_ns:
            return known.takes
        is_settled = time.time_ns() - modified_ns > _SETTLED_NS
        takes = read_folder(folder)
        self._listings[folder] = _Listing(modified_ns, is_settled, takes)
        return takes

    def read(self, slug: str, scene: str, digest: str) -> Take | None:
        """The take as its record has it; its picture is not looked at."""
        return read_record(self._file(slug, scene, digest, ".json"))

    def find(self, slug: str, scene: str, digest: str) -> Take | None:
        """The take of this recipe, if its record is there and its picture is what the record promises."""
        take = read_record(self._file(slug, scene, digest, ".json"))
        if take is None or self.fault(take) is not None:
            return None
        return take

    def fault(self, take: Take) -> Problem | None:
        """What is wrong with the take's picture, by its content; None when it is whole."""
        path = self.picture(take)
        try:
            is_whole = file_sha256(path) == take.picture_sha256
        except OSError:
            is_whole = False
        if is_whole:
            return None
        return Problem("takes.damaged", f"{take.story}/{take.scene}", {"name": path.name})

    def delete(self, slug: str, scene: str, digest: str) -> str:
        """Into the trash; the token gives it back.

        Raises:
            ChooseAnother: there is no such take.
            Wait: the disk cannot be written.
        """
        record = self._file(slug, scene, digest, ".json")
        if not record.exists():
            raise ChooseAnother("takes.not_found")
        # The record leaves first: without it the others are no take, whatever happens in between.
        names = (f"{digest}.json", f"{digest}.png", f"{digest}.jpg")
        parts = [(name, record.parent / name) for name in names]
        return self._trash.put("take", digest, parts, title=f"{slug} · {scene}")

    def delete_many(self, keys: Sequence[PictureKey]) -> str:
        """Into the trash as one entry; the token gives all of them back.

        Raises:
            ChooseAnother: none of them is there.
            Wait: the disk cannot be written; none of them is deleted.
        """
        for key in keys:
            self._file(*key, ".json")  # names that could lead out of the workspace are refused
        slugs = ", ".join(dict.fromkeys(key.story for key in keys))
        return self._many.put(keys, title=f"{slugs} ({len(keys)})")

    def restore_many(self, token: str) -> tuple[Take, ...]:
        """Undo of `delete_many`. Raises as `restore`."""
        return self._many.take_out(token)

    def copy(self, take: Take, slug: str, scene: str) -> Take:
        """The same picture as the first take of another scene that would be painted alike; what is there stays.

        Raises:
            Wait: the disk cannot be written; the take does not exist then.
        """
        folder = self._folder(slug, scene)
        is_new = self.find(slug, scene, take.id) is None
        serial = new_serial(folder) if is_new else last_serial(folder)
        copied = take.model_copy(update={"story": slug, "scene": scene, "number": 0, "serial": serial, "parent": None})
        if is_new:
            for source, target in zip(self.files(take), self.files(copied), strict=True):
                if source.exists():
                    keep_copy(source, target)
            write_bytes(self._record(copied), copied.model_dump_json(indent=1).encode())
        return copied

    def restore(self, token: str) -> Take:
        """Undo of `delete`.

        Raises:
            ChooseAnother: the trash has been emptied.
            Wait: the disk cannot be written.
        """
        self._trash.entry(token, "take")
        parts = self._trash.parts(token)
        record = next((path for name, path in parts.items() if name.endswith(".json")), None)
        take = read_record(record) if record is not None else None
        if take is None:
            raise ChooseAnother("disk.not_in_trash", token=token[:60])
        folder = self._folder(take.story, take.scene)
        # The record last: it promises its picture.
        names = (f"{take.id}.png", f"{take.id}.jpg", f"{take.id}.json")
        self._trash.take_out(token, [(name, folder / name) for name in names])
        return take

    def picks(self, slug: str) -> dict[str, str]:
        """Scene id → take id that a person chose."""
        return self._picks.picks(slug)

    def picks_fault(self, slug: str) -> FixInput | None:
        """What is wrong with the file of choices; None when it can be read."""
        try:
            self._picks.picks(slug)
        except FixInput as error:
            return error
        return None

    def set_pick(self, slug: str, scene: str, take: str | None) -> None:
        """Choose a take for a panel; None takes the choice back."""
        self._picks.set_pick(slug, scene, take)

    def sweep(self) -> int:
        """Delete what stopped writers left, and trash past its time; how many files and folders went."""
        swept = sum(map(_is_swept, (self._layout.workspace / "takes").glob("*/*/*")))
        return swept + self._trash.forget_old()

    def _record(self, take: Take) -> Path:
        return self._file(take.story, take.scene, take.id, ".json")

    def _file(self, slug: str, scene: str, digest: str, suffix: str) -> Path:
        if not (digest.isascii() and digest.isalnum()):
            raise ChooseAnother("takes.not_found")
        return self._folder(slug, scene) / f"{digest}{suffix}"

    def _folder(self, slug: str, scene: str) -> Path:
        folder = self._folders.get((slug, scene))
        if folder is None:
            for name in (slug, scene):
                fault = name_fault(name)
                if fault is not None:
                    raise FixInput(fault[0], **fault[1])
            folder = self._folders[slug, scene] = self._layout.takes(slug, scene)
        return folder


@lru_cache(maxsize=8192)
def _files(folder: Path, digest: str) -> tuple[Path, Path]:
    return folder / f"{digest}.png", folder / f"{digest}.jpg"


def _is_swept(path: Path) -> bool:
    """Whether this is what a stopped writer left, and is gone now. A file that resists is no reason to stop at it."""
    try:
        if not _is_leftover(path) or time.time() - path.lstat().st_mtime <= LEFTOVER_SECONDS:
            return False
        path.unlink()
    except OSError as error:
        _LOG.warning("%s was left by a stopped writer and cannot be deleted: %s", path, error)
        return False
    return True


def _is_leftover(path: Path) -> bool:
    if path.name.endswith(TEMPORARY_SUFFIX):
        return True
    return path.suffix in (".png", ".jpg") and not path.with_suffix(".json").exists()


def _png(picture: Image.Image, text_chunks: Mapping[str, str]) -> bytes:
    chunks = PngInfo()
    for keyword, text in text_chunks.items():
        chunks.add_itxt(keyword, text)
    buffer = io.BytesIO()
    # Level 4 takes half the time of Pillow's default for a file that is 2 % larger.
    picture.save(buffer, "PNG", pnginfo=chunks, compress_level=4)
    return buffer.getvalue()
