"""Keeps one child per GPU and sees jobs through it. Never imports torch."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from story_engine.domain.job_result import plain
from story_engine.jobs.kinds import HAD_A_GPU
from story_engine.jobs.orders import (
    Accepted,
    Cancel,
    Cancelled,
    Crashed,
    DeviceLost,
    Failed,
    FromChild,
    Lost,
    Order,
    Outcome,
    Pause,
    Progressed,
    Stalled,
)
from story_engine.jobs.queue.child_process import ChildCommand, ChildProcess, Signal

MOST_UNACCEPTED = 3
"""Children that may end before they accept a job: one may just be leaving because it had nothing to do."""
_LONGEST_STEP_GRACE_SECONDS = 10.0
_LONGEST_TRAINING_STEP_GRACE_SECONDS = 120.0
_STEPPING = frozenset({"denoising", "training"})
"""Stages that report at every step."""
_STEPS_WITHOUT_PROGRESS = 10
"""A step that takes this many times its usual duration is not a slow one."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """How an agent treats its children."""

    child: ChildCommand
    devices: tuple[str | None, ...]
    """CUDA_VISIBLE_DEVICES per token; None for a machine without GPU, where the CPU is the one token."""
    threads: int
    """Of torch per child."""
    logs: Path
    name: str = "child"
    """Of the children's logs."""
    grace_seconds: float = 0.5
    """Between the end of the step in which a child was asked to stop and its death."""
    training_grace_seconds: float = 60.0
    """The same for a training, which saves itself before it ends."""
    stall_seconds: float = 120.0
    """Without progress while steps are made."""
    loading_stall_seconds: float = 600.0
    """Without progress before the first step and between the stages that have none."""


@dataclass(slots=True)
class _Slot:
    token: int
    child: ChildProcess | None = None
    shown: tuple[int, ...] = ()
    """Tokens whose devices its child sees."""
    command: ChildCommand | None = None
    """What its child was started with."""
    has_lost_device: bool = False


@dataclass(slots=True)
class _Watch:
    """What is known about one running job."""

    job: int
    attempt: int
    report: Callable[[Progressed], None]
    is_training: bool = False
    child: ChildProcess | None = None
    is_accepted: bool = False
    stage: str = ""
    step: int = 0
    seconds_per_step: float = 0.0
    heard_at: float = field(default_factory=time.monotonic)
    wants_cancel: threading.Event = field(default_factory=threading.Event)
    wants_death: bool = False
    wants_pause: bool = False
    has_sent_pause: bool = False
    kill_at: float | None = None

    def heard(self, message: FromChild) -> None:
        self.heard_at = time.monotonic()
        self.is_accepted = True
        if isinstance(message, Progressed):
            self.stage, self.step = message.progress.stage, message.progress.step
            self.seconds_per_step = message.progress.seconds_per_step or 0.0


