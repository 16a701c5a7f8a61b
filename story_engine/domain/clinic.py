"""The dataset clinic: what a look at the pictures and captions tells about the training to come. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from story_engine.domain.captions import has_trigger_in_front
from story_engine.domain.dataset import DatasetEntry
from story_engine.domain.finding import Finding

FEW_FOR_STYLE = 20
"""Under it a LoRA learns the single pictures rather than what they share.

Source: DiffSynth-Studio issue 130: dozens of pictures for a character, more for a style.
"""
FEW_SIGHTS, MANY_SIGHTS = 10, 200
"""Times that each picture is seen: under the first little is learnt, over the second the pictures are copied."""
CHALLENGE_STEPS = 500
"""`steps_per_epoch` of the challenge's notebook, which trains one epoch."""
_RATIO_BOUNDS = (0.0, 0.5, 0.67, 0.8, 0.95, 1.05, 1.25, 1.5, 2.0, float("inf"))
RATIO_BUCKETS = tuple(pairwise(_RATIO_BOUNDS))
SIZE_BUCKETS = ((0, 256), (256, 512), (512, 768), (768, 1024), (1024, 2048), (2048, 10**9))
"""By the shorter side."""
SAME_SHARE = 0.9
"""Captions of which so many are one and the same text are no captions."""
_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """Everything the clinic has to say about the pictures that the filters keep."""

    findings: tuple[Finding, ...]
    sizes: tuple[tuple[str, int], ...]
    """Shorter side → pictures; buckets without any are left out at both ends."""
    ratios: tuple[tuple[str, int], ...]
    """Width / height → pictures."""


def examine(
    kept: Sequence[DatasetEntry],
    *,
    trigger: str,
    near_duplicates: Mapping[str, str],
    side: int,
    steps: int = CHALLENGE_STEPS,
    batch_size: int = 1,
) -> Examination:
    """Look at what will be trained on.

    Args:
        kept: entries that the filters keep.
        trigger: the trigger word; empty for none.
        near_duplicates: near-duplicates among `kept`, whether or not they are filtered: file → the one it resembles.
        side: of the training pictures in pixels.
        steps: optimiser steps of the planned training.
        batch_size: pictures per step.
    """
    if not kept:
        nothing = Finding(code="dataset.clinic_empty", values={}, state="bad")
        return Examination(findings=(nothing,), sizes=(), ratios=())
    findings = (
        _amount(kept),
        _sizes(kept, side),
        _ratios(kept),
        _near_duplicates(kept, near_duplicates),
        *_captions(kept),
        _trigger(kept, trigger),
        _steps(kept, steps, batch_size),
    )
    return Examination(
        findings=findings,
        sizes=_histogram([min(entry.width, entry.height) for entry in kept], SIZE_BUCKETS),
        ratios=_histogram([entry.ratio for entry in kept], RATIO_BUCKETS),
    )


def _amount(kept: Sequence[DatasetEntry]) -> Finding:
    few = len(kept) < FEW_FOR_STYLE
    code = "dataset.clinic_few" if few else "dataset.clinic_enough"
    return Finding(code=code, values={"count": len(kept), "few": FEW_FOR_STYLE}, state="warning" if few else "ok")


def _sizes(kept: Sequence[DatasetEntry], side: int) -> Finding:
    small = [entry.file for entry in kept if min(entry.width, entry.height) < side]
    if not small:
        return Finding(code="dataset.clinic_sizes", values={"side": side}, state="ok")
    values: dict[str, object] = {"count": len(small), "all": len(kept), "side": side}
    return Finding(code="dataset.clinic_small", values=values, state="warning", files=tuple(small[:_SHOWN]))


def _ratios(kept: Sequence[DatasetEntry]) -> Finding:
    long = [entry.file for entry in kept if not 0.5 <= entry.ratio <= 2.0]
    if not long:
        return Finding(code="dataset.clinic_ratios", values={}, state="ok")
    values: dict[str, object] = {"count": len(long)}
    return Finding(code="dataset.clinic_long", values=values, state="warning", files=tuple(long[:_SHOWN]))


def _near_duplicates(kept: Sequence[DatasetEntry], near_duplicates: Mapping[str, str]) -> Finding:
    found = [entry.file for entry in kept if entry.file in near_duplicates]
    if not found:
        return Finding(code="dataset.clinic_no_near_duplicates", values={}, state="ok")
    values: dict[str, object] = {"count": len(found)}
    return Finding(code="dataset.clinic_near_duplicates", values=values, state="warning", files=tuple(found[:_SHOWN]))


def _captions(kept: Sequence[DatasetEntry]) -> list[Finding]:
    empty = [entry.file for entry in kept if not entry.caption.strip()]
    written = [entry.caption.strip() for entry in kept if entry.caption.strip()]
    findings = []
    if empty:
        values: dict[str, object] = {"count": len(empty), "all": len(kept)}
        state = "bad" if len(empty) == len(kept) else "warning"
        code = "dataset.clinic_no_captions" if state == "bad" else "dataset.clinic_some_empty"
        findings.append(Finding(code=code, values=values, state=state, files=tuple(empty[:_SHOWN])))
    else:
        findings.append(Finding(code="dataset.clinic_all_captions", values={"count": len(kept)}, state="ok"))
    if len(written) > 1:
        text, count = Counter(written).most_common(1)[0]
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        values = {"caption": shown, "count": count, "all": len(kept)}
        if count == len(written):
            findings.append(Finding(code="dataset.clinic_identical", values=values, state="bad"))
        elif count >= SAME_SHARE * len(written):
            findings.append(Finding(code="dataset.clinic_nearly_identical", values=values, state="warning"))
    return findings


def _trigger(kept: Sequence[DatasetEntry], trigger: str) -> Finding:
    if not trigger.strip():
        return Finding(code="dataset.clinic_no_trigger", values={}, state="warning")
    without = [entry.file for entry in kept if not has_trigger_in_front(entry.caption, trigger)]
    values: dict[str, object] = {"trigger": trigger, "count": len(without), "all": len(kept)}
    if not without:
        return Finding(code="dataset.clinic_trigger", values=values, state="ok")
    state = "bad" if len(without) == len(kept) else "warning"
    return Finding(code="dataset.clinic_trigger_missing", values=values, state=state, files=tuple(without[:_SHOWN]))


def _steps(kept: Sequence[DatasetEntry], steps: int, batch_size: int) -> Finding:
    sights = steps * batch_size / len(kept)
    wanted = max(1, round(50 * len(kept) / batch_size))
    values: dict[str, object] = {"steps": steps, "sights": f"{sights:.0f}", "wanted": wanted, "count": len(kept)}
    if sights < FEW_SIGHTS:
        return Finding(code="dataset.clinic_steps_few", values=values, state="warning")
    if sights > MANY_SIGHTS:
        return Finding(code="dataset.clinic_steps_many", values=values, state="warning")
    return Finding(code="dataset.clinic_steps", values=values, state="ok")


def _histogram(values: Sequence[float], buckets: Sequence[tuple[float, float]]) -> tuple[tuple[str, int], ...]:
    counts = [sum(1 for value in values if least <= value < most) for least, most in buckets]
    filled = [place for place, count in enumerate(counts) if count]
    return (
        tuple((_label(*buckets[place]), counts[place]) for place in range(filled[0], filled[-1] + 1)) if filled else ()
    )


def _label(least: float, most: float) -> str:
    if least == 0:
        return f"< {most:g}"
    if most >= 10**9:
        return f"≥ {least:g}"
    return f"{least:g} – {most:g}"
