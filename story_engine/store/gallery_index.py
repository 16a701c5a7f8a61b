"""What is known of all takes, to be searched: a database that is brought up to date at each look, and never the truth.

A folder of takes whose time stamp is as it was has not changed; a story's file whose size and time are as they were
neither. Everything else is read from the files again. A database that is missing, damaged or of another version is
made anew; where none can be written, one in memory does for this look.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from story_engine.domain.gallery import PictureKey, Shelf, Wanted
from story_engine.domain.safe_name import name_fault
from story_engine.domain.search_words import indexed
from story_engine.domain.take import Take
from story_engine.errors import StudioError
from story_engine.store.atomic import create_bytes
from story_engine.store.folders import make_folder
from story_engine.store.gallery_query import Found, Totals, find, totals
from story_engine.store.layout import Layout
from story_engine.store.scores import ScoreStore
from story_engine.store.stories import StoryStore
from story_engine.store.take_files import read_folder
from story_engine.store.trash import Trash

VERSION = 1
"""Of the tables; a database of another one is made anew."""
BUSY_SECONDS = 10.0
_SETTLED_NS = 50_000_000
"""A folder whose time stamp is younger may change again within the same tick of the file system's clock."""
_UNSETTLED = -1
_NO_FAULT = frozenset({"BUSY", "LOCKED", "READONLY", "CANTOPEN", "FULL", "PERM", ""})
"""What SQLite says where a whole database cannot be used or written just now; a new one would fare no better."""
_TABLES = """
CREATE TABLE folders (story TEXT, scene TEXT, modified_ns INTEGER, PRIMARY KEY (story, scene));
CREATE TABLE takes (
  number INTEGER PRIMARY KEY, story TEXT, scene TEXT, take TEXT, seed INTEGER, created_at TEXT, picture TEXT,
  UNIQUE (story, scene, take));
CREATE INDEX takes_by_time ON takes (created_at);
CREATE TABLE loras (take INTEGER, name TEXT);
CREATE INDEX loras_by_take ON loras (take);
CREATE INDEX loras_by_name ON loras (name);
CREATE VIRTUAL TABLE words USING fts5 (prompt, title, tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE stories (story TEXT PRIMARY KEY, stamp TEXT, title TEXT, shelf TEXT);
CREATE TABLE scenes (story TEXT, scene TEXT, place INTEGER, title TEXT, PRIMARY KEY (story, scene));
CREATE TABLE scores (picture TEXT PRIMARY KEY, value REAL);
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT);
"""
_LOG = logging.getLogger(__name__)


