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

    Captions first, spread evenly: each has its training picture, and the trigger alone tells the two apart. A sample
    has none: shown to the network only as the base paints it, it would hold its subject against the style. So samples
    only fill up where there are fewer captions, and after them all begin again.

    Args:
        spec: of the training.
        captions: contents of the captions, as `content_of_caption`.

    Returns:
        Numbers below `len(sample_prompts)` are samples, all others captions.
    """
    if not spec.prior_weight:
        return ()
    samples = len(spec.sample_prompts)
    own = [samples + place for place, caption in enumerate(captions) if caption]
    wanted = spec.prior_pictures
    if len(own) >= wanted:
        return tuple(own[number * len(own) // wanted] for number in range(wanted))
    every = [*own, *(number for number, each in enumerate(spec.sample_prompts) if content_of_sample(spec, each))]
    return tuple(every[number % len(every)] for number in range(wanted)) if every else ()
