"""Replace a file that somebody else may be writing in the same moment, and see what was really replaced."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import secrets
import time
from functools import cache
from pathlib import Path
from typing import Any

from story_engine.errors import StudioError
from story_engine.store.atomic import TEMPORARY_SUFFIX, cannot_write, read_bytes, write_bytes
from story_engine.store.folders import mode_of, narrow, sync_folder

STILL_SECONDS = 0.01
"""A file that has not changed for so long is not being written just now."""
EMPTY_SECONDS = 0.25
"""An empty one is most likely one that an editor on a busy machine has emptied and not written yet."""
LONGEST_WAIT_SECONDS = 0.5
_RENAME_EXCHANGE, _AT_FDCWD = 2, -100
"""Linux, `man 2 renameat2`."""
_NO_EXCHANGE = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})


def exchange_bytes(path: Path, content: bytes, *, limit: int) -> bytes:
    """Put `content` at `path`; what was there in the very moment in which it was replaced, once that is whole.

    Where the file system can exchange two files there is no moment in which another's text could be lost: it is what
    comes back. Elsewhere the old file is held under a second name, which misses an editor that replaces the file itself
    within the same millisecond.

    Raises:
        Wait: as `write_bytes`; nothing has changed.
        ChooseAnother: there is no file, or what was there cannot be read.
        FixInput: what was there is larger than `limit`, or no ordinary file.
    """
    fresh = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}{TEMPORARY_SUFFIX}")
    write_bytes(fresh, content)
    narrow(fresh, mode_of(path))
    try:
        replaced = _swapped(fresh, path)
        was = settled_bytes(replaced, limit=limit)
    except OSError as error:
        raise cannot_write(path, error) from error
    except StudioError:
        _put_aside(fresh, path)
        raise
    finally:
        fresh.unlink(missing_ok=True)
    return was


def settled_bytes(path: Path, *, limit: int) -> bytes:
    """The content of a file, once nobody is writing it any more; as `read_bytes`.

    An editor that writes in place empties the file first: whoever reads in that moment sees nothing, or a half.
    """
    patience = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < patience:
        before = path.stat()
        # A time stamp of the future says nothing: the clock was put back, or another machine's runs ahead.
        still_seconds = STILL_SECONDS if before.st_size else EMPTY_SECONDS
        if not 0 <= time.time() - before.st_mtime < still_seconds:
            break
        time.sleep(STILL_SECONDS / 2)
    return read_bytes(path, limit=limit)


def _swapped(fresh: Path, path: Path) -> Path:
    """Where the old file lies after `fresh` has taken its place."""
    if _exchanged(fresh, path):
        sync_folder(path.parent)
        return fresh
    held = fresh.with_suffix(f".old{TEMPORARY_SUFFIX}")
    with contextlib.suppress(OSError):
        os.link(path, held)
    if not held.exists():  # no links here either: the best that is left
        held.write_bytes(path.read_bytes())
    fresh.replace(path)
    sync_folder(path.parent)
    held.replace(fresh)
    return fresh


def _put_aside(replaced: Path, path: Path) -> None:
    """What was replaced and cannot be read stays beside the file: it may be somebody's text."""
    with contextlib.suppress(OSError):
        replaced.rename(path.with_name(f"{path.name}.damaged-{secrets.token_hex(4)}"))


def _exchanged(first: Path, second: Path) -> bool:
    """Whether two files have changed places; False where the system cannot do that.

    Raises:
        OSError: it can, and something else was wrong.
    """
    call = _renameat2()
    if call is None:
        return False
    if call(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NO_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(second))


@cache
def _renameat2() -> Any | None:
    with contextlib.suppress(OSError, AttributeError):
        return ctypes.CDLL(None, use_errno=True).renameat2
    return None
