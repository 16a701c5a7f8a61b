"""One network of a model: which files it consists of, whether they are whole, and whether they are of that network."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from story_engine.catalog.tensor_shapes import Shapes, header_of, shapes_of
from story_engine.errors import InstallOrDownload
from story_engine.formats.safetensors_header import HeaderError

Check = Callable[[Shapes, Path, Path], InstallOrDownload | None]
"""Of a network's names and shapes, the file to name, and the package's folder: why this is another network."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a network's weights lie on disk: a single file, or an index with the shards that it names."""

    head: str
    """Within the package; an index ends with .json."""
    shards: tuple[str, ...] = ()
    """As published; an index on this machine says better."""

    def files(self, folder: Path) -> tuple[str, ...]:
        """The head, then its shards by name."""
        named = _shards_of(folder / self.head) if self.head.endswith(".json") else []
        beside, slash, _ = self.head.rpartition("/")
        return (self.head, *(f"{beside}{slash}{name}" for name in named)) if named else (self.head, *self.shards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One network of a package. Of several forms, the first that is complete counts, and is what is read."""

    name: str
    forms: tuple[Form, ...]
    beside: tuple[str, ...] = ()
    """Files that are read besides the weights, such as a configuration."""
    apart: tuple[str, ...] = ()
    """Repositories that hold this network alone, its files at their top."""
    check: Check | None = None
    """Told from headers alone."""

    def form(self, folder: Path) -> tuple[str, ...]:
        """The files of the form that counts: a complete one, else one that has begun to arrive, else the first."""
        first = (self.forms[0].head, *self.forms[0].shards)
        if not os.path.isdir(folder):  # noqa: PTH112 (says no where it may not look); pages ask this often
            return first
        # A form without its head is none, whatever else lies there.
        here = [form.files(folder) for form in self.forms if os.path.lexists(folder / form.head)]
        whole = next((files for files in here if _is_complete(folder, files)), None)
        if whole is not None or _has_begun(folder, first):
            return whole or self.forms[0].files(folder)
        return next((files for files in here if _has_begun(folder, files)), first)

    def weights(self, folder: Path) -> list[Path]:
        """The files that hold the weights: what a loader reads, and nothing else."""
        return [folder / name for name in self.form(folder) if not name.endswith(".json")]

    def is_whole(self, folder: Path) -> bool:
        """Whether all of it is in a package's folder, and is this network."""
        return _is_complete(folder, (*self.beside, *self.form(folder))) and self.fault(folder) is None

    def has_begun(self, folder: Path) -> bool:
        """Whether any of its files is there, in whatever state."""
        return _has_begun(folder, self.form(folder))

    def fault(self, folder: Path) -> InstallOrDownload | None:
        """Why what lies in a package's folder is another network; None where nothing says so."""
        if self.check is None:
            return None
        marks = tuple(_mark(folder / name) for name in (*self.beside, *self.form(folder)))
        return _fault(self, folder, marks)

    def alone(self) -> Part:
        """The same as it lies in a folder of its own."""
        inside = f"{self.name}/"
        forms = tuple(
            Form(form.head.removeprefix(inside), tuple(shard.removeprefix(inside) for shard in form.shards))
            for form in self.forms
        )
        return replace(self, forms=forms, beside=tuple(name.removeprefix(inside) for name in self.beside))


def file_state(path: Path) -> str:
    """How a file is found: "present", "missing", "truncated", "damaged" or "unreadable"."""
    try:
        found = path.stat()
        if not path.is_file():
            return "missing"
        return _content_state(path, found.st_size, found.st_mtime_ns)
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError:
        return "unreadable"


@lru_cache(maxsize=512)
def _content_state(path: Path, size_bytes: int, modified_ns: int) -> str:
    """Judged from the file's own structure: cheap, whatever sizes are said elsewhere."""
    del size_bytes, modified_ns  # they only make the cache key: a page asks a dozen times per click
    if path.suffix == ".safetensors":
        try:
            header_of(path)
        except HeaderError as problem:
            return "truncated" if problem.kind == "truncated" else "damaged"
    elif path.suffix == ".bin":
        with path.open("rb") as file:
            beginning = file.read(2)
        if beginning != b"PK":
            return "damaged"
        # torch writes zips, whose directory stands at the end.
        if not zipfile.is_zipfile(path):
            return "truncated"
    elif path.suffix == ".json":
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return "damaged"
    return "present"


@lru_cache(maxsize=64)
def _fault(part: Part, folder: Path, marks: tuple[tuple[int, int], ...]) -> InstallOrDownload | None:
    del marks  # they only make the cache key
    assert part.check is not None
    files = [folder / name for name in part.form(folder)]
    return part.check(shapes_of(files), files[0], folder)


def _mark(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
        return found.st_size, found.st_mtime_ns
    except OSError:
        return 0, 0


def _shards_of(index: Path) -> list[str]:
    """The shards that an index names; none where there is no readable index."""
    try:
        found = index.stat()
    except OSError:
        return []
    return list(_named_shards(index, found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=64)
def _named_shards(index: Path, size_bytes: int, modified_ns: int) -> tuple[str, ...]:
    del size_bytes, modified_ns  # they only make the cache key: an index of a large model takes a millisecond
    try:
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        return tuple(Path(str(name)).name for name in sorted(set(named)))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return ()


def _is_complete(folder: Path, names: tuple[str, ...]) -> bool:
    return all(file_state(folder / name) == "present" for name in names)


def _has_begun(folder: Path, names: tuple[str, ...]) -> bool:
    return any(file_state(folder / name) != "missing" for name in names)
