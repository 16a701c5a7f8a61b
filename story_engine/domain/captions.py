"""What can be done to many captions at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

MARKS = ",，、.。;；:："
"""Marks that may stand between a trigger word and what follows."""

_SEPARATORS = ",，、;；"
_WORD = 200
"""Characters within which a word or a phrase ends."""
Rewrite = Callable[[str], str]
"""From the caption as it is to the caption as it shall be."""


def set_to(text: str) -> Rewrite:
    """The same caption for all."""
    return lambda _: text.strip()


def prefixed(prefix: str) -> Rewrite:
    """`prefix` before each caption, as it is written, blanks and marks included."""
    return lambda caption: prefix + caption if caption else prefix.rstrip(f" {MARKS}")


def replaced(find: str, by: str) -> Rewrite:
    """Every `find` replaced; capitals count."""
    if not find:
        raise ValueError("an empty text is everywhere")
    return lambda caption: caption.replace(find, by)


def triggered(trigger: str) -> Rewrite:
    """The trigger word in front; where it is in front already nothing changes."""
    word = trigger.strip()
    if not word:
        raise ValueError("no trigger word")

    def rewrite(caption: str) -> str:
        text = caption.strip()
        if has_trigger_in_front(text, word):
            return text
        mark = "，" if _is_chinese(text) else ", "
        return f"{word}{mark}{text}" if text else word

    return rewrite


def styled(trigger: str, styles: str) -> Rewrite:
    """The trigger word in front, if there is one, and `styles` behind it."""
    word, added = trigger.strip(), styles.strip().strip(MARKS)
    in_front = triggered(word) if word else str.strip

    def rewrite(caption: str) -> str:
        text = in_front(caption)
        mark = "，" if _is_chinese(text) else ", "
        return mark.join(filter(None, (word, added, text[len(word) :].lstrip(f" {MARKS}"))))

    return rewrite


def without_words(text: str, words: Iterable[str]) -> str:
    """The text without these words, and without the marks that stood around them; capitals do not count.

    A word of Latin letters is left out only where it stands alone: "ink" is not taken out of "drinking".
    """
    for word in sorted(filter(None, (each.strip() for each in words)), key=len, reverse=True):
        found = re.escape(word)
        left = r"(?<![A-Za-z])" if word[0].isascii() else ""
        right = r"(?![A-Za-z])" if word[-1].isascii() else ""
        text = re.sub(f"{left}{found}{right}", "", text, flags=re.IGNORECASE)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(rf"\s*([{_SEPARATORS}])(?:\s*[{_SEPARATORS}])+", r"\1", text)
    return re.sub(rf"\s+([{_SEPARATORS}])", r"\1", text).strip(f" {_SEPARATORS}")


def split_words(words: str) -> tuple[str, ...]:
    """Words that are written in one line, separated by commas."""
    return tuple(word.strip() for word in re.split(r"[,，、]", words) if word.strip())


def one_line(text: str, *, keep_blanks: bool = False) -> str:
    """A caption as tables and trainers want it: one line, nothing invisible that is no letter.

    Args:
        text: as it was written.
        keep_blanks: also several in a row, where a person typed them.
    """
    visible = "".join(" " if character < " " or character == "\x7f" else character for character in text)
    line = visible.encode("utf-8", "ignore").decode()
    return line.strip() if keep_blanks else " ".join(line.split())


def shortened(caption: str, longest: int) -> str:
    """At most `longest` characters of it, cut between words or phrases where one ends close before."""
    if len(caption) <= longest:
        return caption
    cut = caption[:longest]
    for marks in (MARKS, " "):
        end = max(cut.rfind(mark) for mark in marks)
        if end > longest - _WORD:
            return cut[:end].rstrip(f" {MARKS}")
    return cut


def has_trigger_in_front(caption: str, trigger: str) -> bool:
    """Whether the caption begins with the trigger as a word of its own."""
    text, word = caption.strip(), trigger.strip()
    if not word or not text.startswith(word):
        return False
    rest = text[len(word) :]
    return not rest or rest[0] in MARKS or rest[0].isspace()


def language_of(texts: Iterable[str]) -> str | None:
    """The language that most of these texts are written in, "zh" or "en"; None where none says anything."""
    counts = {"zh": 0, "en": 0}
    for text in texts:
        if text.strip():
            counts["zh" if _is_chinese(text) else "en"] += 1
    return max(counts, key=lambda each: counts[each]) if any(counts.values()) else None


def languages_differ(captions: Iterable[str], prompts: Iterable[str]) -> bool:
    """Whether captions and prompts are written in two languages: what is learned from one carries over badly."""
    learned, asked = language_of(captions), language_of(prompts)
    return learned is not None and asked is not None and learned != asked


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)
