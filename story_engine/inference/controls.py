"""What holds the pictures of a batch to other pictures while they are denoised: ControlNets and a picture adapter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import torch
from torch import nn

from story_engine.domain.control import ControlPart
from story_engine.inference.control_net import ControlNet, added_to
from story_engine.inference.picture_adapter import PictureAdapter, looking


@dataclass(frozen=True, slots=True)
class UnetRows:
    """What one call of the U-Net is given; rows are all prompts of a batch, then what guidance leads away from."""

    rows: tuple[int, ...]
    """Their places among the batch's rows."""
    count: int
    """Pictures of the batch: so many rows are prompts."""
    sample: torch.Tensor
    timestep: torch.Tensor
    embeddings: torch.Tensor
    sizes: torch.Tensor
    pooled: torch.Tensor

    @property
    def pictures(self) -> list[int]:
        """The picture of each row."""
        return [row % self.count for row in self.rows]


@dataclass(frozen=True, slots=True)
class MapControl:
    """A ControlNet with the map of each picture."""

    part: ControlPart
    """Of every picture of the batch alike, but for the map."""
    net: ControlNet
    maps: torch.Tensor
    """(pictures, 3, height, width), 0…1, on the network's device and in its dtype."""

    def additions(self, rows: UnetRows) -> list[torch.Tensor]:
        """For the rows of a call, weighted."""
        sizes = rows.sizes.repeat(len(rows.sample))
        given = (rows.sample, rows.timestep, rows.embeddings, sizes, rows.pooled, self.maps[rows.pictures])
        return [addition * self.part.weight for addition in self.net(*given)]


@dataclass(frozen=True, slots=True)
class LikenessControl:
    """A picture adapter with what it has seen of each picture."""

    part: ControlPart
    adapter: PictureAdapter
    tokens: torch.Tensor
    """(pictures, 16, width)."""
    nothing: torch.Tensor
    """(1, 16, width): for the rows that guidance leads away from."""

    def of_rows(self, rows: UnetRows) -> torch.Tensor:
        """Tokens for the rows of a call."""
        own = zip(rows.rows, rows.pictures, strict=True)
        return torch.stack([self.tokens[place] if row < rows.count else self.nothing[0] for row, place in own])


@dataclass(frozen=True, slots=True)
class Controls:
    """All of a batch."""

    maps: tuple[MapControl, ...] = ()
    likeness: LikenessControl | None = None

    @contextmanager
    def acting(self, unet: nn.Module, rows: UnetRows, *, step: int, steps: int) -> Iterator[None]:
        """While it is entered, the U-Net's very next pass is held to the pictures.

        Args:
            unet: that passes the rows.
            rows: of the call.
            step: counted from 0.
            steps: of the whole run.
        """
        with ExitStack() as stack:
            acting = [control.additions(rows) for control in self.maps if control.part.acts(step, steps)]
            if acting:
                stack.enter_context(added_to(unet, _summed(acting)))
            if self.likeness is not None and self.likeness.part.acts(step, steps):
                tokens = self.likeness.of_rows(rows)
                looks = self.likeness.adapter.looks(tokens, unet, self.likeness.part.weight)
                stack.enter_context(looking(unet, looks))
            yield


@dataclass(frozen=True, slots=True)
class ControlsOfEach:
    """Of a batch whose pictures look at others: each picture, and each that is looked at, by what its own recipe names.

    Such pictures go through the network in calls of their own (`cast_lock.CastLock.calls`).
    """

    pictures: tuple[Controls | None, ...]

    @contextmanager
    def acting(self, unet: nn.Module, rows: UnetRows, *, step: int, steps: int) -> Iterator[None]:
        """As `Controls.acting`, of the one picture whose rows these are."""
        (place,) = set(rows.pictures)
        own = self.pictures[place]
        if own is None:
            yield
            return
        alone = replace(rows, rows=tuple(row // rows.count for row in rows.rows), count=1)
        with own.acting(unet, alone, step=step, steps=steps):
            yield


def _summed(additions: Sequence[list[torch.Tensor]]) -> list[torch.Tensor]:
    return [torch.stack(each).sum(dim=0) if len(each) > 1 else each[0] for each in zip(*additions, strict=True)]
