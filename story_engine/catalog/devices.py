"""What this machine has to compute with, asked without importing torch."""

from __future__ import annotations

import platform
import warnings
from functools import cache
from pathlib import Path

import psutil

from story_engine.config import device_gib
from story_engine.domain.family import GIB


@cache
def gpu_names() -> tuple[str, ...]:
    """Names of the NVIDIA GPUs that the driver shows; empty without a driver."""
    return tuple(name for name, _ in _gpus())


def driver_version() -> str:
    """Of the NVIDIA driver; empty without one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pynvml
    try:
        pynvml.nvmlInit()
        try:
            return str(pynvml.nvmlSystemGetDriverVersion())
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return ""


def free_bytes() -> int:
    """Memory that painting can have: of the fullest GPU, with what the Studio holds there; without one, main memory.

    Work that waits for its turn lets go of what it holds, so it counts as free. No more than `limit_bytes`.
    """
    found = min((free + own for free, own in _free_of_gpus()), default=None)
    free = main_memory_free() if found is None else found
    return min(free, limit_bytes() or free)


def limit_bytes() -> int | None:
    """How much of the device the Studio may use, where whoever started it said so.

    Raises:
        FixInput: what was said is no number; every entry point finds that out first.
    """
    said = device_gib()
    return None if said is None else round(said * GIB)


def main_memory_free() -> int:
    """Main memory that could be had without swapping; in a container, within its limit."""
    available = int(psutil.virtual_memory().available)
    limit, used = _container_memory()
    return available if limit is None else max(0, min(available, limit - used))


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
    """Main memory of the machine, or of the container that this is."""
    total, (limit, _) = int(psutil.virtual_memory().total), _container_memory()
    return total if limit is None else min(total, limit)


def _container_memory(groups: Path = Path("/sys/fs/cgroup")) -> tuple[int | None, int]:
    """Limit and use in bytes; no limit outside of a container. What the system keeps of files counts as free.

    Source: kernel documentation, cgroup-v2 (`memory.max`, `memory.current`, `memory.stat`) and cgroup-v1.
    """
    for folder, limit, used in (
        (groups, "memory.max", "memory.current"),
        (groups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        try:
            most, now = (folder / limit).read_text().strip(), int((folder / used).read_text())
            stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        except (OSError, ValueError):
            continue
        cached = int(stat.get("inactive_file", stat.get("total_inactive_file", 0)))
        if most.isdecimal() and int(most) < psutil.virtual_memory().total:
            return int(most), max(0, now - cached)
    return None, 0


def _free_of_gpus() -> list[tuple[int, int]]:
    """Free bytes of each GPU, and what processes of the Studio hold there, as far as the driver tells."""
    if not gpu_names():
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pynvml
    pynvml.nvmlInit()
    try:
        found = []
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            users = pynvml.nvmlDeviceGetComputeRunningProcesses(handle)
            own = sum(int(each.usedGpuMemory or 0) for each in users if _is_ours(each.pid))
            found.append((int(pynvml.nvmlDeviceGetMemoryInfo(handle).free), own))
        return found
    except pynvml.NVMLError:
        return [(size, 0) for _, size in _gpus()]
    finally:
        pynvml.nvmlShutdown()


def _is_ours(process: int) -> bool:
    try:
        return any("story_engine" in part for part in psutil.Process(process).cmdline())
    except psutil.Error:
        return False  # of another container or user


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
