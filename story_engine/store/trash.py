"""Everything that was deleted, until somebody wants it back or its time is over.

`<workspace>/trash/<token>/entry.json` says what it is and when it was deleted; `parts/` holds its files and folders.
The time of deletion stands in the entry: the time stamps of a moved folder say when its content last changed.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from story_engine.domain.disk import DAY_SECONDS, TrashEntry, TrashKind
from story_engine.domain.safe_name import name_fault
from story_engine.errors import ChooseAnother, StudioError
from story_engine.store.atomic import move, read_bytes, write_bytes
from story_engine.store.folders import sync_folder
from story_engine.store.layout import Layout
from story_engine.store.limits import read_limits
from story_engine.store.old_trash import OldPlace, kind_of_parts, old_places

ENTRY, PARTS = "entry.json", "parts"
_LARGEST_BYTES = 100_000
_GOING = ".going-"
"""Begins the names of entries that are being deleted for good: whatever is left of them cannot be brought back."""
_LOG = logging.getLogger(__name__)


class Trash:
    """The one trash of a workspace."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._folder = layout.trash

    def put(self, kind: TrashKind, name: str, parts: Sequence[tuple[str, Path]], *, title: str = "") -> str:
        """Move files and folders here; the token that gives them back.

        Args:
            kind: what they are together.
            name: what it is called on disk.
            parts: name inside the entry, and path; moved in this order. What does not exist is left out.
            title: what it is called on pages, where that is something else.

        Raises:
            Wait: the disk cannot be written; everything is back where it was.
        """
        with contextlib.suppress(StudioError):
            self.forget_old()
        token = secrets.token_hex(8)
        place = self._folder / token
        entry = TrashEntry(token=token, kind=kind, name=name, title=title or name, deleted_at=_iso(datetime.now(UTC)))
        write_bytes(place / ENTRY, _json(entry))
        moved: list[tuple[Path, Path]] = []
        try:
            for part, source in parts:
                if source.exists() or source.is_symlink():
                    move(source, place / PARTS / part, is_durable=False)
                    moved.append((place / PARTS / part, source))
            _sync({path.parent for pair in moved for path in pair})
        except StudioError:
            for inside, source in reversed(moved):
                move(inside, source)
            self._remove(place)
            raise
        return token

    def entry(self, token: str, kind: TrashKind | None = None) -> TrashEntry:
        """What a token would give back.

        Raises:
            ChooseAnother: nothing here (of that kind) has this token.
        """
        self._bring_in_old(token)
        is_token = name_fault(token) is None and (self._folder / token / PARTS).is_dir()
        found = self._read(self._folder / token) if is_token else None
        if found is None or kind not in (None, found.kind):
            raise ChooseAnother("disk.not_in_trash", token=token[:60])
        return found

    def parts(self, token: str) -> dict[str, Path]:
        """Name inside the entry → where it lies now."""
        folder = self._folder / token / PARTS
        return {path.name: path for path in sorted(folder.iterdir())} if folder.is_dir() else {}

    def take_out(self, token: str, targets: Sequence[tuple[str, Path]], *, is_all: bool = True) -> None:
        """Move parts to where they shall be, in this order, and forget the entry; what is not here is passed over.

        Args:
            token: of the entry.
            targets: name inside the entry, and where it shall be.
            is_all: False while something stays here that can still be brought back.

        Raises:
            Wait: the disk cannot be written; what is still here can be taken out again.
        """
        here = self.parts(token)
        folders: set[Path] = set()
        for part, target in targets:
            if part in here:
                move(here[part], target, is_durable=False)
                folders |= {here[part].parent, target.parent}
        _sync(folders)
        if is_all:
            self._remove(self._folder / token)

    def entries(self) -> tuple[TrashEntry, ...]:
        """Everything here, last deleted first."""
        found = {place.name: entry for place in self._places() if (entry := self._read(place)) is not None}
        found |= {old.place.name: _entry_of(old) for old in old_places(self._layout) if old.place.name not in found}
        return tuple(sorted(found.values(), key=lambda entry: (entry.deleted_at, entry.token), reverse=True))

    def names(self, kind: TrashKind) -> set[str]:
        """Names that things of a kind here would like to have back."""
        return {entry.name for entry in self.entries() if entry.kind == kind}

    def files(self, kind: TrashKind, pattern: str) -> Iterator[Path]:
        """Files of all things of a kind, by the name that they have inside their entries."""
        for entry in self.entries():
            if entry.kind == kind:
                yield from (self._folder / entry.token / PARTS).glob(pattern)
        for old in old_places(self._layout):
            if old.kind == kind:
                yield from (path for _, path in old.parts if path.match(pattern))

    def place(self, token: str) -> Path:
        """Where an entry lies, for those who measure it."""
        here = self._folder / token
        return here if here.is_dir() else next((old.place for old in self._old(token)), here)

    def outdated(self) -> tuple[TrashEntry, ...]:
        """What has been here for longer than it is kept."""
        kept_seconds = read_limits(self._layout).trash_days * DAY_SECONDS
        now = datetime.now(UTC)
        return tuple(entry for entry in self.entries() if entry.age_seconds(now) > kept_seconds)

    def forget(self, tokens: Iterable[str]) -> int:
        """Delete entries for good; how many."""
        count = 0
        for token in tokens:
            if name_fault(token) is None:
                self._bring_in_old(token)
                count += (self._folder / token).is_dir() and self._remove(self._folder / token)
        return count

    def forget_old(self) -> int:
        """Delete what has been here for longer than it is kept, and what is left of earlier deletions; how many."""
        for leftover in self._folder.glob(f"{_GOING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        return self.forget(entry.token for entry in self.outdated())

    def _read(self, place: Path) -> TrashEntry | None:
        """The entry of a place; one whose description is damaged goes by its parts, so that it can be brought back."""
        try:
            entry = TrashEntry.model_validate_json(read_bytes(place / ENTRY, limit=_LARGEST_BYTES))
            return entry.model_copy(update={"token": place.name})
        except FileNotFoundError:
            return None
        except (ValidationError, StudioError) as error:
            _LOG.warning("The description of %s cannot be read: %s", place, error)
        with contextlib.suppress(OSError):
            parts = sorted(path.name for path in (place / PARTS).iterdir())
            since = _iso(datetime.fromtimestamp((place / ENTRY).lstat().st_mtime, UTC))
            kind, name = kind_of_parts(parts)
            if kind is not None:
                return TrashEntry(token=place.name, kind=kind, name=name, title=name, deleted_at=since)
        return None

    def _places(self) -> list[Path]:
        try:
            return [path for path in self._folder.iterdir() if path.name[:1] != "." and (path / PARTS).is_dir()]
        except OSError:
            return []

    def _old(self, token: str) -> list[OldPlace]:
        return [old for old in old_places(self._layout) if old.place.name == token]

    def _bring_in_old(self, token: str) -> None:
        """Give what an earlier version has thrown away, into a folder of its own kind, today's layout."""
        for old in self._old(token):
            try:
                place = self._folder / token
                if not (place / ENTRY).exists():
                    write_bytes(place / ENTRY, _json(_entry_of(old)))
                for part, source in old.parts:
                    move(source, place / PARTS / part)
                if old.place.is_dir() and old.place != place:
                    old.place.rmdir()
            except (StudioError, OSError) as error:
                _LOG.warning("%s stays in the trash of an earlier version for now: %s", old.place, error)

    def _remove(self, place: Path) -> bool:
        """Delete an entry; from the first moment on it cannot be brought back, however far the deletion gets."""
        going = place.with_name(f"{_GOING}{secrets.token_hex(4)}")
        try:
            place.rename(going)
        except OSError as error:
            _LOG.warning("%s could not be deleted: %s", place, error)
            return False
        shutil.rmtree(going, ignore_errors=True)
        return True


def _entry_of(old: OldPlace) -> TrashEntry:
    return TrashEntry(
        token=old.place.name, kind=old.kind, name=old.name, title=old.title, deleted_at=_iso(old.deleted_at)
    )


def _sync(folders: Iterable[Path]) -> None:
    """Make what was moved durable, each folder once: a hundred pictures would wait for the disk six hundred times."""
    for folder in folders:
        sync_folder(folder)


def _json(entry: TrashEntry) -> bytes:
    return entry.model_dump_json(indent=1).encode()


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")
