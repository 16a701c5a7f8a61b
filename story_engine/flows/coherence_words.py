"""A coherence report in words: what each figure means and where it comes from; and as a fragment of HTML."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.coherence import CoherenceReport, Comparison
from story_engine.flows.coherence import OTHER_SEEDS, WITHOUT_LORA
from story_engine.formats.coherence_html import HeatMap, fragment
from story_engine.messages import message

_LISTED_COPIES = 3


@dataclass(frozen=True, slots=True)
class Remark:
    """One figure in one or two sentences."""

    code: str
    values: dict[str, object]
    is_warning: bool = False

    def text(self, language: str) -> str:
        """In the reader's language."""
        values = self.values
        if "kind" in values:
            values = values | {"kind": message(f"coherence.{values['kind']}", language)}
        return message(self.code, language, **values)


def remarks(report: CoherenceReport, *, uses_lora: bool = True) -> tuple[Remark, ...]:
    """What is wrong first, then what compares, then the single figures.

    Args:
        report: of a board.
        uses_lora: whether its pictures use a LoRA; without one there is nothing to leave out.
    """
    return (
        *_copies(report),
        *_panels(report),
        Remark("coherence.distance", {"distance": _number(report.distance)}),
        *_compared(report, uses_lora=uses_lora),
        *_pair(report),
        *_colours(report),
        *_limits(report),
    )


def as_html(report: CoherenceReport, language: str, *, uses_lora: bool = True) -> str:
    """The same report as a fragment of HTML: a table and its remarks, everything escaped, no script, no style.

    Its classes get their looks from `story_engine.formats.coherence_html.STYLE`.
    """
    return fragment(
        heat_map(report, language),
        remarks=[(each.text(language), each.is_warning) for each in remarks(report, uses_lora=uses_lora)],
    )


def heat_map(report: CoherenceReport, language: str) -> HeatMap:
    """The distances as a table, in words of the reader's language."""
    return HeatMap(
        caption=message("coherence.table", language),
        numbers=tuple(panel.number for panel in report.panels),
        names=tuple(
            panel.title or message("coherence.panel", language, number=panel.number) for panel in report.panels
        ),
        distances=report.distances,
        outside=frozenset(panel.number for panel in report.panels if panel.stands_out),
    )


def _copies(report: CoherenceReport) -> list[Remark]:
    found = [
        Remark("coherence.copies", {"first": copy.first, "second": copy.second, "kind": copy.kind}, is_warning=True)
        for copy in report.copies[:_LISTED_COPIES]
    ]
    more = len(report.copies) - len(found)
    return [*found, *([Remark("coherence.more_copies", {"count": more}, is_warning=True)] if more else [])]


def _panels(report: CoherenceReport) -> list[Remark]:
    outside = [panel for panel in report.panels if panel.stands_out]
    weakest = [panel for panel in report.panels if panel.number == report.weakest_panel]
    code = "coherence.stands_out" if outside else "coherence.weakest_panel"
    return [
        Remark(code, {"number": panel.number, "distance": _number(panel.distance)}, is_warning=bool(outside))
        for panel in outside or weakest
    ]


def _compared(report: CoherenceReport, *, uses_lora: bool) -> list[Remark]:
    kinds = [OTHER_SEEDS, WITHOUT_LORA] if uses_lora else [OTHER_SEEDS]
    found = []
    for kind in kinds:
        comparison = report.compared(kind)
        code = "coherence.other_seeds" if kind == OTHER_SEEDS else "coherence.without_lora"
        missing = "coherence.no_other_seeds" if kind == OTHER_SEEDS else "coherence.no_without_lora"
        found.append(Remark(missing, {}) if comparison is None else Remark(code, _values(comparison)))
    return found


def _values(comparison: Comparison) -> dict[str, object]:
    return {
        "here": _number(comparison.here),
        "there": _number(comparison.there),
        "panels": comparison.panels,
        "closer": comparison.closer_than,
        "boards": comparison.boards,
    }


def _pair(report: CoherenceReport) -> list[Remark]:
    pair = report.weakest_pair
    if pair is None:
        return []
    values: dict[str, object] = {"first": pair.first, "second": pair.second, "distance": _number(pair.distance)}
    return [Remark("coherence.weakest_pair", values)]


def _colours(report: CoherenceReport) -> list[Remark]:
    if len(report.panels) < 2:
        return []
    farthest = max(report.panels, key=lambda panel: panel.palette)
    palette = {
        "palette": f"{report.palette:.1f}",
        "number": farthest.number,
        "farthest": f"{farthest.palette:.1f}",
    }
    light = {"lightness": f"{report.lightness_spread:.1f}", "contrast": f"{report.contrast_spread:.1f}"}
    return [Remark("coherence.palette", dict(palette)), Remark("coherence.light", dict(light))]


def _limits(report: CoherenceReport) -> list[Remark]:
    found = [Remark("coherence.unmeasured" if report.is_challenge else "coherence.figure", {})]
    return [*found, *([Remark("coherence.unseen", {"count": report.unseen})] if report.unseen else [])]


def _number(value: float) -> str:
    return f"{value:.2f}"
