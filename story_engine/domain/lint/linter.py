"""All rules over one story."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from story_engine.domain.edit import Edit
from story_engine.domain.lint.attributes import looks
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.genders import both_genders
from story_engine.domain.lint.length import Reader, cuts
from story_engine.domain.lint.negatives import negative_words
from story_engine.domain.lint.shots import same_shots
from story_engine.domain.lint.styles import style_changes
from story_engine.domain.lint.syntax import placebos
from story_engine.domain.lint.twice import said_twice
from story_engine.domain.lint.widths import mixed_widths
from story_engine.domain.lint.wording import wordings
from story_engine.domain.story import Story
from story_engine.domain.story_text import after

_RULES: tuple[Callable[[Story], Iterable[PromptFinding]], ...] = (
    placebos,
    mixed_widths,
    looks,
    wordings,
    both_genders,
    style_changes,
    said_twice,
    same_shots,
    negative_words,
)
MOST_REPAIRS = 500
"""Of one story at once: each is one edit, and a repair may bring to light what another one hid."""


_SEEN_FIRST = frozenset(("lint.look_contradicts", "lint.look_forgotten", "lint.wordings", "lint.typed_by_hand"))
"""About what a figure looks like nothing is changed that was not shown before."""


def lint(story: Story, reader: Reader | None = None) -> tuple[PromptFinding, ...]:
    """Everything that the words show before anything is painted, in the order of the story.

    Args:
        story: what the author wrote.
        reader: how its model reads; None leaves out the length.
    """
    found = [finding for rule in _RULES for finding in rule(story)]
    if reader is not None:
        found += cuts(story, reader)
    order = {scene.id: number for number, scene in enumerate(story.scenes, start=1)}
    return tuple(sorted(found, key=lambda each: order.get(each.places[0].scene or "", 0)))


def repaired(story: Story, finding: PromptFinding) -> Story:
    """The story with one finding put right.

    Raises:
        EditConflict: the words are not as they were when it was found.
    """
    return after(story, finding.edits)


def repairs(story: Story) -> tuple[Edit, ...]:
    """The edits, one after the other, that put right everything but matters of taste.

    What is found is looked for anew after each repair: two of them may lie in one text.
    """
    edits: list[Edit] = []
    seen = {_about(each) for each in lint(story)}
    while len(edits) < MOST_REPAIRS:
        found = (each for each in lint(story) if each.edits and not each.is_matter_of_taste)
        finding = next((each for each in found if each.code not in _SEEN_FIRST or _about(each) in seen), None)
        if finding is None:
            break
        edits += finding.edits
        story = repaired(story, finding)
    return tuple(edits)


def _about(finding: PromptFinding) -> tuple[str, str | None]:
    return finding.code, finding.places[0].scene
