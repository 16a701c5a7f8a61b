"""Letters on pictures: the shipped fonts, which of them has a character, and how wide it is.

Only the shipped fonts are used unless a person asks for this machine's own: the same text gives the same bytes on every
machine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

from PIL import ImageFont

SYSTEM_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "msyh.ttc",  # Windows
    "simsun.ttc",
    "PingFang.ttc",  # macOS
    "Arial Unicode.ttf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "DejaVuSans.ttf",
)
"""File names, asked in this order for what the shipped fonts lack; Pillow looks where the system keeps its fonts."""
TEXT, NARROW, EMOJI = "text", "narrow", "emoji"
_FOLDER = Path(__file__).parent / "fonts"
_SHIPPED = {
    TEXT: _FOLDER / "NotoSansSC-subset.otf",
    NARROW: _FOLDER / "NotoSansKR-subset.otf",
    EMOJI: _FOLDER / "NotoEmoji-subset.ttf",
}
_EM = 1000
"""Pixels at which widths are taken; the text font's own unit."""
_WIDE = frozenset("WF")
_UNSEEN = frozenset("\ufe0e\ufe0f") | {chr(code) for code in range(0x1F3FB, 0x1F400)}
"""What joins or tints emoji: their parts are drawn one by one, in one colour."""
_CHOOSES_EMOJI = "\ufe0f"
_EMOJI_SCALE = 0.92
"""Emoji are drawn wider than their em; so they look as large as a Chinese character."""


@dataclass(frozen=True, slots=True)
class Faces:
    """What a text is written with."""

    system: bool = False
    """This machine's fonts write what the shipped ones lack."""
    narrow: bool = False
    """Quotation marks and dashes are as wide as Latin text wants them, not as a Chinese character."""

    @classmethod
    def of(cls, text: str, *, system: bool = False) -> Faces:
        """As suits a text: it is Latin where no character is a wide one."""
        emoji = _characters(EMOJI)  # as wide as a Chinese character, and no sign of Chinese
        wide = (each for each in text if unicodedata.east_asian_width(each) in _WIDE and ord(each) not in emoji)
        return cls(system, next(wide, None) is None)


SHIPPED = Faces()


@lru_cache(maxsize=64)
def font(size: float, face: str = TEXT) -> ImageFont.FreeTypeFont:
    """Letters of `size` pixels; `face` is `TEXT`, `NARROW`, `EMOJI`, or the path of a font of this machine."""
    # The basic engine: the other one is not on every machine, and would place letters otherwise where it is.
    return ImageFont.truetype(file_of(face), size, layout_engine=ImageFont.Layout.BASIC)


def file_of(face: str) -> str:
    """Where the font of a face lies."""
    return str(_SHIPPED.get(face, face))


def can_write(text: str) -> bool:
    """Whether the text font has every character."""
    return all(character.isspace() or ord(character) in _characters(TEXT) for character in text)


def missing(texts: Iterable[str], *, system_fonts: bool = False) -> tuple[str, ...]:
    """The characters that no font has, each once, in the order in which they are met."""
    seen = dict.fromkeys(character for text in texts for character in text)
    return tuple(each for each in seen if not _is_unseen(each) and _face(each, system_fonts) is None)


def runs(text: str, faces: Faces = SHIPPED) -> list[tuple[str, str]]:
    """The text in pieces of one face each, as (face, piece); what is never seen is left out.

    A character that no font has stays in the text's face, which draws a box.
    """
    drawn = [
        (_face_in_text(text, place, faces), character)
        for place, character in enumerate(text)
        if not _is_unseen(character)
    ]
    return [(face, "".join(piece for _, piece in group)) for face, group in groupby(drawn, lambda each: each[0])]


def width(text: str, faces: Faces = SHIPPED) -> float:
    """Of the text in one line, in ems."""
    return sum(advance(face, character) for face, piece in runs(text, faces) for character in piece)


@lru_cache(maxsize=20_000)
def advance(face: str, character: str) -> float:
    """Of one character, in ems."""
    return font(_EM, face).getlength(character) / _EM * scale(face)


def scale(face: str) -> float:
    """Size of a face's letters for text of size 1."""
    return _EMOJI_SCALE if face == EMOJI else 1.0


def _face_in_text(text: str, place: int, faces: Faces) -> str:
    if ord(text[place]) in _characters(NARROW) and (faces.narrow or _is_within_word(text, place)):
        return NARROW
    if text[place + 1 : place + 2] == _CHOOSES_EMOJI and ord(text[place]) in _characters(EMOJI):
        return EMOJI
    return _face(text[place], faces.system) or TEXT


def _is_within_word(text: str, place: int) -> bool:
    """The apostrophe of don’t, in whichever company."""
    around = text[place - 1 : place] + text[place + 1 : place + 2]
    return len(around) == 2 and all(
        each.isalpha() and unicodedata.east_asian_width(each) not in _WIDE for each in around
    )


@lru_cache(maxsize=20_000)
def _face(character: str, system_fonts: bool) -> str | None:
    code = ord(character)
    for face in _SHIPPED:
        if code in _characters(face):
            return face
    if character.isspace():
        return TEXT
    if not system_fonts:
        return None
    return next((path for path in _system_files() if code in _characters(path)), None)


def _is_unseen(character: str) -> bool:
    return character in _UNSEEN or unicodedata.category(character) in {"Cc", "Cf"}


@cache
def _system_files() -> tuple[str, ...]:
    found = []
    for name in SYSTEM_FONTS:
        try:
            found.append(str(ImageFont.truetype(name, 12).path))
        except OSError:
            continue
    return tuple(found)


@cache
def _characters(face: str) -> frozenset[int]:
    path = file_of(face)
    from fontTools.ttLib import TTFont  # comes when letters are asked for, not with every start

    with TTFont(path, fontNumber=0 if path.endswith(".ttc") else -1, lazy=True) as opened:
        return frozenset(opened.getBestCmap() or ())
