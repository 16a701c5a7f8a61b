"""Where pictures for a dataset come from: uploads, zips, folders, drawings, ModelScope. One stream for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from story_engine.domain.picture_import import SAMPLE_PICTURES, Refused
from story_engine.errors import FixInput, StudioError
from story_engine.formats import archives, data_juicer, metadata_csv
from story_engine.formats.outside_picture import ENDINGS, LARGEST_BYTES
from story_engine.store.atomic import read_bytes
from story_engine.store.layout import Layout

LARGEST_TEXT_BYTES = 50_000_000
MOST_FILES = 20_000
_METADATA = (metadata_csv.FILE_NAME, data_juicer.METADATA)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be a picture."""

    name: str
    """What people call it."""
    content: bytes | Path
    """Bytes, or a file of somebody else's that is only read."""
    source: str
    caption: str | None = None
    """None: look among the captions of its source."""


@dataclass(slots=True)
class Captions:
    """Captions by the names that their files use, and by bare file name."""

    by_path: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def of(self, name: str) -> str:
        """The caption for a picture of this name or path; empty when there is none."""
        path = PurePosixPath(name.replace("\\", "/"))
        for key in (str(path), path.name, str(path.with_suffix("")), path.stem):
            if key in self.by_path:
                self.used.add(key)
                return self.by_path[key]
        return ""

    def left(self) -> dict[str, str]:
        """Captions that no new picture asked for."""
        return {PurePosixPath(key).name: text for key, text in self.by_path.items() if key not in self.used}

    def read(self, name: str, content: bytes) -> None:
        """Take in a metadata file, or a text beside a picture.

        Raises:
            FixInput: it cannot be read.
        """
        path = PurePosixPath(name.replace("\\", "/"))
        found: dict[str, str] = {}
        if path.name == metadata_csv.FILE_NAME:
            found = metadata_csv.read_metadata_csv(content, name=name)
        elif path.name == data_juicer.METADATA:
            samples = data_juicer.read_metadata_jsonl(content, name=name)
            found = {image: sample.text for sample in samples for image in sample.images}
        elif path.suffix.lower() == ".txt":
            try:
                found = {path.stem: content.decode("utf-8-sig")}
            except UnicodeDecodeError as error:
                raise FixInput("dataset.captions_unreadable", name=name, reason=str(error)[:120]) from error
        for key, text in found.items():
            entry = PurePosixPath(key.replace("\\", "/"))
            self.by_path.setdefault(str(path.parent / entry), text)
            self.by_path.setdefault(entry.name, text)


def is_text(name: str) -> bool:
    """Whether a file of this name holds captions."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.name in _METADATA or path.suffix.lower() == ".txt"


def candidates(
    sources: Sequence[Mapping[str, Any]], captions: Captions, layout: Layout, *, on_total: Callable[[int], None]
) -> Iterator[Candidate | Refused]:
    """Everything that the sources hold, texts read into `captions` before the pictures beside them.

    Raises:
        StudioError: a whole source cannot be used.
    """
    for source in sources:
        kind = source["kind"]
        if kind == "files":
            yield from _files(source, captions, on_total)
        elif kind == "folder":
            yield from _folder(Path(source["path"]), captions, on_total)
        elif kind == "sample":
            yield from _sample(source, on_total)
        elif kind == "modelscope":
            yield from _modelscope(source, layout, on_total)
        else:
            raise ValueError(f"unknown kind of source: {kind!r}")


def _files(
    source: Mapping[str, Any], captions: Captions, on_total: Callable[[int], None]
) -> Iterator[Candidate | Refused]:
    """Uploads: `files` is a list of [path, name]."""
    files = [(Path(path), str(name)) for path, name in source["files"]]
    texts = [(path, name) for path, name in files if is_text(name)]
    zips = [(path, name) for path, name in files if name.lower().endswith(".zip")]
    pictures = [each for each in files if each not in texts and each not in zips]
    on_total(len(pictures) + sum(archives.count(path) for path, _ in zips))
    yield from _texts(texts, captions)
    for path, name in pictures:
        if path.is_file():
            yield Candidate(name, path, source.get("label") or name)
    for path, name in zips:
        if path.is_file():
            yield from _zip(path, name, captions)


def _zip(path: Path, name: str, captions: Captions) -> Iterator[Candidate | Refused]:
    try:
        # Texts may come after their pictures, and pictures are too many to be kept: two passes.
        for member in archives.members(path, largest_bytes=LARGEST_BYTES):
            if is_text(member.name) and member.content is not None:
                yield from _read_text(member.name, member.content, captions)
        for member in archives.members(path, largest_bytes=LARGEST_BYTES):
            if member.refused is not None:
                yield refusal(f"{name}: {member.name}", member.refused)
            elif not is_text(member.name) and member.content is not None:
                yield Candidate(member.name, member.content, name)
    except StudioError as error:
        yield refusal(name, error)


def _folder(folder: Path, captions: Captions, on_total: Callable[[int], None]) -> Iterator[Candidate | Refused]:
    if not folder.is_dir():
        raise FixInput("dataset.no_folder", path=str(folder))
    found = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts) or (path.is_dir() and not path.is_symlink()):
            continue
        if path.suffix.lower() in ENDINGS or is_text(path.name):
            found.append((path, relative.as_posix()))
        if len(found) > MOST_FILES:
            raise FixInput("dataset.folder_entries", path=str(folder), most=MOST_FILES)
    pictures = [each for each in found if not is_text(each[1])]
    if not pictures and not found:
        raise FixInput("dataset.folder_empty", path=str(folder))
    on_total(len(pictures))
    yield from _texts([each for each in found if is_text(each[1])], captions)
    for path, name in pictures:
        yield Candidate(name, path, folder.name)


def _sample(source: Mapping[str, Any], on_total: Callable[[int], None]) -> Iterator[Candidate]:
    from story_engine.jobs.imports.sample_pictures import pictures  # the drawing code loads for a second

    on_total(SAMPLE_PICTURES)
    for name, content, caption in pictures(source["style"], language=source["language"]):
        yield Candidate(name, content, source["style"], caption)


def _modelscope(
    source: Mapping[str, Any], layout: Layout, on_total: Callable[[int], None]
) -> Iterator[Candidate | Refused]:
    from story_engine.jobs.imports.modelscope_pictures import pictures  # an optional extra

    name = source["name"]
    cache = layout.workspace / "cache" / "modelscope"
    rows = pictures(name, subset=source["subset"], split=source["split"], cache=cache, on_total=on_total)
    for row in rows:
        yield row if isinstance(row, Refused) else Candidate(row[0], row[1], name, row[2])


def _texts(texts: Sequence[tuple[Path, str]], captions: Captions) -> Iterator[Refused]:
    for path, name in texts:
        try:
            content = read_bytes(path, limit=LARGEST_TEXT_BYTES)
        except FileNotFoundError:
            continue
        except StudioError as error:
            yield refusal(name, error)
            continue
        yield from _read_text(name, content, captions)


def _read_text(name: str, content: bytes, captions: Captions) -> Iterator[Refused]:
    try:
        captions.read(name, content)
    except StudioError as error:
        yield refusal(name, error)


def refusal(name: str, error: StudioError) -> Refused:
    """A file that is left out, as data."""
    return Refused(name, error.code, {key: _plain(value) for key, value in error.values.items()})


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float) else str(value)
