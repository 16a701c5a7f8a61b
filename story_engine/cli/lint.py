"""`python -m story_engine lint`: what a story's words show before anything is painted."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from story_engine import flows
from story_engine.cli.call import story_of
from story_engine.cli.output import answer
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.story import Story
from story_engine.flows.services import Services
from story_engine.messages import message

Report = dict[str, Any]


def lint(
    context: typer.Context,
    story: Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")],
    repair: Annotated[bool, typer.Option("--repair", help="Put right what has a repair, as one revision.")] = False,
) -> None:
    """What is wrong with the words: cuts, dead syntax, drift. Example: python -m story_engine lint orange-cat"""
    services, slug = story_of(context, story)
    repaired = flows.lint.repair_all(services, slug) if repair else None
    present = repaired.story if repaired is not None else services.stories.load(slug)
    report, lines = _measured(services, present)
    findings = flows.lint.lint(services, present)
    report["findings"] = [_as_data(finding) for finding in findings]
    lines += [_line(finding) for finding in findings]
    notices = [message(code, "en", **values) for code, values in flows.panels.notices(services, slug, "en", present)]
    if repaired is not None:
        report["repaired"] = len(repaired.edits)
        lines.append(f"{len(repaired.edits)} edits, revision {present.revision}")
    elif count := flows.lint.can_repair(findings):
        lines.append(f"{count} of {len(findings)} can be repaired: --repair")
    answer(context, {"story": slug, **report, "notices": notices}, "\n".join([*lines, *notices]))


def _measured(services: Services, story: Story) -> tuple[Report, list[str]]:
    """Token counts, cuts and unknown words, scene by scene."""
    scenes: list[Report] = []
    lines = []
    family = flows.resolved_text.reading_family(services, story)
    for scene in story.scenes:
        resolved = asdict(flows.resolved_text.resolved_text(services, story, scene.id, family))
        scenes.append({"scene": scene.id, **resolved})
        line = f"{scene.id}: {resolved['prompt_tokens']} of {resolved['token_limit']} tokens"
        if resolved["unknown_words"]:
            line += f"; the preview model does not know: {', '.join(resolved['unknown_words'])}"
        lines.append(line)
    return {"scenes": scenes}, lines


def _as_data(finding: PromptFinding) -> Report:
    return {
        "code": finding.code,
        "state": finding.state,
        "text": message(finding.code, "en", **finding.values),
        "values": finding.values,
        "places": [place.model_dump() for place in finding.places],
        "repair": [{**asdict(edit), "value": edit.value, "seen": edit.seen} for edit in finding.edits],
    }


def _line(finding: PromptFinding) -> str:
    places = dict.fromkeys(".".join(filter(None, (at.scene, at.field, *at.part))) for at in finding.places)
    where = ", ".join(places)
    at = finding.places[0]
    span = f"[{at.start}:{'' if at.end is None else at.end}]" if len(finding.places) == 1 else ""
    mend = " (can be repaired)" if finding.edits else ""
    return f"{where}{span}: {message(finding.code, 'en', **finding.values)}{mend}"
