"""The challenge's gate: by its own script on the exact files, and what another take would make of the mean."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from story_engine.domain.gate import LARGEST_DIFFERENCE, ScriptRun, differing, gate
from story_engine.domain.job_result import GateResult
from story_engine.domain.job_spec import GatePicture, GateSpec
from story_engine.errors import FixInput
from story_engine.flows.bundle_plan import BundlePlan
from story_engine.flows.services import Services
from story_engine.store.gate_folder import pictures_folder

PICTURES_FOLDER = "images"
GATE_PRIORITY = 20
"""Somebody waits for it with the bundle almost in hand."""
_DIGITS = 5
"""Further ones depend on the order in which threads add up."""


def submit(services: Services, slug: str, plan: BundlePlan) -> int | None:
    """Queue the challenge's script for the pictures of a bundle, ahead of everything else.

    Returns:
        The job; None where the script has already said what it says about exactly these pictures, by the scorer that
        counts now.
    """
    key, pictures = _key(services, plan), _pictures(services, plan)
    if known_run(services, plan) is not None:
        return None
    job = services.ledger.submit(
        GateSpec(story=slug, pictures=pictures),
        key=key,
        priority=GATE_PRIORITY,
        user=services.user,
        story=slug,
        scenes=(),
    )
    services.start_dispatcher()
    return job


def known_run(services: Services, plan: BundlePlan) -> ScriptRun | None:
    """What the script has said about exactly these pictures; None where it has not been asked."""
    key = _key(services, plan)
    job = services.ledger.latest([key]).get(key)
    return job.result.run if job is not None and isinstance(job.result, GateResult) else None


def confirm(
    services: Services,
    entries: Mapping[str, bytes | Path],
    shown: Mapping[str, float | None],
    *,
    known: ScriptRun | None = None,
) -> ScriptRun:
    """Run the challenge's script on the pictures of a bundle; what it says, where that is what the page says.

    Args:
        services: of the workspace.
        entries: of the bundle: name → content or file. Everything in a folder `images` is scored, as the script does.
        shown: name in the bundle, or file name → score on the page.
        known: what the script has said about exactly these pictures; it is run where this is None.

    Raises:
        FixInput: the means differ by more than 0.01, or a file in `images` ends the script; nothing may be handed in.
        Wait: the script took too long.
        LookAtLog: the script broke.
    """
    pictures = {
        name: content for name, content in entries.items() if PurePosixPath(name).parent.name == PICTURES_FOLDER
    }
    if known is not None and set(known.pictures) == {PurePosixPath(name).name for name in pictures}:
        return agreeing(known, shown)
    with pictures_folder(services.layout, pictures) as folder:
        run = services.challenge_script(folder)
    return agreeing(run, shown)


def agreeing(run: ScriptRun, shown: Mapping[str, float | None]) -> ScriptRun:
    """The run, where its mean is that of the page.

    Args:
        run: of the challenge's script.
        shown: name in the bundle, or file name → score on the page.

    Raises:
        FixInput: the means differ by more than 0.01; the message names the pictures whose scores do.
    """
    scores = {PurePosixPath(name).name: value for name, value in shown.items() if value is not None}
    mean = gate(list(scores.values())).mean
    if mean is None or abs(mean - run.mean) > LARGEST_DIFFERENCE:
        apart = differing(run, scores)
        listed = ", ".join(f"{name}: {_written(scores.get(name))} → {_written(run.pictures[name])}" for name in apart)
        raise FixInput("gate.differs", shown=_written(mean), script=_written(run.mean), files=listed or "–")
    return run


def script_report(run: ScriptRun) -> dict[str, object]:
    """The run for a bundle: nothing that differs from one export of the same pictures to the next."""
    report = run.model_dump(mode="json", exclude={"seconds"})
    return report | {
        "mean": round(run.mean, _DIGITS),
        "pictures": {name: round(value, _DIGITS) for name, value in run.pictures.items()},
    }


def _pictures(services: Services, plan: BundlePlan) -> tuple[GatePicture, ...]:
    workspace = services.layout.workspace
    return tuple(
        GatePicture(
            name=PurePosixPath(each.name).name,
            path=each.picture.relative_to(workspace).as_posix(),
            sha256=each.view.take.picture_sha256,
        )
        for each in plan.pictures
    )


def _key(services: Services, plan: BundlePlan) -> str:
    scorer = services.present_scorer()
    content = [(each.name, each.sha256) for each in _pictures(services, plan)]
    digest = hashlib.sha256(repr((scorer.name, scorer.version, content)).encode()).hexdigest()[:32]
    return f"gate-{digest}"


def _written(value: float | None) -> str:
    return "–" if value is None else f"{value:z.3f}"
