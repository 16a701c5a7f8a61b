"""Which picture a caption belongs to: by its place, never by a bare name in another folder. Pure.

A text beside a picture speaks of the picture in the same folder. A table speaks of paths from its own folder; where
its paths come from another machine (`/mnt/workspace/…/train/1.png`), the leading folders that all its rows share are
taken away until the rest is found. Upper and lower case, and composed and decomposed letters, count as the same where
that leaves one picture.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from story_engine.domain.caption_rows import CaptionTable

Picture = TypeVar("Picture", bound=Hashable)
_SAME_ENDING = {".jpeg": ".jpg", ".jpe": ".jpg", ".jfif": ".jpg", ".tiff": ".tif"}
_MOST_SHARED_FOLDERS = 40
_LONGEST_PATH = 1_000
"""Characters: no file system takes longer ones, and each of its folders is looked at."""
_ENOUGH_ROWS = 1_000
"""Decide from where the paths of a table count."""


class Places(Generic[Picture]):
    """Pictures by where they lie: path from the root, parts joined by `/`."""

    def __init__(self, pictures: Iterable[tuple[str, Picture]]) -> None:
        self._by_key: dict[str, list[Picture]] = {}
        self.folders: set[str] = set()
        for path, picture in pictures:
            if len(path) > _LONGEST_PATH:
                continue
            for key in _keys(path):
                self._by_key.setdefault(key, []).append(picture)
            self.folders.update(str(parent).casefold() for parent in PurePosixPath(_composed(path)).parents)

    def at(self, path: str) -> tuple[Picture, ...]:
        """The picture of this path; without an ending, all of that name in that folder. Empty when it is not clear."""
        wanted = _composed(path)
        for key in (wanted, f"|{wanted.casefold()}", f"~{_with_usual_ending(wanted)}"):
            found = self._by_key.get(key, [])
            if len(found) == 1:
                return tuple(found)
        return self.named(path)

    def named(self, stem: str) -> tuple[Picture, ...]:
        """The pictures of this path when their endings are left out."""
        wanted = _composed(stem)
        exact = self._by_key.get(f"?{wanted}", [])
        return tuple(exact or self._by_key.get(f"?|{wanted.casefold()}", []))


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A text beside a picture."""

    place: str
    """Of the text itself, from the root."""
    text: str


@dataclass(frozen=True, slots=True)
class PlacedTable:
    """A table, where it lies, and what people call it."""

    place: str
    table: CaptionTable
    shown: str


@dataclass(slots=True)
class Assigned(Generic[Picture]):
    """Captions by picture, and those that no picture or an already captioned one asked for."""

    captions: dict[Picture, str] = field(default_factory=dict)
    lonely_sidecars: list[str] = field(default_factory=list)
    """Places of texts beside no picture."""
    second_sidecars: list[str] = field(default_factory=list)
    """Places of texts beside a picture that has another one, which was taken."""
    lonely_rows: dict[str, list[str]] = field(default_factory=dict)
    """Table → pictures that it names and that are not there."""
    second: dict[str, list[str]] = field(default_factory=dict)
    """Table → pictures for which another file, or an earlier row, says something else; that one was taken."""

    def give(self, pictures: Iterable[Picture], text: str) -> bool:
        """Whether all of the pictures have this caption now."""
        wanted = " ".join(text.split())
        had = [self.captions.setdefault(each, text) for each in pictures]
        return all(" ".join(each.split()) == wanted for each in had)


