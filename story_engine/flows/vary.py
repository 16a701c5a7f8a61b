"""Pictures that begin with a picture: a take varied, and a scene begun with another panel's picture."""

from __future__ import annotations

from collections.abc import Collection

from PIL import Image, ImageOps

from story_engine.catalog.families import check_recipe
from story_engine.domain.job_spec import RenderItem
from story_engine.domain.recipe import Recipe, Start
from story_engine.domain.resolve import check_names, resolve, same_but_seed
from story_engine.domain.story import LARGEST_SEED
from story_engine.domain.take import Take
from story_engine.domain.views import Submitted
from story_engine.errors import ChooseAnother, FixInput
from story_engine.flows.panels import family_for, lora_hashes, read_board
from story_engine.flows.queue import asked_for, put
from story_engine.flows.render import MOST_TAKES, REDO_PRIORITY, RenderPlan, as_painted_by
from story_engine.flows.services import Services

SUBTLE, STRONG = 0.4, 0.7
"""Strength of a variation: the layout stays, or only its rough shapes do."""
FROM_PANEL = 0.75
"""Of a scene that begins with another panel's picture: place and composition stay, what is there may change."""


def vary(services: Services, slug: str, scene: str, take: str, *, strength: float, takes: int = 1) -> Submitted:
    """Submit further pictures of a take's own recipe that begin with its picture, each with a seed of its own.

    Raises:
        ChooseAnother: there is no such take, or the model that painted it is not the one that is here.
        FixInput: `strength` or `takes` is out of range.
    """
    found = take_of(services, slug, scene, take)
    reference = services.references.keep_file(services.takes.picture(found).read_bytes())
    start = Start(reference=reference, strength=strength)
    return submit_tries(services, found, found.recipe.from_noise.model_copy(update={"start": start}), takes=takes)


def start_from(
    services: Services, slug: str, scene_id: str, panel: str, *, strength: float = FROM_PANEL, takes: int = 1
) -> Submitted:
    """Submit pictures of a scene as it is written now that begin with the picture of another panel.

    Args:
        services: of the workspace.
        slug: of the story.
        scene_id: what is painted.
        panel: id of the scene whose picture they begin with; one of another shape is cut at its sides.
        strength: how little of it is kept.
        takes: how many.

    Raises:
        ChooseAnother: there is no such scene, or that panel has no picture.
        FixInput: `strength` or `takes` is out of range, or the scene cannot be painted as it is written.
        StandInNeeded: the story's family is not on this machine and no stand-in has been chosen.
    """
    story = services.stories.load(slug)
    known = [scene.id for scene in story.scenes]
    for each in (scene_id, panel):
        if each not in known:
            raise ChooseAnother("render.no_scene", scene=each, listed=", ".join(known))
    board = read_board(services, slug, story)
    shown = {each.scene.id: each.chosen for each in board.panels}
    begun = shown[panel]
    if begun is None:
        raise ChooseAnother("references.no_picture", panel=known.index(panel) + 1)
    family = family_for(services, story)
    painted = as_painted_by(story, family)
    scene = painted.scene(scene_id)
    check_names(painted, scene)
    hashes = lora_hashes(services, painted, scenes=[scene_id])
    recipe = resolve(painted, scene, 0, family=family, loras=hashes, device=services.device)
    if not recipe.prompt.strip():
        raise FixInput("render.empty_prompt", scene=scene.title or scene_id)
    reference = _fitted(services, begun.take, recipe)
    own = shown[scene_id]
    return _submit(
        services,
        slug,
        recipe.model_copy(update={"start": Start(reference=reference, strength=strength)}),
        takes=takes,
        first=RenderItem(
            scene=scene_id,
            number=0,
            recipe=recipe,
            written_prompt=scene.prompt,
            written_negative=scene.negative,
            parent=own.take.id if own is not None else None,
        ),
    )


def take_of(services: Services, slug: str, scene: str, take: str) -> Take:
    """A take whose picture is whole.

    Raises:
        ChooseAnother: there is none.
    """
    found = services.takes.find(slug, scene, take)
    if found is None:
        raise ChooseAnother("takes.not_found")
    return found


def submit_tries(services: Services, take: Take, recipe: Recipe, *, takes: int) -> Submitted:
    """Submit `takes` pictures of a recipe that was made of a take's; seeds count on from the take's own.

    Raises:
        ChooseAnother, FixInput: it cannot be painted here.
    """
    first = RenderItem(
        scene=take.scene,
        number=take.number + 1,
        recipe=recipe.model_copy(update={"seed": (take.recipe.seed + 1) % (LARGEST_SEED + 1)}),
        written_prompt=take.written_prompt,
        written_negative=take.written_negative,
        parent=take.id,
    )
    return _submit(services, take.story, first.recipe, takes=takes, first=first)


def _submit(services: Services, slug: str, recipe: Recipe, *, takes: int, first: RenderItem) -> Submitted:
    if not 1 <= takes <= MOST_TAKES:
        raise FixInput("render.takes", takes=takes, most=MOST_TAKES)
    families = services.families()
    if recipe.family not in families:
        raise ChooseAnother("render.unknown_family", name=recipe.family, listed=", ".join(families))
    check_recipe(recipe, families[recipe.family])
    # Two clicks that ask at once must see each other's pictures, or both would ask for the same.
    with services.ledger.alone():
        painted = [each.recipe for each in services.takes.takes_of(slug, first.scene)]
        painted += asked_for(services, slug, first.scene)
        taken = {each.seed for each in painted if same_but_seed(each, recipe)}
        items = _items(first.model_copy(update={"recipe": recipe}), takes, taken)
        submitted = put(services, slug, RenderPlan(items=items, found=0), priority=REDO_PRIORITY)
    services.start_dispatcher()
    return submitted


def _items(first: RenderItem, takes: int, taken: Collection[int]) -> tuple[RenderItem, ...]:
    items: list[RenderItem] = []
    step = 0
    while len(items) < takes:
        seed = (first.recipe.seed + step) % (LARGEST_SEED + 1)
        if seed not in taken:
            recipe = first.recipe.model_copy(update={"seed": seed})
            items.append(first.model_copy(update={"recipe": recipe, "number": first.number + step}))
        step += 1
    return tuple(items)


def _fitted(services: Services, take: Take, recipe: Recipe) -> str:
    """The take's picture as a reference of the recipe's size: its own file where that is its size already."""
    content = services.takes.picture(take).read_bytes()
    reference = services.references.keep_file(content)
    picture = services.references.picture(reference)
    size = recipe.width, recipe.height
    if picture.size == size:
        return reference
    return services.references.keep(ImageOps.fit(picture, size, Image.Resampling.LANCZOS))
