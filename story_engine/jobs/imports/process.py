"""The process that brings pictures in: `python -m story_engine.jobs.imports.process DATASET --workspace DIR …`.

One per import, detached from whoever asked for it; it says how far it is in the dataset's `intake.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import secrets
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from story_engine.domain.job import Progress
from story_engine.errors import Cancelled, StudioError
from story_engine.jobs.imports.launcher import ORDER, STOP, write_state
from story_engine.jobs.imports.pictures import run
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout
from story_engine.store.privacy import forbidden
from story_engine.store.process_identity import this_process

REPORT_SECONDS = 0.4
_LOG = logging.getLogger(__name__)


class _Reporter:
    """Writes the state down, now and then."""

    def __init__(self, folder: Path, id_: str) -> None:
        self._folder = folder
        self._said: dict[str, Any] = {"id": id_} | asdict(this_process())
        self._told_at = 0.0

    def progress(self, progress: Progress) -> None:
        """How far it is; a report that cannot be written is left out."""
        if time.monotonic() - self._told_at >= REPORT_SECONDS:
            self._told_at = time.monotonic()
            with contextlib.suppress(StudioError):
                self.say("running", progress=asdict(progress))

    def say(self, state: str, **values: object) -> None:
        """One state."""
        write_state(self._folder, self._said | {"state": state} | values)


def work(layout: Layout, name: str) -> None:
    """Do the order that waits in the dataset's folder."""
    folder = DatasetStore(layout).folder(name)
    incoming = folder / "incoming"
    order = json.loads((incoming / ORDER).read_bytes())
    reporter = _Reporter(folder, str(order["id"]))
    try:
        with FileLock(folder / ".intake.lock", timeout=0):
            reporter.say("running")
            result = run(order, report=reporter.progress, should_stop=(incoming / STOP).exists, layout=layout)
            shutil.rmtree(incoming, ignore_errors=True)
            reporter.say("done", result=result)
            _LOG.info("%s: %s added, %d refused", name, result["added"], len(result["refused"]))  # type: ignore[arg-type]
    except Timeout:
        _LOG.info("another process brings pictures into %s", name)
    except Cancelled:
        shutil.rmtree(incoming, ignore_errors=True)
        reporter.say("cancelled")
    except StudioError as error:
        _LOG.info("%s: %s", name, error)
        reporter.say("failed", error_code=error.code, error_values=error.values)
    except Exception:
        log_id = secrets.token_hex(4)
        _LOG.exception("bringing pictures into %s failed [%s]", name, log_id)
        reporter.say("failed", error_code="dataset.import_broke", error_values={"id": log_id})
        raise


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--stories", type=Path, required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
    layout = Layout(given.workspace, given.stories)
    os.umask(forbidden(layout.workspace))
    work(layout, given.dataset)


if __name__ == "__main__":
    main()
