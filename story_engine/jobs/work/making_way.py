"""Between pictures that are painted together nothing is lost: there a job makes way for others, or ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from story_engine.inference.progress import RenderProgress


@dataclass(slots=True)
class MakesWay:
    """Whether to stop, as a renderer asks before every call of a network."""

    should_stop: Callable[[], bool]
    should_pause: Callable[[], bool] | None = None
    check: Callable[[], None] = lambda: None
    """Raises what ends the job, where there is something: asked between pictures, once some are finished."""
    has_paused: bool = False
    _has_finished: bool = False
    _last: RenderProgress | None = None
    _batch_step: int = 0
    """Steps of the call that were done when its present batch began."""

    def stepped(self, painted: RenderProgress) -> None:
        """The renderer says how far it is."""
        if self._last is None or painted.positions != self._last.positions:
            self._batch_step = painted.step
        self._last = painted

    def finished(self) -> None:
        """A picture is finished and stored."""
        self._has_finished = True

    def __call__(self) -> bool:
        """For good, or to let others go first.

        Raises:
            StudioError: as `check` says.
        """
        if self.should_stop():
            return True
        # Not in the middle of pictures that are painted together: they would have to be begun anew.
        if not self._is_between():
            return False
        self.check()
        self.has_paused = self.should_pause is not None and self.should_pause()
        return self.has_paused

    def _is_between(self) -> bool:
        """Whether some pictures are finished, and the next ones are announced but not a step of them is done."""
        last = self._last
        return self._has_finished and last is not None and (last.stage, last.step) == ("denoising", self._batch_step)
