"""Guidance by noise level: where on the way from noise to picture the negative row is computed, and what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import ValidationError, model_validator

from story_engine.domain.value import Value

LARGEST_NOISE = 30.0
"""Noise per signal, σ. The Kolors schedule ends at 29.1, so this bound bounds nothing."""
CONSTANT, BY_NOISE, USUAL = "constant", "by_noise", "usual"
GUIDANCE = (USUAL, BY_NOISE, CONSTANT)
"""What a story may say: as the model usually is, by noise level, or the same at every level."""
BOUNDS = ("guidance_above", "guidance_below", "negative_below")
"""Fields of stories and recipes that say the levels."""


class Guidance(Value):
    """Levels of noise, σ, of one picture. Guided above the first, up to the second; the negative up to the third.

    Outside of the interval the prompt's own prediction is taken and no negative row is computed (arXiv:2404.07724).
    Above `negative_below` the picture is guided away from the empty prompt instead of the negative one.
    """

    guidance_above: float = 0.0
    guidance_below: float = LARGEST_NOISE
    negative_below: float = LARGEST_NOISE

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if not 0 <= self.guidance_above < self.guidance_below <= LARGEST_NOISE:
            raise ValueError("no interval")
        if not 0 <= self.negative_below <= LARGEST_NOISE:
            raise ValueError("no noise level")
        return self

    def __str__(self) -> str:
        return f"{self.guidance_above:g}–{self.guidance_below:g} / {self.negative_below:g}"

    @property
    def is_constant(self) -> bool:
        """Whether it is the same at every level."""
        return self == EVERYWHERE

    def is_guided_at(self, noise: float) -> bool:
        """Whether the negative row is computed at this level."""
        return self.guidance_above < noise <= self.guidance_below

    def is_negative_at(self, noise: float) -> bool:
        """Whether that row is the negative prompt; else it is the empty one."""
        return noise <= self.negative_below


EVERYWHERE = Guidance()
"""Guidance as it is usually done."""


def guidance_in(fields: Mapping[str, object]) -> Guidance | None:
    """That of a recipe as a file has it, of before there were levels too; None where its levels are none."""
    try:
        return Guidance.model_validate({name: fields[name] for name in BOUNDS if name in fields})
    except ValidationError:
        return None
