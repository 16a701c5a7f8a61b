"""A scene's prompt out of style, character blocks and its own words, and where in it each character's words stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from story_engine.domain.braces import references
from story_engine.domain.story import Appearance, Scene, Story
from story_engine.errors import FixInput

_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_SEPARATORS = "，,、"
"""What stands between the words of a prompt: at a seam one is enough."""
_SENTENCE_ENDS = "。．.！!？?；;：:"
"""After these nothing needs to separate."""
Words = tuple[int, int]
"""First of some characters of a prompt, and the first behind them."""


@dataclass(frozen=True, slots=True)
class Composed:
    """One scene's prompt."""

    text: str
    characters: dict[str, Words]
    """Id → where its words stand first, for every character that has any; in the order in which they stand."""


def compose_prompt(story: Story, scene: Scene) -> str:
    """What the model is sent for a scene. Raises as `composed`."""
    return composed(story, scene).text


def composed(story: Story, scene: Scene) -> Composed:
    """Style, character blocks and the scene's own words as one prompt.

    `{name}` or `{id}` of a character inside the scene's prompt is replaced by its words where it stands; the other
    characters of the scene stand in front. Braces around anything else are the author's own.

    Raises:
        FixInput: the scene names a character or an outfit that the story has not.
    """
    separator = separator_of(story, scene)
    blocks = {character.id: [character.description] for character in story.characters}
    for appearance in scene.characters:
        blocks[appearance.character] = words_of(story, appearance)
    own, behind = "", 0
    in_place: dict[str, Words] = {}
    for reference in references(scene.prompt, story.characters):
        own += scene.prompt[behind : reference.start]
        block = join(blocks[reference.character], separator)
        in_place.setdefault(reference.character, (len(own), len(own) + len(block)))
        own += block
        behind = reference.end
    own += scene.prompt[behind:]
    parts, owners = [story.style], [""]
    for use in scene.characters:
        if use.character not in in_place:
            parts += blocks[use.character]
            owners += [use.character] * len(blocks[use.character])
    text, spans = _joined([*parts, own], separator)
    found: dict[str, Words] = {}
    for owner, span in zip(owners, spans, strict=False):
        if owner and span is not None:
            found[owner] = (found[owner][0] if owner in found else span[0], span[1])
    if spans[-1] is not None:
        shift = spans[-1][0] - (len(own) - len(own.lstrip()) + _lead(own.strip(), is_first=spans[-1][0] == 0))
        for owner, (start, end) in in_place.items():
            start, end = max(start + shift, spans[-1][0]), min(end + shift, spans[-1][1])
            if start < end:
                found[owner] = (start, end)
    return Composed(text, dict(sorted(found.items(), key=lambda each: each[1])))


def compose_negative(story: Story, scene: Scene) -> str:
    """The shared negative words, then the scene's own."""
    return join([story.negative, scene.negative], separator_of(story, scene))


def separator_of(story: Story, scene: Scene) -> str:
    """What joins the parts of this scene's prompts: a comma in the way in which its author writes commas.

    Chinese text is joined with "，", except where all its commas are half-width ones, as in many prompts that were made
    for older models; other text with ", ". Only what this scene is painted from decides, so that an edit elsewhere in
    the story never changes its pictures.
    """
    descriptions = [words for appearance in scene.characters for words in words_of(story, appearance)]
    words = "\n".join((story.style, story.negative, *descriptions, scene.prompt, scene.negative))
    if len(_CHINESE.findall(words)) < len(_LATIN_WORD.findall(words)) or not _CHINESE.search(words):
        return ", "
    return "," if "," in words and "，" not in words else "，"


def join(parts: Iterable[str], separator: str) -> str:
    """The parts in one line of words: no empty part, one separator at each seam, a single part as it is."""
    return _joined(parts, separator)[0]


def words_of(story: Story, appearance: Appearance) -> list[str]:
    """A character's words and its outfit's.

    Raises:
        FixInput: the story has no such character or outfit.
    """
    for character in story.characters:
        if character.id != appearance.character:
            continue
        if appearance.outfit is None:
            return [character.description]
        if appearance.outfit in character.outfits:
            return [character.description, character.outfits[appearance.outfit]]
        known = ", ".join(character.outfits) or "-"
        raise FixInput("story.missing_outfit", value=appearance.outfit, character=character.id, known=known)
    known = ", ".join(character.id for character in story.characters) or "-"
    raise FixInput("story.missing_character", value=appearance.character, known=known)


def _joined(parts: Iterable[str], separator: str) -> tuple[str, list[Words | None]]:
    """The whole, and where each part stands in it; None for a part without words."""
    whole = ""
    spans: list[Words | None] = []
    for part in parts:
        following = part.strip()
        if not following.strip(_SEPARATORS + " "):
            spans.append(None)
            continue
        if not whole:
            whole = following
            spans.append((0, len(whole)))
            continue
        following = following[_lead(following, is_first=False) :]
        before = whole.rstrip(_SEPARATORS + " \n\t")
        spans = [None if span is None else (span[0], min(span[1], len(before))) for span in spans]
        if before.endswith(tuple(_SENTENCE_ENDS)):
            whole = before + (" " if separator.endswith(" ") else "")
        else:
            whole = before + separator
        spans.append((len(whole), len(whole) + len(following)))
        whole += following
    return whole, spans


def _lead(text: str, *, is_first: bool) -> int:
    """Characters at the beginning of a part that fall away at a seam."""
    return 0 if is_first else len(text) - len(text.lstrip(_SEPARATORS + " "))
