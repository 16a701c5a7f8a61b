"""One part of a field that holds several: a setting, a LoRA and its strength, a character, its words, its outfits.

Paths: `settings` (name); `loras` (name) and (name, "strength"); a story's `characters` (id), (id, "name"),
(id, "description"), (id, "looks", outfit), (id, "outfits", outfit) for its words, (id, "outfits", outfit, "name") for
what it is called; a scene's `characters` (id). Works on the plain data of a story (`story_data`).
"""

from __future__ import annotations

from story_engine.domain.braces import renamed
from story_engine.domain.edit import Edit
from story_engine.errors import ChooseAnother, FixInput

_KEYS = {"loras": "name", "characters": "id"}
"""What names an entry of a list."""
_KEY_IN_SCENE = {"loras": "name", "characters": "character"}


def path(edit: Edit) -> str:
    """The part as a message names it."""
    return ".".join((edit.field, *edit.part))


def gone(edit: Edit) -> ChooseAnother:
    """Somebody took away what the edit was about."""
    return ChooseAnother("story.part_gone", part=" · ".join(edit.part), field=edit.field)


def read(holder: dict[str, object], edit: Edit) -> object:
    """What the part is now; None when it is not there.

    Raises:
        ChooseAnother: what it belongs to is not there.
        FixInput: there is no such part.
    """
    value = holder[edit.field]
    if isinstance(value, dict):  # the settings
        (name,) = edit.part
        if name not in value:
            raise FixInput("story.unknown_field", field=path(edit), known=", ".join(value))
        return value[name]
    entry = _entry(value, edit)
    if len(edit.part) == 1:
        return entry
    if entry is None:
        raise gone(edit)
    inner = entry.get(edit.part[1])
    if edit.part[1] == "looks":
        return inner.get(edit.part[2]) if isinstance(inner, dict) else None
    if edit.part[1] != "outfits":
        return inner
    outfits, outfit = inner if isinstance(inner, dict) else {}, edit.part[2]
    if len(edit.part) == 3:
        return outfits.get(outfit)
    return outfit if outfit in outfits else None


def write(data: dict[str, object], holder: dict[str, object], edit: Edit, value: object) -> None:
    """Change the part, and in the scenes of the story `data` what points to it.

    Raises:
        FixInput: an outfit shall have the name of another one.
    """
    whole = holder[edit.field]
    if isinstance(whole, dict):
        whole[edit.part[0]] = value
    elif len(edit.part) == 1:
        holder[edit.field] = _with_entry(whole, edit, value)
        if value is None and edit.scene is None and edit.field == "characters":
            _leave_scenes(data, edit.part[0])
    elif (entry := _entry(whole, edit)) is not None:
        if edit.part[1] == "looks":
            _write_look(entry, edit.part[2], value)
        elif edit.part[1] != "outfits":
            before, entry[edit.part[1]] = entry.get(edit.part[1]), value
            if edit.part[1] == "name":
                _rename_in_prompts(data, edit.part[0], str(before or ""), str(value or ""))
        else:
            _write_outfit(data, entry, edit, value)


def _write_outfit(data: dict[str, object], character: dict[str, object], edit: Edit, value: object) -> None:
    outfits, outfit = character["outfits"], edit.part[2]
    assert isinstance(outfits, dict)
    if len(edit.part) == 3 and value is not None:
        outfits[outfit] = value
        return
    if value is None:
        del outfits[outfit]
    elif value in outfits:
        raise FixInput("story.outfit_taken", outfit=value, character=character["name"] or character["id"])
    else:
        character["outfits"] = {value if name == outfit else name: words for name, words in outfits.items()}
    looks = character["looks"]
    if isinstance(looks, dict) and outfit in looks:
        character["looks"] = {
            value if name == outfit else name: look for name, look in looks.items() if value or name != outfit
        }
    for appearance in _appearances(data, edit.part[0]):
        if appearance["outfit"] == outfit:
            appearance["outfit"] = value


def _write_look(character: dict[str, object], outfit: str, value: object) -> None:
    looks = character["looks"]
    assert isinstance(looks, dict)
    if value is None:
        looks.pop(outfit, None)
    else:
        looks[outfit] = value


def _rename_in_prompts(data: dict[str, object], character: str, old: str, new: str) -> None:
    ids = frozenset(str(each["id"]) for each in _entries(data["characters"]))
    for scene in _entries(data["scenes"]):
        scene["prompt"] = renamed(str(scene["prompt"]), old, new, character=character, ids=ids)


def _leave_scenes(data: dict[str, object], character: str) -> None:
    for scene in _entries(data["scenes"]):
        scene["characters"] = [each for each in _entries(scene["characters"]) if each["character"] != character]


def _appearances(data: dict[str, object], character: str) -> list[dict[str, object]]:
    scenes = _entries(data["scenes"])
    return [part for scene in scenes for part in _entries(scene["characters"]) if part["character"] == character]


def _entry(value: object, edit: Edit) -> dict[str, object] | None:
    key = _key(edit)
    return next((entry for entry in _entries(value) if entry[key] == edit.part[0]), None)


def _with_entry(value: object, edit: Edit, wanted: object) -> list[object]:
    """The list with the entry in its place, at the end when it is new, or without it."""
    key, entries = _key(edit), _entries(value)
    if wanted is None:
        return [entry for entry in entries if entry[key] != edit.part[0]]
    if _entry(value, edit) is None:
        return [*entries, wanted]
    return [wanted if entry[key] == edit.part[0] else entry for entry in entries]


def _key(edit: Edit) -> str:
    key = (_KEYS if edit.scene is None else _KEY_IN_SCENE).get(edit.field)
    if key is None:
        raise FixInput("story.unknown_field", field=path(edit), known=", ".join(_KEYS))
    return key


def _entries(value: object) -> list[dict[str, object]]:
    """A list of the story; a scene that has the story's LoRAs has none of its own."""
    return value if isinstance(value, list) else []
