"""The storm's second part: files from outside, damaged at random, given to everything that reads such files.

A reader may refuse with one of the Studio's own errors, or make something of it. Anything else is a fault, and so is an
input that holds it up.
"""

from __future__ import annotations

import io
import json
import random
import struct
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.job_spec import read_spec
from story_engine.errors import StudioError
from story_engine.formats.archives import members
from story_engine.formats.caption_csv import read_caption_csv
from story_engine.formats.caption_json import read_caption_json, read_caption_lines
from story_engine.formats.outside_picture import read_picture
from story_engine.formats.safetensors_header import HeaderError, read_header
from story_engine.formats.text_encoding import decode
from story_engine.store.story_text import read_story

SLOW_SECONDS = 5.0
"""Longer than any of these small inputs may take, on a loaded machine too."""
_LARGEST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """An input that a reader did not bear."""

    reader: str
    number: int
    what: str


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str
    read: Callable[[Path], object]
    whole: tuple[bytes, ...]
    """Inputs that it reads; what it is given is made out of them."""
    own_errors: tuple[type[Exception], ...] = (StudioError,)


def damage_inputs(folder: Path, *, count: int, seed: int, until: float) -> tuple[int, list[Fault]]:
    """Give each reader damaged inputs in turn.

    Args:
        folder: for the one file that is read at a time.
        count: inputs at most.
        seed: decides every input.
        until: `time.monotonic()` of the end.

    Returns:
        How many inputs were given, and the faults.
    """
    readers = _readers()
    faults: list[Fault] = []
    for number in range(count):
        if time.monotonic() >= until:
            return number, faults
        reader = readers[number % len(readers)]
        choice = random.Random(f"{seed}/{number}")
        path = folder / "input"
        path.write_bytes(damaged(choice.choice(reader.whole), choice))
        began = time.monotonic()
        try:
            reader.read(path)
        except reader.own_errors:
            pass
        except Exception as error:
            faults.append(Fault(reader.name, number, f"{type(error).__name__}: {error}"[:200]))
        if time.monotonic() - began > SLOW_SECONDS:
            faults.append(Fault(reader.name, number, f"took {time.monotonic() - began:.1f} s"))
    return count, faults


def damaged(content: bytes, choice: random.Random) -> bytes:
    """The content after one to four accidents: bytes changed, lost, doubled, put in, or the end cut off."""
    found = bytearray(content)
    for _ in range(choice.randint(1, 4)):
        place = choice.randrange(len(found) + 1)
        length = choice.randint(1, 32)
        match choice.randrange(6):
            case 0 if found:
                found[place % len(found)] ^= 1 << choice.randrange(8)
            case 1:
                del found[place : place + length]
            case 2:
                found[place:place] = found[place : place + length]
            case 3:
                found[place:place] = choice.choice(_ODD)
            case 4:
                found[place : place + length] = choice.randbytes(length)
            case _:
                del found[place:]
    return bytes(found)


_CHARACTERS = tuple(each.encode() for each in '\x00",\n\r\t{[\u202e')
_ODD: Sequence[bytes] = (
    *_CHARACTERS,
    *(each.encode() for each in ("&a ", "*a", "!!", "../", "-1", "1e999", "NaN", "null", "\x1b[2J", "[" * 2000)),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\xd4\xf5", "橘猫".encode("gbk")),
)


def _readers() -> tuple[_Reader, ...]:
    stories = tuple(path.read_bytes() for path in sorted((PROJECT_FOLDER / "stories").glob("*.yaml")))
    table = 'file_name,text\n1.png,"an orange cat, sitting"\n2.png,橘猫\n'.encode()
    lines = '{"file_name": "1.png", "text": "橘猫"}\n{"image": "2.png", "prompt": "a cat"}\n'.encode()
    whole = '{"1": {"caption": "橘猫"}, "2.png": "a cat"}'.encode()
    texts = ("一只橘猫在客厅。".encode("gbk"), "a cat".encode("utf-16"), "naïve café".encode("cp1252"))
    spec = b'{"story": "cat", "items": [], "kind": "render", "score": true}'
    return (
        _Reader("story", lambda path: read_story(path.read_bytes(), file="story.yaml"), stories),
        _Reader("text", lambda path: decode(path.read_bytes(), name="1.txt"), texts),
        _Reader("captions in a table", lambda path: read_caption_csv(_text(path), name="metadata.csv"), (table,)),
        _Reader("captions in lines", lambda path: read_caption_lines(_text(path), name="metadata.jsonl"), (lines,)),
        _Reader("captions in one", lambda path: read_caption_json(_text(path), name="meta.json"), (whole,)),
        _Reader("LoRA header", read_header, (_safetensors(),), (HeaderError,)),
        _Reader("archive", _read_archive, (_zip(zipfile.ZIP_DEFLATED), _zip(zipfile.ZIP_LZMA))),
        _Reader("picture", lambda path: read_picture(path.read_bytes(), "1.png"), _pictures()),
        _Reader("job", lambda path: read_spec(path.read_bytes()), (spec,), (StudioError, ValueError)),
    )


def _text(path: Path) -> str:
    return decode(path.read_bytes(), name=path.name).text


def _read_archive(path: Path) -> None:
    for _ in members(path, largest_bytes=_LARGEST_BYTES):
        pass


def _safetensors() -> bytes:
    header = json.dumps({"__metadata__": {"a": "b"}, "x": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}})
    return struct.pack("<Q", len(header)) + header.encode() + bytes(16)


def _zip(method: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("train/1.png", _pictures()[0])
        archive.writestr("train/1.txt", "橘猫" * 20)
        archive.writestr("train/metadata.csv", "file_name,text\n1.png,a cat\n")
    return packed.getvalue()


def _pictures() -> tuple[bytes, ...]:
    found = []
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        packed = io.BytesIO()
        Image.linear_gradient("L").convert("RGB").resize((32, 24)).save(packed, kind)
        found.append(packed.getvalue())
    return tuple(found)
