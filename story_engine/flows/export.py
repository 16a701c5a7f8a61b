"""Export: from the board to the zip that is handed in."""

from __future__ import annotations

import json
from pathlib import Path

from story_engine.domain.gate import gate
from story_engine.domain.views import CheckItem, GateView
from story_engine.errors import InvalidInput, NotReady
from story_engine.flows.panels import read_board
from story_engine.flows.services import Services
from story_engine.flows.submission import BundlePicture, blocking, check_submission, plan_bundle
from story_engine.formats.contact_sheet import as_jpeg, contact_sheet
from story_engine.formats.prompt_table import as_csv, as_json, as_markdown


def gate_view(services: Services, slug: str, *, threshold: float) -> GateView:
    """The gate on the panels as they are chosen now."""
    board = read_board(services, slug)
    values = board.scores
    result = gate(values)
    return GateView(
        scorer=board.scorer,
        is_challenge=services.present_scorer().is_challenge,
        threshold=threshold,
        mean=result.mean,
        scored=sum(value is not None for value in values),
        panels=len(values),
        values=values,
        pulls=result.pulls,
    )


def checklist(services: Services, slug: str, *, threshold: float) -> tuple[CheckItem, ...]:
    """What is there and what is missing."""
    return check_submission(
        services.stories.load(slug),
        read_board(services, slug),
        threshold=threshold,
        is_challenge=services.present_scorer().is_challenge,
    )


def sheet(services: Services, slug: str) -> bytes:
    """The contact sheet of the chosen panels, JPEG."""
    pictures = [panel.chosen.picture for panel in read_board(services, slug).panels if panel.chosen is not None]
    return as_jpeg(contact_sheet(pictures))


def export(services: Services, slug: str, *, threshold: float, out: Path | None) -> Path:
    """Write the bundle of a story, whole or not at all; its path."""
    blocked = blocking(checklist(services, slug, threshold=threshold))
    if blocked:
        raise NotReady(blocked)
    planned = plan_bundle(read_board(services, slug))
    # Scores were given to the very bytes that the records promise: a picture changed since then must not be handed in.
    faults = [services.takes.fault(each.view.take) for each in planned]
    if any(faults):
        raise InvalidInput(tuple(fault for fault in faults if fault is not None))
    rows = [each.row for each in planned]
    entries: dict[str, bytes | Path] = {each.name: each.picture for each in planned}
    # Beside `images/`, never in it: the challenge's script scores every file of that folder.
    entries |= {
        "sheet.jpg": as_jpeg(contact_sheet([each.picture for each in planned])),
        "prompts.csv": as_csv(rows).encode("utf-8-sig"),
        "prompts.md": as_markdown(rows).encode(),
        "prompts.json": as_json(rows).encode(),
        "scores.json": _scores(services, slug, planned, threshold=threshold).encode(),
        "recipes.json": _recipes(planned).encode(),
        "story.yaml": services.stories.text(slug).encode(),
    }
    return services.bundles.write(out or services.bundles.path(slug), entries)


def _scores(services: Services, slug: str, planned: tuple[BundlePicture, ...], *, threshold: float) -> str:
    view = gate_view(services, slug, threshold=threshold)
    report = {
        "scorer": view.scorer,
        "scorer_version": services.present_scorer().version,
        "is_the_challenges": view.is_challenge,
        "threshold": threshold,
        "mean": view.mean,
        "pictures": {each.name: each.view.score for each in planned},
    }
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def _recipes(planned: tuple[BundlePicture, ...]) -> str:
    takes = {each.name: each.view.take.model_dump(mode="json") for each in planned}
    return json.dumps(takes, ensure_ascii=False, indent=2) + "\n"
