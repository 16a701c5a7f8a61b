"""How much of a story's prompts is the same numbers in every panel, by the tokens that the model reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from story_engine.catalog.tokenizer import encode_ids, token_span
from story_engine.domain.composing import composed
from story_engine.domain.edit import Edit
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.in_front import not_in_front
from story_engine.domain.lint.linter import lint
from story_engine.domain.story import Story
from story_engine.domain.story_text import after
from story_engine.errors import FixInput
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One character over all panels that show it."""

    character: str
    """Id."""
    tokens: int
    """Of its description in most of the panels."""
    same: int
    """Panels in which these tokens, and all before them, are the same: there they are the same numbers to the model."""
    odd: tuple[int, ...]
    """Numbers, from 1, of the panels in which they are others."""

    @property
    def panels(self) -> int:
        """That show it."""
        return self.same + len(self.odd)


def identities(story: Story) -> tuple[Identity, ...]:
    """Every character that at least two panels show."""
    begun: dict[str, list[tuple[int, tuple[int, ...], int]]] = {}
    descriptions = {character.id: len(character.description.strip()) for character in story.characters}
    for number, scene in enumerate(story.scenes, start=1):
        try:
            sent = composed(story, scene)
        except FixInput:  # it cannot be painted as it is written
            continue
        for character, (start, end) in sent.characters.items():
            first, last = token_span(sent.text, start, min(end, start + descriptions[character]))
            if first < last:
                begun.setdefault(character, []).append((number, _ids(sent.text)[:last], last - first))
    return tuple(
        _identity(character.id, begun[character.id])
        for character in story.characters
        if len(begun.get(character.id, ())) > 1
    )


def out_of_place(story: Story, character: str) -> tuple[PromptFinding, ...]:
    """Where the character is named in the middle of a prompt or typed by hand, with the edits that put it in front.

    `flows.lint.repair` makes them.
    """
    written = (*not_in_front(story), *(each for each in lint(story) if each.code == "lint.typed_by_hand"))
    return tuple(each for each in written if each.edits and each.values.get("character") == character)


def put_in_front(services: Services, slug: str, character: str) -> Story:
    """Make all of these edits as one revision: one step to undo.

    Raises:
        EditConflict: somebody changed the same words in this moment; nothing was written.
    """
    story = services.stories.load(slug)
    edits: list[Edit] = []
    for _ in range(
        2 * len(story.scenes)
    ):  # one of them may bring another to light: what was typed by hand is then named in its place
        found = out_of_place(story, character)
        if not found:
            break
        edits += found[0].edits
        story = after(story, found[0].edits)
    return services.stories.edit(slug, edits) if edits else story


def _identity(character: str, begun: list[tuple[int, tuple[int, ...], int]]) -> Identity:
    usual, same = Counter(ids for _, ids, _ in begun).most_common(1)[0]
    return Identity(
        character=character,
        tokens=next(tokens for _, ids, tokens in begun if ids == usual),
        same=same,
        odd=tuple(number for number, ids, _ in begun if ids != usual),
    )


@lru_cache(maxsize=256)
def _ids(text: str) -> tuple[int, ...]:
    return tuple(encode_ids(text))
