"""Syntax that does nothing: other programs read it as an instruction, Kolors is sent it as words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from story_engine.domain.braces import references, unknown_names
from story_engine.domain.lint.brackets import Placebo, bracket_placebos
from story_engine.domain.lint.finding import PromptFinding, in_text
from story_engine.domain.lint.segments import in_place_of, is_within, quoted, separator_in
from story_engine.domain.lint.vocabulary import embedding_names
from story_engine.domain.story import Story
from story_engine.domain.story_text import StoryText, painted_texts

_TAG = re.compile(r"<\s*(?:lora|lyco|locon|hypernet|embedding|segment)\s*:[^<>\n]*>", re.IGNORECASE)
_EMBEDDING = re.compile(r"\bembedding:[\w.-]+", re.IGNORECASE)
_VERSIONED = re.compile(
    r"(?<![\w-])(?=[\w.-]*(?:neg|bad))(?=[\w.-]*\d)[A-Za-z][\w-]*(?:\.\d+)?(?![\w-])", re.IGNORECASE
)
"""A name as only a file has it: no spaces, a number, and "bad" or "neg" in it."""
_WILDCARD = re.compile(r"__[A-Za-z][\w/-]*?__")
_PARAMETER = re.compile(
    r"(?<!\S)--(?:(?:ar|aspect|v|q|s|c|w|h|iw|stylize|chaos|seed|weird|niji|stop)\s+[\d.:]+|tile\b|hd\b|niji\b|style\s+raw\b)"
)
_DOUBLE_COLON = re.compile(r"(?<=\w)::\s*-?(?:\d*\.\d+|\d+)(?![\d:])")
_ESCAPE = re.compile(r"\\([()\[\]])")
_BAR = re.compile(r"[ \t]*\|[ \t]*")
_CAPITALS = re.compile(r"(?<![\w-])(BREAK|AND)(?![\w-])")


def placebos(story: Story) -> Iterator[PromptFinding]:
    """Every place of such syntax, in every text that a model is sent."""
    for text in painted_texts(story):
        fixed = tuple((each.start, each.end) for each in references(text.words, story.characters))
        taken: list[tuple[int, int]] = []
        for finding, span in _names_of_nobody(story, text):
            taken.append(span)
            yield finding
        for placebo in (*bracket_placebos(text.words, fixed), *_others(text.words)):
            if any(start < placebo.end and placebo.start < end for start, end in taken):
                continue
            taken.append((placebo.start, placebo.end))
            new = in_place_of(text.words, placebo.start, placebo.end, placebo.put)
            yield in_text(placebo.code, text, (placebo.start, placebo.end), new, put=placebo.put or "–")


def _names_of_nobody(story: Story, text: StoryText) -> Iterator[tuple[PromptFinding, tuple[int, int]]]:
    """Nothing is painted with them: what is meant is asked for, and only a person knows."""
    if text.place.scene is None or text.place.field != "prompt":
        return
    for unknown in unknown_names(text.words, story.characters):
        put = unknown.name if unknown.nearest is None else f"{{{unknown.nearest}}}"
        new = text.words[: unknown.start] + put + text.words[unknown.end :]
        code = "lint.name_of_nobody" if unknown.nearest is None else "lint.name_nearest"
        finding = in_text(code, text, (unknown.start, unknown.end), new, put=put)
        yield finding.model_copy(update={"state": "bad", "is_matter_of_taste": True}), (unknown.start, unknown.end)


def _others(words: str) -> Iterator[Placebo]:
    spoken = quoted(words)
    found = [
        *_all(_TAG, words, "lint.lora_tag"),
        *_all(_EMBEDDING, words, "lint.embedding"),
        *_embeddings(words),
        *_all(_WILDCARD, words, "lint.wildcard"),
        *_all(_PARAMETER, words, "lint.parameter"),
        *_all(_DOUBLE_COLON, words, "lint.parameter"),
        *(Placebo("lint.escape", each.start(), each.end(), each.group(1)) for each in _ESCAPE.finditer(words)),
        *_capitals(words),
        *_bars(words),
    ]
    yield from (each for each in found if not is_within(each.start, spoken))


def _all(pattern: re.Pattern[str], words: str, code: str) -> Iterator[Placebo]:
    return (Placebo(code, match.start(), match.end(), "") for match in pattern.finditer(words))


def _embeddings(words: str) -> Iterator[Placebo]:
    yield from _all(_known_embeddings(), words, "lint.embedding")
    yield from _all(_VERSIONED, words, "lint.embedding")


@cache
def _known_embeddings() -> re.Pattern[str]:
    known = "|".join(re.escape(name) for name in embedding_names())
    return re.compile(rf"(?<![\w-])(?:{known})(?![\w-])", re.IGNORECASE)


def _capitals(words: str) -> Iterator[Placebo]:
    """BREAK and AND between words of ordinary case; a sign in capitals is a sign."""
    for match in _CAPITALS.finditer(words):
        before, after = words[: match.start()].rstrip(" \n\t"), words[match.end() :].lstrip(" \n\t")
        near = [_last_word(before), _first_word(after)]
        if any(len(word) > 1 and word.isupper() and word.isascii() for word in near):
            continue
        if match.group() == "AND" and not (near[0] and near[1]):
            continue
        yield Placebo("lint.separator", *_with_commas(words, match.start(), match.end()))


def _with_commas(words: str, start: int, end: int) -> tuple[int, int, str]:
    """The word with spaces and commas around it, and the one comma that takes their place."""
    while start and words[start - 1] in " \t\n,，":
        start -= 1
    while end < len(words) and words[end] in " \t\n,，":
        end += 1
    edge = start == 0 or end == len(words)
    return start, end, "" if edge else separator_in(words)


def _bars(words: str) -> Iterator[Placebo]:
    """`|` between words; not in a face, and not between two single letters."""
    for match in _BAR.finditer(words):
        before, after = words[: match.start()], words[match.end() :]
        left, right = _last_word(before), _first_word(after)
        bare = left.isascii() and right.isascii() and min(len(left), len(right)) < 2
        if left and right and not bare:
            yield Placebo("lint.bar", match.start(), match.end(), separator_in(words))


def _last_word(words: str) -> str:
    match = re.search(r"[^\W_]+\Z", words)
    return match.group() if match else ""


def _first_word(words: str) -> str:
    match = re.match(r"[^\W_]+", words)
    return match.group() if match else ""
