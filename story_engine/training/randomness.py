"""All that is random in a training, each a function of seed and place: nothing to save, nothing to lose.

A training that goes on at step n draws what it would have drawn without the break, on any number of processes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from story_engine.domain.training import TrainingSpec


def generator(seed: int, *place: object) -> torch.Generator:
    """A source of random numbers for one place of one training, on the CPU."""
    digest = hashlib.blake2b(repr((seed, *place)).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)


class Order:
    """Which pictures are trained on together: always of one bucket, each picture as often as every other.

    Args:
        buckets: positions of the pictures, by bucket.
        together: pictures of one group, over all processes.
        seed: of the training.
    """

    def __init__(self, buckets: Sequence[Sequence[int]], *, together: int, seed: int) -> None:
        self._buckets, self._together, self._seed = buckets, together, seed
        self._pictures = sum(len(bucket) for bucket in buckets)
        self._round = -1
        self._groups: list[list[int]] = []

    def group(self, number: int) -> list[int]:
        """The pictures of the `number`-th group.

        A round is as many groups as there are pictures; in it each picture comes `together` times, and each bucket
        comes evenly.
        """
        turn, place = divmod(number, self._pictures)
        if turn != self._round:
            self._groups, self._round = self._shuffled(turn), turn
        return self._groups[place]

    def _shuffled(self, turn: int) -> list[list[int]]:
        timed: list[tuple[float, list[int]]] = []
        for which, bucket in enumerate(self._buckets):
            drawn = generator(self._seed, "order", turn, which)
            start = torch.rand((), generator=drawn).item()
            stream: list[int] = []
            for _ in range(self._together):
                stream += [bucket[place] for place in torch.randperm(len(bucket), generator=drawn).tolist()]
            for place in range(len(bucket)):
                group = stream[place * self._together : (place + 1) * self._together]
                timed.append(((place + start) / len(bucket), group))
        return [group for _, group in sorted(timed, key=lambda each: each[0])]


CaptionUse = Literal["left_out", "as_written", "with_other_styles"]
_WITH_OTHER_STYLES = 0.5
"""Share of the captions that are not left out, where the training knows other styles."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What is drawn for one sample."""

    variant: float
    """0…1: which of the picture's crops and flips."""
    caption: CaptionUse
    timestep: int
    noise: torch.Tensor
    """(4, height/8, width/8), float32."""


def draw(spec: TrainingSpec, group: int, slot: int, *, together: int, shape: Sequence[int]) -> Draw:
    """What is drawn for the sample at `slot` of `group`.

    The timesteps of a group lie in as many equal parts of the schedule, one in each: the loss then varies less than
    with timesteps that know nothing of each other, and each is drawn as often.
    """
    part = torch.randperm(together, generator=generator(spec.seed, "parts", group))[slot].item()
    drawn = generator(spec.seed, "sample", group, slot)
    variant, dropped, within = torch.rand(3, generator=drawn, dtype=torch.float64).tolist()
    timestep = _timestep(spec, (part + within) / together)
    noise = torch.randn(*shape, generator=drawn)
    if spec.noise_offset:
        noise += spec.noise_offset * torch.randn(shape[0], 1, 1, generator=drawn)
    return Draw(variant, _caption_use(spec, dropped), timestep, noise)


@dataclass(frozen=True, slots=True)
class ClassDraw:
    """What is drawn for the class picture beside one sample."""

    which: float
    """0…1: which of the class pictures of the sample's size."""
    timestep: int
    noise: torch.Tensor
    """(4, height/8, width/8), float32."""


def draw_class(spec: TrainingSpec, group: int, slot: int, *, together: int, shape: Sequence[int]) -> ClassDraw:
    """What is drawn for the class picture beside the sample at `slot` of `group`, whose own draw it leaves as it is.

    Timesteps are spread as `draw` spreads them.
    """
    part = torch.randperm(together, generator=generator(spec.seed, "class parts", group))[slot].item()
    drawn = generator(spec.seed, "class", group, slot)
    which, within = torch.rand(2, generator=drawn, dtype=torch.float64).tolist()
    return ClassDraw(which, _timestep(spec, (part + within) / together), torch.randn(*shape, generator=drawn))


def _timestep(spec: TrainingSpec, share: float) -> int:
    width = spec.max_timestep - spec.min_timestep + 1
    return spec.min_timestep + min(int(share * width), width - 1)


def _caption_use(spec: TrainingSpec, drawn: float) -> CaptionUse:
    if drawn < spec.caption_dropout:
        return "left_out"
    among_the_rest = (drawn - spec.caption_dropout) / (1 - spec.caption_dropout)
    return "with_other_styles" if spec.other_styles.strip() and among_the_rest < _WITH_OTHER_STYLES else "as_written"


def learning_rate(spec: TrainingSpec, step: int) -> float:
    """The learning rate of the update that follows `step` done ones."""
    if step < spec.lr_warmup_steps:
        return spec.learning_rate * (step + 1) / spec.lr_warmup_steps
    share = (step - spec.lr_warmup_steps) / max(1, spec.steps - spec.lr_warmup_steps)
    if spec.lr_scheduler == "linear":
        return spec.learning_rate * (1 - share)
    if spec.lr_scheduler == "cosine":
        return spec.learning_rate * 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * share, dtype=torch.float64))))
    return spec.learning_rate
