"""The challenge's own script with the scorer that counts on this machine, for whoever waits for it without a job."""

from __future__ import annotations

from pathlib import Path

from story_engine.catalog.scorers import present_scorer
from story_engine.config import PROJECT_FOLDER
from story_engine.domain.gate import ScriptRun
from story_engine.jobs.gate_script import Script, run_script
from story_engine.store.layout import Layout


def run_challenge_script(layout: Layout, images: Path) -> ScriptRun:
    """What the script says about every file in `images`. Raises as `run_script`."""
    present = present_scorer(layout)
    script = Script(
        scorer=present.name, version=present.version, weights=present.folder, project=PROJECT_FOLDER, logs=layout.logs
    )
    return run_script(script, images)
