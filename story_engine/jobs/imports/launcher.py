"""Starts the process that brings pictures into a dataset, and says how far it is.

It is no job of the ledger: those wait for the device, and reading pictures needs none.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.job import Progress
from story_engine.domain.picture_import import ACTIVE, PassedOver, PictureImport, Refused
from story_engine.errors import ChooseAnother, LookAtLog, Wait
from story_engine.store.atomic import write_bytes
from story_engine.store.datasets import DatasetStore
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout
from story_engine.store.process_identity import ProcessIdentity

STARTING_SECONDS = 60.0
"""Until the process has said that it runs; a loaded machine needs long to start Python."""
STATE = "intake.json"
ORDER = "order.json"
STOP = "stop"
LOG = "intake.log"
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
            Wait: the disk is full or cannot be written, or an import is running.
        """
        self._refuse_second(name)
        folder = self._incoming(name) / secrets.token_hex(4)
        staged = []
        for number, (called, content) in enumerate(files):
            path = folder / f"{number:05d}"
            write_bytes(path, content)
            staged.append([str(path), called])
        return staged

    def start(self, name: str, sources: Sequence[dict[str, Any]]) -> None:
        """Have the sources brought in; returns at once.

        Raises:
            Wait: an import into this dataset is running, or the disk cannot be written.
            LookAtLog: the process could not be started.
        """
        self._refuse_second(name)
        order = {"dataset": name, "sources": list(sources), "id": secrets.token_hex(4)}
        write_bytes(self._incoming(name) / ORDER, json.dumps(order, ensure_ascii=False).encode())
        self._launch(name, str(order["id"]))

    def resume(self, name: str) -> None:
        """Go on with an import that was interrupted or failed.

        Raises:
            ChooseAnother: there is none.
        """
        self._refuse_second(name)
        try:
            order = json.loads((self._incoming(name) / ORDER).read_bytes())
        except (OSError, ValueError) as error:
            raise ChooseAnother("dataset.nothing_to_resume", name=name) from error
        self._launch(name, str(order["id"]))

    def stop(self, name: str) -> None:
        """Ask a running import to stop; what it has taken in stays."""
        write_bytes(self._incoming(name) / STOP, b"")

    def forget(self, name: str) -> None:
        """Clear the report of an import that is over, with what it left behind."""
        self._refuse_second(name)
        (self._store.folder(name) / STATE).unlink(missing_ok=True)
        shutil.rmtree(self._incoming(name), ignore_errors=True)

    def state(self, name: str) -> PictureImport | None:
        """The last import; None when there was none or its report was cleared."""
        try:
            said = json.loads((self._store.folder(name) / STATE).read_bytes())
            return _picture_import(said)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _incoming(self, name: str) -> Path:
        return self._store.folder(name) / "incoming"

    def _refuse_second(self, name: str) -> None:
        present = self.state(name)
        if present is not None and present.is_active:
            raise Wait("dataset.import_running", name=name)

    def _launch(self, name: str, id_: str) -> None:
        (self._incoming(name) / STOP).unlink(missing_ok=True)
        write_state(self._store.folder(name), {"id": id_, "state": "starting", "at": time.time()})
        log = self._layout.logs / LOG
        command = [sys.executable, "-m", "story_engine.jobs.imports.process", name]
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
            raise LookAtLog("dataset.import_not_started", reason=str(error), log=log) from error


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Say how far an import is: replaced whole, not synced, since a lost report is no loss.

    Raises:
        Wait: the disk cannot be written.
    """
    content = json.dumps(state, ensure_ascii=False, default=str).encode()
    write_bytes(folder / STATE, content, is_durable=False)


def _picture_import(said: dict[str, Any]) -> PictureImport:
    state = said["state"]
    if state in ACTIVE and not _lives(said):
        state = "interrupted"
    result = said.get("result", {})
    return PictureImport(
        id=said["id"],
        state=state,
        progress=Progress(**(said.get("progress", {}) | {"scenes": ()})),
        added=result.get("added", 0),
        same=result.get("same", 0),
        captions=result.get("captions", 0),
        refused=tuple(Refused(**each) for each in result.get("refused", ())),
        passed_over=tuple(
            PassedOver(**(each | {"names": tuple(each["names"])})) for each in result.get("passed_over", ())
        ),
        error_code=said.get("error_code"),
        error_values=said.get("error_values"),
    )


def _lives(said: dict[str, Any]) -> bool:
    if said["state"] == "starting":
        return bool(time.time() - said["at"] < STARTING_SECONDS)
    try:
        return ProcessIdentity.read(said).is_living
    except (KeyError, TypeError):
        return False
