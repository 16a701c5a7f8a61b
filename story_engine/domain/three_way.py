"""Two people's changes of one story in one, where they changed different fields."""

from __future__ import annotations

from story_engine.domain.merge import SCENE_FIELDS, STORY_FIELDS
from story_engine.domain.story import Scene, Story


def with_changes_of(ours: Story, theirs: Story, *, before: Story) -> Story:
    """`ours` with every field that only `theirs` changed since `before`; where both changed one, ours stands."""
    changed: dict[str, object] = {
        name: getattr(theirs, name)
        for name in STORY_FIELDS
        if getattr(ours, name) == getattr(before, name) != getattr(theirs, name)
    }
    return ours.model_copy(update=changed | {"scenes": _scenes(ours, theirs, before)})


def _scenes(ours: Story, theirs: Story, before: Story) -> tuple[Scene, ...]:
    mine, other, old = ({scene.id: scene for scene in story.scenes} for story in (ours, theirs, before))
    order = list(other) if list(mine) == list(old) else list(mine)
    return tuple(_scene(mine.get(name), other.get(name), old.get(name)) for name in order)


def _scene(mine: Scene | None, other: Scene | None, old: Scene | None) -> Scene:
    if mine is None or other is None or old is None:
        return mine or other or Scene(id="")  # every name stands in one of the two
    changed = {
        name: getattr(other, name)
        for name in SCENE_FIELDS
        if getattr(mine, name) == getattr(old, name) != getattr(other, name)
    }
    return mine.model_copy(update=changed)
