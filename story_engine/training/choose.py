"""Which checkpoint to keep: what the sample pictures say about each, and a recommendation with its reasons.

Aesthetics come from the present scorer, likeness to the training pictures from `style`, and whether the samples still
show what their prompts ask for from `adherence`. The last checkpoint is also compared at less than full strength.
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
from story_engine.training.advice import advice
from story_engine.training.report import Report
from story_engine.training.sampling import WEAKER, samples_folder
from story_engine.training.style import Numbers, Style, numbers_of

MOST_STYLE_PICTURES = 200
"""Training pictures that the style is taken from."""
SCORE_LOST = 0.5
"""A checkpoint whose samples score so much less than the base's has broken something."""
CONTENT_KEPT = 60
"""Percent of what the base shows of its prompts; a checkpoint with less paints its own pictures, whatever is asked."""
CONTENT_WANTED = 85
"""Percent from which on nobody misses anything; what is less counts against the style that was won."""
GAIN_WANTED = 0.95
"""The earliest checkpoint with this share of the best gain is recommended: later ones only copy more."""
LEAST_GAIN = 0.05
ALIKE = 8.0
"""Least contrast at which the share of the way is more than rough. Measured with three samples of the preview model:
cut paper 4.6 and 5.0, where crispness counts as much as the paper does; ink 16 to 20, crayon 25 to 30."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is recommended."""

    step: int
    strength: float
    reasons: tuple[tuple[str, Values], ...]
    """Message codes with values; the first says what is seen."""


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
    groups = {(step, 1.0): [sample.path for sample in samples] for step, samples in sorted(by_step.items())}
    last = max(by_step)
    weaker = samples_folder(store.folder(run_id), last, WEAKER)
    weaker_paths = [weaker / path.name for path in groups[last, 1.0]]
    if last > 0 and all(path.is_file() for path in weaker_paths):
        groups[last, WEAKER] = weaker_paths
    pace = _Pace(len(examples) + 2 * sum(map(len, groups.values())), report, should_stop)
    own = numbers_of(pace.opened(examples))
    rated: dict[tuple[int, float], list[Score]] = {}
    numbers: dict[tuple[int, float], Numbers] = {}
    for place, paths in groups.items():
        rated[place] = [score for path in pace.counted(paths) for score in score_pictures([path], layout)]
        numbers[place] = numbers_of(pace.opened(paths))
    style = Style.of(own, base=numbers[0, 1.0])
    scores = tuple(
        StepScore(
            step=step,
            strength=strength,
            score=sum(score.value for score in rated[step, strength]) / len(rated[step, strength]),
            distance=1 - style.way(numbers[step, strength]),
            has_checkpoint=step in checkpoints,
            adherence=_adherence(paths),
        )
        for (step, strength), paths in groups.items()
    )
    chosen = choose(scores)
    spec, pictures = store.spec(run_id), store.pictures(run_id)
    found = next(each for each in scores if (each.step, each.strength) == (chosen.step, chosen.strength))
    is_rough = style.contrast < ALIKE
    rough: tuple[tuple[str, Values], ...] = (("training.choice_style_alike", {}),) if is_rough else ()
    told = advice(spec, pictures, gain=None if is_rough else 1 - found.distance, kept=_percent_kept(found, scores[0]))
    return Choice(
        step=chosen.step,
        strength=chosen.strength,
        reasons=(*chosen.reasons, *rough, *told),
        scores=scores,
        scorer=rated[0, 1.0][0].scorer,
    )


def choose(scores: Sequence[StepScore]) -> Chosen:
    """What to keep among the steps with a checkpoint, at which strength, and why; the first score is the base's.

    Of what keeps its looks and its content, the first that is worth nearly as much as the best: style won, less where
    content is missed. Where none keeps its content, the same among all that keep their looks: the most of both.
    """
    base, *_ = scores
    candidates = sorted(
        (each for each in scores if each.has_checkpoint and each.step > 0), key=lambda each: (each.step, each.strength)
    )
    handsome = [each for each in candidates if each.score >= base.score - SCORE_LOST]
    whole = [each for each in handsome if _keeps_content(each, base)]
    if not handsome:
        kept = max(candidates, key=lambda each: each.score)
        values: Values = {"step": kept.step, "score": f"{kept.score:.2f}", "base": f"{base.score:.2f}"}
        return Chosen(kept.step, kept.strength, (("training.choice_all_worse", values),))
    among = whole or handsome
    best = max(_worth(each, base) for each in among)
    if max(1 - each.distance for each in among) < LEAST_GAIN:
        kept = min(among, key=lambda each: each.distance)
        moved: Values = {"percent": round(100 * (1 - kept.distance)), "step": kept.step}
        return Chosen(kept.step, kept.strength, (("training.choice_hardly_moved", moved),))
    kept = next(each for each in among if _worth(each, base) >= GAIN_WANTED * best)
    reasons = [_seen(kept)]
    content = _percent_kept(kept, base)
    if not whole:
        reasons.append(("training.choice_no_content", {"step": kept.step, "percent": round(content or 0.0)}))
    elif content is not None:
        reasons.append(("training.choice_content", {"percent": round(content)}))
    reasons.append(("training.choice_score", {"score": f"{kept.score:.2f}", "base": f"{base.score:.2f}"}))
    ugly = _steps(each for each in candidates if each not in handsome)
    if ugly:
        reasons.append(("training.choice_left_out", {"steps": ugly, "lost": f"{SCORE_LOST:g}"}))
    if whole and len(whole) < len(handsome):
        lost = _steps(each for each in handsome if each not in whole)
        reasons.append(("training.choice_content_lost", {"steps": lost, "kept": CONTENT_KEPT}))
    later = [each for each in among if each.step > kept.step]
    if later:
        reasons.append(("training.choice_levels_off", {"step": kept.step, "last": later[-1].step}))
    return Chosen(kept.step, kept.strength, tuple(reasons))


def _worth(each: StepScore, base: StepScore) -> float:
    """The style that was won, 0…1, less where content is missed."""
    kept = _percent_kept(each, base)
    share = 1.0 if kept is None else min(1.0, kept / CONTENT_WANTED)
    return max(0.0, 1 - each.distance) * share


def _seen(kept: StepScore) -> tuple[str, Values]:
    percent = round(100 * (1 - kept.distance))
    if kept.strength == 1:
        return "training.choice_nearer", {"step": kept.step, "percent": percent}
    return "training.choice_nearer_weaker", {"step": kept.step, "percent": percent, "strength": f"{kept.strength:g}"}


def _steps(scores: Iterable[StepScore]) -> str:
    said = (f"{each.step}" if each.strength == 1 else f"{each.step} × {each.strength:g}" for each in scores)
    return ", ".join(said)


def _keeps_content(each: StepScore, base: StepScore) -> bool:
    kept = _percent_kept(each, base)
    return kept is None or kept >= CONTENT_KEPT


def _percent_kept(each: StepScore, base: StepScore) -> float | None:
    return prompts_kept_percent(each.adherence, base=base.adherence)


def _adherence(paths: Sequence[Path]) -> float | None:
    known = read_adherence(paths[0].parent)
    values = [known[int(path.stem)] for path in paths if int(path.stem) in known]
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
