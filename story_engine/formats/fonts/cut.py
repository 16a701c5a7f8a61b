"""How the shipped fonts were cut from the published ones: run once, its results are committed.

    python -m story_engine.formats.fonts.cut NotoSansCJK-Regular.ttc NotoEmoji_400Regular.ttf

README.md beside this file says where the two come from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset

KOREAN, SIMPLIFIED = 1, 2
"""Places in Noto's collection; quotation marks are as wide as a character in the Chinese face, narrow in the Korean."""
NARROW = "‘’“”—–"
"""As Latin text wants them."""
BLOCKS = (
    (0x20, 0x7F),  # Latin
    (0xA0, 0x180),  # Latin of European languages, as far as Noto's Chinese face has it
    (0x2010, 0x2040),  # dashes, quotation marks, ellipsis
    (0x2190, 0x2200),  # arrows
    (0x2460, 0x2500),  # numbers in circles
    (0x25A0, 0x2670),  # shapes, stars, notes
    (0x3000, 0x3040),  # Chinese punctuation
    (0xFE10, 0xFE50),  # punctuation of vertical text
    (0xFF01, 0xFF61),  # full-width forms
    (0xFFE0, 0xFFE7),
)
SINGLE = "€™"
_ROWS_OF_GB2312 = (range(0xA1, 0xAA), range(0xB0, 0xF8))
"""Signs, Greek, Cyrillic and kana; the 6763 characters of levels 1 and 2."""
_WITHOUT = ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "STAT", "gasp"]
"""Tables that only a shaping engine reads; letters are placed by the Studio itself, the same on every machine."""


def main(sans: str, emoji: str) -> None:
    """Write the fonts beside this file."""
    folder = Path(__file__).parent
    _cut(sans, folder / "NotoSansSC-subset.otf", _wanted(), face=SIMPLIFIED)
    _cut(sans, folder / "NotoSansKR-subset.otf", map(ord, NARROW), face=KOREAN)
    _cut(emoji, folder / "NotoEmoji-subset.ttf", range(0x80, 0x110000), face=-1)


def _wanted() -> set[int]:
    wanted = {ord(character) for character in SINGLE}
    for first, end in BLOCKS:
        wanted |= set(range(first, end))
    for rows in _ROWS_OF_GB2312:
        pairs = (bytes([row, cell]) for row in rows for cell in range(0xA1, 0xFF))
        wanted |= {ord(decoded) for pair in pairs if (decoded := pair.decode("gb2312", errors="ignore"))}
    return wanted


def _cut(source: str, to: Path, wanted: Iterable[int], *, face: int) -> None:
    options = subset.Options()
    options.font_number = face
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = ["*"]  # copyright and licence stay inside
    options.recalc_timestamp = False
    options.drop_tables += _WITHOUT
    font = subset.load_font(source, options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    subset.save_font(font, str(to), options)


if __name__ == "__main__":
    main(*sys.argv[1:])
