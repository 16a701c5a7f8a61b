"""Whether a contest finds the take that shows its subject: N takes begin, the best imagined one is finished.

    python -m benchmarks.best_of_n                  # 414 prompts of preview_fidelity; an hour on one idle core
    python -m benchmarks.best_of_n --prompts 60     # the first sixty of them
    python -m benchmarks.best_of_n --report         # what the lines say so far

Every prompt is a line of `--lines` as soon as it is measured; the same command goes on behind the last one. Judged are
the finished pictures, by the judges of `preview_fidelity` (of pictures, trained on drawings), which the Studio does not
have: in it imagined latents are read by the family's own judges, and their pictures by the scorer. The baseline is the
first of the N seeds, painted alone in the same run.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.preview_fidelity import JUDGES, RESULTS, Asked, asked_prompts, recipe_of
from preview_training.judges import Judges
from story_engine.catalog.families import family_of
from story_engine.domain.contest import Round
from story_engine.domain.guidance import USUAL
from story_engine.domain.job_spec import RenderItem
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import LARGEST_SEED, Settings
from story_engine.inference.contest import Contest
from story_engine.inference.render import Renderer
from story_engine.inference.samplers import build_sampler
from story_engine.jobs.work.contest import Contests
from story_engine.scoring.aesthetics import scorer_for
from story_engine.store.layout import Layout

ALL_PROMPTS = 414
COMPARED = ("subject", "place", "style", "shot", "colour")
_RESAMPLES = 4000


def recipes_of(layout: Layout, one: Asked, takes: int) -> list[Recipe]:
    """The takes as a new story would paint them, seeds counted on."""
    recipe = recipe_of(one, family_of(layout, "preview"), Settings(guidance=USUAL))
    seeds = [(one.seed + number) % (LARGEST_SEED + 1) for number in range(takes)]
    return [recipe.model_copy(update={"seed": seed}) for seed in seeds]


def rows_of(recipe: Recipe, steps: range) -> int:
    """Rows that go through the U-Net for some steps of one picture."""
    levels = build_sampler(recipe.sampler, recipe.steps).noise_levels
    return sum(2 if recipe.guidance.is_guided_at(levels[step]) else 1 for step in steps)


def contest_rows(recipe: Recipe, contest: Contest) -> int:
    """Rows that go through the U-Net for a whole contest of a recipe's seeds."""
    begun, going, rows = 0, len(contest.positions), 0
    for judged in (*contest.rounds, Round(step=recipe.steps, keep=0)):
        rows += going * rows_of(recipe, range(begun, judged.step))
        begun, going = judged.step, judged.keep
    return rows


def measured(layout: Layout, renderer: Renderer, judges: Judges, one: Asked, takes: int) -> dict[str, object]:
    """One prompt: the first take alone, and the contest."""
    recipes = recipes_of(layout, one, takes)
    started = time.process_time()
    alone = renderer.render(recipes[:1])[0]
    between = time.process_time()
    items = [RenderItem(scene="s1", number=number, recipe=recipe) for number, recipe in enumerate(recipes)]
    (contest,) = Contests(layout, "benchmark", items, 1, job=1).held()
    survivors: list[tuple[int, Image.Image]] = []
    renderer.render(recipes, contests=[contest], on_picture=lambda *each: survivors.append(each))
    ended = time.process_time()
    ((place, survivor),) = survivors
    first, best = judges.read([alone, survivor])
    scores = scorer_for(layout).score([alone, survivor])
    expected = {name: getattr(one.expected, name) for name in COMPARED}
    line: dict[str, object] = {
        "prompt": one.prompt,
        "survivor": place,
        "scores": scores,
        "alone_seconds": between - started,
        "contest_seconds": ended - between,
        "rows": rows_of(recipes[0], range(recipes[0].steps)),
        "contest_rows": contest_rows(recipes[0], contest),
        "alone": {name: first.values[name] == value for name, value in expected.items() if value is not None},
        "contest": {name: best.values[name] == value for name, value in expected.items() if value is not None},
    }
    if place == 0:  # the same take, painted in both ways
        difference = np.abs(np.asarray(alone).astype(int) - np.asarray(survivor).astype(int))
        line["difference"] = int(difference.max())
    return line


