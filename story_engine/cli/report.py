"""What the command line prints: each report as a JSON object and as text."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from typing import Any

from story_engine import flows
from story_engine.domain.job import JobView
from story_engine.domain.job_result import report_of
from story_engine.flows.services import Services

Report = dict[str, Any]


def board_report(services: Services, slug: str) -> tuple[Report, str]:
    """Panels, takes, files, scores, picks, seeds."""
    opened = flows.panels.open_story(services, slug)
    board, gate = opened.board, flows.export.gate_view(services, opened)
    work = flows.queue.work_on_panels(services, slug, flows.queue.jobs(services, story=slug))
    panels: list[Report] = []
    lines = [f"{slug}: mean {_number(gate.mean)} ({board.scorer} scorer), gate {gate.threshold:g}"]
    for number, panel in enumerate(board.panels, start=1):
        takes = [
            {
                "id": view.take.id,
                "number": view.take.serial,
                "seed": view.take.recipe.seed,
                "family": view.take.recipe.family,
                "score": view.score,
                "file": str(view.picture),
                "is_current": view.is_current,
                "changed": list(view.changed),
                "loras": {part.name: part.strength for part in view.take.recipe.loras},
                "is_control": view.is_control,
            }
            for view in panel.takes
        ]
        chosen = panel.chosen.take.id if panel.chosen else None
        panels.append(
            {
                "scene": panel.scene.id,
                "title": panel.scene.title,
                "seed": panel.scene.seed,
                "pinned": panel.scene.pinned,
                "chosen": chosen,
                "is_picked": panel.is_picked,
                "stand_in_for": panel.stand_in_for,
                "changed": list(panel.changed),
                "work": dataclasses.asdict(work[panel.scene.id]) if panel.scene.id in work else None,
                "takes": takes,
            }
        )
        score = panel.chosen.score if panel.chosen else None
        mark = "*" if panel.is_picked else " "
        lines.append(
            f"{number:>3} {mark} {panel.scene.id:<8} seed {panel.scene.seed:<10} takes {len(takes):<3} "
            f"score {_number(score):<6} {(chosen or '–')[:8]}  {panel.scene.title}"
        )
    report = {
        "story": slug,
        "scorer": board.scorer,
        "scorer_version": board.scorer_version,
        "mean": gate.mean,
        "panels": panels,
    }
    return report, "\n".join(lines)


def job_report(job: JobView) -> Report:
    """One job as plain values."""
    fields = {field.name: getattr(job, field.name) for field in dataclasses.fields(job)}
    return fields | {"progress": asdict(job.progress), "result": dict(report_of(job.result))}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:z.2f}"
