"""A LoRA put on a story: from the library, or straight from the training that has just ended."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.composing import join, separator_of
from story_engine.domain.edit import Edit
from story_engine.domain.lora import LoraEntry
from story_engine.domain.story import LoraUse, Story
from story_engine.domain.training import TrainingSpec
from story_engine.errors import StudioError
from story_engine.flows import loras
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOn:
    """What was done."""

    lora: str
    """Its name in the library."""
    title: str
    """Of the LoRA, for people."""
    story: str
    """Slug."""
    story_title: str
    before: int
    """Revision of the story that an undo goes back to."""


def needs_trigger(story: Story, trigger: str) -> bool:
    """Whether the word that calls the LoRA is not yet in the story's style."""
    return bool(trigger) and trigger.casefold() not in story.style.casefold()


def put_on(services: Services, slug: str, name: str, *, with_trigger: bool = True) -> PutOn:
    """The story uses the LoRA from now on, with its recommended strength; one that it uses already stays as it is.

    Args:
        services: of the workspace.
        slug: of the story.
        name: of the LoRA, in the library.
        with_trigger: put the word that calls it in front of the shared style, where it is not there yet.

    Raises:
        ChooseAnother: no such story, or no such LoRA.
    """
    entry = services.lora_library.entry(name)
    story = services.stories.load(slug)
    services.stories.edit(slug, _edits(story, entry, with_trigger=with_trigger))
    return PutOn(
        lora=name, title=entry.title or name, story=slug, story_title=story.title or slug, before=story.revision
    )


def put_checkpoint_on(
    services: Services,
    run: str,
    step: int,
    slug: str,
    *,
    name: str | None = None,
    with_trigger: bool = True,
    strength: float = 1.0,
) -> PutOn:
    """Take a checkpoint into the library with this strength, unless it is there already, and put it on the story.

    Raises:
        ChooseAnother: no such checkpoint, or no such story.
        FixInput: the name is not free; nothing was changed.
    """
    services.stories.load(slug)  # before anything is added
    entries = services.lora_library.entries()
    there = [each.name for each in entries if (each.provenance.run, each.provenance.step) == (run, step)]
    added = there[0] if there else loras.add_checkpoint(services, run, step, name, strength=strength)
    return put_on(services, slug, added, with_trigger=with_trigger)


def stories_of_samples(services: Services, spec: TrainingSpec) -> dict[str, str]:
    """Slug → title of the stories whose scenes were painted during the training, and that are still there."""
    found: dict[str, str] = {}
    for slug in dict.fromkeys(sample.story for sample in spec.sample_prompts if sample.story):
        try:
            found[slug] = services.stories.load(slug).title or slug
        except StudioError:
            continue
    return found


def other_family(services: Services, slug: str, family: str) -> str | None:
    """The family that the story asks for, where the LoRA was made for another one and would do nothing on it."""
    story = services.stories.load(slug)
    return story.settings.family if family and family != story.settings.family else None


def _edits(story: Story, entry: LoraEntry, *, with_trigger: bool) -> list[Edit]:
    """What changes in a story that gets a LoRA."""
    changed: list[Edit] = []
    if entry.name not in {use.name for use in story.loras}:
        use = LoraUse(name=entry.name, strength=entry.strength)
        changed.append(Edit(scene=None, field="loras", part=(entry.name,), value=use, seen=None))
    if with_trigger and needs_trigger(story, entry.trigger):
        style = join((entry.trigger, story.style), separator_of(story, story.scenes[0]))
        changed.append(Edit(scene=None, field="style", value=style, seen=story.style))
    return changed
