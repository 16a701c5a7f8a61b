"""How characters look: a take, or a picture from outside, that a person has chosen for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from story_engine.domain.composing import composed, join, separator_of, words_of
from story_engine.domain.edit import Edit
from story_engine.domain.look import AS_DESCRIBED, Look
from story_engine.domain.recipe import Start
from story_engine.domain.resolve import resolve
from story_engine.domain.story import Appearance, Character, Scene, Story
from story_engine.domain.take import Take
from story_engine.errors import ChooseAnother, FixInput
from story_engine.flows.services import Services
from story_engine.formats.outside_picture import read_picture

_CENTRE = (0.5, 0.25)
"""Of what is cut away of a picture from outside: faces are above the middle of tall ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenLook:
    """A look as a page shows it."""

    outfit: str
    """`AS_DESCRIBED` for none."""
    look: Look
    picture: Path | None
    """Its file; None where it is gone."""
    take: Take | None
    """Whose picture it is; None for one from outside, and where the take is deleted."""
    trouble: str | None
    """Code of a message: what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenOutside:
    """What became of a picture from outside."""

    story: Story
    size: tuple[int, int]
    """Width and height in pixels, as it came."""
    wanted: tuple[int, int]
    """Of the panels."""
    is_enlarged: bool
    """It is smaller than they are: fine features may be missing."""


def shown_in(story: Story, scene: Scene, take: Take) -> tuple[tuple[Character, str], ...]:
    """The characters with their outfits whose words stand in a take's prompt: for those it can be the look."""
    if take.recipe.family != story.settings.family:
        return ()
    try:
        sent = composed(story, scene)
    except FixInput:  # it cannot be painted as it is written
        return ()
    found = []
    for character in story.characters:
        outfit = _outfit(scene, character.id)
        if character.id in sent.characters and _words_in(take.recipe.prompt, story, scene, character, outfit):
            found.append((character, outfit))
    return tuple(found)


def choose(services: Services, slug: str, scene_id: str, take_id: str, character_id: str) -> Story:
    """From now on the character looks as in this take, in the outfit that it wears there; one step to undo.

    Raises:
        ChooseAnother: there is no such take or character, or the character's words are not in its prompt.
    """
    story = services.stories.load(slug)
    scene = story.scene(scene_id)
    take = services.takes.find(slug, scene_id, take_id)
    character = _character(story, character_id)
    if take is None:
        raise ChooseAnother("takes.not_found")
    outfit = _outfit(scene, character_id)
    words = _words_in(take.recipe.prompt, story, scene, character, outfit)
    if words is None:
        raise ChooseAnother("cast.not_in_picture", character=character.name or character.id)
    picture = services.references.keep_file(services.takes.picture(take).read_bytes())
    recipe = take.recipe
    if recipe.mend is not None:  # a spot that was painted by itself is no picture to paint alongside: it is looked at
        still = Start(reference=picture, strength=0.0)
        recipe = recipe.from_noise.model_copy(update={"start": still, "controls": ()})
    return _write(services, slug, character, outfit, Look(scene=scene_id, recipe=recipe, words=words, picture=picture))


