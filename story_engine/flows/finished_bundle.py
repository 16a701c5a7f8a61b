"""A bundle once more before it is handed in, as it lies there: somebody may have unpacked it and put things into it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from story_engine.domain.views import CheckItem
from story_engine.flows.bundle_check import CHECKLIST, own_folders
from story_engine.flows.services import Services
from story_engine.flows.submission import FEWEST_PICTURES, PICTURES, leak_items
from story_engine.formats.bundle_reader import RECIPES, checked_files
from story_engine.formats.embedded_texts import texts_of
from story_engine.formats.pasted_path import pasted_existing


def check(services: Services, bundle: Path) -> tuple[CheckItem, ...]:
    """What must not be in a zip or folder that is handed in, and what is missing from it.

    Raises:
        ChooseAnother: there is no such file or folder.
        FixInput: it is no bundle, or a file was changed after it was made.
    """
    path = pasted_existing(bundle)
    with tempfile.TemporaryDirectory(prefix="story-studio-check-") as folder:
        checked = checked_files(path, Path(folder))
        planned = _explained(checked.files)
        foreign = sorted({*_foreign(path), *(name for name in checked.unlisted if name.startswith(f"{PICTURES}/"))})
        texts = {
            f"{name}: {where}" if where else name: text
            for name, file in checked.files.items()
            for where, text in texts_of(name, file)
        }
        state = "ok" if len(planned) >= FEWEST_PICTURES else "blocks"
        return (
            _item("submit.pictures", state, have=len(planned), fewest=FEWEST_PICTURES),
            *(_item("submit.foreign_file", "blocks", name=name) for name in foreign),
            *(
                _item("submit.unlisted", "blocks", name=name)
                for name in checked.unlisted
                if not name.startswith(f"{PICTURES}/")
            ),
            *(_item("submit.unexplained_file", "blocks", name=name) for name in _unexplained(checked.files, planned)),
            *leak_items(texts, own=own_folders(services)),
            *_made_anyway(checked.files.get(CHECKLIST)),
        )


def _foreign(path: Path) -> Iterator[str]:
    """What the system itself puts into a folder of pictures: the challenge's script opens that too."""
    for folder in (path / PICTURES, *path.glob(f"*/{PICTURES}")) if path.is_dir() else ():
        for file in folder.iterdir() if folder.is_dir() else ():
            if PurePosixPath(file.name).suffix.lower() != ".png" or file.name.startswith("."):
                yield f"{PICTURES}/{file.name}"


def _explained(files: dict[str, Path]) -> frozenset[str]:
    recipes = _json(files.get(RECIPES))
    return frozenset(name for name in recipes if name in files)


def _unexplained(files: dict[str, Path], planned: frozenset[str]) -> list[str]:
    return sorted(name for name in files if name.startswith(f"{PICTURES}/") and name not in planned)


def _made_anyway(file: Path | None) -> Iterator[CheckItem]:
    blocking = _json(file).get("blocking")
    if isinstance(blocking, int) and blocking:
        yield _item("submit.made_anyway", "warning", count=blocking)


def _json(file: Path | None) -> dict[str, object]:
    if file is None:
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _item(code: str, state: str, **values: object) -> CheckItem:
    return CheckItem(code=code, values=values, state=state)
