"""Trains a run in several processes, one per GPU, and hands on what the first of them says."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO

import torch

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.job import Progress
from story_engine.domain.job_result import TrainResult
from story_engine.domain.training import TrainingSpec
from story_engine.errors import FixInput, LookAtLog, StudioError
from story_engine.store.layout import Layout
from story_engine.store.runs import RunStore
from story_engine.training.lines import DoneLine, ErrorLine, ProgressLine, read_line

_WATCH_SECONDS = 0.3
LOG = "processes.log"
LAUNCHED = "STORY_STUDIO_TRAINING_LAUNCHED"
"""Set in the environment of processes that were started here: they start no others."""


def train_in_processes(
    layout: Layout,
    run_id: str,
    spec: TrainingSpec,
    *,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
) -> TrainResult:
    """As `train.train`, in as many processes as the spec says; accelerate connects them (gloo on CPUs, NCCL on GPUs).

    Raises:
        FixInput: there are fewer GPUs than processes.
        StudioError: what the first process raised.
        LookAtLog: a process broke.
    """
    gpus = torch.cuda.device_count()
    if 0 < gpus < spec.processes:
        raise FixInput("training.too_few_gpus", processes=spec.processes, gpus=gpus)
    store = RunStore(layout)
    folder = store.folder(run_id)
    # What `accelerate launch --multi_gpu` calls; on the CPU it starts no second process without MPI.
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(spec.processes)]
    command += ["-m", "story_engine.training.process", str(folder), str(layout.stories)]
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=PROJECT_FOLDER,
            env=os.environ | {LAUNCHED: "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    output = _Output(report)
    reader = threading.Thread(target=output.read, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        while reader.is_alive():
            reader.join(_WATCH_SECONDS)
            if should_stop():
                store.request(run_id, "stop")
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        store.forget_requests(run_id)
    if output.error is not None:
        raise output.error
    if output.outcome is None:
        raise LookAtLog("training.process_broke", status=process.returncode, log=folder / LOG)
    return output.outcome


class _Output:
    """What the first process writes, line by line."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self._report = report
        self.outcome: TrainResult | None = None
        self.error: StudioError | None = None

    def read(self, lines: IO[str]) -> None:
        """Until the processes close their output."""
        for text in lines:
            match read_line(text):
                case ProgressLine(progress=progress):
                    self._report(progress)
                case DoneLine(done=outcome):
                    self.outcome = outcome
                case ErrorLine(error=error):
                    self.error = error.again()
                case None:
                    continue
