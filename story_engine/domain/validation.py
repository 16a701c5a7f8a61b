"""From what an author wrote, as plain data, to a `Story`, or to everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Mapping

from story_engine.domain.family import FAMILY_NAMES, LARGEST_CFG_SCALE, MOST_STEPS, SAMPLERS, SIZE_MULTIPLE
from story_engine.domain.findings import (
    Check,
    Findings,
    choice,
    fields,
    items,
    name,
    number,
    shown,
    text,
    whole_number,
    yes_no,
)
from story_engine.domain.migration import migrate, schema_of
from story_engine.domain.safe_name import same_file
from story_engine.domain.story import LARGEST_REVISION, LARGEST_SEED, LONGEST_PROMPT, MOST_SCENES, SCHEMA, Story
from story_engine.domain.story_data import story_data

NOISES = ("cpu", "device")
SMALLEST_SIDE, LARGEST_SIDE = 256, 2048
"""Pixels."""
LARGEST_STRENGTH = 5.0
LONGEST_TITLE = 200
LONGEST_CAPTION = 2_000
MOST_CHARACTERS = 24
MOST_LORAS = 8


def story_from(data: object, *, file: str, lines: Mapping[str, int] | None = None) -> Story:
    """The story that `data` (of YAML or JSON, in this form or an older one) spells.

    Args:
        data: mappings, lists and scalars as a YAML reader builds them.
        file: named in the problems.
        lines: field path → line of the file, as far as known.

    Raises:
        InvalidInput: all problems, each with file, field, value, and what to do.
    """
    found = Findings(file, lines)
    clean: dict[str, object] = {}
    if isinstance(data, dict):
        _schema(found, schema_of(data))
        found.raise_all()
        data = migrate(data)
    clean = fields(found, "", data, _STORY)
    if isinstance(data, dict):
        _scene_count(found, data.get("scenes"))
        _references(found, clean)
    found.raise_all()
    return Story.model_validate(clean)


def checked(story: Story, *, file: str) -> Story:
    """The same story, line breaks unified, after all checks: for stories that were not read from a file.

    Raises:
        InvalidInput: as `story_from`.
    """
    return story_from(_lists(story_data(story)), file=file)


def _schema(found: Findings, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        found.add("schema", "story.schema_unknown", value=shown(value), present=SCHEMA)
    elif value > SCHEMA:
        found.add("schema", "story.schema_newer", value=shown(value), present=SCHEMA)


def _scene_count(found: Findings, scenes: object) -> None:
    if scenes is None or scenes == []:
        found.add("scenes", "story.no_scenes")
    elif isinstance(scenes, list) and len(scenes) > MOST_SCENES:
        found.add("scenes", "story.too_many_scenes", count=len(scenes), limit=MOST_SCENES)


def _references(found: Findings, clean: dict[str, object]) -> None:
    """What only shows when the parts are seen together: ids given twice, references that lead nowhere."""
    characters, scenes = _mappings(clean.get("characters")), _mappings(clean.get("scenes"))
    _no_twins(found, "characters", characters, "id", "story.duplicate_character_id")
    _no_twins(found, "scenes", scenes, "id", "story.duplicate_scene_id")
    _no_twins(found, "loras", _mappings(clean.get("loras")), "name", "story.duplicate_lora")
    outfits = {str(entry.get("id")): _mapping(entry.get("outfits")) for entry in characters}
    for position, scene in enumerate(scenes):
        _no_twins(found, f"scenes[{position}].loras", _mappings(scene.get("loras")), "name", "story.duplicate_lora")
        for place, appearance in enumerate(_mappings(scene.get("characters"))):
            path = f"scenes[{position}].characters[{place}]"
            who, outfit = appearance.get("character"), appearance.get("outfit")
            if who is None:
                continue
            if who not in outfits:
                known = ", ".join(outfits) or "-"
                found.add(f"{path}.character", "story.missing_character", value=shown(who), known=known)
            elif outfit is not None and outfit not in outfits[str(who)]:
                known = ", ".join(outfits[str(who)]) or "-"
                values = {"value": shown(outfit), "character": who, "known": known}
                found.add(f"{path}.outfit", "story.missing_outfit", **values)


def _no_twins(found: Findings, path: str, entries: list[dict[str, object]], key: str, code: str) -> None:
    first_at: dict[str, int] = {}
    for position, entry in enumerate(entries):
        if not isinstance(entry.get(key), str):
            continue
        twin = first_at.setdefault(same_file(str(entry[key])), position)
        if twin != position:
            found.add(f"{path}[{position}].{key}", code, id=shown(entry[key]), first=twin + 1, second=position + 1)


def _with(required: str, checks: Mapping[str, Check]) -> Check:
    """A mapping that must have `required`."""

    def check(found: Findings, path: str, value: object) -> object:
        clean = fields(found, path, value, checks)
        if isinstance(value, dict) and value.get(required) is None:
            found.add(path, "story.missing_key", key=required)
        return clean

    return check


def _mapping_of(checks: Mapping[str, Check]) -> Check:
    return lambda found, path, value: fields(found, path, value, checks)


def _list_of(check: Check, most: int | None = None) -> Check:
    def check_list(found: Findings, path: str, value: object) -> object:
        if most is not None and isinstance(value, list) and len(value) > most:
            found.add(path, "story.too_many_entries", count=len(value), limit=most)
            return ()
        return items(found, path, value, check)

    return check_list


def _outfits(found: Findings, path: str, value: object) -> object:
    if not isinstance(value, dict):
        found.add(path, "story.outfits_not_a_mapping", value=shown(value))
        return {}
    for key in value:
        name(found, f"{path}.{key}", key)
    return fields(found, path, value, {key: _PROMPT for key in value if isinstance(key, str)})


def _appearance(found: Findings, path: str, value: object) -> object:
    """`{character: mimi, outfit: raincoat}`, or the id alone where there is nothing to choose."""
    return _APPEARANCE(found, path, {"character": value} if isinstance(value, str) else value)


def _lists(value: object) -> object:
    if isinstance(value, dict):
        return {key: _lists(part) for key, part in value.items()}
    return [_lists(part) for part in value] if isinstance(value, list | tuple) else value


def _mappings(value: object) -> list[dict[str, object]]:
    return [_mapping(part) for part in value] if isinstance(value, tuple) else []


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


_PROMPT = text(LONGEST_PROMPT)
_TITLE = text(LONGEST_TITLE)
_SIDE = whole_number(SMALLEST_SIDE, LARGEST_SIDE, "story.side_range", multiple=SIZE_MULTIPLE)
_APPEARANCE = _with("character", {"character": name, "outfit": name})
_CHARACTER = _with("id", {"id": name, "name": _TITLE, "description": _PROMPT, "outfits": _outfits})
_LORA = _with(
    "name",
    {"name": name, "strength": number(-LARGEST_STRENGTH, LARGEST_STRENGTH, "story.strength_range")},
)
_LORAS = _list_of(_LORA, MOST_LORAS)
_SETTINGS: dict[str, Check] = {
    "family": choice(tuple(FAMILY_NAMES)),
    "stand_in": choice(tuple(FAMILY_NAMES)),
    "sampler": choice(SAMPLERS),
    "steps": whole_number(1, MOST_STEPS, "story.steps_range"),
    "cfg_scale": number(0.0, LARGEST_CFG_SCALE, "story.cfg_scale_range"),
    "width": _SIDE,
    "height": _SIDE,
    "noise": choice(NOISES),
}
_SCENE = _with(
    "id",
    {
        "id": name,
        "title": _TITLE,
        "prompt": _PROMPT,
        "negative": _PROMPT,
        "seed": whole_number(0, LARGEST_SEED, "story.seed_range"),
        "pinned": yes_no,
        "caption": text(LONGEST_CAPTION),
        "characters": _list_of(_appearance),
        "loras": _LORAS,
    },
)
_STORY: dict[str, Check] = {
    "schema": whole_number(SCHEMA, SCHEMA, "story.schema_unknown"),
    "revision": whole_number(0, LARGEST_REVISION, "story.revision_range"),
    "title": _TITLE,
    "style": _PROMPT,
    "negative": _PROMPT,
    "characters": _list_of(_CHARACTER, MOST_CHARACTERS),
    "settings": _mapping_of(_SETTINGS),
    "loras": _LORAS,
    "scenes": _list_of(_SCENE),
}
