"""What a person types for an axis: `0, 1, 2`, `0-7`, `0.25-1 (+0.25)`, `0-1 [5]`, names with commas between. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from story_engine.domain.family import SAMPLER_TITLES
from story_engine.domain.findings import shown
from story_engine.domain.guidance import BY_NOISE, CONSTANT
from story_engine.domain.sweep import (
    CHOICES,
    LIMITS,
    MOST_CELLS,
    NAMES,
    UNKNOWN_NAMES,
    WHOLE_NUMBERS,
    WITHOUT,
    Axis,
    AxisValue,
)
from story_engine.errors import Problem

EXAMPLES = {
    "strength": "0-1.25 (+0.25)",
    "seed": "0-3",
    "lora": "none, ink",
    "checkpoint": "0, 500, 1000",
    "sampler": "ddim, euler",
    "steps": "10, 20, 30",
    "cfg_scale": "2-8 (+2)",
    "guidance": "constant, by_noise",
}
"""Something that would be accepted, for messages and hints."""
LONGEST_TEXT = 2_000
"""Characters: 64 LoRA names."""
_STEP = {"strength": Decimal("0.25"), "seed": Decimal(1), "steps": Decimal(5), "cfg_scale": Decimal(1)}
"""Of a range that names none."""
_NONE_WORDS = frozenset({"none", "without", "no", "-", "无", "不用"})
_ALL_WORDS = frozenset({"all", "全部", "*"})
_WORDS = {
    "sampler": {title.casefold(): name for name, title in SAMPLER_TITLES.items()},
    "guidance": {"off": CONSTANT, "关": CONSTANT, "on": BY_NOISE, "开": BY_NOISE},
}
"""What else the choices are called."""
_DASHES = str.maketrans("–—−", "---")
_NUMBER = r"[+-]?(?:\d{1,12}(?:\.\d{0,6})?|\.\d{1,6})"
_ONE = re.compile(_NUMBER)
_RANGE = re.compile(
    rf"({_NUMBER})\s*(?:-|~|\.{{2,3}}|到|至)\s*({_NUMBER})"
    rf"(?:\s*\(\s*(?P<step>{_NUMBER})\s*\)|\s*\[\s*(?P<count>\d{{1,9}})\s*\])?"
)
_SEPARATORS = re.compile(r"[,;、\n]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a text."""

    axis: Axis | None
    """None where nothing could be read."""
    problems: tuple[Problem, ...]


def read_axis(kind: str, text: str, *, known: Sequence[str] = ()) -> Reading:
    """The axis that `text` spells, or everything that is wrong with it.

    Args:
        kind: one of AXES.
        text: as typed; full-width signs are as good as half-width ones.
        known: names of the LoRAs that there are; steps of the checkpoints that there are.
    """
    if len(text) > LONGEST_TEXT:
        return Reading(None, (Problem("sweep.text_too_long", kind, {"length": len(text), "most": LONGEST_TEXT}),))
    parts = [part.strip() for part in _SEPARATORS.split(_unified(text, kind)) if part.strip()]
    if not parts:
        return Reading(None, (Problem("sweep.empty", kind, {"example": EXAMPLES[kind]}),))
    found: list[Problem] = []
    values: list[AxisValue] = []
    for part in parts:
        values += _names(kind, part, known, found) if kind in NAMES else _numbers(kind, part, known, found)
    values = list(dict.fromkeys(values))
    if len(values) > MOST_CELLS:
        found.append(Problem("sweep.too_many_values", kind, {"count": len(values), "most": MOST_CELLS}))
    if found or not values:
        return Reading(None, tuple(found) or (Problem("sweep.empty", kind, {"example": EXAMPLES[kind]}),))
    return Reading(Axis(kind=kind, values=tuple(values)), ())


def spelled(axis: Axis) -> str:
    """The axis as a person would type it: a range where the values are evenly spaced."""
    if axis.kind in NAMES:
        return ", ".join(str(value) or "none" for value in axis.values)
    values = [Decimal(str(value)) for value in axis.values]
    gaps = {second - first for first, second in pairwise(values)}
    if len(values) < 3 or len(gaps) != 1 or axis.kind == "checkpoint":
        return ", ".join(number(value) for value in axis.values)
    gap = gaps.pop()
    ends = f"{number(axis.values[0])}-{number(axis.values[-1])}"
    return ends if gap == 1 and axis.kind == "seed" else f"{ends} ({'+' if gap > 0 else ''}{number(gap)})"


