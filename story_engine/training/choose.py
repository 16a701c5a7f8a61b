"""Which checkpoint to keep: what the sample pictures say about each, and a recommendation with its reasons.

Aesthetics come from the present scorer, likeness to the training pictures from `style`, and whether the samples still
show what their prompts ask for from `adherence`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from story_engine.domain.job import Progress
from story_engine.domain.job_result import Choice, StepScore, Values
from story_engine.domain.run import RunSample, prompts_kept_percent
from story_engine.domain.take import Score
from story_engine.errors import Cancelled
from story_engine.scoring.aesthetics import score_pictures
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout
from story_engine.store.runs import RunStore
from story_engine.training.adherence import read_adherence
from story_engine.training.report import Report
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


def recommend(
    layout: Layout,
    run_id: str,
    *,
    report: Report,
    should_stop: Callable[[], bool],
) -> Choice:
    """View a run's samples and choose among its checkpoints.

    Args:
        layout: of the workspace.
        run_id: of the run.
        report: called at every picture.
        should_stop: asked at every picture.

    Raises:
        Cancelled: `should_stop` said so; scores that were made are kept.
    """
    store = RunStore(layout)
    checkpoints = store.checkpoints(run_id)
    by_step: dict[int, list[RunSample]] = {}
    for sample in store.samples(run_id):
        by_step.setdefault(sample.step, []).append(sample)
    if not set(by_step) & set(checkpoints) or 0 not in by_step:
        last = max(checkpoints, default=None)
        code = "training.choice_no_checkpoint" if last is None else "training.choice_no_samples"
        return Choice(step=last, reasons=((code, {"step": last or 0}),))
    examples = _training_pictures(layout, store, run_id)
    pace = _Pace(len(examples) + 2 * sum(len(samples) for samples in by_step.values()), report, should_stop)
    style = Style.of(pace.opened(examples))
    rated: dict[int, list[Score]] = {}
    distances: dict[int, float] = {}
    for step, samples in by_step.items():
        paths = [sample.path for sample in samples]
        rated[step] = [score for path in pace.counted(paths) for score in score_pictures([path], layout)]
        distances[step] = style.distance(pace.opened(paths))
    scores = tuple(
        StepScore(
            step=step,
            score=sum(score.value for score in rated[step]) / len(rated[step]),
            distance=distances[step] / max(distances[0], 1e-9),
            has_checkpoint=step in checkpoints,
            adherence=_adherence(by_step[step]),
        )
        for step in sorted(by_step)
    )
    chosen, reasons = choose(scores)
    return Choice(step=chosen, reasons=reasons, scores=scores, scorer=rated[0][0].scorer)


def choose(scores: Sequence[StepScore]) -> tuple[int, tuple[tuple[str, Values], ...]]:
    """The step to keep among those with a checkpoint, and the reasons; the first score is the base's."""
    base, *_ = scores
    candidates = [each for each in scores if each.has_checkpoint and each.step > 0]
    handsome = [each for each in candidates if each.score >= base.score - SCORE_LOST]
    whole = [each for each in handsome if _keeps_content(each, base)]
    reasons: list[tuple[str, Values]] = []
    if not handsome:
        kept = max(candidates, key=lambda each: each.score)
        values: Values = {"step": kept.step, "score": f"{kept.score:.2f}", "base": f"{base.score:.2f}"}
        return kept.step, (("training.choice_all_worse", values),)
    if not whole:
        kept = max(handsome, key=lambda each: each.adherence or 0.0)
        values = {"step": kept.step, "percent": round(_percent_kept(kept, base) or 0.0)}
        return kept.step, (("training.choice_no_content", values),)
    if len(handsome) < len(candidates):
        lost = ", ".join(str(each.step) for each in candidates if each not in handsome)
        reasons.append(("training.choice_left_out", {"steps": lost, "lost": f"{SCORE_LOST:g}"}))
    if len(whole) < len(handsome):
        lost = ", ".join(str(each.step) for each in handsome if each not in whole)
        reasons.append(("training.choice_content_lost", {"steps": lost, "kept": CONTENT_KEPT}))
    best = min(whole, key=lambda each: each.distance)
    gain = 1 - best.distance
    if gain < LEAST_GAIN:
        reasons.append(("training.choice_hardly_moved", {"percent": round(100 * gain), "step": best.step}))
        return best.step, tuple(reasons)
    kept = next(each for each in whole if 1 - each.distance >= GAIN_WANTED * gain)
    reasons.insert(0, ("training.choice_nearer", {"step": kept.step, "percent": round(100 * (1 - kept.distance))}))
    later = [each for each in whole if each.step > kept.step]
    if later:
        reasons.append(("training.choice_levels_off", {"step": kept.step, "last": later[-1].step}))
    values = {"score": f"{kept.score:.2f}", "base": f"{base.score:.2f}"}
    reasons.append(("training.choice_score", values))
    content = _percent_kept(kept, base)
    if content is not None:
        reasons.append(("training.choice_content", {"percent": round(content)}))
    return kept.step, tuple(reasons)


def _keeps_content(each: StepScore, base: StepScore) -> bool:
    kept = _percent_kept(each, base)
    return kept is None or kept >= CONTENT_KEPT


def _percent_kept(each: StepScore, base: StepScore) -> float | None:
    return prompts_kept_percent(each.adherence, base=base.adherence)


def _adherence(samples: Sequence[RunSample]) -> float | None:
    known = read_adherence(samples[0].path.parent)
    values = [known[sample.number] for sample in samples if sample.number in known]
    return sum(values) / len(values) if values else None


def _training_pictures(layout: Layout, store: RunStore, run_id: str) -> list[Path]:
    dataset = DatasetStore(layout)
    name = store.spec(run_id).dataset
    pictures = store.pictures(run_id)
    stride = max(1, len(pictures) // MOST_STYLE_PICTURES)
    return [dataset.picture(name, picture.file) for picture in pictures[::stride]]


@dataclass(slots=True)
class _Pace:
    """Reports how many pictures have been viewed, and stops where that is asked for."""

    total: int
    report: Report
    should_stop: Callable[[], bool]
    done: int = 0

    def counted(self, paths: Iterable[Path]) -> Iterator[Path]:
        for path in paths:
            if self.should_stop():
                raise Cancelled("jobs.cancelled")
            self.report(Progress(stage="scoring", step=self.done, total=self.total))
            yield path
            self.done += 1

    def opened(self, paths: Iterable[Path]) -> Iterator[Image.Image]:
        for path in self.counted(paths):
            with Image.open(path) as picture:
                yield picture.convert("RGB")
