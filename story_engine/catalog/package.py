"""Which files a model consists of here: the one place that decides, for state, hash, download and loading."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from story_engine.catalog.listing import known_listing
from story_engine.catalog.part import Part, file_state
from story_engine.catalog.places import places_of
from story_engine.domain.models import Licence
from story_engine.domain.views import ModelFile
from story_engine.errors import InstallOrDownload
from story_engine.store.layout import Layout
from story_engine.store.model_settings import read_model_settings

ARRIVING = ".incomplete"
"""Of a file that is being fetched. Source: modelscope-hub 0.5.1, `_incomplete_path`."""


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
    repositories: tuple[str, ...] = ()
    """What it is called in the caches of ModelScope and Hugging Face, the same files under other names included."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes by file, approximately; the hub knows exactly."""
    licence: Licence | None = None
    """To be accepted before the first download."""

    def home_of(self, layout: Layout) -> Path:
        """Where a download puts it: the only folder of it that the Studio writes into."""
        return layout.models / self.home

    def joined(self, layout: Layout) -> Path:
        """Links to its networks where they lie in several folders."""
        return layout.models / "joined" / self.name

    def folder(self, layout: Layout) -> Path:
        """Where it lies on this machine, or would lie."""
        home = self.home_of(layout)
        if self.shipped is not None:
            return home if os.path.isdir(home) else self.shipped  # noqa: PTH112 (says no where it may not look)
        return self._whole(self.places(layout)) or home

    def places(self, layout: Layout) -> list[Path]:
        """Every folder that may hold it or some of it, in the order in which a whole one counts."""
        own = _own(layout.models, (self.home, *self.also))
        repositories = self.repositories or ((self.hub,) if self.hub else ())
        outside = places_of(layout, (self.home, *self.also), repositories)
        chosen = read_model_settings(layout).chosen.get(self.name)
        first = [Path(chosen)] if chosen else []
        return list(dict.fromkeys((*first, *own, *outside, self.joined(layout))))

    def part(self, name: str) -> Part:
        """The part of that name."""
        return next(part for part in self.parts if part.name == name)

    def names(self, folder: Path) -> list[str]:
        """Every file that is needed: configurations, indexes and single files by part, then all shards."""
        return [name for _, name, _ in _files((part, folder) for part in self.parts)]

    def is_complete(self, folder: Path) -> bool:
        """Whether all of it is there, and is what it should be."""
        return all(part.is_whole(folder) for part in self.parts)

    def has_begun(self, folder: Path) -> bool:
        """Whether any of it is there."""
        return any(part.has_begun(folder) for part in self.parts)

    def apart(self, layout: Layout, part: Part) -> tuple[Part, Path] | None:
        """A network that is whole elsewhere than at home: as it lies there, and the folder."""
        return self._apart(layout, part, self.places(layout))

    def located(self, layout: Layout) -> tuple[tuple[Part, Path], ...]:
        """Each network with the folder that it is, or would be, taken from: one for all where it is whole in one."""
        if self.shipped is not None:
            return tuple((part, self.folder(layout)) for part in self.parts)
        home, places = self.home_of(layout), self.places(layout)
        if (whole := self._whole(places)) is not None:
            return tuple((part, whole) for part in self.parts)
        return tuple(
            (part, home) if part.is_whole(home) else self._apart(layout, part, places) or (part, home)
            for part in self.parts
        )

    def lacking(self, layout: Layout) -> tuple[Part, ...]:
        """What is whole nowhere on this machine, and so has to be fetched."""
        return tuple(part for part, folder in self.located(layout) if not part.is_whole(folder))

    def states(self, layout: Layout) -> Iterator[ModelFile]:
        """Each needed file as it is found here; what is whole in another folder is shown there."""
        listing = known_listing(layout, self.name) if self.hub else None
        published = {} if listing is None else listing.files
        for part, name, path in _files(self.located(layout)):
            size = (published[name].size_bytes if name in published else 0) or self.sizes.get(name, 0)
            state = file_state(path)
            if state == "present" and not name.endswith(".json") and part.fault(_base(path, name)) is not None:
                state = "foreign"
            yield ModelFile(
                path=self._shown(layout, path, name),
                size_bytes=_size(path) if state in ("present", "foreign") else size or _size(path),
                state=state,
                received_bytes=0 if state == "present" else _size(path.with_name(path.name + ARRIVING)),
            )

    def faults(self, folder: Path) -> tuple[InstallOrDownload, ...]:
        """What lies there and is another network."""
        return tuple(fault for part in self.parts if (fault := part.fault(folder)) is not None)

    def missing(self, layout: Layout) -> InstallOrDownload:
        """The error that names what is not here, from where it comes, and how large it is."""
        folder = self.folder(layout)
        if faults := self.faults(folder):
            return faults[0]
        absent = [file for file in self.states(layout) if file.state != "present"]
        if not self.hub:
            named = ", ".join(f"{file.path} ({file.state})" for file in absent)
            return InstallOrDownload("models.preview_files_missing", family=self.title, listed=named, folder=folder)
        listed = ", ".join(f"{file.path} ({file.size_bytes / 1e6:,.0f} MB)" for file in absent)
        return InstallOrDownload("models.files_missing", family=self.title, listed=listed, source=self.source)

    @property
    def source(self) -> str:
        """Where it comes from, to be shown."""
        return f"ModelScope {self.hub}" if self.hub else ""

    def _whole(self, places: Iterable[Path]) -> Path | None:
        return next((place for place in places if self.is_complete(place)), None)

    def _apart(self, layout: Layout, part: Part, places: Iterable[Path]) -> tuple[Part, Path] | None:
        for place in places:
            if place not in (self.home_of(layout), self.joined(layout)) and part.is_whole(place):
                return part, place
        alone = part.alone()
        for place in places_of(layout, (), part.apart) if part.apart else ():
            if alone.is_whole(place):
                return alone, place
        return None

    def _shown(self, layout: Layout, path: Path, name: str) -> str:
        if self.shipped is not None:
            return name
        return path.relative_to(layout.models).as_posix() if path.is_relative_to(layout.models) else str(path)


@lru_cache(maxsize=64)
def _own(models: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(models / name for name in names)


def _files(located: Iterable[tuple[Part, Path]]) -> Iterator[tuple[Part, str, Path]]:
    shards: list[tuple[Part, str, Path]] = []
    for part, folder in located:
        head, *more = part.form(folder)
        yield from ((part, name, folder / name) for name in (*part.beside, head))
        shards += [(part, name, folder / name) for name in more]
    yield from shards


def _base(path: Path, name: str) -> Path:
    return path.parents[name.count("/")]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