class GalleryIndex:
    """The index of one workspace."""

    def __init__(self, layout: Layout, *, stories: StoryStore, scores: ScoreStore) -> None:
        self._layout = layout
        self._stories = stories
        self._scores = scores
        self._trash = Trash(layout)
        self._lock = threading.Lock()

    def look(
        self,
        wanted: Wanted,
        *,
        scorer: tuple[str, str],
        favourites: Collection[PictureKey],
        start: int,
        count: int | None,
    ) -> tuple[Found, Totals]:
        """Bring the index up to date, then ask it.

        Args:
            wanted: what is looked for.
            scorer: name and version of the one whose scores count.
            favourites: all of them.
            start: how many of those found are passed over.
            count: how many are wanted; None: all.
        """
        path = self._layout.gallery_index
        try:
            return self._look(path, wanted, scorer, favourites, start, count)
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").split("_")[0] not in _NO_FAULT:
                _LOG.warning("The index of pictures is damaged and made anew: %s", error)
                with contextlib.suppress(sqlite3.DatabaseError, OSError):
                    path.unlink(missing_ok=True)
                    return self._look(path, wanted, scorer, favourites, start, count)
            _LOG.warning("The index of pictures cannot be kept, and is made in memory for this look: %s", error)
        return self._look(None, wanted, scorer, favourites, start, count)

    def _look(
        self,
        path: Path | None,
        wanted: Wanted,
        scorer: tuple[str, str],
        favourites: Collection[PictureKey],
        start: int,
        count: int | None,
    ) -> tuple[Found, Totals]:
        with self._lock, _opened(path) as database:
            database.execute("BEGIN IMMEDIATE")  # of two processes that look at once, one brings it up to date
            self._take_in_folders(database)
            self._take_in_stories(database)
            self._take_in_scores(database, *scorer)
            database.commit()
            return find(database, wanted, favourites, start=start, count=count), totals(database)

    def _take_in_folders(self, database: sqlite3.Connection) -> None:
        known = {(row[0], row[1]): row[2] for row in database.execute("SELECT story, scene, modified_ns FROM folders")}
        there = dict(_folders(self._layout.workspace / "takes"))
        for place in known.keys() - there.keys():
            self._take_in(database, *place, ())
            database.execute("DELETE FROM folders WHERE story = ? AND scene = ?", place)
        now = time.time_ns()
        for place, modified_ns in there.items():
            if known.get(place) == modified_ns:
                continue
            self._take_in(database, *place, read_folder(self._layout.takes(*place)))
            stamp = modified_ns if now - modified_ns > _SETTLED_NS else _UNSETTLED
            database.execute("INSERT OR REPLACE INTO folders VALUES (?, ?, ?)", (*place, stamp))

    def _take_in(self, database: sqlite3.Connection, story: str, scene: str, takes: tuple[Take, ...]) -> None:
        """What is in a folder now, in place of what was."""
        rows = database.execute("SELECT take, number FROM takes WHERE story = ? AND scene = ?", (story, scene))
        known = {row[0]: row[1] for row in rows}
        fresh = {take.id: take for take in takes if (take.story, take.scene) == (story, scene)}
        for gone in known.keys() - fresh.keys():
            row = (known[gone],)
            database.execute("DELETE FROM takes WHERE number = ?", row)
            database.execute("DELETE FROM loras WHERE take = ?", row)
            database.execute("DELETE FROM words WHERE rowid = ?", row)
        title = _title(database, story, scene)
        for take in fresh.values():
            if take.id in known:
                continue
            recipe = take.recipe
            number = database.execute(
                "INSERT INTO takes (story, scene, take, seed, created_at, picture) VALUES (?, ?, ?, ?, ?, ?)",
                (story, scene, take.id, recipe.seed, take.created_at, take.picture_sha256),
            ).lastrowid
            database.executemany("INSERT INTO loras VALUES (?, ?)", [(number, part.name) for part in recipe.loras])
            prompt = indexed(f"{take.written_prompt}\n{recipe.prompt}")
            database.execute("INSERT INTO words (rowid, prompt, title) VALUES (?, ?, ?)", (number, prompt, title))

    def _take_in_stories(self, database: sqlite3.Connection) -> None:
        known = dict(database.execute("SELECT story, stamp FROM stories"))
        there = self._stamps([row[0] for row in database.execute("SELECT DISTINCT story FROM folders")])
        for story in known.keys() - there.keys():
            database.execute("DELETE FROM stories WHERE story = ?", (story,))
            database.execute("DELETE FROM scenes WHERE story = ?", (story,))
        for story, (stamp, shelf, title) in there.items():
            if known.get(story) == stamp:
                continue
            scenes: list[tuple[str, str]] = []
            if shelf == "here":
                with contextlib.suppress(StudioError):  # a story that cannot be read is called by its file's name
                    read = self._stories.load(story)
                    title, scenes = read.title or story, [(scene.id, scene.title) for scene in read.scenes]
            database.execute("DELETE FROM scenes WHERE story = ?", (story,))
            database.execute("INSERT OR REPLACE INTO stories VALUES (?, ?, ?, ?)", (story, stamp, title, shelf))
            database.executemany(
                "INSERT INTO scenes VALUES (?, ?, ?, ?)",
                [(story, scene, place, name) for place, (scene, name) in enumerate(scenes, start=1)],
            )
            for (scene,) in database.execute("SELECT scene FROM folders WHERE story = ?", (story,)).fetchall():
                database.execute(
                    "UPDATE words SET title = ? "
                    "WHERE rowid IN (SELECT number FROM takes WHERE story = ? AND scene = ?)",
                    (_title(database, story, scene), story, scene),
                )

    def _stamps(self, slugs: list[str]) -> dict[str, tuple[str, Shelf, str]]:
        """Of every story that has takes: what changes with it, where it is, and a title for want of a better one."""
        deleted: dict[str, str] | None = None
        found: dict[str, tuple[str, Shelf, str]] = {}
        for slug in slugs:
            try:
                stat = self._layout.story(slug).stat()
                found[slug] = (f"{stat.st_size}:{stat.st_mtime_ns}", "here", slug)
            except OSError:
                if deleted is None:
                    deleted = {each.name: each.title for each in self._trash.entries() if each.kind == "story"}
                shelf: Shelf = "trash" if slug in deleted else "gone"
                found[slug] = (f"{shelf}:{deleted.get(slug, '')}", shelf, deleted.get(slug) or slug)
        return found

    def _take_in_scores(self, database: sqlite3.Connection, name: str, version: str) -> None:
        stamp = self._scores.stamp(name, version)
        row = database.execute("SELECT value FROM notes WHERE name = 'scores'").fetchone()
        if row is not None and row[0] == stamp:
            return
        if row is None or row[0].partition(":")[0] != stamp.partition(":")[0]:
            database.execute("DELETE FROM scores")
        known = dict(database.execute("SELECT picture, value FROM scores"))
        added = [each for each in self._scores.scores(name, version).items() if known.get(each[0]) != each[1]]
        database.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?)", added)
        database.execute("INSERT OR REPLACE INTO notes VALUES ('scores', ?)", (stamp,))


def _title(database: sqlite3.Connection, story: str, scene: str) -> str:
    """What a take can be found by beside its prompt: titles of story and scene."""
    row = database.execute("SELECT title FROM stories WHERE story = ?", (story,)).fetchone()
    title = row[0] if row else story
    row = database.execute("SELECT title FROM scenes WHERE story = ? AND scene = ?", (story, scene)).fetchone()
    return indexed(f"{title}\n{row[0] if row else ''}")


def _folders(takes: Path) -> Iterator[tuple[tuple[str, str], int]]:
    """Story and scene of every folder of takes, with its time stamp; what vanishes meanwhile is passed over."""
    for story in _inside(takes):
        for scene in _inside(story):
            with contextlib.suppress(OSError):
                yield (story.name, scene.name), scene.stat(follow_symlinks=False).st_mtime_ns


def _inside(folder: Path | os.DirEntry[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [each for each in entries if each.is_dir(follow_symlinks=False) and name_fault(each.name) is None]
    except OSError:
        return []


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[sqlite3.Connection]:
    """A database with today's tables."""
    if path is not None:
        try:
            make_folder(path.parent)
            if not path.exists():
                create_bytes(path, b"")  # as private as the workspace: SQLite would let everybody read it
        except (OSError, StudioError) as error:
            raise sqlite3.OperationalError(str(error)) from error
    database = sqlite3.connect(path or ":memory:", timeout=BUSY_SECONDS)
    try:
        # It can be made again at any time: nothing waits for the disk.
        database.execute("PRAGMA synchronous = OFF")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            database.execute("BEGIN IMMEDIATE")
            (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                " AND name NOT LIKE 'words_%'"
            ).fetchall():
                database.execute(f'DROP TABLE "{name}"')
            for statement in _TABLES.strip().split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")
        database.commit()
        yield database
    finally:
        database.close()
