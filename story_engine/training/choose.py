"""Which checkpoint to keep: what the sample pictures say about each, and a recommendation with its reasons.

Aesthetics come from the present scorer, likeness to the training pictures from `style`, and whether the samples still
show what their prompts ask for from `adherence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from story_engine.domain.run import RunSample, prompts_kept_percent
from story_engine.scoring.aesthetics import score_pictures
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout
from story_engine.store.runs import RunStore
from story_engine.training.adherence import read_adherence
from story_engine.training.style import Style

MOST_STYLE_PICTURES = 200
"""Training pictures that the style is taken from."""
SCORE_LOST = 0.5
"""A checkpoint whose samples score so much less than the base's has broken something."""
CONTENT_KEPT = 60
"""Percent of what the base shows of its prompts; a checkpoint with less paints its own pictures, whatever is asked."""
GAIN_WANTED = 0.95
"""The earliest checkpoint with this share of the largest gain is recommended: later ones only copy more."""
LEAST_GAIN = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLook:
    """What the samples of one step say."""

    step: int
    score: float
    """Mean aesthetic score."""
    distance: float
    """To the training pictures' style; that of the base's samples is 1."""
    has_checkpoint: bool
    adherence: float | None = None
    """Mean share of the noise error that their prompts take away from the samples; None where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The checkpoint to keep, and why."""

    step: int | None
    """None when there is nothing to choose from."""
    reasons: tuple[tuple[str, dict[str, object]], ...]
    """Message codes with values."""
    looks: tuple[StepLook, ...]
    """Every step with samples, the base's (0) included."""
    scorer: str = ""


def recommend(layout: Layout, run_id: str) -> Recommendation:
    """Look at a run's samples and choose among its checkpoints."""
    store = RunStore(layout)
    checkpoints = store.checkpoints(run_id)
    by_step: dict[int, list[RunSample]] = {}
    for sample in store.samples(run_id):
        by_step.setdefault(sample.step, []).append(sample)
    if not set(by_step) & set(checkpoints) or 0 not in by_step:
        last = max(checkpoints, default=None)
        code = "training.choice_no_checkpoint" if last is None else "training.choice_no_samples"
        return Recommendation(step=last, reasons=((code, {"step": last or 0}),), looks=())
    style = Style.of(_training_pictures(layout, store, run_id))
    scored = {step: score_pictures([sample.path for sample in samples], layout) for step, samples in by_step.items()}
    distances = {
        step: style.distance([_opened(sample.path) for sample in samples]) for step, samples in by_step.items()
    }
    looks = tuple(
        StepLook(
            step=step,
            score=sum(score.value for score in scored[step]) / len(scored[step]),
            distance=distances[step] / max(distances[0], 1e-9),
            has_checkpoint=step in checkpoints,
            adherence=_adherence(by_step[step]),
        )
        for step in sorted(by_step)
    )
    chosen, reasons = choose(looks)
    return Recommendation(step=chosen, reasons=reasons, looks=looks, scorer=scored[0][0].scorer)


def choose(looks: Sequence[StepLook]) -> tuple[int, tuple[tuple[str, dict[str, object]], ...]]:
    """The step to keep among those with a checkpoint, and the reasons; the first look is the base's."""
    base, *_ = looks
    candidates = [look for look in looks if look.has_checkpoint and look.step > 0]
    handsome = [look for look in candidates if look.score >= base.score - SCORE_LOST]
    whole = [look for look in handsome if _keeps_content(look, base)]
    reasons: list[tuple[str, dict[str, object]]] = []
    if not handsome:
        kept = max(candidates, key=lambda look: look.score)
        values: dict[str, object] = {"step": kept.step, "score": f"{kept.score:.2f}", "base": f"{base.score:.2f}"}
        return kept.step, (("training.choice_all_worse", values),)
    if not whole:
        kept = max(handsome, key=lambda look: look.adherence or 0.0)
        values = {"step": kept.step, "percent": round(_percent_kept(kept, base) or 0.0)}
        return kept.step, (("training.choice_no_content", values),)
    if len(handsome) < len(candidates):
        lost = ", ".join(str(look.step) for look in candidates if look not in handsome)
        reasons.append(("training.choice_left_out", {"steps": lost, "lost": f"{SCORE_LOST:g}"}))
    if len(whole) < len(handsome):
        lost = ", ".join(str(look.step) for look in handsome if look not in whole)
        reasons.append(("training.choice_content_lost", {"steps": lost, "kept": CONTENT_KEPT}))
    best = min(whole, key=lambda look: look.distance)
    gain = 1 - best.distance
    if gain < LEAST_GAIN:
        reasons.append(("training.choice_hardly_moved", {"percent": round(100 * gain), "step": best.step}))
        return best.step, tuple(reasons)
    kept = next(look for look in whole if 1 - look.distance >= GAIN_WANTED * gain)
    reasons.insert(0, ("training.choice_nearer", {"step": kept.step, "percent": round(100 * (1 - kept.distance))}))
    later = [look for look in whole if look.step > kept.step]
    if later:
        reasons.append(("training.choice_levels_off", {"step": kept.step, "last": later[-1].step}))
    values = {"score": f"{kept.score:.2f}", "base": f"{base.score:.2f}"}
    reasons.append(("training.choice_score", values))
    content = _percent_kept(kept, base)
    if content is not None:
        reasons.append(("training.choice_content", {"percent": round(content)}))
    return kept.step, tuple(reasons)


def _keeps_content(look: StepLook, base: StepLook) -> bool:
    kept = _percent_kept(look, base)
    return kept is None or kept >= CONTENT_KEPT


def _percent_kept(look: StepLook, base: StepLook) -> float | None:
    return prompts_kept_percent(look.adherence, base=base.adherence)


def _adherence(samples: Sequence[RunSample]) -> float | None:
    known = read_adherence(samples[0].path.parent)
    values = [known[sample.number] for sample in samples if sample.number in known]
    return sum(values) / len(values) if values else None


def _training_pictures(layout: Layout, store: RunStore, run_id: str) -> list[Image.Image]:
    dataset = DatasetStore(layout)
    name = store.spec(run_id).dataset
    pictures = store.pictures(run_id)
    stride = max(1, len(pictures) // MOST_STYLE_PICTURES)
    return [_opened(dataset.picture(name, picture.file)) for picture in pictures[::stride]]


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")
