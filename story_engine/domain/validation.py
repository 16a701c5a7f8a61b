"""From what an author wrote, as plain data, to a `Story`, or to everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Mapping

from story_engine.domain.findings import Findings, fields, shown
from story_engine.domain.migration import migrate, schema_of
from story_engine.domain.safe_name import same_file
from story_engine.domain.schema import checks_of
from story_engine.domain.story import MOST_SCENES, SCHEMA, Story
from story_engine.domain.story_data import story_data


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
    _no_duplicates(found, "characters", characters, "id", "story.duplicate_character_id")
    _no_duplicates(found, "scenes", scenes, "id", "story.duplicate_scene_id")
    _no_duplicates(found, "loras", _mappings(clean.get("loras")), "name", "story.duplicate_lora")
    outfits = {str(entry.get("id")): _mapping(entry.get("outfits")) for entry in characters}
    for position, scene in enumerate(scenes):
        _no_duplicates(
            found, f"scenes[{position}].loras", _mappings(scene.get("loras")), "name", "story.duplicate_lora"
        )
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


def _no_duplicates(found: Findings, path: str, entries: list[dict[str, object]], key: str, code: str) -> None:
    first_at: dict[str, int] = {}
    for position, entry in enumerate(entries):
        if not isinstance(entry.get(key), str):
            continue
        first = first_at.setdefault(same_file(str(entry[key])), position)
        if first != position:
            found.add(f"{path}[{position}].{key}", code, id=shown(entry[key]), first=first + 1, second=position + 1)


def _lists(value: object) -> object:
    if isinstance(value, dict):
        return {key: _lists(part) for key, part in value.items()}
    return [_lists(part) for part in value] if isinstance(value, list | tuple) else value


def _mappings(value: object) -> list[dict[str, object]]:
    return [_mapping(part) for part in value] if isinstance(value, tuple) else []


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


_STORY = checks_of(Story)
