"""Control pictures of a scene: what the family that paints can be held by, chosen, weighed and taken out again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image, ImageOps

from story_engine.catalog.families import descriptions
from story_engine.domain.control import KINDS, MAPS, USUAL_END, USUAL_WEIGHT, ControlUse
from story_engine.domain.edit import Edit
from story_engine.domain.family import Family
from story_engine.domain.imported_story import Note, note
from story_engine.domain.story import Story
from story_engine.errors import ChooseAnother, FixInput
from story_engine.flows.panels import read_board
from story_engine.flows.services import Services
from story_engine.formats.edges import edges_of
from story_engine.formats.outside_picture import read_picture

Reading = Literal["picture", "drawing", "map"]
READINGS: tuple[Reading, ...] = ("picture", "drawing", "map")
"""Its lines are found; dark lines on light ground, as a hand draws them; or it is what the adapter takes already."""
_LARGEST_SIDE = 1024
"""Pixels of a picture whose look is taken: an encoder sees 336."""
_DARK = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One kind of control, as the family that paints a story has it."""

    kind: str
    state: Literal["ready", "missing", "none"]
    """Its files are here; they can be had; the family has no such adapter."""
    package: str = ""
    """Name of the model that lacks."""


def offers(family: Family) -> tuple[Offer, ...]:
    """Every kind there is, in one order."""
    packages = descriptions()[family.name].controls
    found: list[Offer] = []
    for kind in KINDS:
        if kind not in family.controls:
            found.append(Offer(kind=kind, state="none"))
        else:
            state: Literal["ready", "missing"] = "ready" if family.controls[kind] else "missing"
            found.append(Offer(kind=kind, state=state, package=packages[kind].name))
    return tuple(found)


def use_upload(
    services: Services, slug: str, scene: str, kind: str, *, name: str, content: bytes, reading: Reading = "picture"
) -> Story:
    """Hold a scene to a picture from outside; of a map kind it is cut to the panel's shape.

    Args:
        services: of the workspace.
        slug: of the story.
        scene: id.
        kind: of `KINDS`.
        name: of the file, for messages.
        content: of the file.
        reading: what the picture is; only lines can be found in one, so depth and pose have to be maps.

    Raises:
        FixInput: it is no picture that can be read, depth or pose is no map, or a drawing has no line.
        ChooseAnother: there is no such scene.
    """
    if kind in MAPS and kind != "edges" and reading != "map":
        raise FixInput("references.map_wanted", kind=kind)
    return _hold(services, slug, scene, kind, read_picture(content, name).picture.convert("RGB"), reading)


def use_panel(services: Services, slug: str, scene: str, kind: str, panel: str) -> Story:
    """Hold a scene to the picture of another panel: its lines, or its look.

    Raises:
        ChooseAnother: that panel has no picture, or there is no such scene.
        FixInput: depth and pose cannot be read off a picture.
    """
    if kind in MAPS and kind != "edges":
        raise FixInput("references.map_wanted", kind=kind)
    story = services.stories.load(slug)
    places = {each.scene.id: each.chosen for each in read_board(services, slug, story).panels}
    chosen = places.get(panel)
    if chosen is None:
        number = list(places).index(panel) + 1 if panel in places else 0
        raise ChooseAnother("references.no_picture", panel=number)
    with Image.open(services.takes.picture(chosen.take)) as opened:
        return _hold(services, slug, scene, kind, opened.convert("RGB"), "picture")


def change(services: Services, slug: str, scene: str, kind: str, **values: float) -> Story:
    """Another weight or range of steps: `weight`, `begin`, `end`.

    Raises:
        ChooseAnother: the scene has no such control.
        FixInput: a value is out of range.
    """
    before = _controls(services, slug, scene)
    if all(use.kind != kind for use in before):
        raise ChooseAnother("references.no_control", kind=kind)
    after = tuple(use.model_copy(update=values) if use.kind == kind else use for use in before)
    return _edit(services, slug, scene, before, after)


def remove(services: Services, slug: str, scene: str, kind: str) -> Story:
    """Let the scene go free of it; the picture stays among the references as long as a take names it."""
    before = _controls(services, slug, scene)
    return _edit(services, slug, scene, before, tuple(use for use in before if use.kind != kind))


def picture(services: Services, use: ControlUse) -> Path | None:
    """The file of a control's picture; None where it is not here."""
    path = services.references.path(use.picture)
    return path if path.is_file() else None


def size_of(services: Services, story: Story) -> tuple[int, int]:
    """Width and height of the story's panels in pixels, by the family that it is written for."""
    family = services.families()[story.settings.family]
    return story.settings.width or family.width, story.settings.height or family.height


def known_here(services: Services, uses: Sequence[ControlUse]) -> tuple[tuple[ControlUse, ...], tuple[Note, ...]]:
    """Those whose control pictures are in this workspace, and a note for each that is not."""
    here = tuple(use for use in uses if picture(services, use) is not None)
    missing = [use for use in uses if use not in here]
    return here, tuple(note("imports.control_missing", kind=use.kind, name=use.picture[:12]) for use in missing)


def _hold(services: Services, slug: str, scene: str, kind: str, given: Image.Image, reading: Reading) -> Story:
    story = services.stories.load(slug)
    before = _controls(services, slug, scene)
    if kind in MAPS:
        given = _as_map(ImageOps.fit(given, size_of(services, story), Image.Resampling.LANCZOS), reading)
    else:
        given.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE), Image.Resampling.LANCZOS)
    name = services.references.keep(given)
    known = next((use for use in before if use.kind == kind), None)
    use = (
        ControlUse(kind=kind, picture=name, weight=USUAL_WEIGHT[kind], end=USUAL_END[kind])
        if known is None
        else known.model_copy(update={"picture": name})
    )
    after = tuple(
        sorted((*(each for each in before if each.kind != kind), use), key=lambda each: KINDS.index(each.kind))
    )
    return _edit(services, slug, scene, before, after)


def _as_map(picture: Image.Image, reading: Reading) -> Image.Image:
    if reading == "picture":
        return edges_of(picture)
    if reading == "drawing":
        grey = ImageOps.autocontrast(picture.convert("L"))
        lines = grey.point([255 if value < _DARK else 0 for value in range(256)])
        if lines.getbbox() is None:
            raise FixInput("references.nothing_drawn")
        return lines.convert("RGB")
    return picture


def _controls(services: Services, slug: str, scene: str) -> tuple[ControlUse, ...]:
    story = services.stories.load(slug)
    known = [each.id for each in story.scenes]
    if scene not in known:
        raise ChooseAnother("render.no_scene", scene=scene, listed=", ".join(known))
    return story.scene(scene).controls


def _edit(
    services: Services, slug: str, scene: str, before: tuple[ControlUse, ...], after: tuple[ControlUse, ...]
) -> Story:
    return services.stories.edit(slug, [Edit(scene=scene, field="controls", value=after, seen=before)])