class Agent:
    """Runs orders, at most as many at once as it has tokens; one that takes several has their devices alone."""

    def __init__(self, settings: AgentSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._free = [_Slot(token) for token in range(len(settings.devices))]
        self._slots = tuple(self._free)
        self._watches: dict[tuple[int, int], _Watch] = {}
        self._is_closed = False

    def warm_up(self) -> None:
        """Start the first child, so that the first job does not wait for its imports."""
        with self._lock:
            if self._free and not self._is_closed:
                self._child_of(self._free[0], (self._free[0].token,), self._settings.child)

    def run(
        self,
        order: Order,
        report: Callable[[Progressed], None],
        *,
        command_for: Callable[[int], ChildCommand] | None = None,
    ) -> Outcome:
        """See one job through; blocks until its end.

        Args:
            order: what to do.
            report: called with each progress, in the calling thread.
            command_for: the token whose child does it → how that child is started; called before it is given the
                order. None: as the settings say.

        Returns:
            `Done`, `Failed` or `Cancelled` as the child reported; `Crashed` when it died; `Stalled` when it made no
            progress and was killed.
        """
        watch = _Watch(order.job, order.attempt, report, is_training=order.kind == "train")
        tokens = order.tokens
        with self._lock:
            if self._is_closed or len(self._free) < tokens:
                return Lost(job=watch.job, attempt=watch.attempt)
            slots, self._free = self._free[:tokens], self._free[tokens:]
            self._watches[watch.job, watch.attempt] = watch
        try:
            command = self._settings.child if command_for is None else command_for(slots[0].token)
            return self._run_in(slots, order, watch, command)
        finally:
            with self._lock:
                del self._watches[watch.job, watch.attempt]
                self._free = sorted([*self._free, *slots], key=lambda free: free.token)

    def cancel(self, job: int, attempt: int, *, is_forced: bool = False) -> None:
        """Ask a running job to stop; it is killed when it does not, or at once if `is_forced`."""
        with self._lock:
            watch = self._watches.get((job, attempt))
            if watch is not None:
                watch.wants_death = watch.wants_death or is_forced
                watch.wants_cancel.set()
                if watch.child is not None:
                    watch.child.wake()

    def pause(self, job: int, attempt: int) -> None:
        """Ask a running job to let others go first as soon as nothing is lost by it. Nothing is killed for it."""
        with self._lock:
            watch = self._watches.get((job, attempt))
            if watch is not None and not watch.wants_pause:
                watch.wants_pause = True
                if watch.child is not None:
                    watch.child.wake()

    def close(self) -> None:
        """End all children."""
        with self._lock:
            self._is_closed = True
            children = [slot.child for slot in self._slots if slot.child is not None]
        for child in children:
            try:
                child.kill()
            except Exception:  # the others are to end all the same; this one leaves when its pipes close
                _LOG.exception("child %d could not be ended", child.pid)
            child.wake()  # behind its last message: whoever follows it waits no longer, ended or not

    def _run_in(self, slots: list[_Slot], order: Order, watch: _Watch, command: ChildCommand) -> Outcome:
        slot, shown = slots[0], tuple(each.token for each in slots)
        for _ in range(MOST_UNACCEPTED):
            with self._lock:
                if self._is_closed:
                    return Lost(job=watch.job, attempt=watch.attempt)
                for other in slots[1:]:
                    self._end_child(other)
                try:
                    child = watch.child = self._child_of(slot, shown, command)
                except Exception as error:  # no processes, threads or memory left, or no place for its log
                    _LOG.exception("no child can be started for job %d", watch.job)
                    reason, log = str(error) or type(error).__name__, str(self._log_of(slot))
                    code, values = "jobs.child_not_started", plain({"reason": reason, "log": log})
                    return Failed(job=watch.job, attempt=watch.attempt, code=code, values=values)
            child.send(order)
            outcome = self._follow(child, watch)
            slot.has_lost_device = slot.has_lost_device or isinstance(outcome, DeviceLost)
            if (not child.is_alive or shown != (slot.token,)) and not self._is_closed:
                self._replace(slot, command)
            if outcome is not None:
                return outcome
            _LOG.info("child %d ended (%s) before it took job %d", child.pid, child.ending(), watch.job)
        return Crashed(job=watch.job, attempt=watch.attempt, reason=child.ending())

    def _follow(self, child: ChildProcess, watch: _Watch) -> Outcome | None:
        """The job's outcome; None when the child ended before it accepted the job."""
        while True:
            message = child.receive(self._patience(watch))
            if message is Signal.ENDED:
                return self._ended(child, watch)
            if message is Signal.WAKE and self._is_closed:
                return Lost(job=watch.job, attempt=watch.attempt)
            if not isinstance(message, Signal | None) and message.key == (watch.job, watch.attempt):
                watch.heard(message)
                if isinstance(message, Progressed):
                    watch.report(message)
                elif not isinstance(message, Accepted):
                    if isinstance(message, DeviceLost):
                        child.kill()  # with its device gone it may never come to its own end
                    return message
            if watch.wants_cancel.is_set() and watch.kill_at is None:
                child.send(Cancel(job=watch.job, attempt=watch.attempt))
                watch.kill_at = time.monotonic() + self._grace(watch)
            if watch.wants_pause and not watch.has_sent_pause:
                watch.has_sent_pause = True
                child.send(Pause(job=watch.job, attempt=watch.attempt))
            if watch.wants_death:
                watch.kill_at = time.monotonic()
            now = time.monotonic()
            if watch.kill_at is not None and now >= watch.kill_at:
                _LOG.info("job %d did not stop in time; its child %d is killed", watch.job, child.pid)
                child.kill()
                return Cancelled(job=watch.job, attempt=watch.attempt)
            if now >= watch.heard_at + self._longest_silence(watch):
                _LOG.warning("job %d stands still; its child %d is killed", watch.job, child.pid)
                child.kill()
                seconds = now - watch.heard_at
                return Stalled(job=watch.job, attempt=watch.attempt, seconds=seconds, step=watch.step)

    def _ended(self, child: ChildProcess, watch: _Watch) -> Outcome | None:
        if self._is_closed:
            return Lost(job=watch.job, attempt=watch.attempt)
        if watch.wants_cancel.is_set():
            return Cancelled(job=watch.job, attempt=watch.attempt)
        if not watch.is_accepted:
            return None
        _LOG.warning("child %d died under job %d: %s", child.pid, watch.job, child.ending())
        return Crashed(job=watch.job, attempt=watch.attempt, reason=child.ending())

    def _patience(self, watch: _Watch) -> float:
        deadline = watch.heard_at + self._longest_silence(watch)
        if watch.kill_at is not None:
            deadline = min(deadline, watch.kill_at)
        return deadline - time.monotonic()

    def _grace(self, watch: _Watch) -> float:
        if watch.is_training:
            longest = _LONGEST_TRAINING_STEP_GRACE_SECONDS
            return self._settings.training_grace_seconds + min(watch.seconds_per_step, longest)
        return self._settings.grace_seconds + min(watch.seconds_per_step, _LONGEST_STEP_GRACE_SECONDS)

    def _longest_silence(self, watch: _Watch) -> float:
        if watch.stage not in _STEPPING or watch.step == 0:
            return self._settings.loading_stall_seconds
        return max(self._settings.stall_seconds, _STEPS_WITHOUT_PROGRESS * watch.seconds_per_step)

    def _child_of(self, slot: _Slot, shown: tuple[int, ...], command: ChildCommand) -> ChildProcess:
        if slot.shown != shown or slot.command != command:
            self._end_child(slot)
        if slot.child is None or not slot.child.is_alive:
            environment = {"STORY_STUDIO_THREADS": str(self._settings.threads)}
            if self._settings.threads:  # 0 leaves it to torch, and libgomp complains of it
                environment["OMP_NUM_THREADS"] = str(self._settings.threads)
            devices = [device for token in shown if (device := self._settings.devices[token]) is not None]
            if devices:
                environment["CUDA_VISIBLE_DEVICES"] = ",".join(devices)
            if slot.has_lost_device:
                environment[HAD_A_GPU] = "1"
            slot.child = ChildProcess(command, environment=environment, log=self._log_of(slot))
            slot.shown, slot.command = shown, command
        return slot.child

    def _replace(self, slot: _Slot, command: ChildCommand) -> None:
        """The next child loads while nobody waits; where it cannot start, the job before it is done all the same."""
        try:
            with self._lock:
                self._child_of(slot, (slot.token,), command)
        except Exception:  # whatever it is, the next job meets it and reports it
            _LOG.exception("no child can be started for the next job")

    def _end_child(self, slot: _Slot) -> None:
        """Its device is given to another child."""
        if slot.child is not None:
            slot.child.kill()
            slot.child = None

    def _log_of(self, slot: _Slot) -> Path:
        return self._settings.logs / f"{self._settings.name}-{slot.token}.log"


def visible_devices(gpus: int) -> tuple[str | None, ...]:
    """One entry per token: the GPUs that this process may use, or the CPU as the only token."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is None:
        listed = [str(index) for index in range(gpus)]
    else:
        listed = [device.strip() for device in allowed.split(",") if device.strip() not in ("", "-1")]
    return tuple(listed[:gpus]) or (None,)
