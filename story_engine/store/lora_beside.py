"""What a file beside a LoRA says of it, for LoRA files that have no place for their alpha."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from story_engine.domain.adapter_config import AdapterAlphas, alphas_in
from story_engine.errors import StudioError
from story_engine.store.atomic import read_bytes

_LARGEST_BYTES = 2_000_000


def alphas_beside(path: Path) -> AdapterAlphas | None:
    """The alphas that `<name>.json`, `lora.json` or `adapter_config.json` beside the file says; None if none does."""
    for record in map(_json_object, (path.with_suffix(".json"), *_shared(path))):
        found = alphas_in(record)
        if found is not None:
            return found
    return None


def _shared(path: Path) -> tuple[Path, ...]:
    return path.parent / "lora.json", path.parent / "adapter_config.json"


def _json_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_bytes(path, limit=_LARGEST_BYTES))
    except (OSError, ValueError, RecursionError, StudioError):
        return {}
    return value if isinstance(value, dict) else {}
