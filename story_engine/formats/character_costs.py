"""How unlikely a text is in an encoding: where each of its characters stands there, and what it stands between.

A right reading costs next to nothing, a wrong one more with every character. Source of the blocks: GB 2312 (rows 16 to
55 common, 56 to 87 rare), Big5 (A440 to C67E common, C940 to F9D5 rare), JIS X 0208 (rows 16 to 47 common), KS X 1001.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

SAMPLE_BYTES = 4_000
"""So much that is not ASCII decides; more says nothing new."""
_COMMON_CHINESE = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经"
    "么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实女男红黄蓝绿白黑色发头长短花风景水山海树光"
    "画像图片张幅只猫狗鸟马坐站走跑笑穿戴裙衣服帽手眼睛脸身后边旁夜晚阳月星云雨雪街房屋窗门桌椅少年孩老"
)
_COMMON_KOREAN = frozenset(
    "이다는을의에가고은를로한하지도사아어기리그나자인시서스대수해정일보소여있들원부제구신전라만과거게면상음장으안드조오주동무비"
    "마간것연양머방바성림속집빨파란푸른색눈꽃녀남입옷레길밤늘숲별달물강산"
)


def character_cost(text: str, encoding: str) -> float:
    """What the characters of `text` that are not ASCII cost together, decoded from `encoding`."""
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
        if seen * 2 > SAMPLE_BYTES:
            break
    return total


def _squeezed(code: bytes, before: str, after: str) -> float:
    """One character of two bytes inside a Latin word is a letter with an accent, or an apostrophe, misread."""
    is_behind_letter = before.isascii() and before.isalpha()
    is_before_letter = after.isascii() and after.isalpha()
    eats_a_letter = len(code) == 2 and code[1] < 0x80 and chr(code[1]).isalpha()
    if eats_a_letter and is_behind_letter:
        return 3.0
    return 1.5 if is_before_letter and (is_behind_letter or eats_a_letter) else 0.0


def _gb18030(code: bytes, character: str) -> float:
    if character in _COMMON_CHINESE:
        return -1.0
    if "\ue000" <= character <= "\uf8ff":
        return 5.0  # nobody's
    if len(code) == 4:
        return 0.5 if character > "\U0001f000" else 2.0
    lead, trail = code[0], code[1] if len(code) > 1 else 0
    if trail < 0xA1:
        # GBK's extension: rare characters, and traditional ones, of which the common ones are common in Big5 too.
        traditional = character.encode("big5", "replace")
        return 1.2 if b"\xa4\x40" <= traditional <= b"\xc6\x7e" else 3.0
    if 0xB0 <= lead <= 0xD7:
        return 0.2
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
        return 2.2  # katakana of half width: old, and what wrong readings are full of
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
        return 0.1 if code[0] >= 0xB0 and code[1] >= 0xA1 else 2.0
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
        is_alone = before < "\x80" and after < "\x80"
        return 2.0 if is_torn or is_mixed or is_alone else 0.25
    if "\u0180" <= character < "\u0370" or character >= "\u0530":
        return (
            0.3 if "\u0300" <= character < "\u0370" and before.isascii() and before.isalpha() else 2.0
        )  # letters of no usual alphabet
    if character in "‘’“”–—…°€©®™«»¿¡·":
        is_in_word = before.isalpha() and after.isalpha() and character != "’"
        return 1.2 if is_in_word else 0.3 if not (before > "\x7f" and after > "\x7f") else 1.2
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
_FIRST = {"big5hkscs": 0.3, "cp932": 0.3, "cp949": 1.6, "cp1252": 0.3, "cp1251": 2.0, "cp437": 0.3, "cp866": 2.0}
"""What an encoding costs before the first character: of two equal readings the likelier origin wins."""
