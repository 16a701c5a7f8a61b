"""Whether a spot that was painted wrong can be mended: drawings with a planted wrong dress, hair or face.

    python -m benchmarks.mend_spot                   # 200 drawings, at most four tries each; half an hour on one core
    python -m benchmarks.mend_spot --drawings 30     # a quick look

Truth is drawn: one scene is drawn as asked and once more with the fault, and the mask is where the two differ, as a
brush would cover it. A try is right where, of the same scene drawn with every value that the attribute can have, the
asked one is nearest to what was painted inside of the mask (a face: nearer to the drawn face than to the wiped one).
Times are taken beside a whole panel of the same steps in the same run.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median

import numpy as np
from PIL import Image, ImageFilter

from story_engine.catalog.families import family_of
from story_engine.domain.guidance import USUAL
from story_engine.domain.recipe import Mend, Recipe
from story_engine.domain.resolve import guidance_of, usual_steps
from story_engine.domain.story import Settings
from story_engine.flows.mend import STRENGTH
from story_engine.inference.render import Renderer
from story_engine.preview_model import world
from story_engine.preview_model.world import lexicon
from story_engine.preview_model.world.drawing import draw
from story_engine.preview_model.world.drawing.sampling import sample_figure
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore

KINDS = ("dress", "hair", "face")
TRIES = 4
_SEED = 31_415
_SIDE = 256
_PEOPLE = ("girl", "boy", "maid", "prince")
_SHOTS = {"dress": ("full", "upper"), "hair": ("upper", "close"), "face": ("upper", "close")}
_LEAST_SHARE, _MOST_SHARE = 0.01, 0.35
"""Of the picture that a spot may take up: what a person would mend, and not paint anew."""
_BRUSH = 9
"""Pixels by which the mask goes beyond what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One drawing with a planted fault."""

    kind: str
    prompt: str
    """What is to be there, as a person types it, behind the style."""
    scene_prompt: str
    faulty: Image.Image
    mask: Image.Image
    rivals: dict[str, Image.Image]
    """Value → the scene drawn with it; of a face "right" and "wiped"."""
    wanted: str
    seed: int


def cases(count: int) -> Iterator[Case]:
    """The same ones at every call; kinds and languages in turn."""
    rng, found = random.Random(_SEED), 0
    while found < count:
        case = _case(rng, KINDS[found % len(KINDS)], ("zh", "en")[found // len(KINDS) % 2])
        if case is not None:
            found += 1
            yield case


def _case(rng: random.Random, kind: str, language: str) -> Case | None:
    subject, shot = rng.choice(_PEOPLE), rng.choice(_SHOTS[kind])
    figure = replace(sample_figure(rng, subject, shot), view="front")
    if kind == "dress":
        figure = replace(figure, outfit="dress" if subject == "girl" else "casual")
    scene = world.DrawnScene(
        main=figure,
        place=rng.choice(world.PLACES),
        style=rng.choice(world.STYLES),
        shot=shot,
        seed=rng.randrange(2**31),
    )
    name = {"dress": "colour", "hair": "hair_colour"}.get(kind)
    values: tuple[str, ...] = ()
    if name is None:
        rivals = _faces(scene)
        wanted, wrong = "right", "wiped"
    else:
        values = world.COLOURS if name == "colour" else world.HAIR_COLOURS
        wanted = str(getattr(figure, name))
        wrong = rng.choice([value for value in values if value != wanted])
        rivals = {value: draw(_with(scene, name, value), _SIDE) for value in (wanted, wrong)}
    mask = _mask(rivals[wanted], rivals[wrong])
    share = float((np.asarray(mask) > 0).mean())
    if not _LEAST_SHARE <= share <= _MOST_SHARE:
        return None
    if name is not None:
        rivals |= {value: draw(_with(scene, name, value), _SIDE) for value in values if value not in rivals}
    style = getattr(lexicon.STYLES[scene.style], language)[0]
    words = _words(kind, figure, language)
    joint = "，" if language == "zh" else ", "
    return Case(
        kind=kind,
        prompt=f"{style}{joint}{words}",
        scene_prompt=style,
        faulty=rivals[wrong],
        mask=mask,
        rivals=rivals,
        wanted=wanted,
        seed=rng.randrange(2**32),
    )


def _with(scene: world.DrawnScene, name: str, value: str) -> world.DrawnScene:
    return replace(scene, main=replace(scene.main, **{name: value}))


def _words(kind: str, figure: world.Figure, language: str) -> str:
    def said(table: str, value: str) -> str:
        return str(getattr(getattr(lexicon, table)[value], language)[0])

    who = said("SUBJECTS", figure.subject)
    if kind == "dress":
        colour, clothes = said("COLOURS", figure.colour), said("OUTFITS", figure.outfit)
        return f"穿着{colour}{clothes}的{who}" if language == "zh" else f"a {who} in a {colour} {clothes}"
    hair = said("HAIR_COLOURS", figure.hair_colour)
    if kind == "hair":
        return f"{hair}头发的{who}" if language == "zh" else f"a {who} with {hair} hair"
    face = said("MOODS", figure.mood)
    return f"{hair}头发的{who}，{face}，特写" if language == "zh" else f"a {face} {who} with {hair} hair, close-up"


def _faces(scene: world.DrawnScene) -> dict[str, Image.Image]:
    """The scene, and the same with everything in its face wiped away."""
    right = draw(scene, _SIDE)
    moods = [draw(replace(scene, main=replace(scene.main, mood=mood)), _SIDE) for mood in world.MOODS]
    features = np.max([_differing(right, each) for each in moods], axis=0)
    spot = Image.fromarray((features * 255).astype(np.uint8)).filter(ImageFilter.MaxFilter(_BRUSH))
    bounds = spot.getbbox()
    wiped = right.copy()
    if bounds is not None:
        wiped.paste(right.filter(ImageFilter.GaussianBlur(14)).crop(bounds), bounds)
    return {"right": right, "wiped": wiped}


def _differing(first: Image.Image, second: Image.Image) -> np.ndarray:
    apart = np.abs(np.asarray(first).astype(int) - np.asarray(second).astype(int)).max(axis=2)
    return np.asarray(apart > 24)


def _mask(right: Image.Image, wrong: Image.Image) -> Image.Image:
    where = Image.fromarray((_differing(right, wrong) * 255).astype(np.uint8))
    return where.filter(ImageFilter.MaxFilter(_BRUSH))


def is_right(case: Case, painted: Image.Image) -> bool:
    """Whether the asked value's drawing is the nearest where its drawings differ."""
    values = np.asarray(painted).astype(float)
    drawn = {name: np.asarray(picture).astype(float) for name, picture in case.rivals.items()}
    where = np.asarray(case.mask) > 0
    where &= np.ptp(np.stack([each.mean(axis=2) for each in drawn.values()]), axis=0) > 8
    # By mean colour, since a dress that hangs a little otherwise is still the dress that was asked for.
    if case.kind == "face":
        apart = {name: float(np.abs(values - each)[where].mean()) for name, each in drawn.items()}
    else:
        apart = {name: float(np.linalg.norm((values - each)[where].mean(axis=0))) for name, each in drawn.items()}
    return min(apart, key=apart.__getitem__) == case.wanted


