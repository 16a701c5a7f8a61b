"""A contest in the renderer: pictures of one scene begin together, are imagined, and only some of them go on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from PIL import Image
from torch import nn

from story_engine.domain.contest import judged_step
from story_engine.inference.batches import Batch
from story_engine.inference.decoding import decode
from story_engine.inference.denoising import Begun, Denoised
from story_engine.inference.samplers import Sampler


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagined:
    """How a picture would end, as the network imagines it where it is judged."""

    position: int
    """Of its recipe in the renderer's call."""
    picture: Image.Image
    """Decoded from the denoised estimate: blurred, but the composition of the finished picture."""


class Imagining:
    """Follows a batch's first steps, to see at their end how its pictures would be finished."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.step = judged_step(batch.first.steps, skipped=batch.first.skipped_steps)
        self._latents: torch.Tensor | None = None

    def stepped(self, step: int, denoised: Denoised) -> None:
        """After each step."""
        if step == self.step:
            self._latents = denoised()

    def imagined(self, decoder: nn.Module, *, in_bands: bool) -> list[Imagined]:
        """The pictures as they are imagined after the last step before the verdict.

        Raises:
            LookAtLog: the networks gave numbers that are none.
        """
        assert self._latents is not None, "the loop has made its steps"
        own = self._latents[: len(self.batch.positions)]
        return [
            Imagined(position=position, picture=decode(decoder, latents, in_bands=in_bands))
            for position, latents in zip(self.batch.positions, own, strict=True)
        ]


Judge = Callable[[Sequence[Imagined]], Collection[int]]
"""Positions of the pictures that are finished."""


@dataclass(slots=True, kw_only=True)
class Contest:
    """Pictures of which only some are finished. It remembers the verdict, so that a second try does not ask again."""

    positions: tuple[int, ...]
    """Of recipes that differ by their seeds only."""
    keep: int
    """How many are finished."""
    judge: Judge
    kept: frozenset[int] | None = field(default=None)
    """None while nothing is decided."""

    def decide(self, imagined: Sequence[Imagined]) -> frozenset[int]:
        """Ask who goes on."""
        self.kept = frozenset(self.judge(imagined))
        return self.kept


@dataclass(frozen=True, slots=True)
class Started:
    """A batch after its first steps."""

    batch: Batch
    sampler: Sampler
    begun: Begun

    def only(self, positions: Collection[int]) -> Started | None:
        """Those of its pictures that stand at these positions; None where none does."""
        places = [place for place, position in enumerate(self.batch.positions) if position in positions]
        if not places:
            return None
        places += range(len(self.batch.positions), len(self.begun.latents))  # what all of them look at
        return Started(self.batch.only(positions), self.sampler.only(places), self.begun.only(places))


Begin = Callable[[Batch], tuple[Started, list[Imagined]]]
"""Makes the steps that come before the verdict."""
Finish = Callable[[Batch, Started | None], Iterator[tuple[int, Image.Image]]]
"""Paints a batch to its end, from its beginning or from where it is."""


def painted(
    batches: Sequence[Batch],
    contests: Sequence[Contest],
    *,
    begin: Begin,
    finish: Finish,
    left: Callable[[int], None],
) -> Iterator[tuple[int, Image.Image]]:
    """Every batch, but of a contest only what goes on; one contest after the other, so that its pictures come soon.

    Args:
        batches: none of them with pictures of two contests.
        contests: those that are decided are not held again: what goes on is painted from its beginning.
        begin: see `Begin`.
        finish: see `Finish`.
        left: told how many steps are still to be made when a verdict changes that.
    """
    of = {position: contest for contest in contests for position in contest.positions}
    waiting = list(batches)
    while waiting:
        contest = of.get(waiting[0].positions[0])
        if contest is None:
            yield from finish(waiting.pop(0), None)
            continue
        same = [batch for batch in waiting if of.get(batch.positions[0]) is contest]
        waiting = [batch for batch in waiting if of.get(batch.positions[0]) is not contest]
        if contest.kept is not None:
            for batch in same:
                if contest.kept.intersection(batch.positions):
                    yield from finish(batch.only(contest.kept), None)
            continue
        begun = [begin(batch) for batch in same]
        kept = contest.decide([each for _, imagined in begun for each in imagined])
        rest = [some for started, _ in begun if (some := started.only(kept)) is not None]
        ahead = sum(some.batch.first.steps - some.begun.steps for some in rest)
        left(ahead + steps_of(waiting, contests))
        for some in rest:
            yield from finish(some.batch, some)


def steps_of(batches: Sequence[Batch], contests: Sequence[Contest]) -> int:
    """Denoising steps that these batches will make, as far as that is known before a verdict."""
    of = {position: contest for contest in contests for position in contest.positions}
    steps, going_on = 0, {id(contest): contest.keep for contest in contests}
    for batch in batches:
        contest, whole = of.get(batch.positions[0]), batch.first.steps
        if contest is None:
            steps += whole - batch.first.skipped_steps
        elif contest.kept is not None:
            steps += whole if contest.kept.intersection(batch.positions) else 0
        else:  # at worst each that goes on is of another batch
            steps += whole if going_on[id(contest)] > 0 else judged_step(whole)
            going_on[id(contest)] -= 1
    return steps
