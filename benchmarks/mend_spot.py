"""Whether a spot that was painted wrong can be mended: drawings with a planted wrong dress, hair or face.

    python -m benchmarks.mend_spot                   # 200 drawings, at most four tries each; half an hour on one core
    python -m benchmarks.mend_spot --square 0        # cut as before there were squares
    python -m benchmarks.mend_spot --drawings 30     # a quick look
    python -m benchmarks.mend_spot --done FILE       # goes on where a stopped run left the file

Truth is drawn: one scene is drawn as asked and once more with the fault, and the mask is where the two differ, as a
brush would cover it. A try is right where, of the same scene drawn with every value that the attribute can have, the
asked one is nearest in mean colour to what was painted inside of the mask. A face is right where a drawn one, of any
mood, is found in the spot (`likeness`); which mood it has is not judged. Times are processor seconds beside a whole
panel of the same steps in the same run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, median

import numpy as np
from PIL import Image

from benchmarks.mend_spot_cases import KINDS, SEED, SIDE, Case, cases, gradients, is_right
from story_engine.catalog.families import family_of
from story_engine.domain.guidance import USUAL
from story_engine.domain.recipe import Mend, Recipe
from story_engine.domain.resolve import guidance_of, usual_steps
from story_engine.domain.story import Settings
from story_engine.flows.mend import STRENGTH
from story_engine.inference.render import Renderer
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore

TRIES = 4
_TIMED = 8
"""So many spots of a tenth are held against a panel."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawings", type=int, default=200)
    parser.add_argument("--strength", type=float, default=STRENGTH)
    parser.add_argument("--steps", type=int, help="of the spot, instead of a panel's")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--square", type=int, help="of its area it is painted at least; 0: cut as before there were squares"
    )
    parser.add_argument("--keep", type=Path, help="a folder for the pictures")
    parser.add_argument("--done", type=Path, help="a file with what is known of each drawing so far, and goes on")
    given = parser.parse_args()
    lines = given.done.read_text(encoding="utf-8").splitlines() if given.done and given.done.exists() else []
    done = [Done(**json.loads(line)) for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder) / "workspace", Path(folder) / "stories")
        square = family_of(layout, "preview").least_spot if given.square is None else given.square
        mending = partial(Mend, strength=given.strength, side=square)
        for each in measured(layout, mending, given.drawings, len(done), given.threads, given.keep, steps=given.steps):
            done.append(each)
            if given.done:
                with given.done.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(each)) + "\n")
            print(len(done), each.kind, each.needed, flush=True)
    print(json.dumps(report(done), indent=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one drawing."""

    kind: str
    needed: int | None
    """The try that was right; None: none of them."""
    outside: int
    """Pixels changed outside of the mask, of all its tries."""
    seams: list[tuple[float, float, float]]
    """Of each try, as `gradients` gives them."""
    cost: float | None
    """Processor seconds by a panel's; None where it was not measured."""


def measured(
    layout: Layout,
    mending: Callable[..., Mend],
    count: int,
    first: int,
    threads: int,
    keep: Path | None,
    *,
    steps: int | None = None,
) -> Iterator[Done]:
    """From drawing `first` on, at most `TRIES` tries each."""
    family, settings = family_of(layout, "preview"), Settings(guidance=USUAL)
    renderer, store = Renderer(layout, threads=threads), ReferenceStore(layout)
    plain = Recipe(
        prompt="",
        negative="",
        seed=0,
        sampler=family.sampler,
        steps=usual_steps(settings, family),
        cfg_scale=family.cfg_scale,
        width=SIDE,
        height=SIDE,
        noise="cpu",
        family="preview",
        weights_hash=family.weights_hash,
        precision=family.precision,
        **guidance_of(settings, family).model_dump(),
    )
    timed = 0
    for number, case in enumerate(cases(count)):
        if number < first:
            continue
        mend = mending(reference=store.keep(case.faulty), mask=store.keep(case.mask), prompt=case.prompt)
        mask = np.asarray(case.mask) > 0
        outside, needed, cost = 0, None, None
        seams: list[tuple[float, float, float]] = []
        for attempt in range(TRIES):
            recipe = plain.model_copy(update={"prompt": case.scene_prompt, "mend": mend, "seed": case.seed + attempt})
            recipe = recipe.model_copy(update={"seed": recipe.seed % 2**32, "steps": steps or recipe.steps})
            begun = time.process_time()
            [picture] = renderer.render([recipe])
            seconds = time.process_time() - begun
            outside += int((np.asarray(picture) != np.asarray(case.faulty)).any(axis=2)[~mask].sum())
            seams.append(gradients(case, picture))
            # Not of the first try of a run, which loads the networks.
            if attempt == 0 and number > first and timed < _TIMED and 0.07 <= mask.mean() <= 0.13:
                begun, timed = time.process_time(), timed + 1
                renderer.render([recipe.model_copy(update={"mend": None, "steps": plain.steps})])
                cost = seconds / (time.process_time() - begun)
            if keep is not None and number < 60:
                keep.mkdir(parents=True, exist_ok=True)
                _side_by_side(case, picture).save(keep / f"{number:03}-{case.kind}-{attempt}.png")
            if is_right(case, picture):
                needed = attempt + 1
                break
        yield Done(kind=case.kind, needed=needed, outside=outside, seams=seams, cost=cost)


def report(done: Sequence[Done]) -> dict[str, object]:
    """All of them together."""
    right = np.array([each.needed is not None for each in done])
    resampled = np.random.default_rng(SEED).choice(right, (10_000, len(right))).mean(axis=1)
    over = [seam for each in done for seam in each.seams]
    costs = [each.cost for each in done if each.cost is not None]
    return {
        "drawings": len(done),
        "right_within_four": float(right.mean()),
        "interval_95": [round(float(each), 3) for each in np.percentile(resampled, (2.5, 97.5))],
        "right_at_once": sum(each.needed == 1 for each in done) / len(done),
        "by_kind": {
            kind: f"{sum(each.needed is not None for each in some)} of {len(some)}"
            for kind in KINDS
            if (some := [each for each in done if each.kind == kind])
        },
        "pixels_changed_outside": sum(each.outside for each in done),
        "seam_by_before": fmean(new for new, _, _ in over) / fmean(old for _, old, _ in over),
        "seam_by_the_right_drawing": fmean(new for new, _, _ in over) / fmean(right for _, _, right in over),
        "cost_of_a_tenth": median(costs) if costs else None,
        "spots_of_a_tenth": len(costs),
    }


def _side_by_side(case: Case, picture: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (4 * SIDE, SIDE))
    for place, each in enumerate((case.rivals[case.wanted], case.faulty, case.mask.convert("RGB"), picture)):
        sheet.paste(each, (place * SIDE, 0))
    return sheet


if __name__ == "__main__":
    main()
