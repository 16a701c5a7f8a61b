"""Deleted stories, until somebody wants them back or thirty days have passed."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from story_engine.domain.safe_name import name_fault
from story_engine.errors import ChooseAnother
from story_engine.store.atomic import move
from story_engine.store.layout import Layout

KEPT_SECONDS = 30 * 24 * 3600.0
_HEAD = "story.yaml"
_HISTORY = "history"
_SEPARATOR = "~"


class StoryTrash:
    """`.trash/<slug>~<random>/` with the story's file, its history, and copies that lay beside it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def put(self, slug: str) -> str:
        """Move a story here; the token that gives it back.

        Raises:
            Wait: the folder cannot be written.
        """
        self._forget_old()
        token = f"{slug}{_SEPARATOR}{secrets.token_hex(4)}"
        place = self.layout.story_trash / token
        # The head first: from then on the story is off the shelf, whatever happens to the rest.
        move(self.layout.story(slug), place / _HEAD)
        if self.layout.history(slug).is_dir():
            move(self.layout.history(slug), place / _HISTORY)
        for copy in self.layout.stories.glob(f"{slug}.yaml.damaged-*"):
            move(copy, place / copy.name)
        return token

    def take_out(self, token: str, *, free_slug: Callable[[str], str]) -> str:
        """Bring a story back; its slug, a free one where the old one is in use again.

        Raises:
            ChooseAnother: nothing here has this token.
        """
        place = self.layout.story_trash / token
        if name_fault(token) is not None or not (place / _HEAD).is_file():
            raise ChooseAnother("story.no_such_token", token=token[:60])
        slug = token.rpartition(_SEPARATOR)[0]
        if self.layout.story(slug).exists() or self.layout.history(slug).exists():
            slug = free_slug(slug)
        if (place / _HISTORY).is_dir():
            move(place / _HISTORY, self.layout.history(slug))
        for copy in place.glob("*.damaged-*"):
            move(copy, self.layout.stories / f"{slug}.yaml{copy.name[copy.name.rindex('.damaged-') :]}")
        move(place / _HEAD, self.layout.story(slug))
        with contextlib.suppress(OSError):
            place.rmdir()
        return slug

    def slugs(self) -> set[str]:
        """Names that the stories here would like to have back."""
        return {path.name.rpartition(_SEPARATOR)[0] for path in self._places()}

    def _forget_old(self) -> None:
        for place in self._places():
            with contextlib.suppress(OSError):
                if time.time() - place.stat().st_mtime > KEPT_SECONDS:
                    shutil.rmtree(place)

    def _places(self) -> list[Path]:
        folder = self.layout.story_trash
        return [path for path in folder.iterdir() if _SEPARATOR in path.name] if folder.is_dir() else []
