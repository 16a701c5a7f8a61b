"""`python -m story_engine train SPEC.yaml`: train, with progress, until it is done."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.output import answer, remark
from story_engine.cli.wait import JobEnded, show
from story_engine.domain.training import TrainingSpec
from story_engine.flows.services import Services
from story_engine.flows.train_view import RunCard
from story_engine.messages import known_codes, message
from story_engine.store.given_file import read_given
from story_engine.store.safe_yaml import LARGEST_BYTES

_POLL_SECONDS = 0.2


def train(
    context: typer.Context,
    spec: Annotated[Path | None, typer.Argument(help="YAML with name, dataset, preset and any field.")] = None,
    resume: Annotated[str | None, typer.Option(help="Go on with this run instead.")] = None,
) -> None:
    """Train a LoRA. Example: python -m story_engine train ink.yaml"""
    if (spec is None) == (resume is None):
        raise typer.BadParameter("give either a SPEC.yaml or --resume RUN")
    services = services_of(context)
    if resume is not None:
        flows.train.resume(services, resume)
        run = resume
    else:
        run = flows.train.start(services, _read(services, Path(str(spec))))
    card = _wait(services, run)
    view = flows.train_view.view(services, run)
    report: dict[str, object] = {
        "run": run,
        "name": card.name,
        "state": card.state,
        "step": view.run.step,
        "total": view.run.total,
        "loss": view.run.loss,
        "seconds": view.run.seconds,
        "checkpoints": {step: str(flows.train_view.checkpoint(services, run, step)) for step in view.checkpoints},
        "samples": [str(sample.path) for sample in view.samples],
        "spec": json.loads(view.spec.model_dump_json()),
    }
    text = f"{run}: {card.state}, step {view.run.step} of {view.run.total}"
    if view.checkpoints:
        text += f"\n{flows.train_view.checkpoint(services, run, view.checkpoints[-1])}"
    answer(context, report, text)
    if card.state != "finished":
        raise JobEnded(_why(card))


def _read(services: Services, path: Path) -> TrainingSpec:
    """The spec; what looks odd but does not block is said on stderr.

    Raises:
        FixInput: the file cannot be read, or is no training.
    """
    content = read_given(path, limit=LARGEST_BYTES)
    spec = flows.train.read(content, file=path.name)
    for problem in flows.train.plan(services, spec).problems:
        if not problem.blocks:
            remark(problem.text("en"))
    return spec


def _wait(services: Services, run: str) -> RunCard:
    """Poll until the run rests; Ctrl+C asks it to stop, which saves."""
    shown, is_asked = "", False
    while True:
        try:
            while (card := flows.train_view.card(services, run)).is_active:
                if card.job is not None:
                    shown = show(flows.queue.job(services, card.job.id), shown)
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt:
            if is_asked:
                flows.train.force_stop(services, run)
            else:
                remark("\nstopping after this step; Ctrl+C again ends it at once")
                flows.train.ask(services, run, "stop")
            is_asked = True
            continue
        if shown and sys.stderr.isatty():
            remark()
        return card


def _why(card: RunCard) -> str:
    reason = ""
    if card.error_code in known_codes():
        reason = message(str(card.error_code), "en", **(card.error_values or {}))
    return f"{card.id} {card.state}. {reason}".strip()