def gradients(case: Case, painted: Image.Image) -> tuple[float, float, float]:
    """Mean step between neighbours: over the mask's edge, mended and before, and anywhere in the picture before."""
    mask = np.asarray(case.mask) > 0
    crosses = [mask[:, 1:] != mask[:, :-1], mask[1:] != mask[:-1]]
    new, old = (np.asarray(each).astype(float) for each in (painted, case.faulty))

    def steps(values: np.ndarray) -> list[np.ndarray]:
        return [np.abs(np.diff(values, axis=1)).mean(axis=2), np.abs(np.diff(values, axis=0)).mean(axis=2)]

    def over(values: np.ndarray) -> float:
        return float(np.concatenate([each[cross] for each, cross in zip(steps(values), crosses, strict=True)]).mean())

    return over(new), over(old), float(np.concatenate([each.ravel() for each in steps(old)]).mean())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawings", type=int, default=200)
    parser.add_argument("--strength", type=float, default=STRENGTH)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the pictures")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder) / "workspace", Path(folder) / "stories")
        report = measured(layout, cases(given.drawings), given.strength, given.threads, given.keep)
    print(json.dumps(report, indent=1))


def measured(
    layout: Layout, wanted: Iterable[Case], strength: float, threads: int, keep: Path | None
) -> dict[str, object]:
    """All cases, at most `TRIES` tries each."""
    family, settings = family_of(layout, "preview"), Settings(guidance=USUAL)
    renderer, store = Renderer(layout, threads=threads), ReferenceStore(layout)
    plain = Recipe(
        prompt="",
        negative="",
        seed=0,
        sampler=family.sampler,
        steps=usual_steps(settings, family),
        cfg_scale=family.cfg_scale,
        width=_SIDE,
        height=_SIDE,
        noise="cpu",
        family="preview",
        weights_hash=family.weights_hash,
        precision=family.precision,
        **guidance_of(settings, family).model_dump(),
    )
    needed: dict[str, list[int | None]] = {kind: [] for kind in KINDS}
    outside, seams, costs = 0, [], []
    for number, case in enumerate(wanted):
        mend = Mend(
            reference=store.keep(case.faulty), mask=store.keep(case.mask), prompt=case.prompt, strength=strength
        )
        first: int | None = None
        for attempt in range(TRIES):
            recipe = plain.model_copy(update={"prompt": case.scene_prompt, "mend": mend, "seed": case.seed + attempt})
            recipe = recipe.model_copy(update={"seed": recipe.seed % 2**32})
            begun = time.perf_counter()
            [picture] = renderer.render([recipe])
            seconds = time.perf_counter() - begun
            mask = np.asarray(case.mask) > 0
            outside += int((np.asarray(picture) != np.asarray(case.faulty)).any(axis=2)[~mask].sum())
            seams.append(gradients(case, picture))
            if attempt == 0 and 0.07 <= mask.mean() <= 0.13:
                begun = time.perf_counter()
                renderer.render([recipe.model_copy(update={"mend": None})])
                costs.append(seconds / (time.perf_counter() - begun))
            if keep is not None and number < 60:
                keep.mkdir(parents=True, exist_ok=True)
                _side_by_side(case, picture).save(keep / f"{number:03}-{case.kind}-{attempt}.png")
            if is_right(case, picture):
                first = attempt + 1
                break
        needed[case.kind].append(first)
        done = [each for some in needed.values() for each in some]
        if (number + 1) % 6 == 0:
            print(number + 1, f"{sum(each is not None for each in done) / len(done):.3f}", needed, flush=True)
    every = [each for some in needed.values() for each in some]
    right = [each for each in every if each is not None]
    return {
        "drawings": len(every),
        "right_within_four": len(right) / len(every),
        "right_at_once": sum(each == 1 for each in right) / len(every),
        "by_kind": {kind: sum(each is not None for each in some) / max(1, len(some)) for kind, some in needed.items()},
        "pixels_changed_outside": outside,
        "seam": fmean(new for new, _, _ in seams) / fmean(old for _, old, _ in seams),
        "seam_by_the_pictures_own": fmean(new for new, _, _ in seams) / fmean(whole for _, _, whole in seams),
        "cost_of_a_tenth": median(costs) if costs else None,
        "spots_of_a_tenth": len(costs),
        "strength": strength,
    }


def _side_by_side(case: Case, picture: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (4 * _SIDE, _SIDE))
    for place, each in enumerate((case.rivals[case.wanted], case.faulty, case.mask.convert("RGB"), picture)):
        sheet.paste(each, (place * _SIDE, 0))
    return sheet


if __name__ == "__main__":
    main()
