"""Dispatchers that a test leaves behind would wait ten minutes for more work, with a child that holds its networks."""

from pathlib import Path

import psutil


def dispatchers_of(workspace: Path) -> list[psutil.Process]:
    """Those of this workspace that live. One that starts a child is seen twice for a moment, once as that child."""
    found = []
    for process in psutil.process_iter(["cmdline", "status", "ppid"]):
        line = process.info["cmdline"] or []
        is_one = "story_engine.jobs.queue.dispatcher" in line and str(workspace) in line
        if is_one and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    numbers = {process.pid for process in found}
    return [process for process in found if process.info["ppid"] not in numbers]


def end_dispatchers(workspace: Path) -> None:
    """They end their children with themselves."""
    for process in dispatchers_of(workspace):
        process.terminate()
        process.wait(60)
