"""Text of unknown encoding: Unicode in its forms first, then what Excel and Notepad write where the author lives.

Captions are a few words long, too short for statistics over letters (charset-normalizer 3.5 reads 猫 in GBK as 癡 in
Big5). What decides here is where a character stands in its own encoding: the Chinese, Taiwanese, Japanese and Korean
standards each put the common characters into one block and the rare ones into another, and a wrong reading falls into
the rare ones. Of two equally likely readings the simplified Chinese one is taken.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from story_engine.errors import FixInput

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
_NAME_ENCODINGS = ("gb18030", "big5hkscs", "cp932", "cp949", "cp437", "cp866")
"""What zip programs of Windows write: the code page of the console."""
_SAMPLE_FILES = 200
_SAMPLE_BYTES = 4_000
"""So much that is not ASCII decides; more says nothing new."""
_UNSURE = 1.5
"""Two readings whose costs lie closer than this are decided by what the neighbouring files are."""
_COMMON_CHINESE = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经"
    "么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实女男红黄蓝绿白黑色发头长短花风景水山海树光"
    "画像图片张幅只猫狗鸟马坐站走跑笑穿戴裙衣服帽手眼睛脸身后边旁夜晚阳月星云雨雪街房屋窗门桌椅少年孩老"
)
_COMMON_KOREAN = frozenset("이다는을의에가고은를로한하지도사아어기리그나자인시서스대수해정일보소여있들원부제구신전")


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


def decode(content: bytes, *, name: str, neighbours: Iterable[bytes] = ()) -> Decoded:
    """The text of a file.

    Args:
        content: the file.
        name: of the file, for messages.
        neighbours: files of the same origin; they decide where this one alone could be two things.

    Raises:
        FixInput: it is no text.
    """
    found = _marked(content) or _utf_8(content, neighbours) or _legacy(content, neighbours, _TEXT_ENCODINGS)
    if found is None or _is_binary(found.text):
        raise FixInput("dataset.captions_unreadable", name=name)
    return found


def decode_names(names: Iterable[bytes]) -> dict[bytes, str]:
    """File names that one program wrote and that say nothing about their encoding, read together."""
    raw = list(names)
    texts = {}
    for name in raw:
        found = _utf_8(name) or _legacy(name, (other for other in raw if _utf_8(other) is None), _NAME_ENCODINGS)
        texts[name] = found.text if found else name.decode("cp437")
    return texts


def _is_binary(text: str) -> bool:
    sample = text[:_SAMPLE_BYTES]
    controls = sum(1 for character in sample if character < " " and character not in "\t\r\n\f\v\x1a")
    return "\0" in text or controls * 50 > len(sample)


def _marked(content: bytes) -> Decoded | None:
    for mark, codec, shown in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _strictly(content, codec, shown)
    return None


def _utf_8(content: bytes, neighbours: Iterable[bytes] = ()) -> Decoded | None:
    """UTF-8, unless it is that by accident: 猫 in GBK is è in UTF-8."""
    found = _strictly(content, "utf-8", UTF_8)
    if found is None or found.text.isascii() or "\0" in found.text:
        return found if found is not None and "\0" not in found.text else None
    if any(character >= "\u0800" for character in found.text):
        return found
    letters = sum(1 for character in found.text if character.isascii() and character.isalpha())
    is_mostly_latin = letters > len(content) - len(found.text)
    if is_mostly_latin and all(_strictly(other, "utf-8", UTF_8) for other in islice(neighbours, _SAMPLE_FILES)):
        return found
    chinese = _strictly(content, "gb18030", _NAMES["gb18030"])
    if chinese is not None and _cost(chinese.text, "gb18030") + _UNSURE < _cost(found.text, "utf-8"):
        return chinese
    return found


def _strictly(content: bytes, codec: str, shown: str) -> Decoded | None:
    try:
        return Decoded(content.decode(codec), shown)
    except UnicodeDecodeError:
        return None


def _legacy(content: bytes, neighbours: Iterable[bytes], encodings: tuple[str, ...]) -> Decoded | None:
    costs = _costs(content, encodings)
    if not costs:
        return None
    ranked = sorted(costs, key=costs.__getitem__)
    if len(ranked) > 1 and costs[ranked[1]] - costs[ranked[0]] < _UNSURE:
        near = [each for each in ranked if costs[each] - costs[ranked[0]] < _UNSURE]
        together = _together(neighbours, near)
        ranked = sorted(near, key=lambda each: costs[each] + together[each])
    return _strictly(content, ranked[0], _NAMES[ranked[0]])


def _together(neighbours: Iterable[bytes], encodings: list[str]) -> dict[str, float]:
    """What each encoding costs over all neighbours; one that cannot read a neighbour is not wrong for that alone."""
    sums = dict.fromkeys(encodings, 0.0)
    read = 0
    for content in neighbours:
        if read > _SAMPLE_BYTES:
            break
        read += len(content)
        costs = _costs(content, tuple(encodings))
        worst = max(costs.values(), default=0.0) + _UNSURE
        for encoding in encodings:
            sums[encoding] += costs.get(encoding, worst)
    return sums


def _costs(content: bytes, encodings: tuple[str, ...]) -> dict[str, float]:
    """Encoding → how unlikely it is; without those that cannot be."""
    found = {}
    for encoding in encodings:
        text = _strictly(content, encoding, encoding)
        if text is not None:
            found[encoding] = _cost(text.text, encoding)
    return found


def _cost(text: str, encoding: str) -> float:
    rate = _RATES.get(encoding)
    total = _FIRST.get(encoding, 0.0)
    seen = 0
    for place, character in enumerate(text):
        if character < "\x80":
            total += 5.0 if character < " " and character not in "\t\r\n" else 0.0
            continue
        before, after = text[place - 1] if place else " ", text[place + 1] if place + 1 < len(text) else " "
        if rate is None:
            total += _western(character, before, after)
        else:
            code = character.encode(encoding, "replace")
            total += rate(code, character) + _squeezed(code, before, after)
        seen += 1
        if seen * 2 > _SAMPLE_BYTES:
            break
    return total


def _squeezed(code: bytes, before: str, after: str) -> float:
    """One character of two bytes inside a Latin word is a letter with an accent, or an apostrophe, misread."""
    is_inside = before.isascii() and before.isalpha() and after.isascii() and after.isalpha()
    eats_a_letter = len(code) == 2 and code[1] < 0x80 and before.isascii() and before.isalpha()
    return 3.0 if eats_a_letter else 1.5 if is_inside else 0.0


def _gb18030(code: bytes, character: str) -> float:
    if character in _COMMON_CHINESE:
        return -1.0
    if len(code) == 4:
        return 0.5 if character > "\U0001f000" else 2.0
    lead, trail = code[0], code[1] if len(code) > 1 else 0
    if trail < 0xA1:
        return 3.0  # GBK's extension: rare characters
    if 0xB0 <= lead <= 0xD7:
        return 0.0
    if 0xD8 <= lead <= 0xF7:
        return 1.0
    return 0.3 if lead in (0xA1, 0xA3) else 2.0


def _big5(code: bytes, character: str) -> float:
    if len(code) != 2:
        return 3.0
    if b"\xa4\x40" <= code <= b"\xc6\x7e":
        return 0.3 if character not in _COMMON_CHINESE else -0.8
    if b"\xc9\x40" <= code <= b"\xf9\xd5":
        return 1.7
    return 0.5 if b"\xa1\x40" <= code <= b"\xa3\xbf" else 4.0


def _shift_jis(code: bytes, character: str) -> float:
    if len(code) == 1:
        return 1.5  # katakana of half width: old, and what wrong readings are full of
    if "ぁ" <= character <= "ヾ":
        return -0.6
    if character in _COMMON_CHINESE:
        return 0.1
    if b"\x88\x9f" <= code <= b"\x98\x72":
        return 0.5
    return 0.5 if code < b"\x82\x9f" else 2.0


def _korean(code: bytes, character: str) -> float:
    if character in _COMMON_KOREAN:
        return -1.0
    if "가" <= character <= "힣":
        return 0.3 if code[0] >= 0xB0 and code[1] >= 0xA1 else 2.0
    return 0.5 if code[0] in (0xA1, 0xA3) else 3.0


def _utf_16(_: bytes, character: str) -> float:
    if character in _COMMON_CHINESE:
        return -1.0
    if "\u3040" <= character <= "\u30ff" or "\uff01" <= character <= "\uff5e" or "\u2010" <= character <= "\u3002":
        return 0.2
    if "\u4e00" <= character <= "\u9fff":
        return _gb18030(character.encode("gb18030"), character) + 0.5
    return 0.5 if "\u00a0" <= character <= "\u00ff" else 1.5 if "가" <= character <= "힣" else 4.0


def _western(character: str, before: str, after: str) -> float:
    """A letter with an accent stands alone among Latin letters; a Cyrillic one among its own, in one case."""
    if "Ѐ" <= character <= "ӿ":
        is_torn = character.isupper() and before.isalpha() and not before.isupper()
        is_mixed = any(other.isascii() and other.isalpha() for other in (before, after))
        return 2.0 if is_torn or is_mixed else 0.25
    if character in "‘’“”–—…°€©®™«»¿¡·":
        return 0.3 if not (before > "\x7f" and after > "\x7f") else 1.2
    if not character.isalpha():
        return 1.5
    if character.isupper() and before.isalpha() and before.islower():
        return 2.0
    is_alone = before < "\x80" and after < "\x80"
    is_in_word = (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
    if is_alone:
        return 0.2 if is_in_word else 0.8
    return 0.6 if is_in_word and character.islower() else 1.2


_RATES: Mapping[str, Callable[[bytes, str], float]] = {
    "gb18030": _gb18030,
    "big5hkscs": _big5,
    "cp932": _shift_jis,
    "cp949": _korean,
    "utf-16-le": _utf_16,
    "utf-16-be": _utf_16,
}
_FIRST = {"big5hkscs": 0.3, "cp932": 0.3, "cp949": 0.8, "cp1252": 0.3, "cp1251": 2.0, "cp437": 0.3, "cp866": 2.0}
"""What an encoding costs before the first character: of two equal readings the likelier origin wins."""
