"""Negative prompts that were copied from scene to scene, and differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from story_engine.domain.edit import Edit
from story_engine.domain.lint.finding import PromptFinding, in_text
from story_engine.domain.lint.segments import COMMAS, Segment, segments, separator_in, without
from story_engine.domain.story import Story
from story_engine.domain.story_text import Place, StoryText

_LEAST_COPIES = 3
_SYNTAX = re.compile(r"[()（）\[\]{}]|[:：]\s*[\d.]+")


def negative_words(story: Story) -> Iterator[PromptFinding]:
    """Words said twice in one negative prompt; else copies that differ."""
    yield from _twice(story)
    yield from _copies(story)


def _twice(story: Story) -> Iterator[PromptFinding]:
    shared = {_key(part) for part in segments(story.negative)}
    texts = [StoryText(place=Place(field="negative"), words=story.negative)]
    texts += [StoryText(place=Place(scene=each.id, field="negative"), words=each.negative) for each in story.scenes]
    for text in texts:
        said = set() if text.place.scene is None else set(shared)
        for part in segments(text.words):
            if _key(part) in said:
                new = without(text.words, part.start, part.end)
                yield in_text("lint.negative_twice", text, (part.start, part.end), new)
            said.add(_key(part))


def _copies(story: Story) -> Iterator[PromptFinding]:
    """One finding for each scene that has another negative than the copies; the repair says once what all share."""
    keys = {scene.id: {_key(part) for part in segments(scene.negative)} for scene in story.scenes}
    counts = Counter(key for each in keys.values() for key in each)
    copied = {key for key, count in counts.items() if count >= _LEAST_COPIES and count * 2 >= len(keys)}
    if not copied:
        return
    edits = tuple(_shared_once(story, copied))
    for scene in story.scenes:
        text = StoryText(place=Place(scene=scene.id, field="negative"), words=scene.negative)
        extra = [part for part in segments(scene.negative) if _key(part) not in copied]
        missing = [_spelled(story, key) for key in counts if key in copied - keys[scene.id]]
        place = text.place
        if extra:
            place = place.at(extra[0].start, extra[-1].end)
            said: dict[str, object] = {"found": "、".join(part.words for part in extra)}
            yield PromptFinding(code="lint.negative_extra", state="warning", values=said, places=(place,), edits=edits)
        if missing:
            said = {"found": "、".join(missing)}
            yield PromptFinding(
                code="lint.negative_missing", state="warning", values=said, places=(text.place,), edits=edits
            )


def _shared_once(story: Story, copied: set[str]) -> Iterator[Edit]:
    """The copied words go to the shared negative prompt; a scene keeps what it alone says."""
    present = {_key(part) for part in segments(story.negative)}
    source = max((scene.negative for scene in story.scenes), key=lambda words: _copied_in(words, copied))
    separator = _separator(source)
    spelled = [_spelled(story, key) for key in _in_order(story, copied) if key not in present]
    shared = separator.join([story.negative, *spelled] if story.negative.strip() else spelled)
    if shared != story.negative:
        yield Edit(scene=None, field="negative", value=shared, seen=story.negative)
    for scene in story.scenes:
        own = _own(scene.negative, copied)
        if own != scene.negative:
            yield Edit(scene=scene.id, field="negative", value=own, seen=scene.negative)


def _own(words: str, copied: set[str]) -> str:
    """What only this scene says, as it stands there where it stands together."""
    parts = segments(words)
    own = [number for number, part in enumerate(parts) if _key(part) not in copied]
    if own and own[-1] - own[0] == len(own) - 1:
        return words[parts[own[0]].start : parts[own[-1]].end]
    return _separator(words).join(parts[number].words for number in own)


def _key(part: Segment) -> str:
    """The words without brackets and weights, which are findings of their own."""
    return _SYNTAX.sub("", part.key).strip() or part.key


def _copied_in(words: str, copied: set[str]) -> int:
    return sum(_key(part) in copied for part in segments(words))


def _in_order(story: Story, copied: set[str]) -> list[str]:
    found = (_key(part) for scene in story.scenes for part in segments(scene.negative))
    return [key for key in dict.fromkeys(found) if key in copied]


def _spelled(story: Story, key: str) -> str:
    return next(part.words for scene in story.scenes for part in segments(scene.negative) if _key(part) == key)


def _separator(words: str) -> str:
    """The mark that parts the words of a list; the first one, where there are several."""
    first = next((letter for letter in words if letter in COMMAS), "")
    return separator_in(words) if first in ("", ",", "，", "\n") else first + " " * (first == ";")
