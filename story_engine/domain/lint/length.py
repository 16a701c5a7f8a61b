"""Prompts that are longer than the model reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from story_engine.domain.composing import compose_negative, compose_prompt
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.story import Scene, Story
from story_engine.domain.story_text import Place
from story_engine.errors import StudioError

_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Reader:
    """How the model that paints reads: its tokenizer and its limit."""

    token_limit: int
    count_tokens: Callable[[str], int]
    cut_position: Callable[[str, int], int | None]
    """(text, limit) → first character that is not read."""


def cuts(story: Story, reader: Reader) -> Iterator[PromptFinding]:
    """Prompts and negatives whose end no model reads, with the first words that are lost."""
    for scene in story.scenes:
        for field, compose in (("prompt", compose_prompt), ("negative", compose_negative)):
            try:
                whole = compose(story, scene)
            except StudioError:
                continue  # a character that is gone is said by the story's own checks
            cut = reader.cut_position(whole, reader.token_limit)
            if cut is not None:
                values: dict[str, object] = {
                    "tokens": reader.count_tokens(whole),
                    "limit": reader.token_limit,
                    "found": whole[cut:].strip()[:_SHOWN],
                }
                place = _place(scene, field, len(whole) - cut)
                yield PromptFinding(code="lint.cut", state="bad", values=values, places=(place,))


def _place(scene: Scene, field: str, lost: int) -> Place:
    """The scene's own words stand last; a reference in them is longer than it looks, so that the place is the least."""
    words: str = getattr(scene, field)
    end = len(words.rstrip())
    return Place(scene=scene.id, field=field, start=max(0, end - lost), end=end)
