"""Full- and half-width punctuation mixed: to the tokenizer "，" and "," are different tokens."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from story_engine.domain.lint.brackets import groups
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.segments import is_chinese, is_in_number, is_within, quoted
from story_engine.domain.story import Story
from story_engine.domain.story_text import StoryText, painted_texts

_FULL = dict(zip(",:;!?()", "，：；！？（）", strict=True))
_HALF = {full: half for half, full in _FULL.items()}
_WIDE_WORD = re.compile(r"(?=[0-9A-Za-z]*[０-９Ａ-Ｚａ-ｚ])[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]{2,}|[０-９](?=[\u3400-\u9fff])")
_CHINESE_LETTER = re.compile(r"[\u3400-\u9fff]")
_LEAST_TEXTS = 3
_MOST_SHARE = 0.75
"""Of the texts of a story: as many are written with one comma before another one counts as a slip."""


def mixed_widths(story: Story) -> Iterator[PromptFinding]:
    """Within one text, and between the prompts of a story."""
    uniform: list[tuple[StoryText, str]] = []
    for text in painted_texts(story):
        spans = [*_slips(text.words), *(match.span() for match in _WIDE_WORD.finditer(text.words))]
        if spans:
            yield _finding("lint.width_mixed", [text], [sorted(spans)])
        elif text.place.field in ("prompt", "style") and (comma := _comma_of(text.words)):
            uniform.append((text, comma))
    counts = Counter(comma for _, comma in uniform)
    if len(counts) == 2 and len(uniform) >= _LEAST_TEXTS:
        usual, most = counts.most_common(1)[0]
        if most >= _MOST_SHARE * len(uniform):
            other = [text for text, comma in uniform if comma != usual]
            yield _finding("lint.width_scenes", other, [_marks(text.words, other_than=usual) for text in other])


def _finding(code: str, texts: list[StoryText], spans: list[list[tuple[int, int]]]) -> PromptFinding:
    places, edits = [], []
    for text, parts in zip(texts, spans, strict=True):
        places += [text.place.at(start, end) for start, end in parts]
        edits.append(text.place.edit(text.words, _turned(text.words, parts)))
    shown = [texts[0].words[start:end] for start, end in spans[0]]
    values: dict[str, object] = {"found": " ".join(dict.fromkeys(shown)), "count": len(places)}
    return PromptFinding(code=code, state="warning", values=values, places=tuple(places), edits=tuple(edits))


def _slips(words: str) -> list[tuple[int, int]]:
    """The marks that are of the rarer width, kind by kind: a full stop says nothing about commas."""
    if not is_chinese(words):
        return [] if _CHINESE_LETTER.search(words) else [(at, at + 1) for at, mark in enumerate(words) if mark in _HALF]
    found: list[tuple[int, int]] = []
    for half, full in (",，", ":：", ";；", "!！", "?？"):
        halves, fulls = _marks(words, other_than=full), [(at, at + 1) for at, mark in enumerate(words) if mark == full]
        halves = [span for span in halves if words[span[0]] == half]
        if halves and fulls:
            found += halves if len(halves) <= len(fulls) else fulls
    return found + _mismatched(words)


def _mismatched(words: str) -> list[tuple[int, int]]:
    """Round brackets that open in one width and close in the other."""
    return [
        (at, at + 1)
        for start, end in _round_pairs(words)
        if (words[start] == "(") != (words[end] == ")")
        for at in (start, end)
        if words[at] in "()"
    ]


def _round_pairs(words: str) -> Iterator[tuple[int, int]]:
    open_: list[int] = []
    for at, letter in enumerate(words):
        if letter in "(（":
            open_.append(at)
        elif letter in ")）" and open_:
            start = open_.pop()
            if _CHINESE_LETTER.search(words[start:at]):
                yield start, at


def _marks(words: str, *, other_than: str) -> list[tuple[int, int]]:
    """Commas and the like of the other width, without those of numbers, of English within Chinese, of faces."""
    wanted = _HALF.get(other_than) or _FULL[other_than]
    bracketed = tuple((group.start, group.end) for group in groups(words))
    spoken = quoted(words)
    return [
        (at, at + 1)
        for at, mark in enumerate(words)
        if mark == wanted
        and not is_in_number(words, at)
        and not (mark in _FULL and (_is_english(words, at) or _is_face(words, at) or is_within(at, spoken + bracketed)))
    ]


def _is_english(words: str, at: int) -> bool:
    """Between two words in letters: part of an English phrase in a Chinese text."""
    before, after = words[:at].rstrip()[-1:], words[at + 1 :].lstrip()[:1]
    return bool(before and after) and before.isascii() and after.isascii() and before.isalnum() and after.isalnum()


def _is_face(words: str, at: int) -> bool:
    return words[at] in ":;" and words[at + 1 : at + 2] in ("(", ")", "-", "D", "P", "3", "/", "|", "'")


def _comma_of(words: str) -> str | None:
    """The width of all the commas of a Chinese text."""
    if not is_chinese(words):
        return None
    full, half = "，" in words, bool(_marks(words, other_than="，"))
    half = half and any(words[start] == "," for start, _ in _marks(words, other_than="，"))
    return "，" if full and not half else "," if half and not full else None


def _turned(words: str, spans: list[tuple[int, int]]) -> str:
    """These characters in their other width."""
    turned, behind = "", 0
    for start, end in spans:
        part = words[start:end]
        turned += words[behind:start]
        if part in _FULL:
            turned += _FULL[part]
            end += len(words[end:]) - len(words[end:].lstrip(" "))
        elif part in _HALF:
            after = words[end : end + 1]
            spaced = not is_chinese(words) and part not in "（）" and after not in ("", " ", "\n")
            turned += (" " if part == "（" and turned[-1:].isalnum() else "") + _HALF[part] + " " * spaced
            turned += " " if part == "）" and after.isalnum() and after.isascii() else ""
        else:
            turned += unicodedata.normalize("NFKC", part)
        behind = end
    return turned + words[behind:]
