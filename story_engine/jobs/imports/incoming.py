"""What waits to be brought into a dataset: `incoming/<import>/` holds an import's order and its uploads, nobody else's.

An import removes what is its own when it is over. What a page that died left behind goes after a day.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from story_engine.store.atomic import write_bytes

FORGOTTEN_SECONDS = 24 * 3600.0
"""Age of an import that nobody speaks of any more."""
_ORDER = "order.json"
_STOP = "stop"


@dataclass(frozen=True, slots=True)
class Incoming:
    """The imports that wait or run in one dataset."""

    dataset: Path
    """Folder of the dataset."""

    @property
    def folder(self) -> Path:
        """Of all imports of the dataset."""
        return self.dataset / "incoming"

    def stage(self, files: Sequence[tuple[str, bytes]]) -> list[list[str]]:
        """Write uploads down, under a new import; [path, name] of each.

        Raises:
            Wait: the disk is full or cannot be written; nothing was kept.
        """
        folder = self.folder / secrets.token_hex(4)
        staged = []
        try:
            for number, (called, content) in enumerate(files):
                path = folder / f"{number:05d}"
                write_bytes(path, content)
                staged.append([str(path), called])
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return staged

    def put_order(self, dataset: str, sources: Sequence[Mapping[str, Any]]) -> str:
        """Write down what is to be brought in, beside the uploads if there are any; the import's id."""
        staged = self._staged_folders({"sources": sources})
        id_ = staged[0].name if staged else secrets.token_hex(4)
        self._put(id_, {"dataset": dataset, "sources": list(sources), "id": id_})
        return id_

    def order(self, id_: str | None) -> dict[str, Any]:
        """What an import is to do; None: the one that was given last.

        Raises:
            OSError, ValueError: there is none, or it cannot be read.
        """
        # The first version had one order per dataset, beside the folders of uploads.
        places = [self.folder / id_ / _ORDER] if id_ is not None else [*self.folder.glob(f"*/{_ORDER}")]
        found = sorted((path for path in (*places, self.folder / _ORDER) if path.is_file()), key=_changed_at)
        for path in reversed(found):
            order: dict[str, Any] = json.loads(path.read_bytes())
            if id_ is None or str(order["id"]) == id_:
                return order
        raise FileNotFoundError(id_)

    def mark_resumed(self, order: Mapping[str, Any]) -> None:
        """Write down that it was begun once before: what it has taken in needs no room any more."""
        self._put(str(order["id"]), {**order, "is_resumed": True})

    def missing(self, order: Mapping[str, Any]) -> list[str]:
        """Names of uploads of an order that are not there any more."""
        return [name for path, name in self._uploads(order) if not path.is_file()]

    def work(self, id_: str) -> Path:
        """Where an import keeps what it has not taken in yet."""
        return self.folder / id_ / "work"

    def ask_to_stop(self, id_: str) -> None:
        """Leave word for an import at work."""
        write_bytes(self.folder / id_ / _STOP, b"")

    def is_asked_to_stop(self, id_: str) -> bool:
        """Whether somebody did."""
        return (self.folder / id_ / _STOP).exists()

    def forget_stop(self, id_: str) -> None:
        """So that it can go on."""
        (self.folder / id_ / _STOP).unlink(missing_ok=True)

    def discard(self, staged: Sequence[Sequence[str]]) -> None:
        """Remove uploads whose import did not come about."""
        for folder in self._staged_folders({"sources": [{"kind": "files", "files": staged}]}):
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self, order: Mapping[str, Any]) -> None:
        """Remove what belongs to an import, and nothing else."""
        for folder in (*self._staged_folders(order), self.folder / str(order["id"])):
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if json.loads((self.folder / _ORDER).read_bytes())["id"] == order["id"]:
                (self.folder / _ORDER).unlink()
        with contextlib.suppress(OSError):  # another import waits in it
            self.folder.rmdir()

    def sweep(self, *, keep: str | None) -> None:
        """Remove imports that were forgotten, but for the one whose report is shown."""
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if path.is_dir() and path.name != keep and time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)

    def _put(self, id_: str, order: Mapping[str, Any]) -> None:
        write_bytes(self.folder / id_ / _ORDER, json.dumps(order, ensure_ascii=False).encode())

    def _uploads(self, order: Mapping[str, Any]) -> list[tuple[Path, str]]:
        """Files of an order that lie in `incoming`; others belong to people."""
        listed = [
            (Path(path), str(name))
            for source in order["sources"]
            if source["kind"] == "files"
            for path, name in source["files"]
        ]
        here = self.folder.resolve()
        return [(path, name) for path, name in listed if path.parent.parent.resolve() == here]

    def _staged_folders(self, order: Mapping[str, Any]) -> list[Path]:
        return list(dict.fromkeys(path.parent for path, _ in self._uploads(order)))


def _changed_at(path: Path) -> int:
    return path.stat().st_mtime_ns
