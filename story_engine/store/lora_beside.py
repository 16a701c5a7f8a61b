"""What a file beside a LoRA says of it, for LoRA files that have no place for their alpha."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from story_engine.errors import StudioError
from story_engine.store.atomic import read_bytes

_LARGEST_BYTES = 2_000_000


def alpha_beside(path: Path, *, rank: int) -> float | None:
    """The alpha that `<name>.json`, `lora.json` or `adapter_config.json` beside the file says; None when none does.

    Source: peft, `LoraConfig`: with `use_rslora` the LoRA acts with alpha / √rank.
    """
    for said in map(_json_object, (path.with_suffix(".json"), *_shared(path))):
        alpha = said.get("alpha", said.get("lora_alpha"))
        if isinstance(alpha, int | float) and not isinstance(alpha, bool):
            return float(alpha) * (math.sqrt(rank) if said.get("use_rslora") is True else 1.0)
    return None


def _shared(path: Path) -> tuple[Path, ...]:
    return path.parent / "lora.json", path.parent / "adapter_config.json"


def _json_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_bytes(path, limit=_LARGEST_BYTES))
    except (OSError, ValueError, RecursionError, StudioError):
        return {}
    return value if isinstance(value, dict) else {}
