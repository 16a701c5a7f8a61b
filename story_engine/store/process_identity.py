"""Which process wrote a file, so that a later reader can tell whether it still lives. No clock is asked for it.

A process number is used again after a while, so it needs the moment of its start beside it. On Linux that moment is
counted from the machine's own start; psutil turns it into a time of day by a clock that people, NTP and waking virtual
machines set, and the same process then seems to have started at another time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAME_START_SECONDS = 1.0
"""Times of day of one process's start, asked twice, agree to within this; those of a reused number do not."""
_SAME_UPTIME_SECONDS = 2.0
"""The same for the machine's uptime at the start, a difference of two rounded times."""
_UPTIME = "uptime:"
_START_TICKS = 19
"""Place of `starttime` in /proc/<pid>/stat, counted behind the name in brackets. Source: proc_pid_stat(5), field 22."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process of this machine, told from every other one."""

    pid: int
    started: float
    """Time of day of its start, in seconds since 1970: the only mark in files of earlier versions."""
    mark: str = ""
    """Start of the machine and of the process on it, untouched by any clock. Where no /proc has them, the machine's
    uptime at the start: a clock that is set moves both times that it is the difference of."""

    @classmethod
    def read(cls, stored: Mapping[str, object], *, started: str = "started", mark: str = "mark") -> ProcessIdentity:
        """What a file holds under `pid` and the two given keys.

        Raises:
            TypeError, KeyError: that is no process.
        """
        pid, time_of_day = stored["pid"], stored[started]
        if not isinstance(pid, int) or not isinstance(time_of_day, int | float):
            raise TypeError(f"no process: {pid!r}, {time_of_day!r}")
        try:
            return cls(pid, float(time_of_day), str(stored.get(mark) or ""))
        except OverflowError as error:
            raise TypeError(f"no time of day: {str(time_of_day)[:20]}…") from error

    @property
    def is_living(self) -> bool:
        """Whether the process still runs. One that was killed and not yet collected by its parent does not."""
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            present = _mark(self.pid)
            if self.mark and present:
                return self.mark == present
            if self.mark.startswith(_UPTIME):
                recorded = float(self.mark.removeprefix(_UPTIME))
                if abs(_uptime_at_start(process) - recorded) < _SAME_UPTIME_SECONDS:
                    return True
            return abs(process.create_time() - self.started) < _SAME_START_SECONDS
        except (psutil.Error, ValueError, OverflowError):
            return False


def this_process() -> ProcessIdentity:
    """The process that asks."""
    process = psutil.Process()
    mark = _mark(process.pid) or f"{_UPTIME}{_uptime_at_start(process):.3f}"
    return ProcessIdentity(process.pid, process.create_time(), mark)


def _uptime_at_start(process: psutil.Process) -> float:
    return float(process.create_time() - psutil.boot_time())


def _mark(pid: int) -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        behind_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        return f"{boot}:{behind_name.split()[_START_TICKS]}"
    except (OSError, IndexError):
        return ""
