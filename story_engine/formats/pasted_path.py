"""A path as people paste it: in quotes, as a file manager's address, with a tilde."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from story_engine.errors import ChooseAnother

_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "「": "」", "『": "』", "`": "`", "<": ">"}
_LONGEST_SHOWN = 200
"""Characters of a path in a message."""
_DRIVE = re.compile(r"/[A-Za-z]:[/\\]")


def pasted_path(text: str | Path) -> Path:
    """The path that is meant; a file that is called exactly so, quotes and all, is meant before any other.

    Taken off: white space and line breaks around it, quotes of any kind, `file://` with its percent signs, and
    backslashes before spaces, as a terminal writes them. A tilde is the home folder.
    """
    given = str(text)
    if is_there(Path(given)):
        return Path(given)
    plain = _without_quotes(given.strip().strip("\u200e\u200f\u202a\u202c\ufeff"))
    if plain[:5].casefold() == "file:":
        plain = _of_address(plain)
    path = Path(plain)
    if "\\ " in plain and not is_there(path):
        path = Path(plain.replace("\\ ", " "))
    with contextlib.suppress(RuntimeError, ValueError):  # no such user, or nothing that could be a name of one
        path = path.expanduser()
    return path


def is_there(path: Path, kind: Callable[[Path], bool] = Path.exists) -> bool:
    """Whether the path is there and of the kind; no name is too odd or too long to be asked for."""
    try:
        return kind(path)
    except (OSError, ValueError):
        return False


def shown_path(path: Path) -> str:
    """The path as a message shows it: as much of it as fits into one."""
    return str(path)[:_LONGEST_SHOWN]


def pasted_existing(text: str | Path) -> Path:
    """The file or folder that is meant, absolute and with links followed.

    Raises:
        ChooseAnother: nothing is there, or nothing can be called so.
    """
    path = pasted_path(text)
    if not is_there(path):
        raise ChooseAnother("files.not_found", path=shown_path(path))
    return path.resolve()


def _without_quotes(text: str) -> str:
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text


def _of_address(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    # A `#` or `?` in a name ought to be written as a percent sign, and often is not.
    rest = address[5:]
    path = unquote(rest[2 + len(parts.netloc) :] if rest.startswith("//") else rest)
    return path[1:] if _DRIVE.match(path) else path
