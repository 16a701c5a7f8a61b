"""Read the board of a story from the stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from story_engine.catalog.scorers import PresentScorer
from story_engine.domain.board import Board, OpenStory
from story_engine.domain.family import Family
from story_engine.domain.recipe import Recipe
from story_engine.domain.resolve import resolve
from story_engine.domain.story import Scene, Story
from story_engine.errors import ChooseAnother, FixInput, InstallOrDownload, StudioError
from story_engine.flows.board import assemble_board
from story_engine.flows.render import as_painted_by, painting_family
from story_engine.flows.services import Services


def open_story(services: Services, slug: str | OpenStory) -> OpenStory:
    """The story and its board, each read once; one that is open already stays as it was opened."""
    if isinstance(slug, OpenStory):
        return slug
    story = services.stories.load(slug)
    return OpenStory(slug=slug, story=story, board=read_board(services, slug, story))


@dataclass(frozen=True, slots=True)
class Present:
    """What paints and rates on this machine just now: asked once, where many boards are read."""

    families: Mapping[str, Family]
    ready: Mapping[str, bool]
    scorer: PresentScorer

    @classmethod
    def of(cls, services: Services) -> Present:
        """Look at the disk."""
        return cls(services.families(), services.ready(), services.present_scorer())


def read_board(services: Services, slug: str, story: Story, present: Present | None = None) -> Board:
    """The panels with takes, picks, and scores of the present scorer."""
    present = present or Present.of(services)
    scorer, family = present.scorer, _family_or_none(present, story)
    hashes = lora_hashes(services, story, missing_ok=True)

    def recipe_now(scene: Scene) -> Recipe | None:
        if family is None:
            return None
        try:
            return resolve(as_painted_by(story, family), scene, 0, family=family, loras=hashes, device=services.device)
        except StudioError:
            return None  # the scene cannot be painted as it is written; its old takes are then not current

    return assemble_board(
        slug,
        story,
        takes=services.takes.takes(slug),
        picks=_picks(services, slug),
        scores=services.scores.scores(scorer.name, scorer.version),
        scorer=scorer.name,
        scorer_version=scorer.version,
        is_challenge=scorer.is_challenge,
        recipe_now=recipe_now,
        files=services.takes.files,
    )


def _picks(services: Services, slug: str) -> dict[str, str]:
    """What a person chose; nothing where the file is damaged, which the story's notices say and an export refuses."""
    try:
        return services.takes.picks(slug)
    except FixInput:
        return {}


def family_for(services: Services, story: Story) -> Family:
    """What paints the story on this machine.

    Raises:
        StandInNeeded: its family is not here and no stand-in has been chosen.
        InstallOrDownload: it is not here; the message names the files.
    """
    try:
        return painting_family(story, services.families(), services.ready())
    except InstallOrDownload as error:
        raise services.files_missing(str(error.values["family"])) from error


def lora_hashes(
    services: Services, story: Story, *, scenes: Sequence[str] | None = None, missing_ok: bool = False
) -> dict[str, str]:
    """LoRA name → content hash, for the LoRAs that the scenes (None: all) use.

    Raises:
        ChooseAnother: one of them is not in the library (unless `missing_ok`, which leaves it out).
    """
    used = [story.loras_of(scene) for scene in story.scenes if scenes is None or scene.id in scenes]
    found: dict[str, str] = {}
    for name in dict.fromkeys(use.name for uses in used for use in uses):
        try:
            found[name] = services.loras.sha256(name)
        except ChooseAnother:
            if not missing_ok:
                raise
    return found


def missing_loras(services: Services, story: Story) -> tuple[tuple[str, dict[str, object]], ...]:
    """Message codes with values: LoRAs that scenes use and that this machine has not, so that nobody waits in vain."""
    family = _family_or_none(Present.of(services), story)
    painted = story if family is None else as_painted_by(story, family)
    here = lora_hashes(services, painted, missing_ok=True)
    used = [use.name for scene in painted.scenes for use in painted.loras_of(scene)]
    gone = [name for name in dict.fromkeys(used) if name not in here]
    return tuple(("loras.missing", {"name": name, "scenes": used.count(name)}) for name in gone)


def _family_or_none(present: Present, story: Story) -> Family | None:
    try:
        return painting_family(story, present.families, present.ready)
    except StudioError:
        return None


def notices(
    services: Services, slug: str, language: str, story: Story | None = None
) -> tuple[tuple[str, dict[str, object]], ...]:
    """Message codes with values of what the author should know: damage, copies that were kept, missing LoRAs."""
    picks_fault = services.takes.picks_fault(slug)
    return (
        *services.stories.notices(slug, language),
        *([(picks_fault.code, picks_fault.values)] if picks_fault else []),
        *missing_loras(services, story or services.stories.load(slug)),
    )
