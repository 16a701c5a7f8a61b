"""What was measured so far, kept line by line: a run that is cut short loses nothing. And the one table of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table."""

    name: str
    seconds: float | None = None
    """Of the whole: a board, or one training step."""
    step_seconds: float | None = None
    """Of one denoising step of all panels."""
    peak_gib: float | None = None
    """That the device's allocator handed out at once, weights included."""
    said: str = ""
    """What else is to be known, in words."""
    figures: dict[str, Any] = field(default_factory=dict)
    """The same and more, for programs."""
    failed: bool = False


class Results:
    """Lines in a file of JSON lines; the first says what the others hold for.

    Args:
        path: of the file.
        key: what has to be the same for lines of an earlier run to count.
        anew: forget earlier lines.
    """

    def __init__(self, path: Path, key: dict[str, Any], *, anew: bool) -> None:
        self._path = path
        self.lines: dict[str, Result] = {}
        written = [] if anew or not path.exists() else path.read_text(encoding="utf-8").splitlines()
        kept = [each for each in map(_read, written) if each is not None]
        if kept and kept[0] == key:
            self.lines = {each["name"]: Result(**each) for each in kept[1:]}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = [key, *map(asdict, self.lines.values())]  # without the half of a line that a cut run left
        path.write_text("".join(json.dumps(each) + "\n" for each in whole), encoding="utf-8")

    def has(self, name: str) -> bool:
        """Whether it need not be measured again."""
        return name in self.lines and not self.lines[name].failed

    def add(self, result: Result) -> None:
        """Keep it, on disk before anything else is begun."""
        self.lines[result.name] = result
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")

    def table(self, *, skipped: dict[str, str]) -> str:
        """Everything as Markdown: what was measured, what was not and why, and how the sides compare."""
        rows = ["| line | seconds | per step | peak GiB | |", "| --- | --- | --- | --- | --- |"]
        for line in self.lines.values():
            cells = (_shown(line.seconds, 2), _shown(line.step_seconds, 4), _shown(line.peak_gib, 2))
            rows.append(f"| {line.name} | {' | '.join(cells)} | {'failed: ' * line.failed}{line.said} |")
        rows += [f"| {name} | – | – | – | not measured: {why} |" for name, why in skipped.items()]
        rows += [f"| **{name}** | {value:.2f} | | | {aim} |" for name, value, aim in self._ratios()]
        return "\n".join(rows)

    def _ratios(self) -> list[tuple[str, float, str]]:
        pairs = (
            ("notebook / ours, seconds", "notebook", "ours", "seconds", "aim ≥ 1.3"),
            ("diffusers / ours, seconds", "diffusers", "ours", "seconds", "aim ≥ 1.1"),
            ("training: notebook / ours, seconds", "training, notebook", "training, ours", "seconds", ""),
            ("training: ours / notebook, peak", "training, ours", "training, notebook", "peak_gib", ""),
        )
        found = []
        for title, first, second, what, aim in pairs:
            values = [getattr(self.lines.get(name), what, None) for name in (first, second)]
            if all(values):
                found.append((title, values[0] / values[1], aim))
        return found + self._leanest()

    def _leanest(self) -> list[tuple[str, float, str]]:
        """The least memory among the plans whose steps take no longer than the notebook's."""
        notebook = self.lines.get("notebook")
        if notebook is None or not notebook.peak_gib or not notebook.step_seconds:
            return []
        cards = [line for name, line in self.lines.items() if name.endswith(" GB card")]
        quick = [each for each in cards if each.peak_gib and (each.step_seconds or 0) <= notebook.step_seconds]
        if not quick:
            return []
        best = min(quick, key=lambda each: each.peak_gib or 0)
        aim = f"aim ≤ 0.6; the plan for a {best.name}, the leanest whose steps take no longer than the notebook's"
        return [("ours / notebook, peak", (best.peak_gib or 0) / notebook.peak_gib, aim)]


def _read(line: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(line))
    except ValueError:
        return None  # the last line of a run that was cut


def _shown(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
