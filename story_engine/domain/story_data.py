"""A story as plain data, the way its file spells it."""

from __future__ import annotations

from story_engine.domain.schema import always_written
from story_engine.domain.story import Scene, Story

_ALWAYS, _ALWAYS_IN_SCENES = always_written(Story), always_written(Scene)


def story_data(story: Story) -> dict[str, object]:
    """Every field with its value, in the order of a file."""
    return story.model_dump(mode="json", by_alias=True)


def written_data(story: Story) -> dict[str, object]:
    """The fields that a new file shows: what is not default, and what an author looks for first."""
    every = story_data(story)
    brief = story.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    written = {name: brief.get(name, every[name]) for name in every if name in brief or name in _ALWAYS}
    # The family is the one setting that an author should always be able to read off.
    written["settings"] = {"family": story.settings.family, **story.settings.model_dump(exclude_defaults=True)}
    written["scenes"] = [written_scene(scene) for scene in story.scenes]
    return {name: written[name] for name in every if name in written}


def written_scene(scene: Scene) -> dict[str, object]:
    """The fields of a scene that a new file shows."""
    every = scene.model_dump(mode="json")
    brief = scene.model_dump(mode="json", exclude_defaults=True)
    return {name: brief.get(name, every[name]) for name in every if name in brief or name in _ALWAYS_IN_SCENES}
