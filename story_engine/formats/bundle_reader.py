"""A bundle as it comes from somebody: a zip or a folder, checked before anything in it is believed.

Nothing is unpacked to a path that the bundle names: what its checksums list is copied under numbers.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from story_engine.domain.replay import Reproduction
from story_engine.domain.take import Take
from story_engine.errors import ChooseAnother, FixInput
from story_engine.formats.archives import LARGEST_TOTAL_BYTES, MOST_ENTRIES, members
from story_engine.formats.system_files import is_system_file

CHECKSUMS, RECIPES, REPRODUCE, SCORES = "SHA256SUMS", "recipes.json", "reproduce.json", "scores.json"
REFERENCES = "references"
"""Folder of the pictures that others are painted from, `<sha256>.png` each."""
LARGEST_FILE_BYTES = 1_500_000_000
LARGEST_TEXT_BYTES = 20_000_000
MOST_PICTURES = 64
_SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")
_TEXTS = (CHECKSUMS, RECIPES, REPRODUCE, SCORES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBundle:
    """A bundle whose files are what its checksums say."""

    name: str
    files: dict[str, Path]
    """By name within the bundle: where the checked copy lies."""
    sums: dict[str, str]
    """Name → SHA-256."""
    takes: dict[str, Take]
    """By the name of their picture."""
    reproduction: Reproduction
    """Empty where the bundle has none."""
    unlisted: tuple[str, ...] = field(default=())
    """Files that the checksums do not name: nobody vouches for them, and they are not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFiles:
    """The files of a bundle that its checksums vouch for."""

    files: dict[str, Path]
    """By name within the bundle: where the checked copy lies."""
    sums: dict[str, str]
    """Name → SHA-256."""
    checksums: Path
    """The list itself."""
    unlisted: tuple[str, ...]


def checked_files(path: Path, into: Path) -> CheckedFiles:
    """Copy what the checksums of a bundle vouch for into an empty folder.

    Raises:
        ChooseAnother: there is nothing at `path`.
        FixInput: it is no bundle, or not the one that its checksums were written for; the message names the file.
    """
    if not path.exists():
        raise ChooseAnother("files.not_found", path=path)
    copies: dict[str, tuple[Path, str]] = {}
    for number, (name, content) in enumerate(_folder_files(path) if path.is_dir() else _zip_files(path)):
        copy = into / f"{number:05}{PurePosixPath(name).suffix[:12]}"
        copy.write_bytes(content)
        copies[name] = (copy, hashlib.sha256(content).hexdigest())
    root = _root(copies, path.name)
    files = {name.removeprefix(root): copy for name, copy in copies.items() if name.startswith(root)}
    sums = _sums(_text(files[CHECKSUMS][0], CHECKSUMS))
    for name, promised in sums.items():
        if name not in files:
            raise FixInput("replay.file_missing", name=name)
        if files[name][1] != promised:
            raise FixInput("replay.file_changed", name=name, promised=promised[:12], found=files[name][1][:12])
    return CheckedFiles(
        files={name: files[name][0] for name in sums},
        sums=sums,
        checksums=files[CHECKSUMS][0],
        unlisted=tuple(sorted(files.keys() - sums.keys() - {CHECKSUMS})),
    )


def read_bundle(path: Path, into: Path) -> ReadBundle:
    """Check a bundle, copy its files into an empty folder, and read its recipes.

    Raises:
        ChooseAnother: there is nothing at `path`.
        FixInput: it is no bundle, or not the one that its checksums were written for; the message names the file.
    """
    checked = checked_files(path, into)
    files = checked.files
    takes = _takes(_text(files[RECIPES], RECIPES) if RECIPES in files else "")
    for name in takes:
        if name not in files:
            raise FixInput("replay.file_missing", name=name)
    known = _reproduction(_text(files[REPRODUCE], REPRODUCE)) if REPRODUCE in files else Reproduction()
    return ReadBundle(
        name=path.name,
        files=files,
        sums=checked.sums,
        takes=takes,
        reproduction=known,
        unlisted=checked.unlisted,
    )


def _zip_files(path: Path) -> Iterator[tuple[str, bytes]]:
    for member in members(path, largest_bytes=_largest):
        if member.refused is not None:
            raise member.refused
        yield member.name, member.content or b""


def _folder_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Ordinary files; a link may lead anywhere, and is refused."""
    total = count = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted((*names, *folders)):
            path = Path(place, name)
            shown = path.relative_to(folder).as_posix()
            if path.is_symlink():
                raise FixInput("dataset.archive_link", name=shown)
            if path.is_dir() or is_system_file(shown):
                continue
            if not path.is_file():
                raise FixInput("replay.no_ordinary_file", name=shown)
            size = path.stat().st_size
            total, count = total + size, count + 1
            if size > _largest(shown) or total > LARGEST_TOTAL_BYTES:
                raise FixInput("dataset.archive_large", name=shown, size=size, limit=_largest(shown))
            if count > MOST_ENTRIES:
                raise FixInput("dataset.archive_entries", name=folder.name, count=count, most=MOST_ENTRIES)
            yield shown, path.read_bytes()


def _largest(name: str) -> int:
    return LARGEST_TEXT_BYTES if PurePosixPath(name).name in _TEXTS else LARGEST_FILE_BYTES


def _root(names: dict[str, tuple[Path, str]], shown: str) -> str:
    """What stands before every name: nothing, or the one folder that the bundle is in."""
    roots = [name.removesuffix(CHECKSUMS) for name in names if PurePosixPath(name).name == CHECKSUMS]
    shallow = sorted(roots, key=lambda root: root.count("/"))
    if not shallow or shallow[0].count("/") > 1:
        raise FixInput("replay.no_bundle", name=shown, missing=CHECKSUMS)
    return shallow[0]


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FixInput("replay.unreadable", name=name, reason=str(error)[:120]) from error


def _sums(text: str) -> dict[str, str]:
    """As `sha256sum` writes them."""
    sums: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        found = _SUM.fullmatch(line)
        if found is None or found[2] in sums:
            raise FixInput("replay.unreadable", name=CHECKSUMS, reason=f"line {number}: {line[:60]!r}")
        sums[found[2]] = found[1]
    return sums


def _takes(text: str) -> dict[str, Take]:
    if not text:
        raise FixInput("replay.no_bundle", name=RECIPES, missing=RECIPES)
    try:
        parsed = json.loads(text, object_pairs_hook=_once)
        takes = {name: Take.model_validate_json(json.dumps(value)) for name, value in dict(parsed).items()}
    except (ValidationError, ValueError, TypeError, RecursionError) as error:
        raise FixInput("replay.unreadable", name=RECIPES, reason=str(error).replace("\n", " ")[:200]) from error
    if not 0 < len(takes) <= MOST_PICTURES:
        raise FixInput("replay.pictures", count=len(takes), most=MOST_PICTURES)
    for name, take in takes.items():
        if take.recipe.digest != take.id:
            raise FixInput("replay.recipe_changed", name=name, promised=take.id[:12], found=take.recipe.digest[:12])
    return takes


def _reproduction(text: str) -> Reproduction:
    try:
        return Reproduction.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]["msg"]
        raise FixInput("replay.unreadable", name=REPRODUCE, reason=first[:200]) from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose keys are all different: with one twice, two readers may see two recipes."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found
