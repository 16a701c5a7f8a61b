"""Takes, scores and picks: three things kept apart, so that none rewrites another."""

from __future__ import annotations

from pydantic import Field

from story_engine.domain.recipe import Recipe
from story_engine.domain.value import Value


class Take(Value):
    """One picture painted from one recipe, with its lineage. The record is written after its picture."""

    id: str
    """The recipe's digest."""
    story: str
    """Slug."""
    scene: str
    """Scene id."""
    number: int
    """Which try of the scene: seed = the scene's seed + number at the time of rendering."""
    serial: int = Field(default=0, ge=0)
    """What people call it: takes of a scene are counted from 1 as they come, and none gets the number of another.

    Given by the store; 0 until then, and in the records of earlier versions.
    """
    recipe: Recipe
    picture_sha256: str
    """Of the PNG file; scores refer to it."""
    created_at: str
    """ISO 8601, UTC."""
    seconds: float
    """Of rendering, this take's share of its batch."""
    written_prompt: str = ""
    """The scene's own prompt as the author had it, before style and characters joined it."""
    written_negative: str = ""
    parent: str | None = None
    """Id of the take that this one was made to replace, if any."""
    made_with: dict[str, str] = Field(default_factory=dict)
    """Versions of torch, diffsynth and the Studio, device, precision: what a replay needs to know."""


class Score(Value):
    """A rating of one picture by a named scorer of a named version."""

    picture_sha256: str
    scorer: str
    """"aesthetic" (the challenge's) or "preview" (ours, never mixed with it)."""
    scorer_version: str
    """Hash of the scorer's weights."""
    value: float
