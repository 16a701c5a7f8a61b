"""Trains one run in a process of its own, or as one of several that accelerate connects.

`python -m story_engine.training.process RUN_FOLDER STORIES_FOLDER` starts one; with `accelerate launch --multi_gpu -m`
in front of it several.

The first process says how far it is on its standard output, one JSON object per line; the last line is the outcome.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from pathlib import Path

from story_engine.domain.job import Progress
from story_engine.errors import LookAtLog, StudioError
from story_engine.inference.device_lost import device_lost
from story_engine.store.members import layout_at
from story_engine.training.launch import LAUNCHED
from story_engine.training.lines import DoneLine, ErrorLine, Line, ProgressLine, Raised
from story_engine.training.train import train

_WATCH_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Train the run whose folder is named; 0 when it went well, 1 with an `error` line when it did not."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m story_engine.training.process RUN_FOLDER STORIES_FOLDER\n")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    if LAUNCHED in os.environ:
        threading.Thread(target=_leave_with_launcher, args=(os.getppid(),), daemon=True).start()
    folder, stories = (Path(argument).resolve() for argument in arguments)
    is_first = os.environ.get("RANK", "0") == "0"
    try:
        outcome = train(
            layout_at(folder.parent.parent, stories),
            folder.name,
            report=_say_progress if is_first else _say_nothing,
            should_stop=_never,
        )
    except StudioError as error:
        if is_first:
            _say(ErrorLine(error=Raised.by(error)))
        return 1
    except Exception as error:
        reason = device_lost(error)
        if reason is not None and is_first:
            _LOG.exception("the device is lost")
            _say(ErrorLine(error=Raised.by(LookAtLog("jobs.device_lost_training", reason=reason))))
            return 1
        raise
    if is_first:
        _say(DoneLine(done=outcome))
    return 0


def _leave_with_launcher(launcher: int) -> None:
    """A launcher that is killed cannot end its processes, which have sessions of their own."""
    while os.getppid() == launcher:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def _say_progress(progress: Progress) -> None:
    _say(ProgressLine(progress=progress))


def _say(line: Line) -> None:
    sys.stdout.write(line.model_dump_json() + "\n")
    sys.stdout.flush()


def _say_nothing(progress: Progress) -> None:
    del progress


def _never() -> bool:
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
