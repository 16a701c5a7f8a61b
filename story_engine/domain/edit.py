"""Edits of a story and the history that they leave, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One field changed by one person, with the value they saw before: the compare of a compare-and-swap.

    `scene` None means a field of the story itself (`title`, `style`, `negative`, `settings`, `characters`, `loras`).
    `part` leads further into it (`domain.parts`), so that people who change different parts of one field do not meet.
    """

    scene: str | None
    field: str
    value: object
    """None takes a part of a list away."""
    seen: object
    """None for a part that was not there."""
    part: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One state of a story in its history."""

    number: int
    saved_at: float
    changed: tuple[str, ...]
    """What differs from the revision before, as `style` or `scenes[<id>].prompt`."""
