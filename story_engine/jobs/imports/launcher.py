"""Starts the process that brings pictures into a dataset, and reads how far it is.

It is no job of the ledger: those wait for the device, and reading pictures needs none.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.job import Progress
from story_engine.domain.picture_import import ACTIVE, PassedOver, PictureImport, Refused
from story_engine.errors import ChooseAnother, LookAtLog, StudioError, Wait
from story_engine.jobs.imports.incoming import Incoming
from story_engine.store.atomic import cannot_write, write_bytes
from story_engine.store.datasets import DatasetStore
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout
from story_engine.store.process_identity import ProcessIdentity

STARTING_SECONDS = 60.0
"""Until the process has reported that it runs; a loaded machine needs long to start Python."""
STATE = "import.json"
LOG = "import.log"
_EARLIER_STATE = "intake.json"
"""What the first version called it; it is read where there is no other."""
_TURN_SECONDS = 20.0
_LARGEST_LOG_BYTES = 1_000_000


class PictureImports:
    """The imports of a workspace: one at a time per dataset."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._layout = Layout.of(config)
        self._store = DatasetStore(self._layout)

    def stage(self, name: str, files: Sequence[tuple[str, bytes]]) -> list[list[str]]:
        """Write uploads where the process finds them; [path, name] of each.

        Raises:
            Wait: the disk is full or cannot be written, or an import is running; nothing was kept.
        """
        self._refuse_second(name)
        return self._incoming(name).stage(files)

    def discard(self, name: str, staged: Sequence[Sequence[str]]) -> None:
        """Remove uploads whose import was refused; they are still with whoever brought them."""
        self._incoming(name).discard(staged)

    def start(self, name: str, sources: Sequence[dict[str, Any]]) -> None:
        """Have the sources brought in; returns at once.

        Raises:
            Wait: an import into this dataset is running, or the disk cannot be written.
            LookAtLog: the process could not be started.
        """
        with self._turn(name):
            self._refuse_second(name)
            incoming = self._incoming(name)
            present = self.state(name)
            incoming.sweep(keep=present.id if present is not None else None)
            self._launch(name, incoming.put_order(name, sources))

    def resume(self, name: str) -> None:
        """Go on with an import that was interrupted or failed.

        Raises:
            ChooseAnother: there is none.
        """
        with self._turn(name):
            self._refuse_second(name)
            incoming, present = self._incoming(name), self.state(name)
            try:
                order = incoming.order(present.id if present is not None else None)
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ChooseAnother("dataset.nothing_to_resume", name=name) from error
            incoming.mark_resumed(order)
            incoming.forget_stop(str(order["id"]))
            self._launch(name, str(order["id"]))

    def stop(self, name: str) -> None:
        """Ask a running import to stop; what it has taken in stays."""
        present = self.state(name)
        if present is not None and present.is_active:
            self._incoming(name).ask_to_stop(present.id)

    def forget(self, name: str) -> None:
        """Clear the report of an import that is over, with what it left behind."""
        with self._turn(name):
            self._refuse_second(name)
            incoming, present = self._incoming(name), self.state(name)
            if present is not None:
                with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                    incoming.remove(incoming.order(present.id))
            for state in (STATE, _EARLIER_STATE):
                (self._store.folder(name) / state).unlink(missing_ok=True)

    def state(self, name: str) -> PictureImport | None:
        """The last import; None when there was none or its report was cleared."""
        folder = self._store.folder(name)
        for state in (STATE, _EARLIER_STATE):
            try:
                return _picture_import(json.loads((folder / state).read_bytes()))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                return None
        return None

    def _incoming(self, name: str) -> Incoming:
        return Incoming(self._store.folder(name))

    @contextlib.contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        """Of two that start an import at once the second sees that of the first."""
        try:
            with FileLock(self._store.folder(name) / ".import-start.lock", timeout=_TURN_SECONDS):
                yield
        except Timeout as error:
            raise Wait("dataset.busy", name=name) from error

    def _refuse_second(self, name: str) -> None:
        present = self.state(name)
        if present is not None and present.is_active:
            raise Wait("dataset.import_running", name=name)

    def _launch(self, name: str, id_: str) -> None:
        write_state(self._store.folder(name), {"id": id_, "state": "starting", "at": time.time()})
        log = self._layout.logs / LOG
        command = [sys.executable, "-m", "story_engine.jobs.imports.process", name, id_]
        command += ["--workspace", str(self._layout.workspace), "--stories", str(self._layout.stories)]
        try:
            make_folder(log.parent)
            is_large = log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES
            with log.open("wb" if is_large else "ab") as output:
                subprocess.Popen(
                    command,
                    cwd=PROJECT_FOLDER,
                    env=os.environ | {"PYTHONUNBUFFERED": "1"},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=os.name != "nt",
                )
        except OSError as error:
            # What was ordered stays, to be resumed.
            values = {"reason": str(error), "log": str(log)}
            with contextlib.suppress(StudioError):
                failed = {"state": "failed", "error_code": "dataset.import_not_started", "error_values": values}
                write_state(self._store.folder(name), {"id": id_} | failed)
            raise LookAtLog("dataset.import_not_started", **values) from error


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write down how far an import is: replaced whole, not synced, since a lost report is no loss.

    Raises:
        Wait: the disk cannot be written.
    """
    content = json.dumps(state, ensure_ascii=False, default=str).encode()
    try:
        write_bytes(folder / STATE, content, is_durable=False)
    except Wait:
        # On a full disk a second file has no room; the first one has its own.
        try:
            with (folder / STATE).open("r+b") as file:
                file.write(content)
                file.truncate()
        except OSError as error:
            raise cannot_write(folder / STATE, error) from error


def _picture_import(report: dict[str, Any]) -> PictureImport:
    state = report["state"]
    if state in ACTIVE and not _lives(report):
        state = "interrupted"
    result = report.get("result", {})
    return PictureImport(
        id=report["id"],
        state=state,
        progress=Progress(**(report.get("progress", {}) | {"scenes": ()})),
        added=result.get("added", 0),
        same=result.get("same", 0),
        captions=result.get("captions", 0),
        refused=tuple(Refused(**each) for each in result.get("refused", ())),
        passed_over=tuple(
            PassedOver(**(each | {"names": tuple(each["names"])})) for each in result.get("passed_over", ())
        ),
        refused_count=result.get("refused_count", len(result.get("refused", ()))),
        error_code=report.get("error_code"),
        error_values=report.get("error_values"),
    )


def _lives(report: dict[str, Any]) -> bool:
    if report["state"] == "starting":
        # A start in the future is one of before the clock was put back.
        return bool(0 <= time.time() - report["at"] < STARTING_SECONDS)
    try:
        return ProcessIdentity.read(report).is_living
    except (KeyError, TypeError):
        return False
