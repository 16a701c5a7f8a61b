"""What a LoRA looks like: its cover in the library, and one scene painted at several strengths."""

from __future__ import annotations

from pathlib import Path

from story_engine.domain.gallery import Wanted
from story_engine.domain.lora import LoraEntry
from story_engine.domain.sweep import Axis, Sweep
from story_engine.domain.views import Submitted
from story_engine.errors import StudioError
from story_engine.flows import gallery, sweep, sweep_view
from story_engine.flows.services import Services
from story_engine.flows.sweep_view import SweepView

STRENGTHS = (0.0, 0.5, 1.0, 1.5)
"""Without it, half, as trained, and beyond: where it begins to break shows what it can bear."""


def cover(services: Services, entry: LoraEntry) -> Path | None:
    """A picture that was painted with the LoRA: the training's own sample, else the newest take; None where none is."""
    source = entry.provenance
    if source.run and source.step is not None:
        try:
            samples = services.runs.samples(source.run)
        except StudioError:  # the name in a file from outside
            samples = ()
        found = [sample.path for sample in samples if sample.step == source.step]
        if found:
            return found[0]
    taken = gallery.look(services, Wanted(lora=entry.name), count=1).pictures
    return taken[0].thumbnail if taken and taken[0].thumbnail.is_file() else None


def sweep_for(services: Services, name: str, slug: str) -> Sweep | None:
    """The first scene of a story that has words, over `STRENGTHS` of the LoRA; None where no scene has any."""
    story = services.stories.load(slug)
    scene = next((each for each in story.scenes if each.prompt.strip()), None)
    if scene is None:
        return None
    return Sweep(scene=scene.id, x=Axis(kind="strength", values=STRENGTHS), lora=name)


def view(services: Services, name: str, slug: str) -> SweepView | None:
    """The pictures that are there, those that are being painted, and those that are missing.

    Raises:
        ChooseAnother, InstallOrDownload, InvalidInput: the story cannot be painted with it here; the message says why.
    """
    wanted = sweep_for(services, name, slug)
    return None if wanted is None else sweep_view.view_of(services, slug, wanted)


def paint(services: Services, name: str, slug: str) -> Submitted:
    """Submit the pictures that are missing: ordinary takes of the scene, as in any comparison."""
    wanted = sweep_for(services, name, slug)
    return Submitted(job=None, found=0, queued=0) if wanted is None else sweep.paint(services, slug, wanted)