def number(value: AxisValue | Decimal) -> str:
    """A number without exponent and without zeros that say nothing."""
    written = format(Decimal(str(value)), "f")
    written = written.rstrip("0").rstrip(".") if "." in written else written
    return "0" if written == "-0" else written


def _unified(text: str, kind: str) -> str:
    """Full-width digits, commas and brackets become half-width; names of LoRAs stay as they are written."""
    if kind == "lora":
        return text.replace("，", ",")
    return unicodedata.normalize("NFKC", text).translate(_DASHES)


def _names(kind: str, part: str, known: Sequence[str], found: list[Problem]) -> Iterable[str]:
    word = part.casefold()
    if kind in CHOICES:
        known = CHOICES[kind]
        by_name = {name: name for name in known} | _WORDS[kind]
    else:
        by_name = {name.casefold(): name for name in known}
        if word not in by_name and word in _NONE_WORDS:
            return [WITHOUT]
    if word in by_name:
        return [by_name[word]]
    if word in _ALL_WORDS:
        return known
    listed = ", ".join(known) or "–"
    found.append(
        Problem(
            UNKNOWN_NAMES[kind],
            kind,
            {"name": shown(part), "known": listed},
        )
    )
    return []


def _numbers(kind: str, part: str, known: Sequence[str], found: list[Problem]) -> Iterable[AxisValue]:
    if kind == "checkpoint" and part.casefold() in _ALL_WORDS:
        return [int(step) for step in known]
    several = part.split()
    if len(several) > 1 and all(_ONE.fullmatch(each) for each in several):
        return [value for each in several for value in _numbers(kind, each, known, found)]
    matched = _RANGE.fullmatch(part)
    if matched is not None:
        exact = _range(kind, matched, known, found)
    elif _ONE.fullmatch(part):
        exact = [Decimal(part)]
    else:
        found.append(Problem("sweep.not_understood", kind, {"value": shown(part), "example": EXAMPLES[kind]}))
        return []
    return [value for each in exact for value in _checked(kind, each, known, found)]


def _range(kind: str, matched: re.Match[str], known: Sequence[str], found: list[Problem]) -> list[Decimal]:
    first, last = Decimal(matched[1]), Decimal(matched[2])
    if kind == "checkpoint" and not matched["step"] and not matched["count"]:
        within = [Decimal(step) for step in known if min(first, last) <= int(step) <= max(first, last)]
        return within or [first, last]
    if matched["count"]:
        count = int(matched["count"])
        step = (last - first) / (count - 1) if count > 1 else Decimal(0)
    else:
        step = Decimal(matched["step"]) if matched["step"] else _STEP.get(kind, Decimal(1)).copy_sign(last - first)
        if step == 0 or (last - first) * step < 0:
            found.append(Problem("sweep.no_way", kind, {"value": shown(matched[0]), "example": EXAMPLES[kind]}))
            return []
        count = int((last - first) / step) + 1
    if not 1 <= count <= MOST_CELLS:
        found.append(Problem("sweep.too_many_values", kind, {"count": count, "most": MOST_CELLS}))
        return []
    values = [first + place * step for place in range(count)]
    return [value.to_integral_value() if kind in WHOLE_NUMBERS else round(value, 4) for value in values]


def _checked(kind: str, value: Decimal, known: Sequence[str], found: list[Problem]) -> list[AxisValue]:
    least, most = LIMITS[kind]
    if not least <= value <= most:
        limits: dict[str, object] = {"value": number(value), "least": number(least), "most": number(most)}
        found.append(Problem("sweep.out_of_range", kind, limits))
    elif kind not in WHOLE_NUMBERS:
        return [float(value) + 0.0]
    elif value != value.to_integral_value():
        found.append(Problem("sweep.not_whole", kind, {"value": number(value)}))
    elif kind == "checkpoint" and value != 0 and str(int(value)) not in known:
        listed = ", ".join(known) or "–"
        found.append(Problem("sweep.unknown_checkpoint", kind, {"name": number(value), "known": listed}))
    else:
        return [int(value)]
    return []
