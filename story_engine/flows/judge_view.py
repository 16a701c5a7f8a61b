"""The judge view: one HTML file with all that a finalist shows in the live defence."""

from __future__ import annotations

from pathlib import Path

from story_engine.domain.board import OpenStory
from story_engine.domain.gate import CHALLENGE_GATE
from story_engine.errors import FixInput, StudioError
from story_engine.flows import coherence
from story_engine.flows.bundle_loras import examine
from story_engine.flows.bundle_plan import BundlePlan, plan_of
from story_engine.flows.coherence_words import as_html
from story_engine.flows.judge_contents import Losses, judge_contents
from story_engine.flows.panels import open_story
from story_engine.flows.services import Services
from story_engine.formats.judge_view.page import judge_html
from story_engine.messages import LANGUAGES
from story_engine.store.atomic import write_bytes

FILE = "judge.html"
"""In a bundle."""


def judge_view(
    services: Services, opened: str | OpenStory, *, language: str, threshold: float = CHALLENGE_GATE
) -> bytes:
    """The page of a story as it was opened, in both languages, beginning in one.

    Raises:
        FixInput: no panel has a picture.
        ChooseAnother: a picture cannot be read.
    """
    opened = open_story(services, opened)
    plan = plan_of(services, opened, threshold=threshold)
    if examine(services, plan.loras):
        plan = plan_of(services, opened, threshold=threshold)
    return of_plan(services, plan, language=language)


def of_plan(services: Services, plan: BundlePlan, *, language: str = "zh") -> bytes:
    """The page of a bundle.

    Raises:
        FixInput: no panel has a picture.
        ChooseAnother: a picture cannot be read.
    """
    if not plan.pictures:
        raise FixInput("submit.no_pictures")
    losses = {run: _losses(services, run) for run in {lora.source.run for lora in plan.loras} if run}
    return judge_html(
        judge_contents(plan, losses=losses, coherence=_coherence(services, plan.opened)), language=language
    )


def write(services: Services, slug: str, out: Path, *, language: str = "zh", threshold: float = CHALLENGE_GATE) -> Path:
    """Write the page of a story.

    Raises:
        FixInput: no panel has a picture.
        Wait: the file cannot be written.
    """
    write_bytes(out, judge_view(services, slug, language=language, threshold=threshold))
    return out


def _coherence(services: Services, opened: OpenStory) -> dict[str, str]:
    """Nothing where there is nothing to compare."""
    found = coherence.report(services, opened)
    if len(found.panels) < 2:
        return {}
    uses_lora = coherence.uses_lora(opened)
    return {language: as_html(found, language, uses_lora=uses_lora) for language in LANGUAGES}


def _losses(services: Services, run: str) -> Losses:
    """Of a training; nothing where its record is not here."""
    try:
        rows = services.runs.metrics(run)
    except StudioError:
        return ()
    return tuple((row.step, row.loss, row.smoothed_loss) for row in rows)
