"""What holds pictures and captions: a set of uploads, a zip, a folder. Listed first, read afterwards."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from story_engine.domain.picture_import import Refused
from story_engine.errors import FixInput, StudioError
from story_engine.formats import archives
from story_engine.formats.picture_files import HEAD_BYTES, begins_like_picture, has_picture_ending
from story_engine.formats.system_files import is_system_file
from story_engine.formats.text_encoding import decode_names
from story_engine.jobs.imports.caption_files import (
    LARGEST_TEXTS_BYTES,
    is_caption_file,
    is_sidecar,
    largest_bytes,
    refusal,
)
from story_engine.jobs.imports.passed_over import PassedOverList
from story_engine.store.atomic import read_bytes

MOST_FILES = 20_000
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(slots=True)
class Container:
    """The files of one origin, by place: path from its root, parts joined by `/`."""

    label: str
    """Which archive, for people; empty for single files and folders."""
    source: str
    """What pictures are said to come from."""
    archive: Path | None = None
    files: dict[str, Path] = field(default_factory=dict)
    """Of what is no archive: where each file lies."""
    pictures: list[str] = field(default_factory=list)
    """Places of what is to be read as a picture."""
    texts: list[str] = field(default_factory=list)
    """Places of caption files."""

    def read_texts(self, budget: int) -> Iterator[tuple[str, bytes] | Refused]:
        """(place, content) of each caption file, `budget` bytes in all."""
        if self.archive is not None:
            wanted = frozenset(self.texts)
            for member in archives.members(
                self.archive, largest_bytes=largest_bytes, largest_total_bytes=budget, wants=wanted.__contains__
            ):
                if member.content is not None:
                    yield member.name, member.content
                elif member.refused is not None:
                    yield refusal(self.shown(member.name), _together(member.refused, member.name))
            return
        for place in self.texts:
            try:
                content = _text(self.files[place], place, largest_bytes(place), budget)
            except StudioError as error:
                yield refusal(place, error)
            else:
                budget -= len(content)
                yield place, content

    def read_pictures(self, largest: int) -> Iterator[tuple[str, bytes | Path] | Refused]:
        """(place, content or file) of each picture."""
        if self.archive is None:
            yield from ((place, self.files[place]) for place in self.pictures)
            return
        wanted = frozenset(self.pictures)
        for member in archives.members(self.archive, largest_bytes=largest, wants=wanted.__contains__):
            if member.content is not None:
                yield member.name, member.content
            elif member.refused is not None:
                yield refusal(self.shown(member.name), member.refused)

    def shown(self, place: str) -> str:
        """A place as people are shown it."""
        return f"{self.label}: {place}" if self.label else place


def _together(refused: StudioError, place: str) -> StudioError:
    """Too large for what is left of the whole, not on its own."""
    if refused.code == "dataset.archive_large" and int(str(refused.values["size"])) <= largest_bytes(place):
        return FixInput("dataset.captions_together", name=place, limit=LARGEST_TEXTS_BYTES)
    return refused


def _text(path: Path, place: str, largest: int, budget: int) -> bytes:
    try:
        size = path.stat().st_size if path.is_file() else 0
        if size > largest and not path.is_symlink():
            raise FixInput("dataset.captions_large", name=place, size=size, limit=largest)
        if size > budget and not path.is_symlink():
            raise FixInput("dataset.captions_together", name=place, limit=LARGEST_TEXTS_BYTES)
        return read_bytes(path, limit=largest)
    except OSError as error:
        raise FixInput("dataset.picture_gone", name=place) from error


def listed(source: Mapping[str, Any], passed: PassedOverList) -> Iterator[Container | Refused]:
    """The containers of a source of kind "files" or "folder".

    Raises:
        FixInput: the folder cannot be used.
    """
    if source["kind"] == "folder":
        yield _folder(Path(source["path"]), passed)
    else:
        yield from _uploads(source, passed)


def _uploads(source: Mapping[str, Any], passed: PassedOverList) -> Iterator[Container | Refused]:
    """`files` is a list of [path, name]."""
    loose = Container("", source.get("label") or "")
    archived: list[tuple[Path, str]] = []
    given = [(Path(path), _composed(str(name))) for path, name in source["files"]]
    times = Counter(name.casefold() for _, name in given)
    for number, (file, called) in enumerate(given):
        if is_system_file(called):
            continue
        if times[called.casefold()] > 1:  # which text belongs to which picture, is open
            called = _apart(called, number)
        head = _head(file)
        if called.lower().endswith(".zip") or (head.startswith(_ZIP) and not has_picture_ending(called)):
            archived.append((file, called))
        else:
            _sort_in(loose, called, file, head, passed)
    yield loose
    for file, name in archived:
        try:
            yield _zip(file, name, passed)
        except StudioError as error:
            yield refusal(name, error)


def _apart(name: str, number: int) -> str:
    """A place of its own for one of several uploads of a name; a table still speaks of the pictures beside it."""
    if is_caption_file(name) and not is_sidecar(name):
        path = PurePosixPath(name)
        return f"{path.stem} ({number}){path.suffix}"
    return f"{number}/{name}"


def _zip(path: Path, name: str, passed: PassedOverList) -> Container:
    found = Container(name, name, archive=path)
    unclear = []
    for place in archives.names(path):
        if is_caption_file(place):
            found.texts.append(place)
        elif has_picture_ending(place) or _is_archive(place):
            found.pictures.append(place)  # an archive in an archive is refused by its name
        else:
            unclear.append(place)
    wanted = frozenset(unclear)
    heads = archives.members(path, largest_bytes=10**12, wants=wanted.__contains__, head_bytes=HEAD_BYTES)
    for member in heads if wanted else ():
        if member.refused is not None or begins_like_picture(member.content or b""):
            found.pictures.append(member.name)
        else:
            passed.add("dataset.passed_files", "", [found.shown(member.name)])
    return found


def _folder(folder: Path, passed: PassedOverList) -> Container:
    if not folder.is_dir():
        raise FixInput("dataset.no_folder", path=str(folder))
    found = Container("", folder.name)
    unreadable: list[OSError] = []
    paths = []
    for base, folders, names in os.walk(folder, onerror=unreadable.append):
        for each in list(folders):
            inside = Path(base) / each
            if is_system_file(f"{each}/x"):
                folders.remove(each)
            elif each.startswith(".") or inside.is_symlink():
                folders.remove(each)
                passed.add("dataset.passed_folders", "", [inside.relative_to(folder).as_posix()])
        paths += [Path(base) / each for each in names if not is_system_file(each)]
        if len(paths) > MOST_FILES:
            raise FixInput("dataset.folder_entries", path=str(folder), most=MOST_FILES)
    for path, place in sorted(_placed(paths, folder).items()):
        if path.name.startswith("."):
            passed.add("dataset.passed_files", "", [place])
        else:
            _sort_in(found, place, path, _head(path), passed)
    for error in unreadable:
        passed.add("dataset.passed_unreadable", "", [_readable(str(error.filename))])
    if not found.pictures and not found.texts:
        raise FixInput("dataset.folder_empty", path=str(folder))
    return found


def _sort_in(found: Container, place: str, path: Path, head: bytes, passed: PassedOverList) -> None:
    if is_caption_file(place):
        found.texts.append(place)
    elif has_picture_ending(place) or begins_like_picture(head) or not path.exists():
        found.pictures.append(place)
    else:
        passed.add("dataset.passed_files", "", [place])
        return
    found.files[place] = path


def _head(path: Path) -> bytes:
    """The first bytes; empty where they cannot be read, which the reader of the file will say."""
    if path.is_symlink() or not path.is_file():
        return b""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""


def _placed(paths: list[Path], folder: Path) -> dict[Path, str]:
    """Places in composed Unicode. Names unpacked from a Chinese zip on Linux may be bytes of another encoding."""
    places = {path: path.relative_to(folder).as_posix() for path in paths}
    raw = {path: os.fsencode(place) for path, place in places.items() if not _is_unicode(place)}
    meant = decode_names(sorted(set(raw.values())))
    return {path: _composed(meant[raw[path]] if path in raw else place) for path, place in places.items()}


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", _readable(name)).replace("\\", "/")


def _is_archive(place: str) -> bool:
    return PurePosixPath(place).suffix.lower() in archives.ARCHIVES
