"""Names of the people of a class, as a proxy gives them, and the folder that belongs to each."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from story_engine.errors import FixInput

LONGEST_NAME = 128
"""Characters: longer than any account's name, and than most people's addresses."""
_READABLE = 24
_DIGITS = 24
"""Of the hash, 96 bits: two names that share them are not found by trying."""
_PLAIN = re.compile(r"[^a-z0-9]+")


def user_name(given: bytes) -> str:
    """The name that a header holds, in one spelling.

    Capital and small letters tell people apart: whether they do is the business of whoever asks for the password.

    Raises:
        FixInput: it is empty, no UTF-8, too long, or holds what nobody can see.
    """
    try:
        name = unicodedata.normalize("NFC", given.decode("utf-8").strip(" \t"))
    except UnicodeDecodeError as error:
        raise FixInput("members.not_utf8") from error
    if not name:
        raise FixInput("members.nobody")
    if len(name) > LONGEST_NAME:
        raise FixInput("members.name_too_long", length=len(name), limit=LONGEST_NAME)
    if not name.isprintable() or name != name.strip():
        raise FixInput("members.name_not_printable")
    return name


def folder_name(name: str) -> str:
    """The folder of a person: letters that people recognise, and a hash of the whole name, which alone tells apart.

    No name leads out of the folder above, and names that differ in capitals only differ on every file system.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    readable = _PLAIN.sub("-", plain).strip("-")[:_READABLE].strip("-")
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    return f"{readable}-{digest}" if readable else digest
