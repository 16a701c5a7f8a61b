"""Edits of several people put together: different fields merge, the same field shows both texts."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from story_engine.domain import parts
from story_engine.domain.edit import Edit
from story_engine.domain.story import Scene, Settings, Story
from story_engine.errors import ChooseAnother, EditConflict, FixInput

STORY_FIELDS = tuple(name for name in Story.model_fields if name not in ("schema_number", "revision", "scenes"))
SCENE_FIELDS = tuple(name for name in Scene.model_fields if name != "id")


def merge(data: dict[str, object], edits: Sequence[Edit]) -> dict[str, object]:
    """The plain data of a story (`story_data`) after `edits`; not validated yet, `data` is left alone.

    Raises:
        EditConflict: the field is neither as the person saw it nor as they want it.
        ChooseAnother: the scene is gone, or the part.
        FixInput: there is no such field.
    """
    merged = deepcopy(data)
    for edit in edits:
        target, model = _target(merged, edit)
        wanted = _plain(edit.value)
        if edit.part:
            _merge_part(merged, target, edit, wanted)
            continue
        present, mine, seen = (
            _comparable(model, edit.field, value) for value in (target[edit.field], wanted, _plain(edit.seen))
        )
        if present == mine:
            continue
        if present == seen:
            target[edit.field] = wanted
        elif edit.field == "settings" and (both := _settings_of_both(present, mine, seen)) is not None:
            target[edit.field] = both
        else:
            raise EditConflict(scene=edit.scene, field=edit.field, mine=edit.value, theirs=target[edit.field])
    return merged


def changes(before: Story, after: Story) -> tuple[str, ...]:
    """The fields in which two states of a story differ, as `style` or `scenes[<id>].prompt`."""
    found = [name for name in STORY_FIELDS if getattr(before, name) != getattr(after, name)]
    old = {scene.id: scene for scene in before.scenes}
    new = {scene.id: scene for scene in after.scenes}
    for scene_id, scene in new.items():
        if scene_id not in old:
            found.append(f"scenes[{scene_id}]")
            continue
        fields = (name for name in SCENE_FIELDS if getattr(old[scene_id], name) != getattr(scene, name))
        found += [f"scenes[{scene_id}].{name}" for name in fields]
    found += [f"scenes[{scene_id}]" for scene_id in old if scene_id not in new]
    if [name for name in old if name in new] != [name for name in new if name in old]:
        found.append("scenes")
    return tuple(found)


def _merge_part(data: dict[str, object], holder: dict[str, object], edit: Edit, wanted: object) -> None:
    present, seen = parts.read(holder, edit), _plain(edit.seen)
    if present == wanted:
        return
    if present is None and seen is not None and wanted is not None and len(edit.part) > 1:
        raise parts.gone(edit)
    if present != seen:
        raise EditConflict(scene=edit.scene, field=parts.path(edit), mine=edit.value, theirs=present)
    parts.write(data, holder, edit, wanted)


def _target(data: dict[str, object], edit: Edit) -> tuple[dict[str, object], type[BaseModel]]:
    if edit.scene is None:
        if edit.field not in STORY_FIELDS:
            raise FixInput("story.unknown_field", field=edit.field, known=", ".join(STORY_FIELDS))
        return data, Story
    if edit.field not in SCENE_FIELDS:
        raise FixInput("story.unknown_field", field=edit.field, known=", ".join(SCENE_FIELDS))
    for scene in _scenes(data):
        if scene["id"] == edit.scene:
            return scene, Scene
    raise ChooseAnother("story.no_such_scene")


def _settings_of_both(present: object, mine: object, seen: object) -> dict[str, object] | None:
    """Two people's settings in one, when they changed different ones."""
    if not (isinstance(present, dict) and isinstance(mine, dict) and isinstance(seen, dict)):
        return None
    both = dict(present)
    for name in Settings.model_fields:
        if mine.get(name) == seen.get(name) or mine.get(name) == present.get(name):
            continue
        if present.get(name) != seen.get(name):
            return None
        both[name] = mine.get(name)
    return both


def _comparable(model: type[BaseModel], field: str, value: object) -> object:
    """`value` with its defaults filled in, so that equal values compare equal; as it is where it is not valid."""
    adapter: TypeAdapter[Any] = TypeAdapter(model.model_fields[field].rebuild_annotation())
    try:
        return adapter.dump_python(adapter.validate_python(value), mode="json")
    except ValidationError:
        return value


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _scenes(data: dict[str, object]) -> list[dict[str, object]]:
    scenes = data["scenes"]
    return scenes if isinstance(scenes, list) else []