def choose_outside(
    services: Services, slug: str, character_id: str, outfit: str, *, name: str, content: bytes
) -> ChosenOutside:
    """From now on the character looks as in a picture from outside, cut to the story's shape; one step to undo.

    It is of the family that the story is written for, whether or not that is on this machine.

    Args:
        services: of the workspace.
        slug: of the story.
        character_id: who it shows.
        outfit: what it wears there; `AS_DESCRIBED` for none.
        name: of the file, for messages.
        content: of the file.

    Raises:
        ChooseAnother: there is no such character or outfit.
        FixInput: the character has no words, or the file is no picture that can be read.
    """
    story = services.stories.load(slug)
    character = _character(story, character_id)
    if outfit != AS_DESCRIBED and outfit not in character.outfits:
        known = ", ".join(character.outfits) or "-"
        raise ChooseAnother("story.missing_outfit", value=outfit, character=character_id, known=known)
    appearance = Appearance(character=character_id, outfit=outfit or None)
    alone = Scene(id="look", characters=(appearance,), loras=())
    recipe = resolve(story, alone, 0, family=services.families()[story.settings.family], loras={})
    words = _words_in(recipe.prompt, story, alone, character, outfit)
    if words is None:
        raise FixInput("cast.no_words", character=character.name or character.id)
    picture, size = read_picture(content, name).picture, (recipe.width, recipe.height)
    fitted = ImageOps.fit(picture, size, Image.Resampling.LANCZOS, centering=_CENTRE)
    plain = recipe.model_copy(update={"cast": ()})
    look = Look(recipe=plain, words=words, picture=services.references.keep(fitted))
    is_enlarged = picture.width < recipe.width or picture.height < recipe.height
    changed = _write(services, slug, character, outfit, look)
    return ChosenOutside(story=changed, size=picture.size, wanted=size, is_enlarged=is_enlarged)


def forget(services: Services, slug: str, character_id: str, outfit: str) -> Story:
    """Nobody is held to this look any more; takes that were painted by it stay."""
    character = _character(services.stories.load(slug), character_id)
    return _write(services, slug, character, outfit, None)


def chosen(services: Services, slug: str, character: Character) -> tuple[ChosenLook, ...]:
    """A character's looks, that of no outfit first."""
    found = []
    for outfit, look in sorted(character.looks.items()):
        take = services.takes.read(slug, look.scene, look.recipe.digest) if look.scene else None
        kept = services.references.path(look.picture)
        picture = services.takes.files(take)[1] if take is not None else kept if kept.exists() else None
        trouble = None
        if outfit != AS_DESCRIBED and outfit not in character.outfits:
            trouble = "cast.outfit_gone"
        elif look.scene and take is None:
            trouble = "cast.take_gone"
        elif not look.scene and picture is None:
            trouble = "cast.picture_gone"
        found.append(ChosenLook(outfit=outfit, look=look, picture=picture, take=take, trouble=trouble))
    return tuple(found)


def followers(story: Story, character: Character) -> dict[str, tuple[int, ...]]:
    """Outfit → numbers of the panels, from 1, that are held to the character's look in it."""
    found: dict[str, tuple[int, ...]] = {}
    for number, scene in enumerate(story.scenes, start=1):
        try:
            if character.id not in composed(story, scene).characters:
                continue
        except FixInput:  # it cannot be painted as it is written
            continue
        outfit = _outfit(scene, character.id)
        if outfit in character.looks:
            found[outfit] = (*found.get(outfit, ()), number)
    return found


def _outfit(scene: Scene, character: str) -> str:
    return next((each.outfit or AS_DESCRIBED for each in scene.characters if each.character == character), AS_DESCRIBED)


def _write(services: Services, slug: str, character: Character, outfit: str, look: Look | None) -> Story:
    before = character.looks.get(outfit)
    return services.stories.edit(
        slug,
        [Edit(scene=None, field="characters", part=(character.id, "looks", outfit), value=look, seen=before)],
    )


def _words_in(prompt: str, story: Story, scene: Scene, character: Character, outfit: str) -> tuple[int, int] | None:
    """Where a character's words stand in a prompt: with its outfit's, else alone."""
    appearance = Appearance(character=character.id, outfit=outfit or None)
    for words in (join(words_of(story, appearance), separator_of(story, scene)), character.description.strip()):
        at = prompt.find(words) if words else -1
        if at >= 0:
            return at, at + len(words)
    return None


def _character(story: Story, wanted: str) -> Character:
    found = next((each for each in story.characters if each.id == wanted), None)
    if found is None:
        known = ", ".join(each.id for each in story.characters) or "-"
        raise ChooseAnother("story.missing_character", value=wanted, known=known)
    return found
