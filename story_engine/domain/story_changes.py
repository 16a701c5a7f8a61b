"""What is different between two states of a story, field by field: both texts, and in them what differs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from story_engine.domain.merge import changes
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import Scene, Story

MOST_COMPARED = 3_000
"""Words of both texts together; longer ones are marked as a whole, since comparing takes time that grows squared."""
_WORD = re.compile(r"[a-zA-Z0-9À-ɏ']+|\s+|.", re.DOTALL)
"""A word of letters is one thing, a Chinese character too."""
_NAME = re.compile(r"scenes\[(?P<scene>[^\]]*)\](?:\.(?P<field>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Part of a text."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryChange:
    """One field that reads differently in two states of a story."""

    scene: Scene | None
    """As it is later, or was where it has gone; None for a field of the whole story."""
    number: int = 0
    """Of the scene, from 1, where it stood when it was last there."""
    field: str
    """"prompt", "seed", …; "added" or "removed" for a scene as a whole, "order" for all of them."""
    old: tuple[Piece, ...] = ()
    new: tuple[Piece, ...] = ()


def story_changes(before: Story, after: Story) -> tuple[StoryChange, ...]:
    """Every difference, in the order of the page: the story's own fields, then scene by scene."""
    places = {scene.id: (number, scene) for number, scene in enumerate(before.scenes, start=1)}
    places |= {scene.id: (number, scene) for number, scene in enumerate(after.scenes, start=1)}
    old = {scene.id: scene for scene in before.scenes}
    new = {scene.id: scene for scene in after.scenes}
    found: list[StoryChange] = []
    for name in changes(before, after):
        match = _NAME.fullmatch(name)
        if match is None:
            found.append(_order(before, after) if name == "scenes" else _field(before, after, name))
            continue
        number, scene = places[match["scene"]]
        if match["field"] is None:
            is_new = scene.id in new
            text = (Piece(text=scene.prompt, differs=True),) if scene.prompt else ()
            found.append(
                StoryChange(
                    scene=scene,
                    number=number,
                    field="added" if is_new else "removed",
                    old=() if is_new else text,
                    new=text if is_new else (),
                )
            )
        else:
            found.append(_field(old[scene.id], new[scene.id], match["field"], scene=scene, number=number))
    return tuple(sorted(found, key=lambda change: change.number))


def difference(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces; those that differ, word by word, are marked."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) + len(after) > MOST_COMPARED:
        return _whole(old), _whole(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    left: list[Piece] = []
    right: list[Piece] = []
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        _add(left, "".join(before[start:end]), differs=what != "equal")
        _add(right, "".join(after[new_start:new_end]), differs=what != "equal")
    return tuple(left), tuple(right)


def _whole(text: str) -> tuple[Piece, ...]:
    return (Piece(text=text, differs=True),) if text else ()


def _add(pieces: list[Piece], text: str, *, differs: bool) -> None:
    if text:
        pieces.append(Piece(text=text, differs=differs))


def _field(
    before: BaseModel, after: BaseModel, field: str, *, scene: Scene | None = None, number: int = 0
) -> StoryChange:
    old, new = difference(_text(getattr(before, field)), _text(getattr(after, field)))
    return StoryChange(scene=scene, number=number, field=field, old=old, new=new)


def _order(before: Story, after: Story) -> StoryChange:
    old, new = (
        "\n".join(f"{number}. {scene.title or scene.prompt[:60]}" for number, scene in enumerate(story.scenes, start=1))
        for story in (before, after)
    )
    left, right = difference(old, new)
    return StoryChange(scene=None, field="order", old=left, new=right)


def _text(value: object) -> str:
    """A value as somebody would write it down: one line per thing that it holds."""
    if value is None or value == "" or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "✓" if value else "–"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, BaseModel):
        return _one_thing({name: getattr(value, name) for name in type(value).model_fields})
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {_text(each)}" for name, each in value.items())
    if isinstance(value, Sequence):
        return "\n".join(_text(each) for each in value)
    return str(value)


def _one_thing(fields: Mapping[str, object]) -> str:
    """Character "Mimi: a cat …", LoRA "ink 0.8"; settings a line each."""
    shown = {name: _text(value) for name, value in fields.items() if value not in (None, "", {}, ())}
    if "family" in fields:
        return "\n".join(f"{name}: {value}" for name, value in shown.items())
    if "description" in fields:
        head = ": ".join(filter(None, (shown.get("name") or shown["id"], shown.get("description"))))
        return "\n".join(filter(None, (head, shown.get("outfits"), shown.get("looks"))))
    if isinstance(look := fields.get("recipe"), Recipe):
        return f"▣ {look.digest[:12]}"
    return " · ".join(shown.values())
