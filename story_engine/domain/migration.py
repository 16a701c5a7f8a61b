"""Older forms of a story file, brought up to the present one step by step."""

from __future__ import annotations

from collections.abc import Callable

from story_engine.domain.story import SCHEMA


def schema_of(data: dict[object, object]) -> object:
    """What the file says about its form; files from before there was a number are of form 0."""
    return data.get("schema", 0)


def migrate(data: dict[object, object]) -> dict[object, object]:
    """The same story in the present form; `data` is left alone.

    Wrong types are passed on as they are: validation names them.
    """
    number = schema_of(data)
    while isinstance(number, int) and not isinstance(number, bool) and 0 <= number < SCHEMA:
        data = _STEPS[number](data)
        number = data["schema"]
    return data


def _flat_prompts_to_scenes(data: dict[object, object]) -> dict[object, object]:
    """Form 0, as notebooks keep it: `negative_prompt` for `negative`, scenes without ids, settings beside them."""
    moved = {"negative_prompt": "negative"}
    settings_keys = {
        "cfg_scale": "cfg_scale",
        "steps": "steps",
        "num_inference_steps": "steps",
        "height": "height",
        "width": "width",
        "sampler": "sampler",
        "family": "family",
    }
    story: dict[object, object] = {"schema": 1}
    settings: dict[object, object] = {}
    for key, value in data.items():
        if key in settings_keys:
            settings[settings_keys[str(key)]] = value
        elif key != "schema":
            story[_new_name(key, moved, data)] = value
    if settings:
        given = story.get("settings")
        story["settings"] = {**settings, **given} if isinstance(given, dict) else settings
    scenes = story.get("scenes")
    if isinstance(scenes, list):
        story["scenes"] = _scenes_with_ids(scenes, moved)
    return story


def _scenes_with_ids(scenes: list[object], moved: dict[str, str]) -> list[object]:
    taken = {scene.get("id") for scene in scenes if isinstance(scene, dict) and isinstance(scene.get("id"), str)}
    result: list[object] = []
    for position, scene in enumerate(scenes, 1):
        if not isinstance(scene, dict):
            result.append(scene)
            continue
        renamed: dict[object, object] = {_new_name(key, moved, scene): value for key, value in scene.items()}
        if "id" not in renamed:
            fresh = next(name for name in (f"s{n}" for n in range(position, position + 10_000)) if name not in taken)
            taken.add(fresh)
            renamed = {"id": fresh, **renamed}
        result.append(renamed)
    return result


def _new_name(key: object, moved: dict[str, str], among: dict[object, object]) -> object:
    """The present name of `key`, unless it is given too: then both stay, and validation names the old one."""
    present = moved.get(str(key), key)
    return key if present in among else present


_STEPS: dict[int, Callable[[dict[object, object]], dict[object, object]]] = {0: _flat_prompts_to_scenes}
