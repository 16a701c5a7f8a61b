"""Files that a person names, such as `--config FILE`: read whole, and only so much of them as makes sense."""

from __future__ import annotations

from pathlib import Path

from story_engine.errors import ChooseAnother
from story_engine.store.atomic import read_bytes


def read_given(path: Path, *, limit: int) -> bytes:
    """The content of the file, of at most `limit` bytes; a link is followed, since a person named it.

    Raises:
        ChooseAnother: there is none, or it cannot be read.
        FixInput: it is a folder or a device, or larger.
    """
    try:
        return read_bytes(path.expanduser().resolve(), limit=limit)
    except FileNotFoundError as error:
        raise ChooseAnother("files.not_found", path=path) from error
    except (OSError, RuntimeError, ValueError) as error:  # a name that is too long, links in a circle, a zero byte
        reason = getattr(error, "strerror", None) or str(error)
        raise ChooseAnother("files.not_readable", path=str(path)[:200], reason=reason) from error