def assign(
    places: Places[Picture], sidecars: Iterable[Sidecar], tables: Iterable[PlacedTable], into: Assigned[Picture]
) -> None:
    """Give captions to pictures: what lies nearest to a picture comes first.

    Args:
        places: the pictures.
        sidecars: texts beside pictures; they come before tables.
        tables: of these, one in the picture's folder comes before one further up.
        into: what is known already; it is added to.
    """
    for sidecar in sidecars:
        stem = str(PurePosixPath(sidecar.place).with_suffix(""))
        pictures = places.named(stem) or places.at(stem)
        if not pictures:
            into.lonely_sidecars.append(sidecar.place)
        elif not into.give(pictures, sidecar.text):
            into.second_sidecars.append(sidecar.place)
    for placed in sorted(tables, key=lambda each: (-len(PurePosixPath(each.place).parts), each.place)):
        rows = [(row, _parts(row.picture)) for row in placed.table.rows]
        base, depth = _root_of([parts for _, parts in rows], placed.place, places)
        for row, parts in rows:
            pictures = places.at(_path(base, parts[depth:])) if len(parts) > depth else ()
            if not pictures:
                into.lonely_rows.setdefault(placed.shown, []).append(row.picture)
            elif not into.give(pictures, row.text):
                into.second.setdefault(placed.shown, []).append(row.picture)


def _root_of(rows: list[tuple[str, ...]], place: str, places: Places[Picture]) -> tuple[str, int]:
    """From which folder the rows' paths count, and how many of their leading folders are of another machine."""
    own = str(PurePosixPath(_composed(place)).parent)
    best = (own, 0)
    shared = _shared_folders(rows)
    rows = rows[:_ENOUGH_ROWS]
    most = _found(rows, own, 0, places)
    if most == len(rows):
        return best
    for base in _upwards(own):
        for depth in range(len(shared) + 1):
            is_up = depth > 0 and shared[depth - 1] == ".."
            if depth and not is_up and _path(base, shared[:depth]).casefold() in places.folders:
                break  # that folder is here: a picture that is not in it is not elsewhere
            if base != own and any(len(parts) <= depth + 1 for parts in rows):
                break  # a bare name means the folder of the table
            found = _found(rows, base, depth, places)
            if found > most:
                best, most = (base, depth), found
    return best


def _found(rows: list[tuple[str, ...]], base: str, depth: int, places: Places[Picture]) -> int:
    return sum(1 for parts in rows if len(parts) > depth and places.at(_path(base, parts[depth:])))


def _shared_folders(rows: list[tuple[str, ...]]) -> tuple[str, ...]:
    if not rows:
        return ()
    shared = rows[0][:-1]
    for parts in rows[1:]:
        same = 0
        while same < min(len(shared), len(parts) - 1) and shared[same] == parts[same]:
            same += 1
        shared = shared[:same]
    return shared[:_MOST_SHARED_FOLDERS]


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    if folder != ".":
        yield from (str(parent) for parent in PurePosixPath(folder).parents)


def _path(base: str, parts: Iterable[str]) -> str:
    joined: list[str] = [] if base == "." else base.split("/")
    for part in parts:
        if part == "..":
            joined = joined[:-1]
        else:
            joined.append(part)
    return "/".join(joined) or "."


def _parts(path: str) -> tuple[str, ...]:
    """Of a path as any system writes it; a drive and the root count for nothing."""
    if len(path) > _LONGEST_PATH:
        return ()
    plain = _composed(path.strip().removeprefix("file://")).replace("\\", "/")
    drive, colon, rest = plain.partition(":")
    plain = rest if colon and len(drive) == 1 and rest.startswith("/") else plain
    return tuple(part for part in plain.split("/") if part not in ("", "."))


def _keys(path: str) -> Iterator[str]:
    exact = _composed(path)
    yield exact
    yield f"|{exact.casefold()}"
    yield f"~{_with_usual_ending(exact)}"
    stem = str(PurePosixPath(exact).with_suffix(""))
    yield f"?{stem}"
    yield f"?|{stem.casefold()}"


def _with_usual_ending(path: str) -> str:
    folded = path.casefold()
    suffix = PurePosixPath(folded).suffix
    return folded.removesuffix(suffix) + _SAME_ENDING[suffix] if suffix in _SAME_ENDING else folded


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)
