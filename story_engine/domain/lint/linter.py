"""All rules over one story."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from story_engine.domain.edit import Edit
from story_engine.domain.lint.attributes import looks
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.genders import both_genders
from story_engine.domain.lint.in_front import only_named
from story_engine.domain.lint.length import Reader, cuts
from story_engine.domain.lint.negatives import negative_words
from story_engine.domain.lint.shots import same_shots
from story_engine.domain.lint.styles import style_changes
from story_engine.domain.lint.syntax import placebos
from story_engine.domain.lint.twice import said_twice
from story_engine.domain.lint.widths import mixed_widths
from story_engine.domain.lint.wording import wordings
from story_engine.domain.story import Story
from story_engine.domain.story_text import after, painted_texts

_RULES: tuple[Callable[[Story], Iterable[PromptFinding]], ...] = (
    placebos,
    mixed_widths,
    looks,
    wordings,
    only_named,
    both_genders,
    style_changes,
    said_twice,
    same_shots,
    negative_words,
)
LONGEST_READ = 2_000
"""Characters of one text that are looked into; no family reads as many, and what is longer is said to be cut."""
_MOST_ROUNDS = 60
"""Of repairing one story: a repair may bring to light what another one hid."""
_SEEN_FIRST = frozenset(("lint.look_contradicts", "lint.look_forgotten", "lint.wordings", "lint.typed_by_hand"))
"""About what a figure looks like nothing is changed that was not shown before."""


def lint(story: Story, reader: Reader | None = None) -> tuple[PromptFinding, ...]:
    """Everything that the words show before anything is painted, in the order of the story.

    Args:
        story: what the author wrote.
        reader: how its model reads; None leaves out the length.
    """
    readable = _readable(story)
    found = [finding for rule in _RULES for finding in rule(readable)]
    if readable is not story:
        found = [finding for finding in found if all(_is_as_seen(story, edit) for edit in finding.edits)]
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
    done: set[str] = set()
    for _ in range(_MOST_ROUNDS):
        found = [each for each in lint(story) if each.edits and not each.is_matter_of_taste]
        found = [each for each in found if each.code not in _SEEN_FIRST or _about(each) in seen]
        # What its own repair did not take away is not repaired again.
        chosen = _apart([each for each in found if _told(each) not in done], done)
        if not chosen:
            break
        edits += chosen
        story = after(story, chosen)
    return tuple(edits)


def _apart(findings: Sequence[PromptFinding], done: set[str]) -> tuple[Edit, ...]:
    """Edits that can be made together, no two findings changing one text; what they put right is `done`."""
    chosen: dict[tuple[object, ...], Edit] = {}
    for finding in findings:
        ways: dict[tuple[object, ...], Edit] = {(edit.scene, edit.field, edit.part): edit for edit in finding.edits}
        if not ways.keys() & chosen.keys():
            chosen |= ways
            done.add(_told(finding))
    return tuple(chosen.values())


def _readable(story: Story) -> Story:
    """The story without the texts that are longer than anything that is read."""
    long = [text.place for text in painted_texts(story) if len(text.words) > LONGEST_READ]
    if not long:
        return story
    scenes = [
        scene.model_copy(update={place.field: "" for place in long if place.scene == scene.id})
        for scene in story.scenes
    ]
    shared: dict[str, object] = {place.field: "" for place in long if place.scene is None and not place.part}
    characters = [each for each in story.characters if not any(place.part[:1] == (each.id,) for place in long)]
    return story.model_copy(update={**shared, "scenes": tuple(scenes), "characters": tuple(characters)})


def _is_as_seen(story: Story, edit: Edit) -> bool:
    """Whether the text that a repair changes is one that was read."""
    texts = {(text.place.scene, text.place.field, text.place.part): text.words for text in painted_texts(story)}
    return texts.get((edit.scene, edit.field, edit.part)) == edit.seen


def _told(finding: PromptFinding) -> str:
    """The same for the same thing said of the same words, wherever in its text they stand by now."""
    words = [edit.seen for edit in finding.edits] if finding.code not in _SEEN_FIRST else []
    return repr((finding.code, finding.places[0].scene, sorted(finding.values.items(), key=str), words))


def _about(finding: PromptFinding) -> tuple[str, str | None]:
    return finding.code, finding.places[0].scene
