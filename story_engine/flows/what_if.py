"""Other takes of a panel beside the chosen one: the mean they would give, and whether they are the same picture."""

from __future__ import annotations

from dataclasses import replace

from story_engine.domain.board import Board
from story_engine.domain.what_if import WhatIf, what_ifs
from story_engine.flows.coherence import seen_of
from story_engine.flows.services import Services
from story_engine.formats.likeness import likeness_of


def of_panel(services: Services, board: Board, panel: int) -> tuple[WhatIf, ...]:
    """Every take of a panel (1 = first) in the place of the chosen one, newest first.

    A take that shows the chosen picture once more, cropped, mirrored or in another tone, is marked: what its score
    gains is not gained by a better picture. It is found by looking at both pictures, whatever they were made from.
    """
    found = what_ifs(board, panel)
    chosen = board.panels[panel - 1].chosen
    if chosen is None:
        return found
    seen = seen_of(services, board, [each.view for each in found])
    own = seen.get(chosen.take.picture_sha256)
    if own is None:
        return found
    marked = []
    for each in found:
        other = seen.get(each.view.take.picture_sha256)
        likeness = None if each.is_chosen or other is None else likeness_of(own.figures, other.figures)
        marked.append(each if likeness is None else replace(each, same_as_chosen=likeness.kind))
    return tuple(marked)
