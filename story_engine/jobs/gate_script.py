"""Runs the challenge's own script on a folder of pictures, in a process that does nothing else."""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from story_engine.domain.gate import ScriptRun, gate
from story_engine.errors import Cancelled, FixInput, LookAtLog, Wait
from story_engine.jobs.wire import Message, decoded
from story_engine.store.folders import make_folder

PATIENCE_SECONDS = 900.0
"""For a whole folder: 24 pictures by the full scorer take two minutes on two busy processors."""
LOG_NAME = "gate.log"
_LOOK_SECONDS = 0.1
"""How long somebody who asks for a stop waits at most."""
_LARGEST_LOG_BYTES = 2_000_000
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
"""What lies in the folder is what counts: nothing is asked of a hub."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the script is run with."""

    scorer: str
    version: str
    weights: Path
    """Folder of the scorer."""
    project: Path
    """Where `python -m story_engine` is found."""
    logs: Path


def run_script(
    script: Script,
    images: Path,
    *,
    report: Callable[[int], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ScriptRun:
    """What the script says about every file in `images`.

    Args:
        script: the scorer that counts on this machine.
        images: the folder.
        report: told how many pictures have their score.
        should_stop: asked several times a second.

    Raises:
        Cancelled: `should_stop` said so; the script's process is gone.
        FixInput: a file ends the script; the message names it. Or the folder is empty.
        Wait: it took too long.
        LookAtLog: the script broke.
    """
    log = script.logs / LOG_NAME
    started = time.monotonic()
    answer = _asked(script, images, log, report, should_stop)
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
        scorer=script.scorer,
        scorer_version=script.version,
        processor=str(answer["processor"]),
        seconds=round(time.monotonic() - started, 2),
    )
    _LOG.info("the challenge's script: %d files, mean %.4f, %.1f s", len(scores), run.mean, run.seconds)
    return run


def _asked(
    script: Script, images: Path, log: Path, report: Callable[[int], None], should_stop: Callable[[], bool]
) -> Message:
    make_folder(log.parent)
    is_long = log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES
    command = [sys.executable, "-m", "story_engine.jobs.work.gate_child", str(images), str(script.weights)]
    with log.open("wb" if is_long else "ab") as errors:
        try:
            child = subprocess.Popen(
                command,
                cwd=script.project,
                env=os.environ | _OFFLINE,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        except OSError as error:
            raise LookAtLog("gate.broken", reason=str(error)[:200], log=log) from error
        try:
            return _answer(child, log, report, should_stop)
        finally:
            child.kill()
            child.wait()


def _answer(
    child: subprocess.Popen[bytes], log: Path, report: Callable[[int], None], should_stop: Callable[[], bool]
) -> Message:
    """The child's last line; a thread reads, so that whoever waits can be asked to stop meanwhile."""
    assert child.stdout is not None
    lines: queue.Queue[Message | None] = queue.Queue()
    threading.Thread(target=_read, args=(child.stdout, lines), daemon=True).start()
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if should_stop():
            raise Cancelled("jobs.cancelled")
        try:
            line = lines.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            continue
        if line is None:
            return {"broken": f"exit {child.wait()}"}
        if "scored" not in line:
            return line
        report(int(line["scored"]))
    raise Wait("gate.slow", seconds=round(PATIENCE_SECONDS), log=log)


def _read(stream: IO[bytes], lines: queue.Queue[Message | None]) -> None:
    with stream:
        for line in decoded(stream):
            lines.put(line)
    lines.put(None)
