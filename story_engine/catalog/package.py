"""Which files a model consists of here: the one place that decides, for state, hash, download and loading."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from story_engine.domain.views import ModelFile
from story_engine.errors import InstallOrDownload
from story_engine.formats.safetensors_header import HeaderError, read_header
from story_engine.store.layout import Layout


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
        beside = Path(self.head).parent
        return (self.head, *((beside / name).as_posix() for name in named)) if named else (self.head, *self.shards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One network of a package. Of several forms, the first that is complete counts, and is what is read."""

    name: str
    forms: tuple[Form, ...]
    beside: tuple[str, ...] = ()
    """Files that are read besides the weights, such as a configuration."""

    def form(self, folder: Path) -> tuple[str, ...]:
        """The files of the form that counts: a complete one, else one that has begun to arrive, else the first."""
        if not os.path.isdir(folder):  # noqa: PTH112 (says no where it may not look); pages ask this often
            return (self.forms[0].head, *self.forms[0].shards)
        found = [form.files(folder) for form in self.forms]
        for is_taken in (_is_complete, _has_begun):
            for files in found:
                if is_taken(folder, files):
                    return files
        return found[0]

    def weights(self, folder: Path) -> list[Path]:
        """The files that hold the weights: what a loader reads, and nothing else."""
        return [folder / name for name in self.form(folder) if not name.endswith(".json")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A model's files: what they are called, where they lie, where they come from."""

    name: str
    title: str
    parts: tuple[Part, ...]
    home: str
    """Its folder under `workspace/models`, and where a download puts it."""
    also: tuple[str, ...] = ()
    """Other folders there that are taken where it is whole in one of them and not at home."""
    shipped: Path | None = None
    """Where it lies when the workspace has no folder of its own."""
    hub: str = ""
    """Name of the repository on ModelScope; blank where nothing can be downloaded."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes by file, approximately; the hub knows exactly."""

    def folder(self, layout: Layout) -> Path:
        """Where it lies on this machine, or would lie."""
        home = layout.models / self.home
        if self.shipped is not None:
            return home if os.path.isdir(home) else self.shipped  # noqa: PTH112 (says no where it may not look)
        places = (home, *(layout.models / other for other in self.also))
        return next((place for place in places if self.is_complete(place)), home)

    def part(self, name: str) -> Part:
        """The part of that name."""
        return next(part for part in self.parts if part.name == name)

    def names(self, folder: Path) -> list[str]:
        """Every file that is needed: configurations, indexes and single files by part, then all shards."""
        heads: list[str] = []
        shards: list[str] = []
        for part in self.parts:
            head, *more = part.form(folder)
            heads += [*part.beside, head]
            shards += more
        return heads + shards

    def is_complete(self, folder: Path) -> bool:
        """Whether all of it is there."""
        return _is_complete(folder, self.names(folder))

    def states(self, layout: Layout) -> Iterator[ModelFile]:
        """Each needed file as it is found here."""
        folder = self.folder(layout)
        shown = f"{folder.relative_to(layout.models).as_posix()}/" if folder.is_relative_to(layout.models) else ""
        for name in self.names(folder):
            yield ModelFile(
                path=name if self.shipped is not None else shown + name,
                size_bytes=_size(folder / name) or self.sizes.get(name, 0),
                state=file_state(folder / name),
            )

    def missing(self, layout: Layout) -> InstallOrDownload:
        """The error that names what is not here, from where it comes, and how large it is."""
        absent = [file for file in self.states(layout) if file.state != "present"]
        if not self.hub:
            named = ", ".join(f"{file.path} ({file.state})" for file in absent)
            return InstallOrDownload(
                "models.preview_files_missing", family=self.title, listed=named, folder=self.folder(layout)
            )
        listed = ", ".join(f"{file.path} ({file.size_bytes / 1e6:,.0f} MB)" for file in absent)
        return InstallOrDownload("models.files_missing", family=self.title, listed=listed, source=self.source)

    @property
    def source(self) -> str:
        """Where it comes from, to be shown."""
        return f"ModelScope {self.hub}" if self.hub else ""


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
            read_header(path)
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


def _shards_of(index: Path) -> list[str]:
    """The shards that an index names; none where there is no readable index."""
    try:
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        return [Path(str(name)).name for name in sorted(set(named))]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return []


def _is_complete(folder: Path, names: list[str] | tuple[str, ...]) -> bool:
    return all(file_state(folder / name) == "present" for name in names)


def _has_begun(folder: Path, names: tuple[str, ...]) -> bool:
    return any(file_state(folder / name) != "missing" for name in names)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
