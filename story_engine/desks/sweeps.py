"""The front desk for comparisons: one method per thing that a person can ask about grids of one scene."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.story import Story
from story_engine.domain.sweep import Sweep
from story_engine.domain.views import Submitted
from story_engine.flows import sweep, sweep_picture, sweep_read, sweep_view, takes
from story_engine.flows.services import Services
from story_engine.flows.sweep_read import AxisText, SweepChoices, SweepReading
from story_engine.flows.sweep_view import SweepView
from story_engine.formats.lettering import writes_chinese
from story_engine.store.sweeps import StorySweeps


@dataclass(frozen=True, slots=True)
class SweepDesk:
    """Everything a person can ask about comparisons. Reached as `engine.sweeps`."""

    services: Services
    user: str

    # -- choosing ------------------------------------------------------------------------------------------------------
    def choices(self, slug: str, scene: str) -> SweepChoices:
        """What the axes of a scene can be made of: LoRAs, trainings with checkpoints, what the scene wears.

        Raises:
            ChooseAnother: no such story or scene.
            StandInNeeded, InstallOrDownload: nothing on this machine paints the story.
        """
        return sweep_read.choices(self.services, slug, scene)

    def read(
        self,
        slug: str,
        scene: str,
        *,
        x: AxisText,
        y: AxisText | None = None,
        lora: str = "",
        run: str = "",
    ) -> SweepReading:
        """The sweep spelled by one or two axes as (kind, text), such as ("strength", "0-1 (+0.25)"), or its problems.

        `lora`: whose strength differs, where that is not the first one of the scene; `run`: whose checkpoints.
        """
        return sweep_read.read(self.services, slug, scene, x=x, y=y, lora=lora, run=run)

    def remembered(self, slug: str) -> StorySweeps:
        """What was compared last, and the grids that were painted, newest first."""
        return self.services.sweeps.load(slug)

    def remember(self, slug: str, chosen: Sweep) -> None:
        """The next visit begins with this one."""
        self.services.sweeps.remember(slug, chosen)

    # -- the grid ------------------------------------------------------------------------------------------------------
    def view(self, slug: str, chosen: Sweep) -> SweepView:
        """Every cell with its take and score, or how far it is.

        Raises:
            InvalidInput: all problems of the sweep.
        """
        return sweep_view.view_of(self.services, slug, chosen)

    def paint(self, slug: str, chosen: Sweep) -> Submitted:
        """Queue what is missing, behind everything else that waits; `job` is the last of them."""
        return sweep.paint(self.services, slug, chosen, user=self.user)

    def cancel(self, slug: str, chosen: Sweep) -> int:
        """Stop painting; what is finished stays, and painting again goes on from there."""
        return sweep.cancel(self.services, slug, chosen)

    # -- what comes of it ----------------------------------------------------------------------------------------------
    def send(self, slug: str, scene: str, take: str) -> Story:
        """Sampler, steps, cfg, size and LoRAs of a take become the story's; its text and seeds stay."""
        return takes.send_settings(self.services, slug, scene, take)

    def picture(self, slug: str, chosen: Sweep, *, language: str) -> bytes:
        """The grid as one labelled PNG.

        Raises:
            FixInput: nothing of it is painted yet.
        """
        return sweep_picture.picture(self.services, slug, chosen, language=language)

    def writes_chinese(self) -> bool:
        """Whether this machine has a font for Chinese labels on that picture."""
        return writes_chinese()
