"""Which reader a file from outside is for, judged by its content; its name only decides between kinds of text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from story_engine.domain.imported_story import ImportedStory, Note, note
from story_engine.errors import FixInput, StudioError
from story_engine.formats.archives import members, names
from story_engine.formats.notebook import read_notebook, read_program
from story_engine.formats.picture_metadata import read_picture_metadata
from story_engine.formats.story_text import read_text
from story_engine.formats.text_encoding import decode
from story_engine.store.story_text import read_story

LARGEST_FILE_BYTES = 100_000_000
LARGEST_BUNDLE_BYTES = 500_000_000
"""A bundle holds the LoRA beside the pictures; only its story is unpacked."""
LARGEST_ENTRY_BYTES = 50_000_000
LARGEST_ARCHIVE_BYTES = 500_000_000
"""Of all entries that are read, unpacked."""
MOST_ENTRIES_READ = 200
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_LORAS = (".safetensors", ".ckpt")
_MOST_NAMED = 5
_STORY_FILE = "story.yaml"
_READ = frozenset(
    {".ipynb", ".py", ".png", ".jpg", ".jpeg", ".webp", ".json", ".md", ".csv", ".tsv", ".html", ".htm", ".txt"}
)
"""Entries of an archive that may say something about a story."""


def read_file(name: str, content: bytes) -> list[ImportedStory]:
    """What one file says; several stories only of an archive of other things.

    Raises:
        StudioError: why nothing can be made of it.
    """
    largest = LARGEST_BUNDLE_BYTES if content.startswith(_ZIP) else LARGEST_FILE_BYTES
    if len(content) > largest:
        raise FixInput("files.too_large", path=name, size=len(content), limit=largest)
    if not content.strip():
        raise FixInput("imports.empty", name=name)
    if content.startswith(_ZIP):
        return _read_archive(name, content)
    return [_read_single(name, content)]


def _read_single(name: str, content: bytes) -> ImportedStory:
    if content.startswith(_PICTURES):
        return read_picture_metadata(content, name=name)
    ending = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if ending in (".yaml", ".yml"):
        return _of_story(content, name)
    text = decode(content, name=name).text
    if ending == ".ipynb":
        return read_notebook(text, name=name)
    if ending == ".py":
        program = read_program(text, name=name)
        if program.scenes:
            return program
    return read_text(text, name=name)


def _of_story(content: bytes, name: str, notes: tuple[Note, ...] = ()) -> ImportedStory:
    story = read_story(content, file=name)
    return ImportedStory(
        source=name, kind="story", title=story.title, family=story.settings.family, whole=story, notes=notes
    )


def _read_archive(name: str, content: bytes) -> list[ImportedStory]:
    """One of our bundles as the story it holds; any other archive as the files in it."""
    path = Path(name)
    story_file = None
    for member in members(path, content=content, largest_bytes=LARGEST_ENTRY_BYTES, wants=_is_story_file):
        if member.content is not None and (story_file is None or member.name.count("/") < story_file.name.count("/")):
            story_file = member
    if story_file is not None and story_file.content is not None:
        return [_of_story(story_file.content, f"{name}: {story_file.name}", _lora_notes(path, content))]
    found: list[ImportedStory] = []
    problems: list[StudioError] = []
    for read in _entries(path, content):
        if isinstance(read, StudioError):
            problems.append(read)
        else:
            found.append(read)
    if not found:
        raise problems[0] if problems else FixInput("imports.nothing_found", name=name)
    if problems:
        passed_over = note("imports.entries_passed_over", count=len(problems), name=name, first=str(problems[0]))
        found.append(ImportedStory(source=name, kind="text", notes=(passed_over,)))
    return found


def _lora_notes(path: Path, content: bytes) -> tuple[Note, ...]:
    """The LoRA files of a bundle: taken into the library by hand, where their alpha can be asked for."""
    found = [each for each in names(path, content=content) if PurePosixPath(each).suffix.lower() in _LORAS]
    if not found:
        return ()
    listed = ", ".join(PurePosixPath(each).name for each in found[:_MOST_NAMED])
    return (note("imports.bundle_loras", count=len(found), names=listed),)


def _entries(path: Path, content: bytes) -> Iterator[ImportedStory | StudioError]:
    count = 0
    for member in members(
        path,
        content=content,
        largest_bytes=LARGEST_ENTRY_BYTES,
        largest_total_bytes=LARGEST_ARCHIVE_BYTES,
        wants=lambda entry: PurePosixPath(entry).suffix.lower() in _READ,
    ):
        count += 1
        if count > MOST_ENTRIES_READ:
            yield FixInput("imports.entries_left_out", name=path.name, most=MOST_ENTRIES_READ)
            return
        if member.content is None:
            yield member.refused or FixInput("imports.nothing_found", name=member.name)
            continue
        try:
            yield _read_single(member.name, member.content)
        except StudioError as error:
            yield error


def _is_story_file(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name.lower() == _STORY_FILE and len(path.parts) <= 3
