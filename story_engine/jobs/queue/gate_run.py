"""Runs the challenge's own script on a folder of pictures, in a process that does nothing else."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from story_engine.catalog.scorers import present_scorer
from story_engine.config import PROJECT_FOLDER
from story_engine.domain.gate import ScriptRun, gate
from story_engine.errors import FixInput, LookAtLog, Wait
from story_engine.jobs.wire import Message, decoded
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout

PATIENCE_SECONDS = 900.0
"""For a whole folder: 24 pictures by the full scorer take two minutes on two busy processors."""
LOG_NAME = "gate.log"
_LARGEST_LOG_BYTES = 2_000_000
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
"""What lies in the folder is what counts: nothing is asked of a hub."""
_LOG = logging.getLogger(__name__)


def run_challenge_script(layout: Layout, images: Path) -> ScriptRun:
    """What the script says about every file in `images`, by the scorer that counts on this machine.

    Raises:
        FixInput: a file ends the script; the message names it. Or the folder is empty.
        Wait: it took too long.
        LookAtLog: the script broke.
    """
    if not any(path.is_file() for path in images.iterdir()):
        raise FixInput("gate.no_files")
    present = present_scorer(layout)
    log = layout.logs / LOG_NAME
    started = time.monotonic()
    answer = _asked(images, present.folder, log)
    if "refused" in answer:
        raise FixInput("gate.refused", file=answer["refused"], reason=answer["reason"])
    if "scores" not in answer:
        raise LookAtLog("gate.broken", reason=answer.get("broken", "–"), log=log)
    scores = {str(name): float(value) for name, value in answer["scores"].items()}
    mean = gate(list(scores.values())).mean
    if mean is None:  # they went while it ran
        raise FixInput("gate.no_files")
    run = ScriptRun(
        mean=mean,
        pictures=scores,
        scorer=present.name,
        scorer_version=present.version,
        processor=str(answer["processor"]),
        seconds=round(time.monotonic() - started, 2),
    )
    _LOG.info("the challenge's script: %d files, mean %.4f, %.1f s", len(scores), run.mean, run.seconds)
    return run


def _asked(images: Path, weights: Path, log: Path) -> Message:
    make_folder(log.parent)
    is_long = log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES
    with log.open("wb" if is_long else "ab") as errors:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "story_engine.jobs.work.gate_child", str(images), str(weights)],
                cwd=PROJECT_FOLDER,
                env=os.environ | _OFFLINE,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Wait("gate.slow", seconds=round(PATIENCE_SECONDS), log=log) from error
        except OSError as error:
            raise LookAtLog("gate.broken", reason=str(error)[:200], log=log) from error
    return next(decoded(io.BytesIO(done.stdout)), {"broken": f"exit {done.returncode}"})
