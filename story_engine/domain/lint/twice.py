"""The same style said twice in one picture."""

from __future__ import annotations

from collections.abc import Iterator

from story_engine.domain.lint.finding import PromptFinding, in_text
from story_engine.domain.lint.mentions import mentions
from story_engine.domain.lint.panel import panels, style_of
from story_engine.domain.lint.segments import Segment, segments, without
from story_engine.domain.lint.vocabulary import lexicon
from story_engine.domain.story import Story
from story_engine.domain.story_text import StoryText

_LEAST_LENGTH = 5
"""Of words that are no style and stand twice: shorter ones may be a refrain ("snow, snow, snow")."""


def said_twice(story: Story) -> Iterator[PromptFinding]:
    """A style or artist in the shared words and again in a scene's, or twice in one text; words repeated in a text."""
    style = style_of(story)
    shared = set(_ids(style))
    parts = {part.key for part in segments(story.style)}
    yield from _within(style, set(), set())
    for panel in panels(story):
        yield from _within(panel.own, shared, parts)


def _ids(text: StoryText) -> Iterator[tuple[str, str]]:
    return ((each.kind, each.id) for each in mentions(text.words) if each.segment is not None)


def _within(text: StoryText, shared: set[tuple[str, str]], parts: set[str]) -> Iterator[PromptFinding]:
    named, said = set(shared), set(parts)
    again: dict[str, list[Segment]] = {}
    of_part: dict[Segment, list[tuple[str, str]]] = {part: [] for part in segments(text.words)}
    for each in mentions(text.words):
        if each.segment is not None:
            of_part[each.segment].append((each.kind, each.id))
    for part, ids in of_part.items():
        repeated = bool(ids) and all(one in named for one in ids)
        if repeated or (part.key in said and (part.key in parts or _is_long(part))):
            again.setdefault(part.key, []).append(part)
        named |= set(ids)
        said.add(part.key)
    for same_words in again.values():
        new = text.words
        for part in reversed(same_words):
            new = without(new, part.start, part.end)
        yield in_text("lint.said_twice", text, (same_words[0].start, same_words[0].end), new)


def _is_long(part: Segment) -> bool:
    return len(part.key) >= _LEAST_LENGTH or bool(lexicon("quality").find(part.words))
