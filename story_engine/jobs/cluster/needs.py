"""What an order needs of a worker, read off its specification as far as it can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.jobs.cluster.parcels import INPAINTING

ABROAD = frozenset({"render"})
"""Kinds that any capable worker can do: what they need is sent, and what they make comes back as bytes."""
IN_THE_FOLDER = frozenset({"score", "score_dataset", "train", "measure"})
"""Kinds that work on folders of the workspace: for workers that see it, else for the dispatcher's own machine."""
_HALVES = ("float16", "bfloat16")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a worker must have."""

    kind: str
    tokens: int
    families: tuple[tuple[str, str], ...] = ()
    """(name, hash of the weights) of every recipe."""
    loras: tuple[LoraPart, ...] = ()
    is_contest: bool = False
    """What it stops is remembered in the workspace."""
    references: tuple[str, ...] = ()
    """SHA-256 of pictures that recipes are painted from."""
    adapters: tuple[tuple[str, str], ...] = ()
    """What recipes are painted with beside their family, as a card lists it, and hash of its weights."""
    is_for_gpu: bool = False
    """Whether a recipe names what only a GPU does: half precision, or noise of its own."""

    @property
    def weights(self) -> tuple[tuple[str, str], ...]:
        """Name and hash of everything that recipes are painted with."""
        return self.families + self.adapters

    @property
    def is_abroad(self) -> bool:
        """Whether it can be done without the workspace."""
        return self.kind in ABROAD and not self.is_contest

    @property
    def is_in_the_folder(self) -> bool:
        """Whether a worker that sees the workspace can do it."""
        return self.kind in ABROAD or self.kind in IN_THE_FOLDER


def needs_of(kind: str, spec: str, tokens: int) -> Needs:
    """What a job needs. A specification that cannot be read needs nothing: whoever does it says what is wrong."""
    families: dict[tuple[str, str], None] = {}
    loras: dict[str, LoraPart] = {}
    references: dict[str, None] = {}
    adapters: dict[tuple[str, str], None] = {}
    is_for_gpu = False
    for recipe in _recipes(spec) if kind in ABROAD else []:
        name, weights = recipe.get("family"), recipe.get("weights_hash")
        if isinstance(name, str) and isinstance(weights, str):
            families[name, weights] = None
        is_for_gpu = is_for_gpu or recipe.get("precision") in _HALVES or recipe.get("noise") == "device:cuda"
        for part in recipe.get("loras") or ():
            try:
                lora = LoraPart.model_validate(part)
            except ValidationError:
                continue
            loras[lora.name] = lora
        with suppress(ValidationError):
            whole = Recipe.model_validate(recipe)
            references |= dict.fromkeys(whole.references)
            adapters |= dict.fromkeys(each for one in (whole, *whole.anchors) for each in _adapters_of(one))
            loras |= {part.name: part for part in whole.every_lora}
    return Needs(
        kind=kind,
        tokens=tokens,
        families=tuple(families),
        loras=tuple(loras.values()),
        references=tuple(references),
        adapters=tuple(adapters),
        is_for_gpu=is_for_gpu,
        is_contest=kind == "render" and _keeps_some(spec),
    )


def _adapters_of(recipe: Recipe) -> Iterator[tuple[str, str]]:
    for part in recipe.controls:
        yield f"{recipe.family} {part.kind}", part.weights_hash
    if recipe.inpainting:
        yield f"{recipe.family} {INPAINTING}", recipe.inpainting


def _keeps_some(spec: str) -> bool:
    try:
        return bool(json.loads(spec).get("keep"))
    except (ValueError, AttributeError):
        return False


def _recipes(spec: str) -> list[dict[str, Any]]:
    try:
        items = json.loads(spec).get("items") or []
        return [item["recipe"] for item in items if isinstance(item.get("recipe"), dict)]
    except (ValueError, AttributeError, TypeError, KeyError):
        return []
