"""Captions of a dataset: edited one by one or many at once, each change a step that can be taken back.

What captions were before a step is written to `undo/<revision>.json` before the index changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from story_engine.domain.captions import Rewrite, one_line
from story_engine.domain.dataset import LONGEST_CAPTION, MOST_UNDO_STEPS, Dataset, DatasetEntry, UndoStep
from story_engine.errors import ChooseAnother, EditConflict, FixInput, LookAtLog
from story_engine.store.atomic import read_bytes, write_bytes
from story_engine.store.datasets import LARGEST_INDEX_BYTES, DatasetStore

NAMED = 12
"""Of pictures in a message."""


class DatasetCaptions:
    """The captions of all datasets of a store."""

    def __init__(self, store: DatasetStore) -> None:
        self._store = store

    def edit_caption(self, name: str, file: str, caption: str, *, seen: str | None = None) -> Dataset:
        """One caption, if it still is what was `seen` (None: whatever it is).

        Raises:
            EditConflict: another tab changed it meanwhile; nothing was written.
            ChooseAnother: the picture is gone.
            FixInput: too long.
        """
        clean = _clean(caption)

        def edit(dataset: Dataset) -> dict[str, DatasetEntry]:
            entry = _entry(dataset, file)
            if seen is not None and entry.caption not in (seen, clean):
                raise EditConflict(scene=file, field="caption", mine=clean, theirs=entry.caption)
            return {file: entry.model_copy(update={"caption": clean})}

        return self._change_entries(name, "caption", edit)

    def rewrite_captions(self, name: str, files: Sequence[str] | None, rewrite: Rewrite, *, action: str) -> int:
        """The same change to many captions (None: all), in one step that can be taken back; how many it changed.

        Raises:
            FixInput: some would grow too long: these were left as they are and are named, the others were changed.
        """
        wanted = None if files is None else frozenset(files)
        too_long: list[str] = []

        def edit(dataset: Dataset) -> dict[str, DatasetEntry]:
            too_long.clear()
            edited = {}
            for entry in dataset.entries:
                if wanted is None or entry.file in wanted:
                    rewritten = one_line(rewrite(entry.caption), keep_blanks=True)
                    if rewritten == entry.caption:
                        continue
                    if len(rewritten) > LONGEST_CAPTION:
                        too_long.append(entry.file)
                    else:
                        edited[entry.file] = entry.model_copy(update={"caption": rewritten})
            return edited

        changed = self._count(name, action, edit)
        if too_long:
            named = ", ".join(too_long[:NAMED]) + (" …" if len(too_long) > NAMED else "")
            values = {"changed": changed, "count": len(too_long), "limit": LONGEST_CAPTION, "names": named}
            raise FixInput("dataset.captions_grow_long", **values)
        return changed

    def fill_captions(self, name: str, captions: Mapping[str, str]) -> int:
        """Captions by file name, for pictures that have none at that moment; how many it changed."""

        def edit(dataset: Dataset) -> dict[str, DatasetEntry]:
            return {
                entry.file: entry.model_copy(update={"caption": _clean(captions[entry.file])})
                for entry in dataset.entries
                if entry.file in captions and not entry.caption
            }

        return self._count(name, "read", edit)

    def leave_out(self, name: str, files: Sequence[str], *, is_out: bool = True) -> int:
        """Take pictures out of the training by hand, or in again; how many it changed."""

        def edit(dataset: Dataset) -> dict[str, DatasetEntry]:
            return {file: _entry(dataset, file).model_copy(update={"left_out": is_out}) for file in files}

        return self._count(name, "leave_out" if is_out else "take_in", edit)

    def undo(self, name: str) -> UndoStep | None:
        """Take the last change of captions back; None when there is none. Pictures that are gone are passed over."""
        folder = self._store.folder(name)
        taken: UndoStep | None = None

        def restore(dataset: Dataset) -> Dataset:
            nonlocal taken
            if not dataset.undo:
                return dataset
            taken = dataset.undo[-1]
            before = _read_step(folder, taken)
            entries = tuple(
                entry.model_copy(update=before[entry.file]) if entry.file in before else entry
                for entry in dataset.entries
            )
            return dataset.model_copy(update={"entries": entries, "undo": dataset.undo[:-1]})

        self._store.change(name, restore)
        if taken is not None:
            _step_path(folder, taken).unlink(missing_ok=True)
        return taken

    def _count(self, name: str, action: str, edit: Callable[[Dataset], dict[str, DatasetEntry]]) -> int:
        changed = 0

        def counted(dataset: Dataset) -> dict[str, DatasetEntry]:
            nonlocal changed
            edited = edit(dataset)
            changed = sum(1 for entry in dataset.entries if edited.get(entry.file, entry) != entry)
            return edited

        self._change_entries(name, action, counted)
        return changed

    def _change_entries(self, name: str, action: str, edit: Callable[[Dataset], dict[str, DatasetEntry]]) -> Dataset:
        """Change entries in one step, after what they were has been written down for undo."""
        folder = self._store.folder(name)

        def change(dataset: Dataset) -> Dataset:
            edited = edit(dataset)
            before = {
                entry.file: {"caption": entry.caption, "left_out": entry.left_out}
                for entry in dataset.entries
                if edited.get(entry.file, entry) != entry
            }
            if not before:
                return dataset
            step = UndoStep(number=dataset.revision + 1, action=action, count=len(before))
            content = json.dumps(before, ensure_ascii=False).encode()
            write_bytes(_step_path(folder, step), content)
            for old in dataset.undo[: max(0, len(dataset.undo) + 1 - MOST_UNDO_STEPS)]:
                _step_path(folder, old).unlink(missing_ok=True)
            return dataset.model_copy(
                update={
                    "entries": tuple(edited.get(entry.file, entry) for entry in dataset.entries),
                    "undo": (*dataset.undo, step)[-MOST_UNDO_STEPS:],
                }
            )

        return self._store.change(name, change)


def _step_path(folder: Path, step: UndoStep) -> Path:
    return folder / "undo" / f"{step.number}.json"


def _read_step(folder: Path, step: UndoStep) -> dict[str, dict[str, object]]:
    path = _step_path(folder, step)
    try:
        before: dict[str, dict[str, object]] = json.loads(read_bytes(path, limit=LARGEST_INDEX_BYTES))
    except (OSError, ValueError) as error:
        raise LookAtLog("dataset.undo_damaged", path=path) from error
    return before


def _entry(dataset: Dataset, file: str) -> DatasetEntry:
    for entry in dataset.entries:
        if entry.file == file:
            return entry
    raise ChooseAnother("dataset.no_such_picture", file=file[:80])


def _clean(caption: str) -> str:
    """A caption as it is kept.

    Raises:
        FixInput: it is too long.
    """
    line = one_line(caption, keep_blanks=True)
    if len(line) > LONGEST_CAPTION:
        raise FixInput("dataset.caption_long", length=len(line), limit=LONGEST_CAPTION)
    return line
