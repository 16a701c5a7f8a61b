"""The process that brings pictures in: `python -m story_engine.jobs.imports.process DATASET --workspace DIR …`.

One per import, detached from whoever asked for it; how far it is stands in the dataset's `import.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import secrets
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from story_engine.domain.job import Progress
from story_engine.errors import Cancelled, FixInput, StudioError
from story_engine.jobs.imports.incoming import Incoming
from story_engine.jobs.imports.launcher import write_state
from story_engine.jobs.imports.pictures import run
from story_engine.jobs.imports.room import check_room
from story_engine.store.atomic import cannot_write
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout
from story_engine.store.members import layout_at
from story_engine.store.privacy import forbidden
from story_engine.store.process_identity import this_process

REPORT_SECONDS = 0.4
TURN_SECONDS = 30.0
"""For an import that is taken for dead and still ends."""
_SHOWN = 5
_LOG = logging.getLogger(__name__)


class _Reporter:
    """Writes the state down, now and then."""

    def __init__(self, folder: Path, id_: str) -> None:
        self._folder = folder
        self._identity: dict[str, Any] = {"id": id_} | asdict(this_process())
        self._reported_at = 0.0

    def progress(self, progress: Progress) -> None:
        """How far it is; a report that cannot be written is left out."""
        if time.monotonic() - self._reported_at >= REPORT_SECONDS:
            self._reported_at = time.monotonic()
            with contextlib.suppress(StudioError):
                self.write("running", progress=asdict(progress))

    def write(self, state: str, **values: object) -> None:
        """Write one state down."""
        write_state(self._folder, self._identity | {"state": state} | values)


def work(layout: Layout, name: str, id_: str | None = None) -> None:
    """Bring in what an import of the dataset was asked for; None: the one that was asked for last."""
    folder = DatasetStore(layout).folder(name)
    incoming = Incoming(folder)
    order = incoming.order(id_)
    import_id = str(order["id"])
    reporter = _Reporter(folder, import_id)

    def should_stop() -> bool:
        return incoming.is_asked_to_stop(import_id)

    try:
        with FileLock(folder / ".import.lock", timeout=TURN_SECONDS):
            reporter.write("running")
            if missing := incoming.missing(order):
                shown = ", ".join(missing[:_SHOWN])
                raise FixInput("dataset.uploads_gone", count=len(missing), names=shown)
            if not order.get("is_resumed"):
                check_room(order["sources"], folder)
            result = run(order, report=reporter.progress, should_stop=should_stop, layout=layout)
            incoming.remove(order)
            reporter.write("done", result=result)
            _LOG.info("%s: %s added, %s refused", name, result["added"], result["refused_count"])
    except Timeout:
        _LOG.info("another process brings pictures into %s", name)
        reporter.write("failed", error_code="dataset.import_running", error_values={"name": name})
    except Cancelled:
        incoming.remove(order)
        reporter.write("cancelled")
    except StudioError as error:
        _LOG.info("%s: %s", name, error)
        reporter.write("failed", error_code=error.code, error_values=error.values)
    except Exception as error:
        log_id = secrets.token_hex(4)
        _LOG.exception("bringing pictures into %s failed [%s]", name, log_id)
        code, values = "dataset.import_broke", {"id": log_id}
        if isinstance(error, OSError) and error.errno is not None:  # nobody turned it into ours where it happened
            trouble = cannot_write(folder, error)
            code, values = trouble.code, {key: str(value) for key, value in trouble.values.items()}
        reporter.write("failed", error_code=code, error_values=values)
        raise


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("id", nargs="?")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--stories", type=Path, required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
    layout = layout_at(given.workspace, given.stories)
    os.umask(forbidden(layout.workspace))
    work(layout, given.dataset, given.id)


if __name__ == "__main__":
    main()
