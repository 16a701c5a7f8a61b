"""Control pictures in what our own pictures say of themselves: by content, so that they can be found again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from story_engine.domain.control import KINDS, LARGEST_WEIGHT, ControlUse
from story_engine.domain.imported_story import number

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PAIR = re.compile(r"(Model|Weight|Guidance Start|Guidance End|Image): ([^,]*)")


def controls_in_recipe(parts: object) -> tuple[ControlUse, ...]:
    """Of our own JSON; what no scene can have is left out."""
    found = parts if isinstance(parts, list) else []
    return _once(_use(part) for part in found if isinstance(part, dict))


def controls_in_pairs(pairs: Mapping[str, str]) -> tuple[ControlUse, ...]:
    """Of an infotext of ours (`infotext.infotext`)."""
    texts = [text for key, text in pairs.items() if key.startswith("ControlNet ")]
    return _once(_use(_named(dict(_PAIR.findall(text)))) for text in texts)


def _named(values: Mapping[str, str]) -> dict[str, object]:
    return {
        "kind": values.get("Model", "").partition(" ")[0],
        "picture": values.get("Image", ""),
        "weight": values.get("Weight"),
        "begin": values.get("Guidance Start"),
        "end": values.get("Guidance End"),
    }


def _use(part: Mapping[str, object]) -> ControlUse | None:
    kind, picture = part.get("kind"), part.get("picture")
    weight, begin, end = (number(part.get(name)) for name in ("weight", "begin", "end"))
    if kind not in KINDS or not isinstance(picture, str) or not _DIGEST.fullmatch(picture):
        return None
    if weight is None or begin is None or end is None:
        return None
    if not (0 <= weight <= LARGEST_WEIGHT and 0 <= begin <= 1 and 0 <= end <= 1):
        return None
    return ControlUse(kind=str(kind), picture=picture, weight=weight, begin=begin, end=end)


def _once(uses: Iterable[ControlUse | None]) -> tuple[ControlUse, ...]:
    """One of each kind, in the order of kinds."""
    found = {use.kind: use for use in uses if use is not None}
    return tuple(found[kind] for kind in KINDS if kind in found)
