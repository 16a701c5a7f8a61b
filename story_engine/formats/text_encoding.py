"""Text of unknown encoding: Unicode in its forms first, then what Excel and Notepad write where the author lives.

Captions are a few words long, too short for statistics over letters (charset-normalizer 3.5 reads 猫 in GBK as 癡 in
Big5). What decides here is where a character stands in its own encoding: the Chinese, Taiwanese, Japanese and Korean
standards each put the common characters into one block and the rare ones into another, and a wrong reading falls into
the rare ones. Of two equally likely readings the simplified Chinese one is taken.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from story_engine.errors import FixInput
from story_engine.formats.character_costs import SAMPLE_BYTES, character_cost

UTF_8 = "UTF-8"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_NAMES = {
    "gb18030": "GB18030",
    "big5hkscs": "Big5",
    "cp932": "Shift-JIS",
    "cp949": "EUC-KR",
    "cp1252": "Windows-1252",
    "cp1251": "Windows-1251",
    "cp437": "CP437",
    "cp866": "CP866",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
}
_TEXT_ENCODINGS = ("gb18030", "big5hkscs", "cp932", "cp949", "cp1252", "cp1251", "utf-16-le", "utf-16-be")
_NAME_ENCODINGS = ("gb18030", "big5hkscs", "cp932", "cp949", "cp437", "cp866", "cp1252")
"""What zip programs of Windows write: the code page of the console."""
_SAMPLE_FILES = 200
_OPEN = 2.5
"""Two readings whose costs lie closer than this are decided by what the neighbouring files are."""
_UNSURE = 1.5
"""What another reading must cost less than UTF-8 to be believed."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and what it was taken for."""

    text: str
    encoding: str
    """For people."""

    @property
    def is_guess(self) -> bool:
        """Whether nothing in the bytes says so: neither a byte order mark nor the form of UTF-8."""
        return self.encoding in _NAMES.values()


class Neighbours:
    """Files of one origin: together they say what one of them alone leaves open. Looked at once, and only if asked."""

    def __init__(self, contents: Iterable[bytes] = ()) -> None:
        self._contents = contents

    @cached_property
    def costs(self) -> dict[str, float]:
        """What each encoding costs over all of them; one that cannot read a file is not wrong for that alone."""
        sums: dict[str, float] = {}
        for content in self._samples:
            costs = _costs(content, (*_TEXT_ENCODINGS, *_NAME_ENCODINGS), is_part=True)
            worst = max(costs.values(), default=0.0) + _UNSURE
            for encoding in _NAMES:
                sums[encoding] = sums.get(encoding, 0.0) + costs.get(encoding, worst)
        return sums

    @cached_property
    def _samples(self) -> list[bytes]:
        """The first bytes of those that are not UTF-8: the others say nothing about the rest."""
        samples: list[bytes] = []
        for content in self._contents:
            start = content[:SAMPLE_BYTES]
            if len(samples) >= _SAMPLE_FILES or sum(map(len, samples)) >= SAMPLE_BYTES:
                break
            if not start.startswith(tuple(mark for mark, _, _ in _BYTE_ORDER_MARKS)) and not _reads(start, "utf-8"):
                samples.append(start)
        return samples

    @property
    def are_legacy(self) -> bool:
        """Whether one of them is surely not UTF-8."""
        return bool(self._samples)


def decode(content: bytes, *, name: str, neighbours: Neighbours | None = None) -> Decoded:
    """The text of a file.

    Args:
        content: the file.
        name: of the file, for messages.
        neighbours: files of the same origin; they decide where this one alone could be two things.

    Raises:
        FixInput: it is no text.
    """
    among = neighbours or Neighbours()
    found = _marked(content) or _utf_8(content, among) or _legacy(content, among, _TEXT_ENCODINGS)
    if found is None or _is_binary(found.text):
        raise FixInput("dataset.captions_unreadable", name=name)
    return found


def decode_names(names: Iterable[bytes]) -> dict[bytes, str]:
    """File names that one program wrote and that say nothing about their encoding, read together."""
    raw = list(names)
    among = Neighbours(raw)
    texts = {}
    for name in raw:
        found = _utf_8(name, among) or _legacy(name, among, _NAME_ENCODINGS)
        texts[name] = found.text if found else name.decode("cp437")
    return texts


def _is_binary(text: str) -> bool:
    sample = text[:SAMPLE_BYTES]
    controls = sum(1 for character in sample if character < " " and character not in "\t\r\n\f\v\x1a")
    return "\0" in text or controls * 50 > len(sample)


def _marked(content: bytes) -> Decoded | None:
    for mark, codec, shown in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _strictly(content, codec, shown)
    return None


def _utf_8(content: bytes, neighbours: Neighbours) -> Decoded | None:
    """UTF-8, unless it is that by accident: 猫 in GBK is è in UTF-8."""
    found = _strictly(content, "utf-8", UTF_8)
    if found is None or _is_binary(found.text):
        return None
    if found.text.isascii():
        return found
    if any(character >= "\u0800" for character in found.text):
        return found
    letters = sum(1 for character in found.text if character.isascii() and character.isalpha())
    is_mostly_latin = letters > len(content) - len(found.text)
    is_latin = all(character < "\u0180" for character in found.text)
    if is_mostly_latin and is_latin and not neighbours.are_legacy:
        return found
    chinese = _strictly(content, "gb18030", _NAMES["gb18030"])
    if chinese is not None and character_cost(chinese.text, "gb18030") + _UNSURE < character_cost(found.text, "utf-8"):
        return chinese
    return found


def _strictly(content: bytes, codec: str, shown: str) -> Decoded | None:
    try:
        return Decoded(content.decode(codec), shown)
    except UnicodeDecodeError:
        return None


def _reads(start: bytes, codec: str) -> bool:
    """Whether the beginning of a text is of this encoding, its last character perhaps cut."""
    try:
        codecs.getincrementaldecoder(codec)().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _legacy(content: bytes, neighbours: Neighbours, encodings: tuple[str, ...]) -> Decoded | None:
    costs = _costs(content, encodings)
    if not costs:
        return None
    best = min(costs, key=costs.__getitem__)
    near = [each for each in costs if costs[each] - costs[best] < _OPEN]
    together = neighbours.costs if len(near) > 1 else {}
    usual = min((each for each in encodings if each in together), key=together.__getitem__, default=best)
    best = usual if usual in near else best
    return _strictly(content, best, _NAMES[best])


def _costs(content: bytes, encodings: tuple[str, ...], *, is_part: bool = False) -> dict[str, float]:
    """Encoding → how unlikely it is; without those that cannot be."""
    found = {}
    for encoding in encodings:
        if _reads(content, encoding) if is_part else _strictly(content, encoding, encoding):
            found[encoding] = character_cost(content.decode(encoding, "ignore"), encoding)
    return found
