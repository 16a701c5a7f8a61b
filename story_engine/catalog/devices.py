"""What this machine has to compute with, asked without importing torch."""

from __future__ import annotations

import platform
import warnings
from functools import cache
from pathlib import Path

import psutil


@cache
def gpu_names() -> tuple[str, ...]:
    """Names of the NVIDIA GPUs that the driver shows; empty without a driver."""
    return tuple(name for name, _ in _gpus())


def gpu_memory_bytes() -> int:
    """Memory of the smallest GPU; 0 without one."""
    return min((size for _, size in _gpus()), default=0)


@cache
def processor_name() -> str:
    """Name of the processor, as far as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_bytes() -> int:
    """Main memory of the machine."""
    return int(psutil.virtual_memory().total)


@cache
def _gpus() -> tuple[tuple[str, int], ...]:
    """Name and memory of each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pynvml
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ()
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return tuple(
            (str(pynvml.nvmlDeviceGetName(each)), int(pynvml.nvmlDeviceGetMemoryInfo(each).total)) for each in handles
        )
    finally:
        pynvml.nvmlShutdown()
