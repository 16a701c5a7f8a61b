"""The challenge's gate: by its own script on the exact files, and what another take would make of the mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from story_engine.domain.gate import LARGEST_DIFFERENCE, ScriptRun, differing, gate
from story_engine.errors import FixInput
from story_engine.flows.services import Services
from story_engine.store.gate_folder import pictures_folder

PICTURES_FOLDER = "images"
_DIGITS = 5
"""Further ones depend on the order in which threads add up."""


def confirm(services: Services, entries: Mapping[str, bytes | Path], shown: Mapping[str, float | None]) -> ScriptRun:
    """Run the challenge's script on the pictures of a bundle; what it says, where that is what the page says.

    Args:
        services: of the workspace.
        entries: of the bundle: name → content or file. Everything in a folder `images` is scored, as the script does.
        shown: name in the bundle, or file name → score on the page.

    Raises:
        FixInput: the means differ by more than 0.01, or a file in `images` ends the script; nothing may be handed in.
        Wait: the script took too long.
        LookAtLog: the script broke.
    """
    pictures = {
        name: content for name, content in entries.items() if PurePosixPath(name).parent.name == PICTURES_FOLDER
    }
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
    known = {PurePosixPath(name).name: value for name, value in shown.items() if value is not None}
    mean = gate(list(known.values())).mean
    if mean is None or abs(mean - run.mean) > LARGEST_DIFFERENCE:
        apart = differing(run, known)
        listed = ", ".join(f"{name}: {_written(known.get(name))} → {_written(run.pictures[name])}" for name in apart)
        raise FixInput("gate.differs", shown=_written(mean), script=_written(run.mean), files=listed or "–")
    return run


def script_report(run: ScriptRun) -> dict[str, object]:
    """The run for a bundle: nothing that differs from one export of the same pictures to the next."""
    report = run.model_dump(mode="json", exclude={"seconds"})
    return report | {
        "mean": round(run.mean, _DIGITS),
        "pictures": {name: round(value, _DIGITS) for name, value in run.pictures.items()},
    }


def _written(value: float | None) -> str:
    return "–" if value is None else f"{value:z.3f}"
