"""What another tool needs to know of one panel, and what it cannot be told."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedLora:
    """A LoRA of a recipe, with the figures of its training: other tools count strength from them."""

    name: str
    strength: float
    """1.0 = as trained."""
    alpha: float | None
    """None where nobody knows it: then it is taken to be the rank, as other tools do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelElsewhere:
    """One panel: its file name without ending, its title, how it was made."""

    name: str
    title: str
    recipe: Recipe
    loras: tuple[UsedLora, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What another tool will do otherwise than the Studio did: message code and values."""

    code: str
    values: dict[str, object]
