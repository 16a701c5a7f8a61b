"""Pictures of replays that made way for others: kept until the rest is painted, as caches that may be deleted."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
from collections.abc import Mapping

from PIL import Image

from story_engine.domain.recipe import Recipe
from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout


class BegunReplay:
    """One replay's pictures, by the place of their recipe.

    Args:
        layout: of the workspace.
        recipes: all that are painted, with what is painted beside them.
        conditions: under which they are painted; pictures of others are not taken for these.
    """

    def __init__(self, layout: Layout, recipes: list[Recipe], conditions: Mapping[str, str]) -> None:
        described = [*(recipe.digest for recipe in recipes), json.dumps(dict(conditions), sort_keys=True)]
        name = hashlib.sha256("\n".join(described).encode()).hexdigest()[:32]
        self._folder = layout.workspace / "cache" / "replays" / name

    def keep(self, position: int, picture: Image.Image) -> None:
        """Keep one, value by value.

        Raises:
            Wait: the disk is full or cannot be written.
        """
        content = io.BytesIO()
        picture.save(content, "PNG")
        write_bytes(self._folder / f"{position:03}.png", content.getvalue())

    def kept(self) -> dict[int, Image.Image]:
        """Position → picture, of those that are there whole."""
        found = {}
        for path in sorted(self._folder.glob("[0-9][0-9][0-9].png")):
            with contextlib.suppress(OSError, ValueError, SyntaxError), Image.open(path, formats=("PNG",)) as picture:
                found[int(path.stem)] = picture.convert("RGB")
        return found

    def forget(self) -> None:
        """They are in a report by now, or nobody wants them any more."""
        shutil.rmtree(self._folder, ignore_errors=True)
