"""Many takes deleted at once, of whatever stories: one entry in the trash, one token that gives all of them back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from story_engine.domain.gallery import PictureKey
from story_engine.domain.safe_name import name_fault
from story_engine.domain.take import Take
from story_engine.errors import ChooseAnother, StudioError
from story_engine.store.atomic import read_bytes
from story_engine.store.layout import Layout
from story_engine.store.trash import Trash

_LARGEST_RECORD_BYTES = 1_000_000
_ENDINGS = ("json", "png", "jpg")
"""The record leaves first, and comes back last: without it the others are no take, whatever happens in between."""
_LOG = logging.getLogger(__name__)


class TakeTrash:
    """Takes in the trash by the dozen."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._trash = Trash(layout)

    def put(self, keys: Sequence[PictureKey], *, title: str) -> str:
        """Move takes here; the token that gives them back. What is not there any more is passed over.

        Raises:
            ChooseAnother: none of them is there.
            Wait: the disk cannot be written; everything is back where it was.
        """
        parts = []
        for number, key in enumerate(keys):
            folder = self._layout.takes(key.story, key.scene)
            if (folder / f"{key.take}.json").exists():
                parts += [(f"{number}.{key.take}.{ending}", folder / f"{key.take}.{ending}") for ending in _ENDINGS]
        if not parts:
            raise ChooseAnother("takes.not_found")
        return self._trash.put("takes", f"{len(parts) // len(_ENDINGS)}", parts, title=title)

    def take_out(self, token: str) -> tuple[Take, ...]:
        """Bring all of them back; what they are.

        Raises:
            ChooseAnother: the trash has been emptied.
            Wait: the disk cannot be written; the rest can be taken out again.
        """
        self._trash.entry(token, "takes")
        takes: list[Take] = []
        targets: list[tuple[str, Path]] = []
        damaged = 0
        for name, path in self._trash.parts(token).items():
            if not name.endswith(".json"):
                continue
            take = _read(path)
            if take is None:
                damaged += 1
                continue
            takes.append(take)
            folder, stem = self._layout.takes(take.story, take.scene), name.removesuffix(".json")
            targets += [(f"{stem}.{ending}", folder / f"{take.id}.{ending}") for ending in reversed(_ENDINGS)]
        if not takes:
            raise ChooseAnother("disk.not_in_trash", token=token[:60])
        self._trash.take_out(token, targets, is_all=not damaged)
        return tuple(takes)


def _read(path: Path) -> Take | None:
    """What a record in the trash says; None where it is damaged: its take then stays there."""
    try:
        take = Take.model_validate_json(read_bytes(path, limit=_LARGEST_RECORD_BYTES))
    except (ValidationError, StudioError, OSError) as error:
        _LOG.warning("The record %s is damaged; its take stays in the trash: %s", path, error)
        return None
    if name_fault(take.story) or name_fault(take.scene) or not (take.id.isascii() and take.id.isalnum()):
        _LOG.warning("The record %s names no place that a take could have; it stays in the trash", path)
        return None
    return take
