"""The challenge's own script on the pictures of a bundle, as a job: with progress, and stopped when somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from story_engine.catalog.scorers import present_scorer
from story_engine.config import PROJECT_FOLDER
from story_engine.domain.job import Progress
from story_engine.domain.job_result import GateResult
from story_engine.domain.job_spec import GateSpec
from story_engine.errors import Wait
from story_engine.jobs.gate_script import Script, run_script
from story_engine.store.gate_folder import pictures_folder
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout


def run(
    spec: GateSpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
) -> GateResult:
    """Run the script in a process of its own on copies of the pictures.

    Raises:
        FixInput: a picture ends the script; the message names it.
        Wait: a picture has changed since it was asked for.
        LookAtLog: the script broke.
        Cancelled: `should_stop` said so.
    """
    del job
    present = present_scorer(layout)
    script = Script(
        scorer=present.name, version=present.version, weights=present.folder, project=PROJECT_FOLDER, logs=layout.logs
    )
    report(Progress(stage="loading", total=len(spec.pictures)))
    pictures: dict[str, bytes | Path] = {each.name: layout.workspace / each.path for each in spec.pictures}
    with pictures_folder(layout, pictures) as folder:
        for each in spec.pictures:
            if file_sha256(folder / each.name) != each.sha256:
                raise Wait("gate.changed", file=each.name)
        found = run_script(
            script,
            folder,
            report=lambda done: report(Progress(stage="scoring", step=done, total=len(spec.pictures))),
            should_stop=should_stop,
        )
    return GateResult(run=found)
