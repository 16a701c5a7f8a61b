"""Letters on pictures: a font that writes Chinese where this machine has one, and what can be written without it."""

from __future__ import annotations

from functools import lru_cache

from PIL import ImageFont

CJK_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "msyh.ttc",  # Windows
    "msyhl.ttc",
    "simhei.ttf",
    "simsun.ttc",
    "PingFang.ttc",  # macOS
    "Hiragino Sans GB.ttc",
    "STHeiti Light.ttc",
    "Arial Unicode.ttf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
)
"""File names; Pillow looks for each in the folders where the system keeps its fonts."""
LATIN_FONTS = ("DejaVuSans.ttf", "arial.ttf", "Helvetica.ttc")
_TRIED_SIZE = 16
_NO_CHARACTER = "\U0010ffff"
_SIMPLIFIED = {"NotoSansCJK-Regular.ttc": 2}
"""Place of the simplified Chinese face in a collection that begins with another."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def writes_chinese() -> bool:
    """Whether this machine has a font with Chinese characters."""
    return _cjk_file() is not None


def can_write(text: str) -> bool:
    """Whether every character of `text` comes out as a letter and not as an empty box."""
    return all(character.isspace() or _has(character) for character in text)


@lru_cache(maxsize=16)
def font(size: int) -> Font:
    """Letters of `size` pixels; Latin ones where there is no Chinese font, Pillow's own where there is none at all."""
    found = _cjk_file() or _first(LATIN_FONTS)
    if found is None:
        return ImageFont.load_default(size)
    return ImageFont.truetype(found, size, index=_SIMPLIFIED.get(found, 0))


@lru_cache(maxsize=1)
def _cjk_file() -> str | None:
    return _first(CJK_FONTS)


def _first(names: tuple[str, ...]) -> str | None:
    for name in names:
        try:
            ImageFont.truetype(name, 12)
        except OSError:
            continue
        return name
    return None


@lru_cache(maxsize=4096)
def _has(character: str) -> bool:
    """A font draws what it lacks as it draws a character that is none."""
    letters = font(_TRIED_SIZE)
    return bytes(letters.getmask(character)) != bytes(letters.getmask(_NO_CHARACTER))
