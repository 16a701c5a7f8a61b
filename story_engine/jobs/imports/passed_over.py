"""What an import could not use, collected while it runs: nothing is passed over without being counted and named."""

from __future__ import annotations

from collections.abc import Iterable

from story_engine.domain.picture_import import NAMES_KEPT, PassedOver

MOST_KINDS = 300
"""Kinds by source; what comes after that is counted without its source."""
LONGEST_NAME = 200


class PassedOverList:
    """Counts by kind and source."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._names: dict[tuple[str, str], list[str]] = {}

    def add(self, code: str, source: str, names: Iterable[str]) -> None:
        """More of one kind from one source."""
        for name in names:
            key = (code, _clean(source))
            if key not in self._counts and len(self._counts) >= MOST_KINDS:
                key = (code, "…")
            self._counts[key] = self._counts.get(key, 0) + 1
            kept = self._names.setdefault(key, [])
            if len(kept) < NAMES_KEPT:
                kept.append(_clean(name))

    def listed(self) -> tuple[PassedOver, ...]:
        """Everything so far, in the order in which kinds came up."""
        return tuple(
            PassedOver(code, source, count, tuple(self._names[code, source]))
            for (code, source), count in self._counts.items()
        )


def _clean(name: str) -> str:
    """As it can be written down: half characters of JSON and of file systems replaced, no longer than a line."""
    return name.encode("utf-8", "replace").decode()[:LONGEST_NAME]
