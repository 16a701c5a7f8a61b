"""Distances between panels as an accessible table with shades, for pages and for files that are opened offline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

SHADES = 10
_STEP = 0.2
"""Of distance per shade, from 0.4 on."""
_FIRST = 0.4

STYLE = (
    """
.coherence { color-scheme: light dark; overflow-x: auto; }
.coherence table { border-collapse: separate; border-spacing: 2px; font-size: .8rem; font-variant-numeric: tabular-nums;
  width: 100%; }
.coherence caption { caption-side: bottom; text-align: start; padding-top: .4rem; opacity: .75; }
.coherence th { font-weight: 500; text-align: start; padding: .15rem .35rem; }
.coherence tbody th { max-width: 9rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.coherence thead th { text-align: center; }
.coherence td { text-align: center; padding: .35rem .2rem; border-radius: 5px; min-width: 2.4rem; }
.coherence .outside { font-weight: 700; }
.coherence .outside::after { content: " ●"; }
.coherence li.warning { font-weight: 600; }
.coherence li { margin: .3rem 0; }
"""
    + "\n".join(
        f".coherence .shade-{shade} {{ background: color-mix(in srgb, light-dark(#9A3B66, #D07FA6) "
        f"{round(62 * shade / (SHADES - 1))}%, transparent); }}"
        for shade in range(SHADES)
    )
    + "\n"
)
"""Looks of the fragment: whoever shows it puts it where style may stand. The numbers are readable without it."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Distances panel by panel."""

    caption: str
    numbers: tuple[int, ...]
    names: tuple[str, ...]
    distances: tuple[tuple[float, ...], ...]
    outside: frozenset[int] = frozenset()
    """Numbers of panels that stand out."""


def table(heat_map: HeatMap) -> str:
    """An HTML table with row and column headers; what people wrote is escaped."""
    head = "".join(f'<th scope="col">{number}</th>' for number in heat_map.numbers)
    rows = "".join(
        _row(number, name, row, place, is_outside=number in heat_map.outside)
        for place, (number, name, row) in enumerate(
            zip(heat_map.numbers, heat_map.names, heat_map.distances, strict=True)
        )
    )
    caption = f"<caption>{escape(heat_map.caption)}</caption>"
    return f"<table>{caption}<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"


def fragment(heat_map: HeatMap, *, remarks: Sequence[tuple[str, bool]]) -> str:
    """The table with remarks below it: (text, whether it is a warning)."""
    listed = "".join(
        f'<li class="warning">{escape(text)}</li>' if is_warning else f"<li>{escape(text)}</li>"
        for text, is_warning in remarks
    )
    return f'<div class="coherence">{table(heat_map)}<ul>{listed}</ul></div>'


def shade_of(distance: float) -> int:
    """0 (near) … 9 (far)."""
    return max(0, min(SHADES - 1, round((distance - _FIRST) / _STEP)))


def _row(number: int, name: str, row: tuple[float, ...], place: int, *, is_outside: bool) -> str:
    mark = ' class="outside"' if is_outside else ""
    cells = "".join(
        "<td>–</td>" if column == place else f'<td class="shade-{shade_of(value)}">{value:.2f}</td>'
        for column, value in enumerate(row)
    )
    return f'<tr><th scope="row"{mark}>{number}. {escape(name)}</th>{cells}</tr>'
