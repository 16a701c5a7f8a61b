"""Which pictures are painted while a LoRA is trained, and which words of style it has to hold against."""

from __future__ import annotations

from collections.abc import Sequence

from story_engine.domain.captions import split_words, without_words
from story_engine.domain.composing import compose_negative, compose_prompt, join, separator_of
from story_engine.domain.training import SamplePrompt, TrainingSpec
from story_engine.errors import ChooseAnother
from story_engine.flows.services import Services


def sample_prompts(
    services: Services, slug: str, scenes: Sequence[str], *, trigger: str = ""
) -> tuple[SamplePrompt, ...]:
    """Scenes of a story as what is painted during a training: composed as the model is sent them, with their seeds.

    Raises:
        ChooseAnother: no such story, or no such scene.
    """
    story = services.stories.load(slug)
    known = {scene.id: scene for scene in story.scenes}
    for wanted in scenes:
        if wanted not in known:
            raise ChooseAnother("render.no_scene", scene=wanted, listed=", ".join(known))
    return tuple(
        SamplePrompt(
            prompt=join((trigger.strip(), compose_prompt(story, known[each])), separator_of(story, known[each])),
            negative=compose_negative(story, known[each]),
            seed=known[each].seed,
            title=known[each].title,
            story=slug,
        )
        for each in scenes
    )


def as_started(spec: TrainingSpec) -> TrainingSpec:
    """A new training's specification: its samples are painted as stories are, so that they show what stories will."""
    return spec.model_copy(update={"samples_as_stories": True})


def with_contents(services: Services, spec: TrainingSpec) -> TrainingSpec:
    """The training with what each of its samples shall show in any style, where that is not said yet."""
    if all(sample.content for sample in spec.sample_prompts):
        return spec
    told = tuple(
        sample if sample.content else sample.model_copy(update={"content": content(services, sample.prompt, spec=spec)})
        for sample in spec.sample_prompts
    )
    return spec.model_copy(update={"sample_prompts": told})


def content(services: Services, text: str, *, spec: TrainingSpec) -> str:
    """A prompt or caption without the training's trigger and without words that name a style."""
    words = (spec.trigger, *split_words(spec.other_styles))
    return without_words(text, (*words, *services.style_words(text)))


def style_words(services: Services, prompts: Sequence[str], *, trigger: str = "") -> str:
    """Words in these prompts that name a style, separated by commas: what a LoRA has to hold against."""
    found = dict.fromkeys(word for prompt in prompts for word in services.style_words(prompt))
    return "，".join(word for word in found if word not in trigger)
