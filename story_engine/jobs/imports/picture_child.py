"""The process that decodes pictures from outside: `python -m story_engine.jobs.imports.picture_child`.

One request per line on standard input: source, name, into (folder), token. One answer per line on standard output:
what was found, with the files that were written, or why the picture is refused. It ends with its standard input.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sys
from pathlib import Path

from PIL import Image

from story_engine.errors import StudioError
from story_engine.formats.outside_picture import JPEG_QUALITY, LARGEST_BYTES, read_picture
from story_engine.formats.perceptual_hash import likeness
from story_engine.jobs.wire import Message, Voice, decoded
from story_engine.store.atomic import read_bytes

MEMORY_BYTES = 4 << 30
"""Address space: 40 megapixels with transparency take 700 MB on their way."""
THUMBNAIL_SIDE = 320
THUMBNAIL_QUALITY = 82


def main() -> None:
    """Serve until the parent is gone."""
    _limit_memory()
    voice = Voice()
    for request in decoded(sys.stdin.buffer):
        voice.say(**_answer(request))


def _answer(request: Message) -> Message:
    try:
        return _read(Path(request["source"]), request["name"], Path(request["into"]), request["token"])
    except StudioError as error:
        return {"refused": error.code, "values": error.values}


def _read(source: Path, name: str, into: Path, token: str) -> Message:
    content = read_bytes(source, limit=LARGEST_BYTES)
    read = read_picture(content, name)
    picture = read.picture
    image, thumbnail = into / f"{token}{read.ending}", into / f"{token}.thumbnail"
    if read.ending == ".jpg" and not read.changed:
        shutil.copyfile(source, image)  # decoding and encoding again would only lose
    elif read.ending == ".jpg":
        picture.save(image, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    else:
        picture.save(image, "PNG", compress_level=3)
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    small.save(thumbnail, "JPEG", quality=THUMBNAIL_QUALITY)
    with image.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "image": str(image),
        "thumbnail": str(thumbnail),
        "ending": read.ending,
        "width": picture.width,
        "height": picture.height,
        "sha256": sha256,
        "original_sha256": hashlib.sha256(content).hexdigest(),
        "likeness": likeness(picture),
        "changed": list(read.changed),
    }


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
