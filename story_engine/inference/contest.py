"""A contest in the renderer: pictures of one scene begin together, are imagined, and only some of them go on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from story_engine.domain.contest import Round
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
    """Decoded from the denoised estimate at half the size, which is a quarter of the work: blurred, but the
    composition of the finished picture."""
    latents: torch.Tensor
    """That estimate, (4, height/8, width/8)."""


class Imagining:
    """Follows a batch's steps up to a round, to see there how its pictures would be finished."""

    def __init__(self, batch: Batch, judged: Round) -> None:
        self.batch = batch
        self.step = judged.step
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
            Imagined(position=position, picture=decode(decoder, _halved(latents), in_bands=in_bands), latents=latents)
            for position, latents in zip(self.batch.positions, own, strict=True)
        ]


def _halved(latents: torch.Tensor) -> torch.Tensor:
    """(4, rows, columns), the mean of every two by two."""
    return functional.avg_pool2d(latents[None], 2)[0]


Judge = Callable[[Sequence[Imagined], Round], Collection[int]]
"""Positions of the pictures that go on from a round."""


@dataclass(slots=True, kw_only=True)
class Contest:
    """Pictures of which only some are finished. It remembers its verdicts, so that a second try does not ask again."""

    positions: tuple[int, ...]
    """Of recipes that differ by their seeds only."""
    rounds: tuple[Round, ...]
    judge: Judge
    judged: int = 0
    """How many rounds are behind it."""
    kept: frozenset[int] | None = field(default=None)
    """Who has come through them; None while nothing is decided."""

    def decide(self, imagined: Sequence[Imagined]) -> frozenset[int]:
        """Ask who goes on."""
        self.kept = frozenset(self.judge(imagined, self.rounds[self.judged]))
        self.judged += 1
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


Begin = Callable[[Batch, Started | None, Round], tuple[Started, list[Imagined]]]
"""Makes the steps that come before a round, from the beginning or from where the batch is."""
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
        contests: rounds that are decided are not held again: what has come through them is painted from its beginning.
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
        mine = [batch for batch in waiting if of.get(batch.positions[0]) is contest]
        waiting = [batch for batch in waiting if of.get(batch.positions[0]) is not contest]
        going: list[tuple[Batch, Started | None]] = [(batch, None) for batch in _still_in(mine, contest)]
        while contest.judged < len(contest.rounds):
            begun = [begin(batch, some, contest.rounds[contest.judged]) for batch, some in going]
            kept = contest.decide([each for _, imagined in begun for each in imagined])
            rest = [some for started, _ in begun if (some := started.only(kept)) is not None]
            going = [(some.batch, some) for some in rest]
            ahead = sum(_ends_at(some.batch, contest, place) - some.begun.steps for place, some in enumerate(rest))
            left(ahead + steps_of(waiting, contests))
        for batch, some in going:
            yield from finish(batch, some)


def steps_of(batches: Sequence[Batch], contests: Sequence[Contest]) -> int:
    """Denoising steps that these batches will make, as far as that is known before the verdicts."""
    of = {position: contest for contest in contests for position in contest.positions}
    alone = [batch for batch in batches if batch.positions[0] not in of]
    steps = sum(batch.first.steps - batch.first.skipped_steps for batch in alone)
    for contest in contests:
        mine = [batch for batch in batches if of.get(batch.positions[0]) is contest]
        for place, batch in enumerate(_still_in(mine, contest)):
            steps += _ends_at(batch, contest, place) - batch.first.skipped_steps
    return steps


def _still_in(batches: Sequence[Batch], contest: Contest) -> list[Batch]:
    if contest.kept is None:
        return list(batches)
    return [batch.only(contest.kept) for batch in batches if contest.kept.intersection(batch.positions)]


def _ends_at(batch: Batch, contest: Contest, place: int) -> int:
    """After which step a contest's batch stops; at worst each picture that goes on is of another batch.

    `place`: among the batches that are still in.
    """
    ahead = contest.rounds[contest.judged :]
    return next((each.step for each in ahead if each.keep <= place), batch.first.steps)
