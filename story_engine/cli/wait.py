"""Wait for a job on the command line, with its progress on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from story_engine import flows
from story_engine.cli.output import remark, show_progress
from story_engine.domain.job import JobView
from story_engine.flows.services import Services
from story_engine.messages import message

_POLL_SECONDS = 0.2


class JobEnded(Exception):
    """A job that was waited for failed, was cancelled, or is held."""


def wait_for(services: Services, job: int, *, how_far: Callable[[JobView], str] | None = None) -> JobView:
    """Poll until the job is over; Ctrl+C cancels it. `how_far` says it in other words than `show` does.

    Raises:
        JobEnded: it ended otherwise than done.
    """
    shown, is_trouble_shown = "", False
    if (free := flows.room.low_bytes(services)) is not None:
        remark(message("disk.low", "en", free=round(free / 1e6)))
    try:
        while (view := flows.queue.job(services, job)).is_active:
            shown = show(view, shown, how_far)
            is_trouble_shown = is_trouble_shown or show_trouble(services)
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt as error:
        services.ledger.request_cancel(job)
        raise JobEnded(f"Job {job} was asked to stop. Finished takes are kept.") from error
    if shown and sys.stderr.isatty():
        remark()
    if view.state != "done":
        reason = message(view.error_code, "en", **view.error_values) if view.error_code else ""
        raise JobEnded(f"Job {job} {view.state}. {reason}".strip())
    return view


def show_trouble(services: Services) -> bool:
    """Report on stderr why nobody does the jobs that wait, where that is so; whether it was."""
    trouble = flows.queue.start_trouble(services) or flows.queue.cluster_notice(services)
    if trouble is not None:
        remark(trouble.text("en"))
    return trouble is not None


def show(view: JobView, shown: str, how_far: Callable[[JobView], str] | None = None) -> str:
    """Say how far a job is on stderr, unless that is what was `shown` last; what is shown now."""
    line = (how_far or _how_far)(view)
    if line == shown:
        return shown
    if sys.stderr.isatty():
        show_progress(line)
    elif line.split()[:2] != shown.split()[:2]:
        remark(line)
    return line


def _how_far(view: JobView) -> str:
    progress = view.progress
    line = f"{view.state} {progress.stage}".strip()
    if progress.total:
        line += f" {progress.step}/{progress.total}"
    if progress.eta_seconds is not None:
        line += f", about {progress.eta_seconds:.0f} s left"
    return line
