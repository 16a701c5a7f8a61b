"""What the lightbox is given to show: groups of pictures, in words of no language; the component has the words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pages.parts.shared import picture_route
from pages.parts.shared.lightbox import class_name
from pages.parts.shared.wording import texts
from story_engine.domain.board import OpenStory, Panel, TakeView
from story_engine.domain.family import SAMPLER_TITLES
from story_engine.domain.gallery import PictureKey
from story_engine.domain.story import Scene, Story
from story_engine.domain.take import Take
from story_engine.flows.sweep_view import DONE, CellView, SweepView
from story_engine.flows.sweep_words import value_name


def of_story(now: OpenStory, favourites: Collection[PictureKey] = ()) -> list[dict[str, Any]]:
    """A group for each panel in reading order; its takes as the page has them, the newest first."""
    names = {each.id: each.name or each.id for each in now.story.characters}
    return [_of_panel(panel, number, favourites, names) for number, panel in enumerate(now.board.panels, start=1)]


def of_sweep(view: SweepView, story: Story, language: str) -> list[dict[str, Any]]:
    """A group for each row of the grid; its cells that are painted."""
    scene = story.scene(view.sweep.scene)
    number = [each.id for each in story.scenes].index(scene.id) + 1
    groups = []
    for row, cells in enumerate(view.rows):
        found = [
            _of_cell(view, cell, scene, class_name(f"compare-{row}-{column}"), language)
            for column, cell in enumerate(cells)
            if cell.take is not None and cell.state == DONE
        ]
        if found:
            groups.append(group(found, place=f"row-{row}", number=number, title=scene.title, shown=found[0]["id"]))
    return groups


def group(
    pictures: Sequence[dict[str, Any]], *, place: str, number: int, title: str, shown: str = "", caption: str = ""
) -> dict[str, Any]:
    """Pictures that left and right lead through.

    Args:
        pictures: as `picture` makes them.
        place: what `lightbox.opener` calls it.
        number: 1 = first.
        title: of a person; may be empty.
        shown: id of the picture to begin with.
        caption: of a person; may be empty.
    """
    return {
        "place": class_name(place),
        "number": number,
        "title": title,
        "caption": caption,
        "shown": shown,
        "pictures": list(pictures),
    }


def picture(
    take: Take,
    *,
    number: int | None = None,
    score: float | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
    **more: Any,
) -> dict[str, Any]:
    """One picture and how it was made.

    Args:
        take: that is shown.
        number: in its scene.
        score: by the present scorer.
        names: what people call its characters, where that is known.
        more: what the page alone knows, such as "opener" or "picked".
    """
    recipe, key = take.recipe, PictureKey.of(take)
    return {
        "id": take.id,
        "scene": take.scene,
        "number": number,
        "small": picture_route.thumbnail(key),
        "large": picture_route.picture(key),
        "file": f"{take.story}-{take.scene}-{recipe.seed}.png",
        "seed": recipe.seed,
        "score": score,
        "sampler": SAMPLER_TITLES.get(recipe.sampler, recipe.sampler),
        "steps": recipe.steps,
        "cfg": recipe.cfg_scale,
        "guided": "" if recipe.guidance.is_constant else f"{recipe.guidance_above:g}–{recipe.guidance_below:g}",
        "negative_below": recipe.negative_below,
        "size": f"{recipe.width} × {recipe.height}",
        "shape": recipe.width / recipe.height,
        "family": recipe.family,
        "loras": [f"{part.name} × {part.strength:g}" for part in recipe.loras],
        "looks": [f"{names.get(part.character, part.character)} × {part.strength:g}" for part in recipe.cast],
        "controls": [[part.kind, part.weight] for part in recipe.controls],
        "begun": None if recipe.start is None else round(100 * recipe.start.strength),
        "mended": "" if recipe.mend is None else recipe.mend.prompt,
        "prompt": recipe.prompt,
        "negative": recipe.negative,
        **more,
    }


def _of_cell(view: SweepView, cell: CellView, scene: Scene, opener: str, language: str) -> dict[str, Any]:
    assert cell.take is not None
    why_not = {}
    if view.stand_in_for is not None:
        family = texts(language).get(f"family.{view.stand_in_for}", view.stand_in_for)
        why_not["send"] = texts(language)["sweep.send_not"].format(family=family)
    return picture(
        cell.take,
        score=cell.score,
        name=", ".join(value_name(axis.kind, cell.given[axis.kind], language) for axis in view.sweep.axes),
        opener=opener,
        chosen=cell.is_picked,
        picked=cell.is_picked,
        pinned=scene.pinned and scene.seed == cell.recipe.seed,
        best=cell.is_best,
        cannot=why_not,
    )


def _of_panel(
    panel: Panel, number: int, favourites: Collection[PictureKey], names: Mapping[str, str]
) -> dict[str, Any]:
    scene, chosen = panel.scene, panel.chosen
    return group(
        [_of_view(panel, view, PictureKey.of(view.take) in favourites, names) for view in reversed(panel.takes)],
        place=scene.id,
        number=number,
        title=scene.title,
        caption=scene.caption,
        shown=chosen.take.id if chosen is not None else "",
    ) | {"scene": scene.id}


def _of_view(panel: Panel, view: TakeView, is_favourite: bool, names: Mapping[str, str]) -> dict[str, Any]:
    is_shown = panel.chosen is not None and panel.chosen.take.id == view.take.id
    return picture(
        view.take,
        number=view.take.serial,
        score=view.score,
        names=names,
        chosen=is_shown,
        picked=is_shown and panel.is_picked,
        pinned=panel.scene.pinned and panel.scene.seed == view.take.recipe.seed,
        favourite=is_favourite,
        changed=view.changed,
        control=view.is_control,
    )
