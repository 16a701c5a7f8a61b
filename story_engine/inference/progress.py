"""How far a call of the renderer is, for whoever waits for its pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PIL import Image

from story_engine.errors import Cancelled
from story_engine.inference.batches import Batch
from story_engine.inference.contest import Contest, Imagining, steps_of
from story_engine.inference.denoising import Denoised
from story_engine.inference.latent_preview import LatentColours

_PREVIEWS_PER_RUN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderProgress:
    """How far a call of `Renderer.render` is."""

    stage: str
    """"encoding", "loading", "denoising", "judging" or "decoding"."""
    step: int = 0
    """Denoising steps done, over all batches of the call."""
    total: int = 0
    """Denoising steps of the call."""
    positions: tuple[int, ...] = ()
    """Which of the recipes are being painted just now."""
    previews: dict[int, bytes] = field(default_factory=dict)
    """Position → small JPEG of how the picture will look; only every few steps."""


OnStep = Callable[[RenderProgress], None]
OnPicture = Callable[[int, Image.Image], None]
"""Called with the recipe's position and its picture as soon as that is finished."""


@dataclass(slots=True)
class Call:
    """One call of `render`: who wants to know, and how far it is."""

    on_step: OnStep | None
    should_stop: Callable[[], bool]
    contests: Sequence[Contest] = ()
    total: int = 0
    done: int = 0

    @property
    def is_watched(self) -> bool:
        """Whether anybody is told of steps."""
        return self.on_step is not None

    def report(self, stage: str, batch: Batch | None = None, previews: dict[int, bytes] | None = None) -> None:
        """Tell whoever wants to know."""
        if self.on_step is not None:
            positions = batch.positions if batch else ()
            self.on_step(
                RenderProgress(
                    stage=stage, step=self.done, total=self.total, positions=positions, previews=previews or {}
                )
            )

    def stop_if_asked(self) -> None:
        """Raise `Cancelled` where somebody asked for it."""
        if self.should_stop():
            raise Cancelled("models.cancelled")

    def left(self, planned: list[Batch]) -> None:
        """These batches are still to be painted, all their steps."""
        self.left_steps(steps_of(planned, self.contests))

    def left_steps(self, steps: int) -> None:
        """So many steps are still to be made."""
        self.total = self.done + steps


@dataclass(frozen=True, slots=True)
class Watch:
    """Turns the loop's steps into progress with previews."""

    batch: Batch
    call: Call
    colours: Callable[[], LatentColours]
    """Fitted when they are first shown: who looks at no previews does not wait for them."""
    imagining: Imagining | None = None
    """Of a contest, before its verdict."""

    def stepped(self, step: int, denoised: Denoised) -> None:
        """The loop has done so many steps."""
        if self.imagining is not None:
            self.imagining.stepped(step, denoised)
        self.call.done += 1
        between = max(1, self.batch.first.steps // _PREVIEWS_PER_RUN)
        previews: dict[int, bytes] = {}
        if self.call.is_watched and step % between == 0 and step < self.batch.first.steps:
            colours = self.colours()
            shown = denoised()[: len(self.batch.positions)]  # behind them, what they only look at
            previews = {
                position: colours.jpeg(latents) for position, latents in zip(self.batch.positions, shown, strict=True)
            }
        self.call.report("denoising", self.batch, previews)
