"""Several training processes, averaging their gradients: through gloo on the CPU, through NCCL on GPUs."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn

_ENVIRONMENT = {
    # glibc gives large blocks back at once; getting them again costs a page fault per 4 kB, every time.
    "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 30),
    # Two torch threads in one process on a shared machine are several times slower than one.
    "OMP_NUM_THREADS": "1",
}
"""With which a training process should start."""


def run_in_processes(target: Callable[..., Any], arguments: tuple[Any, ...], *, processes: int) -> None:
    """Call `target(process, *arguments)` in fresh processes and wait; SIGTERM is passed on to them.

    Raises:
        ProcessRaisedException: one of them failed; its traceback is in the message.
    """
    os.environ.update(_ENVIRONMENT)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    with tempfile.TemporaryDirectory(prefix="preview_training_") as folder:
        meeting = Path(folder) / "meeting"
        shared = (target, arguments, processes, str(meeting))
        context: Any = spawn(_start, args=shared, nprocs=processes, join=False)  # type: ignore[no-untyped-call]

        def pass_on(number: int, _frame: FrameType | None) -> None:
            for child in context.processes:
                if child.pid is not None and child.is_alive():
                    os.kill(child.pid, number)

        signal.signal(signal.SIGTERM, pass_on)
        while not context.join():
            pass


def _start(process: int, target: Callable[..., Any], arguments: tuple[Any, ...], processes: int, meeting: str) -> None:
    torch.set_num_threads(1)
    if processes > 1:
        backend = "nccl" if torch.cuda.is_available() else "gloo"
        distributed.init_process_group(backend, init_method=f"file://{meeting}", rank=process, world_size=processes)
    try:
        target(process, *arguments)
    finally:
        if processes > 1:
            distributed.destroy_process_group()