def interval(differences: Sequence[float]) -> tuple[float, float]:
    """95 % of the mean, prompts drawn again (bootstrap)."""
    rng, count = random.Random(0), len(differences)
    means = sorted(sum(rng.choices(differences, k=count)) / count for _ in range(_RESAMPLES))
    return means[int(_RESAMPLES * 0.025)], means[int(_RESAMPLES * 0.975)]


def report(lines: Sequence[dict[str, object]], takes: int) -> dict[str, object]:
    """Shares of right pictures, what was gained, and what it cost."""
    told: dict[str, object] = {"prompts": len(lines), "takes": takes}
    for name in COMPARED:
        pairs = [(line["alone"][name], line["contest"][name]) for line in lines if name in line["alone"]]  # type: ignore[index,operator]
        if pairs:
            alone, contest = (sum(side) / len(pairs) for side in zip(*pairs, strict=True))
            gained = interval([after - before for before, after in pairs])
            told[name] = {
                "said": len(pairs),
                "alone": round(alone, 4),
                "contest": round(contest, 4),
                "gain_95": [round(each, 4) for each in gained],
                "misses_left": round((1 - contest) / max(1 - alone, 1e-9), 3),
            }
    seconds = [sum(float(line[key]) for line in lines) for key in ("contest_seconds", "alone_seconds")]  # type: ignore[arg-type]
    rows = [sum(int(line[key]) for line in lines) for key in ("contest_rows", "rows")]  # type: ignore[call-overload]
    scored = [line["scores"] for line in lines if "scores" in line]
    if scored:
        gained = interval([after - before for before, after in scored])  # type: ignore[misc,has-type]
        told["score"] = {
            "prompts": len(scored),
            "alone": round(sum(each[0] for each in scored) / len(scored), 3),  # type: ignore[index]
            "contest": round(sum(each[1] for each in scored) / len(scored), 3),  # type: ignore[index]
            "gain_95": [round(each, 3) for each in gained],
        }
    told["cost_cpu"] = round(seconds[0] / seconds[1], 2)
    told["cost_rows"] = round(rows[0] / rows[1], 2)
    told["largest_difference"] = max((line["difference"] for line in lines if "difference" in line), default=None)  # type: ignore[type-var]
    told["first_seed_won"] = sum(line["survivor"] == 0 for line in lines)
    return told


def main() -> int:
    """Measure what is not measured yet, and say what the lines say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=ALL_PROMPTS)
    parser.add_argument("--takes", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0, help="stop after so long; 0: when all is measured")
    parser.add_argument("--lines", type=Path, default=RESULTS / "best_of_n.jsonl")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    options = parser.parse_args()
    options.lines.parent.mkdir(parents=True, exist_ok=True)
    known = options.lines.read_text(encoding="utf-8").splitlines() if options.lines.exists() else []
    lines = [json.loads(line) for line in known]
    if not options.report:
        until = time.monotonic() + options.minutes * 60 if options.minutes else float("inf")
        asked, judges = asked_prompts(ALL_PROMPTS, None), Judges.load(JUDGES)
        with tempfile.TemporaryDirectory() as folder:
            layout = Layout(Path(folder) / "workspace", Path(folder) / "stories")
            renderer = Renderer(layout, threads=options.threads)
            renderer.render(recipes_of(layout, asked[0], 1))  # loading is nobody's cost
            for one in asked[len(lines) : options.prompts]:
                if time.monotonic() > until:
                    break
                line = measured(layout, renderer, judges, one, options.takes)
                lines.append(line)
                with options.lines.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
    if lines:
        print(json.dumps(report(lines, options.takes), ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
