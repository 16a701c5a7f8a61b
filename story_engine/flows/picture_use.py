"""What a picture is begun with again: a take of this workspace, or a file from anywhere that says how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from story_engine.domain.control import uses_of
from story_engine.domain.gallery import PictureKey
from story_engine.domain.imported_story import ImportedLora, ImportedScene, ImportedSettings, ImportedStory
from story_engine.domain.resolve import resolve
from story_engine.domain.story import Scene, first_seed
from story_engine.domain.take import Take
from story_engine.errors import ChooseAnother, FixInput, StudioError
from story_engine.flows import story_import
from story_engine.flows.imported_files import read_file
from story_engine.flows.panels import family_for, lora_hashes
from story_engine.flows.render import as_painted_by
from story_engine.flows.services import Services
from story_engine.flows.shelf import NEW_STORY_SCENES, stand_in_for

KINDS = ("PNG", "JPEG", "WebP")
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_MOST_LORAS = 8


def read(files: Sequence[tuple[str, bytes]]) -> tuple[list[ImportedStory], list[tuple[str, StudioError]]]:
    """What pictures say about how they were made, and files that say nothing, with the reason."""
    found: list[ImportedStory] = []
    refused: list[tuple[str, StudioError]] = []
    for name, content in files:
        try:
            if not (content.startswith(_STARTS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")):
                raise FixInput("gallery.no_picture", name=name, kinds=" / ".join(KINDS))
            found += read_file(name, content)
        except StudioError as error:
            refused.append((name, error))
    return found, refused


def of_take(services: Services, key: PictureKey) -> ImportedStory:
    """A take of this workspace as a file that says how it was made; LoRAs by the names that they have now.

    Raises:
        ChooseAnother: there is no such take.
    """
    take = _take(services, key)
    recipe = take.recipe
    return ImportedStory(
        source=f"{take.story} {take.scene} {recipe.seed}",
        kind="picture",
        family=recipe.family,
        loras=tuple(
            ImportedLora(
                path=services.loras.name_of_content(part.name, part.sha256) or part.name, strength=part.strength
            )
            for part in recipe.loras[:_MOST_LORAS]
        ),
        scenes=(
            ImportedScene(
                prompt=recipe.prompt,
                negative=recipe.negative,
                seed=recipe.seed,
                controls=uses_of(recipe.controls),
                settings=ImportedSettings(
                    sampler=recipe.sampler,
                    steps=recipe.steps,
                    cfg_scale=recipe.cfg_scale,
                    width=recipe.width,
                    height=recipe.height,
                    noise=recipe.noise.partition(":")[0],
                    guidance=recipe.guidance,
                ),
            ),
        ),
    )


def start_story(
    services: Services, pictures: Sequence[ImportedStory], *, title: str, take: PictureKey | None = None
) -> str:
    """A story whose first scenes are these pictures, and whose others are blank; its slug.

    Args:
        services: of the workspace.
        pictures: what was read; several make several scenes.
        title: of the story.
        take: of this workspace that the only one of `pictures` is: the new story has it already, where it would be
            painted alike.

    Raises:
        FixInput: nothing can be made of them.
    """
    proposal = story_import.propose(services, pictures)
    story = story_import.made(proposal, title=title, blocks=proposal.blocks)
    stand_in = stand_in_for(services, story)
    if stand_in is not None:
        story = story.model_copy(update={"settings": story.settings.model_copy(update={"stand_in": stand_in})})
    blank = range(len(story.scenes) + 1, NEW_STORY_SCENES + 1)
    scenes = (*story.scenes, *(Scene(id=f"s{number}", seed=first_seed(number)) for number in blank))
    slug = services.stories.create(story.title, story.model_copy(update={"scenes": scenes}))
    if take is not None:
        with suppress(StudioError):  # a picture that cannot be copied can be painted
            _copy_take(services, _take(services, take), slug)
    return slug


def _copy_take(services: Services, take: Take, slug: str) -> None:
    story = services.stories.load(slug)
    family = family_for(services, story)
    hashes = lora_hashes(services, story, missing_ok=True)
    recipe = resolve(
        as_painted_by(story, family), story.scenes[0], 0, family=family, loras=hashes, device=services.device
    )
    if recipe.digest == take.id:
        services.takes.copy(take, slug, story.scenes[0].id)


def _take(services: Services, key: PictureKey) -> Take:
    take = services.takes.read(*key)
    if take is None:
        raise ChooseAnother("takes.not_found")
    return take
