"""The alphas in peft's adapter settings: one for all layers, and patterns for those that have others. No torch.

Source: peft 0.21, tuners/lora/config.py (`lora_alpha`, `alpha_pattern`, `use_rslora`) and utils/other.py,
`get_pattern_key`: the first pattern that a layer's name ends with, as a regular expression.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_MOST_PATTERNS, _LONGEST_PATTERN = 5_000, 300
"""More is no settings of an adapter: Kolors has 722 layers, and their names have 60 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterAlphas:
    """With which alpha a layer acts, by its name."""

    alpha: float
    patterns: Mapping[str, float] = field(default_factory=dict)
    is_rank_stabilised: bool = False
    """It acts with alpha / √rank."""

    def of(self, path: str, *, rank: int) -> float:
        """The alpha of a layer as it acts with alpha / rank."""
        pattern = next((each for each in self.patterns if _matches(each, path)), None)
        alpha = self.alpha if pattern is None else self.patterns[pattern]
        return alpha * (math.sqrt(rank) if self.is_rank_stabilised else 1.0)


def alphas_in(settings: Mapping[str, Any]) -> AdapterAlphas | None:
    """What `adapter_config.json`, or such settings in metadata, say; None when they say no alpha."""
    alpha = settings.get("alpha", settings.get("lora_alpha"))
    if not _is_number(alpha):
        return None
    given = settings.get("alpha_pattern")
    patterns = given if isinstance(given, dict) and len(given) <= _MOST_PATTERNS else {}
    return AdapterAlphas(
        alpha=float(alpha),
        patterns={
            pattern.removeprefix("base_model.model.").removeprefix("unet."): float(value)
            for pattern, value in patterns.items()
            if len(pattern) <= _LONGEST_PATTERN and _is_number(value)
        },
        is_rank_stabilised=settings.get("use_rslora") is True,
    )


def _matches(pattern: str, path: str) -> bool:
    try:
        return re.match(rf"(.*\.)?({pattern})$", path) is not None
    except (re.error, OverflowError, RecursionError):
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
