"""What another take would make of the mean, and which part of a picture is scored at all."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.board import Board, TakeView
from story_engine.domain.gate import gate, gate_with


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """One take in the place of the chosen one."""

    view: TakeView
    panel: int
    """Its number in the story, 1 = first."""
    mean_now: float | None
    mean_then: float | None
    """None where the take has no score."""
    is_chosen: bool
    same_as_chosen: str = ""
    """How it is the chosen picture once more ("tone", "crop", "mirror", "copy"); "" where it is another one."""

    @property
    def gain(self) -> float | None:
        """What the mean would gain."""
        if self.mean_now is None or self.mean_then is None:
            return None
        return self.mean_then - self.mean_now


@dataclass(frozen=True, slots=True)
class Square:
    """The part of a picture that the scorer sees, in pixels."""

    left: int
    top: int
    side: int

    def share_of(self, width: int, height: int) -> float:
        """Of the area, 0 … 1."""
        return self.side**2 / (width * height)


def scored_square(width: int, height: int) -> Square:
    """The middle square of a picture.

    Source: CLIPImageProcessor resizes the short edge to the scorer's side and keeps the centre.
    """
    side = min(width, height)
    return Square((width - side) // 2, (height - side) // 2, side)


def what_ifs(board: Board, panel: int) -> tuple[WhatIf, ...]:
    """Every take of a panel (1 = first) in the place of the chosen one, newest first."""
    values, asked = board.scores, board.panels[panel - 1]
    now = gate(values).mean
    return tuple(
        WhatIf(
            view=view,
            panel=panel,
            mean_now=now,
            mean_then=None if view.score is None else gate_with(values, panel - 1, view.score),
            is_chosen=asked.chosen is not None and view.take.id == asked.chosen.take.id,
        )
        for view in reversed(asked.takes)
    )
