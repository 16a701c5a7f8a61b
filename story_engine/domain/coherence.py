"""What a board's coherence report says: figures with their meaning, never a bare percentage."""

from __future__ import annotations

from story_engine.domain.value import Value

FEWEST_PANELS = 3
"""Of two panels none can be the odd one."""
OUTSTANDING = 3.5
"""Robust score from which on a panel stands out. Source: Iglewicz & Hoaglin 1993."""
_CONSISTENT = 1.4826
"""Makes the median of deviations a standard deviation where they are normal."""
_LEAST_DEVIATION = 0.04
"""Of distances, in their unit: below it every panel would stand out of a very even board."""


class BoardPanel(Value):
    """A panel that was looked at."""

    scene: str
    """Id."""
    number: int
    """Place in the story, 1 = first."""
    title: str
    distance: float
    """Mean distance to the other panels; 1 = as panels of one drawn board."""
    stands_out: bool = False
    """Farther away than the others differ among themselves."""
    lightness: float
    """Mean L*, 0 … 100."""
    contrast: float
    """Standard deviation of L*."""
    palette: float
    """Mean palette distance to the other panels, ΔE*ab."""


class PanelPair(Value):
    """Two panels, by number."""

    first: int
    second: int
    distance: float


class Copy(Value):
    """Two panels that show one picture."""

    first: int
    second: int
    kind: str
    """"copy", "tone", "mirror" or "crop"."""
    likeness: float


class Comparison(Value):
    """The board beside boards of other takes of the same scenes."""

    kind: str
    """"other_seeds" or "without_lora"."""
    panels: int
    """Panels that have such a take; only these are compared."""
    boards: int
    """Boards that were made of such takes."""
    here: float
    """Mean distance between the chosen panels, of those that are compared."""
    there: float
    """The same on the other boards, their mean."""
    closer_than: int
    """How many of those boards hold together less than this one."""

    @property
    def ratio(self) -> float:
        """Below 1: closer together than the other boards."""
        return self.here / self.there if self.there > 0 else 1.0


class CoherenceReport(Value):
    """How a board holds together."""

    story: str
    scorer: str
    scorer_version: str
    is_challenge: bool
    panels: tuple[BoardPanel, ...]
    distances: tuple[tuple[float, ...], ...]
    """Panel by panel, in the order of `panels`."""
    cosines: tuple[tuple[float, ...], ...]
    """Of the scorer's embeddings; for other tools, says little by itself."""
    distance: float
    """Mean of all pairs; 1 = as panels of one drawn board."""
    weakest_panel: int | None
    """Number; None where there are too few panels."""
    weakest_pair: PanelPair | None
    comparisons: tuple[Comparison, ...] = ()
    palette: float
    """Mean palette distance, ΔE*ab."""
    lightness_spread: float
    """Standard deviation of the panels' mean L*."""
    contrast_spread: float
    """Standard deviation of the panels' contrast."""
    copies: tuple[Copy, ...] = ()
    unseen: int = 0
    """Chosen pictures that the scorer has no embedding of: of these the hand alone counts."""

    def compared(self, kind: str) -> Comparison | None:
        """That comparison, where takes for it exist."""
        return next((each for each in self.comparisons if each.kind == kind), None)


def standing_out(distances: tuple[float, ...]) -> tuple[bool, ...]:
    """Which panels lie farther away than the others differ among themselves."""
    if len(distances) < FEWEST_PANELS:
        return tuple(False for _ in distances)
    middle = _median(distances)
    deviation = _CONSISTENT * _median(tuple(abs(each - middle) for each in distances)) + _LEAST_DEVIATION
    return tuple((each - middle) / deviation > OUTSTANDING for each in distances)


def _median(values: tuple[float, ...]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
