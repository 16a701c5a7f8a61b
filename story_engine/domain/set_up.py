"""What the doctor found: one check of the set-up, whether it is well, and the words for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["ok", "warning", "problem"]
"""A warning is something that works less well; a problem is something that does not work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    """Such as "python" or "gpu"."""
    state: State
    code: str
    """Of the message that says what was found, and what to do."""
    values: Mapping[str, object] = field(default_factory=dict)
    """Of the message."""
