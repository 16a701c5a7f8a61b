"""A character's words where they are the same numbers in every panel: in front, behind nothing but the style.

To a causal text encoder a word is what stands before it: the same description behind other words is another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from story_engine.domain.edit import Edit
from story_engine.domain.lint.figures import Figure, figures
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.panel import Panel, panels
from story_engine.domain.lint.segments import in_place_of, is_within, quoted
from story_engine.domain.story import Appearance, Character, Story
from story_engine.domain.story_text import Place, StoryText

_PRONOUNS = {
    "female": re.compile(r"(?<![其])她(?!们)|(?<![A-Za-z])(?:she|her)(?![A-Za-z])", re.IGNORECASE),
    "male": re.compile(r"(?<![其])他(?!们)|(?<![A-Za-z])(?:he|him|his)(?![A-Za-z])", re.IGNORECASE),
}
_CHINESE = {"female": "她", "male": "他"}
_LETTERS = re.compile(r"\w")


def not_in_front(story: Story) -> Iterator[PromptFinding]:
    """A character that is named in the middle of a prompt, where others have it in front.

    No rule of the linter: where a word stands is the author's choice until somebody asks for the same numbers.
    """
    often = [each for panel in panels(story) for each in panel.cast]
    known = {character.id: character for character in story.characters}
    for panel in panels(story):
        for reference in panel.named[:1]:
            before = panel.own.words[: reference.start]
            if often.count(reference.character) < 2 or not _LETTERS.search(before):
                continue
            character = known[reference.character]
            called = _called(character, panel.own.words)
            text = panel.own
            edits = [text.place.edit(text.words, in_place_of(text.words, reference.start, reference.end, called))]
            if all(each.character != character.id for each in panel.scene.characters):
                edits.append(_brought_in(panel, character))
            yield PromptFinding(
                code="lint.not_in_front",
                state="warning",
                values={"found": character.name or character.id, "put": called, "character": character.id},
                places=(text.place.at(reference.start, reference.end),),
                edits=tuple(edits),
                is_matter_of_taste=True,
            )


def only_named(story: Story) -> Iterator[PromptFinding]:
    """Such as "she" or "the girl" in a scene that shows nobody: the model is not told how she looks."""
    blocks = {character.id: figure for character in story.characters if (figure := _figure(character)) is not None}
    for panel in panels(story):
        spoken = quoted(panel.own.words)
        if panel.cast or any(figure.start < figure.head[0] or figure.is_one for figure in figures(panel.own)):
            continue
        for character in story.characters:
            span = _named(panel, blocks, character.id)
            if span is None or is_within(span[0], spoken):
                continue
            yield PromptFinding(
                code="lint.only_named",
                state="warning",
                values={
                    "found": panel.own.words[slice(*span)].strip(),
                    "character": character.name or character.id,
                },
                places=(panel.own.place.at(*span),),
                edits=(_brought_in(panel, character),),
            )
            break


def _named(panel: Panel, blocks: dict[str, Figure], character: str) -> tuple[int, int] | None:
    """Where the words name this character, and can name no other."""
    figure = blocks.get(character)
    if figure is None:
        return None
    if [each.group for each in blocks.values()].count(figure.group) == 1:
        for bare in figures(panel.own):
            if bare.group == figure.group and not bare.is_many:
                return bare.head
    if figure.gender and [each.gender for each in blocks.values()].count(figure.gender) == 1:
        found = _PRONOUNS[figure.gender].search(panel.own.words)
        return found.span() if found is not None else None
    return None


def _called(character: Character, words: str) -> str:
    """How one goes on about a character that was described: "she", "the girl"; its name where it is neither."""
    figure = _figure(character)
    if figure is None:
        return character.name or character.id
    if words.isascii():
        return f"the {figure.head_words}" if figure.head_words.isascii() else character.name or character.id
    return _CHINESE.get(figure.gender, "它" if figure.kind == "animal" else character.name or character.id)


def _figure(character: Character) -> Figure | None:
    place = Place(field="characters", part=(character.id, "description"))
    return next(iter(figures(StoryText(place=place, words=character.description))), None)


def _brought_in(panel: Panel, character: Character) -> Edit:
    outfits = list(character.outfits)
    appearance = Appearance(character=character.id, outfit=outfits[0] if len(outfits) == 1 else None)
    return Edit(scene=panel.scene.id, field="characters", part=(character.id,), value=appearance, seen=None)
