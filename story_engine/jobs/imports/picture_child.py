"""The process that decodes pictures from outside: `python -m story_engine.jobs.imports.picture_child`.

One request per line on standard input: source, name, into (folder), token. On standard output one line that it has
started, then one answer per request: what was found, with the files that were written, or why not, because of the
picture or of the disk. It ends with its standard input.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import sys
from pathlib import Path

from PIL import Image

from story_engine.errors import FixInput, StudioError
from story_engine.formats.outside_picture import JPEG_QUALITY, read_picture
from story_engine.formats.perceptual_hash import perceptual_hash
from story_engine.jobs.wire import Message, Voice, decoded
from story_engine.store.atomic import cannot_write

MEMORY_BYTES = 4 << 30
"""Address space: 40 megapixels with transparency take 700 MB on their way."""
THUMBNAIL_SIDE = 320
THUMBNAIL_QUALITY = 82


def main() -> None:
    """Serve until the parent is gone."""
    _limit_memory()
    voice = Voice()
    voice.say(started=True)
    for request in decoded(sys.stdin.buffer):
        voice.say(**_answer(request))


def _answer(request: Message) -> Message:
    into = Path(request["into"])
    try:
        return _read(Path(request["source"]), request["name"], into, request["token"])
    except StudioError as error:
        return {"refused": error.code, "values": error.values, "is_picture": isinstance(error, FixInput)}
    except OSError as error:
        # Decoding reads and writes memory: what the file system reports here is about the disk, not about the picture.
        trouble = cannot_write(into, error)
        return {"refused": trouble.code, "values": trouble.values, "is_picture": False}
    except MemoryError:
        return {"refused": "dataset.picture_memory", "values": {"name": request["name"]}, "is_picture": True}


def _read(source: Path, name: str, into: Path, token: str) -> Message:
    content = source.read_bytes()
    read = read_picture(content, name)
    picture = read.picture
    if read.ending == ".jpg" and not read.changed:
        stored = content  # decoding and encoding again would only lose
    elif read.ending == ".jpg":
        stored = _stored(picture, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    else:
        stored = _stored(picture, "PNG", compress_level=3)
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    image, thumbnail = into / f"{token}{read.ending}", into / f"{token}.thumbnail"
    image.write_bytes(stored)
    thumbnail.write_bytes(_stored(small, "JPEG", quality=THUMBNAIL_QUALITY))
    return {
        "image": str(image),
        "thumbnail": str(thumbnail),
        "ending": read.ending,
        "width": picture.width,
        "height": picture.height,
        "sha256": hashlib.sha256(stored).hexdigest(),
        "original_sha256": hashlib.sha256(content).hexdigest(),
        "perceptual_hash": perceptual_hash(picture),
        "changed": list(read.changed),
        "notes": list(read.notes),
    }


def _stored(picture: Image.Image, kind: str, **options: int) -> bytes:
    """Encoded in memory: Pillow's own way to a file tells a full disk as an encoder's error without a number."""
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def _limit_memory() -> None:
    """So that a picture that wants all memory is refused, and nothing else on the machine suffers."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
