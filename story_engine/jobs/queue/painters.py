"""What the machines that paint have, where they are not this one: the dispatcher writes it, makers of recipes read it.

A recipe says the precision and, with `noise: device`, the kind of device; both are those of the machine that paints.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from pydantic import Field

from story_engine.domain.family import Family
from story_engine.domain.value import Value
from story_engine.errors import StudioError
from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout


class Painters(Value):
    """Of the workers that a dispatcher met last, those with a GPU where there are any."""

    device: str = "cpu"
    """Its type, "cuda" or "cpu"."""
    precisions: dict[str, str] = Field(default_factory=dict)
    """Family → the precision that it is painted in."""


def painters(layout: Layout) -> Painters | None:
    """What is known of them; None before any was met."""
    try:
        return Painters.model_validate_json(layout.cluster_painters.read_bytes())
    except (OSError, ValueError):
        return None


def write_painters(layout: Layout, found: Painters) -> None:
    """Keep it, for the next recipe and the next start."""
    with contextlib.suppress(OSError, StudioError):
        write_bytes(layout.cluster_painters, found.model_dump_json().encode(), is_durable=False)


def as_painted(families: Mapping[str, Family], layout: Layout) -> dict[str, Family]:
    """Families with the precision of the machines that paint them; this one's where none is known."""
    found = painters(layout)
    told = {} if found is None else found.precisions
    return {
        name: family.model_copy(update={"precision": told[name]}) if name in told else family
        for name, family in families.items()
    }
