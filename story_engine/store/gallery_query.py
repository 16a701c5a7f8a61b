"""Questions to the index of all takes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from story_engine.domain.gallery import Order, PictureKey, Shelf, StoryOfPictures, Wanted
from story_engine.domain.search_words import match_expression
from story_engine.domain.story import LARGEST_SEED

_ORDERS: dict[Order, str] = {
    "newest": "takes.created_at DESC, takes.number DESC",
    "oldest": "takes.created_at, takes.number",
    "best": "scores.value IS NULL, scores.value DESC, takes.created_at DESC, takes.number DESC",
    "worst": "scores.value IS NULL, scores.value, takes.created_at DESC, takes.number DESC",
    "story": "stories.title COLLATE NOCASE, takes.story, scenes.place IS NULL, scenes.place, takes.scene, "
    "takes.created_at DESC, takes.number DESC",
}
_JOINED = """
FROM takes
LEFT JOIN scores ON scores.picture = takes.picture
LEFT JOIN stories ON stories.story = takes.story
LEFT JOIN scenes ON scenes.story = takes.story AND scenes.scene = takes.scene
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A take that was found, and what the index knows beside its record."""

    key: PictureKey
    score: float | None
    story_title: str
    scene_title: str
    scene_number: int | None
    shelf: Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Some of the takes that were found, in order, and how many there are."""

    hits: tuple[Hit, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What there is to choose from."""

    takes: int
    stories: tuple[StoryOfPictures, ...]
    loras: tuple[str, ...]


def find(
    database: sqlite3.Connection,
    wanted: Wanted,
    favourites: Collection[PictureKey],
    *,
    start: int,
    count: int | None,
) -> Found:
    """The takes that are wanted, from `start` on."""
    where, values = _conditions(wanted, favourites)
    (found,) = database.execute(f"SELECT count(*) {_JOINED} {where}", values).fetchone()
    rows = database.execute(
        "SELECT takes.story, takes.scene, takes.take, scores.value, stories.title, scenes.title, scenes.place, "
        f"stories.shelf {_JOINED} {where} ORDER BY {_ORDERS[wanted.order]} LIMIT ? OFFSET ?",
        (*values, -1 if count is None else max(0, count), max(0, start)),
    )
    hits = tuple(
        Hit(
            key=PictureKey(*row[:3]),
            score=row[3],
            story_title=row[4] or row[0],
            scene_title=row[5] or "",
            scene_number=row[6],
            shelf=row[7] or "gone",
        )
        for row in rows
    )
    return Found(hits=hits, count=found)


def totals(database: sqlite3.Connection) -> Totals:
    """Everything, whatever is wanted."""
    rows = database.execute(
        "SELECT takes.story, stories.title, stories.shelf, count(*) FROM takes "
        "LEFT JOIN stories ON stories.story = takes.story GROUP BY takes.story"
    )
    stories = [
        StoryOfPictures(slug=slug, title=title or slug, shelf=shelf or "gone", count=count)
        for slug, title, shelf, count in rows
    ]
    loras = [row[0] for row in database.execute("SELECT DISTINCT name FROM loras ORDER BY name COLLATE NOCASE")]
    return Totals(
        takes=sum(story.count for story in stories),
        stories=tuple(sorted(stories, key=lambda story: (story.title.casefold(), story.slug))),
        loras=tuple(loras),
    )


def _conditions(wanted: Wanted, favourites: Collection[PictureKey]) -> tuple[str, tuple[object, ...]]:
    conditions: list[str] = []
    values: list[object] = []

    def add(condition: str, *given: object) -> None:
        conditions.append(condition)
        values.extend(given)

    match = match_expression(wanted.words)
    if match is not None:
        add("takes.number IN (SELECT rowid FROM words WHERE words MATCH ?)", match)
    if wanted.key is not None:
        add("takes.story = ? AND takes.scene = ? AND takes.take = ?", *wanted.key)
    if wanted.story is not None:
        add("takes.story = ?", wanted.story)
    if wanted.lora == "":
        add("NOT EXISTS (SELECT 1 FROM loras WHERE loras.take = takes.number)")
    elif wanted.lora is not None:
        add("takes.number IN (SELECT take FROM loras WHERE name = ?)", wanted.lora)
    if wanted.seed is not None:
        add("takes.seed = ?", wanted.seed if 0 <= wanted.seed <= LARGEST_SEED else -1)
    if wanted.score_from is not None:
        add("scores.value >= ?", wanted.score_from)
    if wanted.score_to is not None:
        add("scores.value <= ?", wanted.score_to)
    if wanted.favourites:
        keys = json.dumps([str(key) for key in favourites])
        add("takes.story || '/' || takes.scene || '/' || takes.take IN (SELECT value FROM json_each(?))", keys)
    return (f"WHERE {' AND '.join(conditions)}" if conditions else ""), tuple(values)
