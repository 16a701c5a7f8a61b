"""What to change in the next training, from what the samples of this one show. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from story_engine.domain.captions import languages_differ
from story_engine.domain.job_result import Values
from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_prior import content_of_sample

CONTENT_MISSED = 80
"""Percent of what the base shows of the prompts: with less, something is advised."""
STYLE_MISSED = 0.4
"""Share of the way to the training pictures' style: with less, something is advised."""


def advice(
    spec: TrainingSpec, pictures: Sequence[TrainedPicture], *, gain: float | None, kept: float | None
) -> tuple[tuple[str, Values], ...]:
    """At most two things to change, the likeliest first; message codes with values.

    Args:
        spec: of the training.
        pictures: that it was trained on.
        gain: share of the way to their style that the recommended samples have come; None where figures hardly tell.
        kept: percent of the content that is still there; None where it is not known.
    """
    content_falls = kept is not None and kept < CONTENT_MISSED
    style_falls_short = gain is not None and gain < STYLE_MISSED
    if not (content_falls or style_falls_short):
        return ()
    found: list[tuple[str, Values]] = []
    samples = [content_of_sample(spec, each) for each in spec.sample_prompts]
    if languages_differ([picture.caption for picture in pictures], samples):
        found.append(("training.advice_captions", {}))
    if content_falls and not spec.prior_weight:
        found.append(("training.advice_prior", {}))
    if content_falls and spec.prior_weight:
        slower = f"{spec.learning_rate / 2:g}"
        found.append(("training.advice_slower", {"learning_rate": slower, "steps": max(1, spec.steps * 2 // 3)}))
    if style_falls_short and not content_falls:
        found.append(("training.advice_longer", {"steps": spec.steps * 3 // 2}))
    return tuple(found[:2])
