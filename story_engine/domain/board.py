"""The board as a person sees it: panels, their takes, the chosen one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.story import Scene, Story
from story_engine.domain.take import Take


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeView:
    """A take with what is known about it now."""

    take: Take
    picture: Path
    """PNG, the master."""
    thumbnail: Path
    """JPEG for the page."""
    score: float | None
    """Of the board's scorer; None while not scored by it."""
    is_current: bool
    """Its recipe, apart from the seed, is what the scene would be rendered with now."""
    is_control: bool = False
    """As current, but for the LoRAs that the scene uses: it shows what they do."""
    changed: tuple[str, ...] = ()
    """What has changed since: "text", "model", "settings", "loras", or "story" where it cannot be painted as it stands.

    Empty for a current take and a control.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A scene's place in the finished story."""

    scene: Scene
    takes: tuple[TakeView, ...]
    """Oldest first."""
    chosen: TakeView | None
    """The pick; else the best-scored current take; else the newest current take; else the newest take."""
    is_picked: bool
    stand_in_for: str | None
    """Family that the story asks for, when the chosen take was painted by another."""
    changed: tuple[str, ...] = ()
    """As the chosen take's, and "seed" where nobody picked it and the scene's own seed was never painted."""

    @property
    def is_outdated(self) -> bool:
        """There is a picture, and it is not what would be painted now."""
        return bool(self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All the panels of a story, in reading order."""

    story: str
    panels: tuple[Panel, ...]
    scorer: str
    """Which scorer the scores are of: "aesthetic" or "preview"."""
    scorer_version: str
    is_challenge: bool = False
    """The scorer is the challenge's own."""

    @property
    def outdated(self) -> tuple[Panel, ...]:
        """Panels whose picture is not what would be painted now."""
        return tuple(panel for panel in self.panels if panel.is_outdated)

    @property
    def missing(self) -> tuple[Panel, ...]:
        """Panels without any picture."""
        return tuple(panel for panel in self.panels if panel.chosen is None)

    @property
    def scores(self) -> tuple[float | None, ...]:
        """Score per panel's chosen take, None where there is none."""
        return tuple(panel.chosen.score if panel.chosen else None for panel in self.panels)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStory:
    """A story and its board as they were at one moment: what is said about them then fits together."""

    slug: str
    story: Story
    board: Board
