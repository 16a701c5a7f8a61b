"""What prior preservation shows the network again: prompts of the base's own pictures, and what they say. Pure.

Source: Ruiz et al. 2022, "DreamBooth: Fine Tuning Text-to-Image Diffusion Models for Subject-Driven Generation",
arXiv:2208.12242, §3.2: the network keeps what it knew of the class while it learns what the trigger word calls.
"""

from __future__ import annotations

from collections.abc import Sequence

from story_engine.domain.captions import split_words, without_words
from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import SamplePrompt, TrainingSpec

PROPOSED_WEIGHT = 1.0
"""The paper's own: class pictures count as much as training pictures."""


def content_of_sample(spec: TrainingSpec, sample: SamplePrompt) -> str:
    """What a sample's picture shall show in any style: its prompt without trigger and words of style."""
    return sample.content or without_words(sample.prompt, (spec.trigger, *split_words(spec.other_styles)))


def content_of_caption(spec: TrainingSpec, picture: TrainedPicture) -> str:
    """A caption without trigger and words of style."""
    return picture.content or without_words(picture.caption, (spec.trigger, *split_words(spec.other_styles)))


def class_pictures(spec: TrainingSpec) -> int:
    """How many pictures the base paints before the first step, those that are kept from an earlier training too."""
    return spec.prior_pictures if spec.prior_weight else 0


def class_prompts(spec: TrainingSpec, captions: Sequence[str]) -> tuple[int, ...]:
    """Which prompts the class pictures are painted from, `prior_pictures` of them: places in samples, then captions.

    The samples come first, since what they show is what the LoRA is wanted for; then captions, spread evenly. Where
    there are fewer prompts than pictures they begin again.

    Args:
        spec: of the training.
        captions: contents of the captions, as `content_of_caption`.

    Returns:
        Numbers below `len(sample_prompts)` are samples, all others captions.
    """
    if not spec.prior_weight:
        return ()
    samples = len(spec.sample_prompts)
    first = [number for number, each in enumerate(spec.sample_prompts) if content_of_sample(spec, each)]
    first = first[: max(1, spec.prior_pictures // 2)]
    rest = [samples + place for place, caption in enumerate(captions) if caption]
    wanted = max(1, spec.prior_pictures - len(first))
    spread = [rest[number * len(rest) // wanted] for number in range(wanted)] if rest else []
    every = [*first, *(spread if len(rest) > wanted else rest)]
    return tuple(every[number % len(every)] for number in range(spec.prior_pictures)) if every else ()
