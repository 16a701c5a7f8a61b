"""`{Mia}` in a scene's prompt: a character by its name or id, where its words shall stand.

Braces of either width, as an input method writes them; case, width and blanks around the name say nothing.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from story_engine.domain.story import Character

_BRACES = re.compile(r"[{｛]([^{}｛｝]*)[}｝]")
_NO_NAME = re.compile(r"[|:：,，、;；\n\"“”<>=]")
"""What is in braces for another reason: weights, alternatives, lists, data."""
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Reference:
    """Braces that name a character; places as of a slice."""

    start: int
    end: int
    character: str
    """Its id."""


@dataclass(frozen=True, slots=True)
class UnknownName:
    """Braces around what can only be a name, and is none of this story."""

    start: int
    end: int
    name: str
    nearest: str | None
    """How the character with the most similar name is written."""


def references(text: str, characters: Sequence[Character]) -> tuple[Reference, ...]:
    """Where `text` names one of `characters`, in order; an id comes before a name, and of one name the first."""
    if "{" not in text and "｛" not in text:
        return ()
    ids, names = {each.id for each in characters}, _by_name(characters)
    found = []
    for match in _BRACES.finditer(text):
        inside = match.group(1)
        who = inside if inside in ids else names.get(_plain(inside))
        if who is not None:
            found.append(Reference(match.start(), match.end(), who))
    return tuple(found)


def named(text: str, characters: Sequence[Character]) -> tuple[str, ...]:
    """Ids of the characters that `text` names, each once."""
    return tuple(dict.fromkeys(each.character for each in references(text, characters)))


def unknown_names(text: str, characters: Sequence[Character]) -> tuple[UnknownName, ...]:
    """Braces that name nobody; in a story without characters braces are the author's own."""
    if not characters or ("{" not in text and "｛" not in text):
        return ()
    known = {reference.start for reference in references(text, characters)}
    found = []
    for match in _BRACES.finditer(text):
        name = match.group(1).strip()
        around = text[match.start() - 1 : match.start()] if match.start() else ""
        is_name = any(letter.isalpha() for letter in name) and len(name) <= _LONGEST_NAME and not _NO_NAME.search(name)
        if match.start() not in known and is_name and around not in ("{", "｛", "\\", "$"):
            found.append(UnknownName(match.start(), match.end(), name, _nearest(name, characters)))
    return tuple(found)


def written(character: Character, characters: Sequence[Character]) -> str:
    """What one writes in the braces to name it: its name, or its id where the name is no way to it."""
    name = character.name.strip()
    is_way = name and not _NO_NAME.search(name) and not any(brace in name for brace in "{}｛｝")
    if is_way and len(name) <= _LONGEST_NAME and named(f"{{{name}}}", characters) == (character.id,):
        return name
    return character.id


def renamed(text: str, old: str, new: str, *, character: str, ids: frozenset[str]) -> str:
    """`text` with the character's new name wherever it stood under the old one; its id where there is no name."""
    plain = _plain(old)
    put = new.strip()
    if not put or _NO_NAME.search(put) or any(brace in put for brace in "{}｛｝"):
        put = character

    def name(match: re.Match[str]) -> str:
        inside = match.group(1)
        is_it = plain and inside not in ids and _plain(inside) == plain
        return f"{{{put}}}" if is_it else match.group()

    return _BRACES.sub(name, text)


def _by_name(characters: Sequence[Character]) -> dict[str, str]:
    """Name or id as it is compared → id."""
    found: dict[str, str] = {}
    for of in ("id", "name"):
        for character in characters:
            if plain := _plain(getattr(character, of)):
                found.setdefault(plain, character.id)
    return found


def _nearest(name: str, characters: Sequence[Character]) -> str | None:
    known = _by_name(characters)
    near = difflib.get_close_matches(_plain(name), known, n=1, cutoff=0.5)
    if not near:
        return None
    return next(written(each, characters) for each in characters if each.id == known[near[0]])


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
