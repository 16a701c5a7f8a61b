"""How faithful the preview model is: does it draw what a prompt asks for, and what the sixteen shipped scenes ask for.

    python -m benchmarks.preview_fidelity                # 414 prompts, a few minutes on two cores
    python -m benchmarks.preview_fidelity --prompts 46   # a quick look
    python -m benchmarks.preview_fidelity --guidance constant   # as stories are painted that say nothing of it
    python -m benchmarks.preview_fidelity --other-prompts 1     # others, with which nothing was decided

Judges that were trained on drawings only read the pictures back (preview_training/judges.py). Their own
errors on drawings of the same scenes are reported beside the model's: no model can be measured above them.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import platform
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.recipes import recipe_by
from benchmarks.sheets import contact_sheet
from preview_training.imagining import NEGATIVES
from preview_training.judges import Judges, Verdict
from story_engine.catalog.families import family_of
from story_engine.config import read_config
from story_engine.domain.composing import compose_negative, compose_prompt
from story_engine.domain.family import Family
from story_engine.domain.guidance import GUIDANCE, USUAL
from story_engine.domain.recipe import Recipe
from story_engine.domain.resolve import guidance_of, usual_steps
from story_engine.domain.story import Settings
from story_engine.inference.render import Renderer
from story_engine.preview_model import world
from story_engine.preview_model.family import PREVIEW
from story_engine.preview_model.weights import load_preview
from story_engine.preview_model.world.captions import caption
from story_engine.preview_model.world.drawing import draw, sample_scene, shipped_scenes
from story_engine.preview_model.world.drawing.sampling import sample_figure
from story_engine.preview_model.world.expected import ATTRIBUTES, Expected, read_prompt
from story_engine.store.layout import Layout
from story_engine.store.stories import StoryStore

PROJECT = Path(__file__).resolve().parent.parent
TARGETS = {"place": 0.96, "style": 0.96, "subject": 0.94, "colour": 0.88, "shot": 0.98}
SHIPPED_TARGET = 14
PSNR_TARGET = 28.0
JUDGES = PROJECT / "benchmarks" / "judges"
RESULTS = PROJECT / "benchmarks" / "results"
_SHOT_SHARES = {"full": 0.4, "upper": 0.25, "close": 0.15, "long": 0.2}
_HELD_OUT_SEED = 977_001
"""Scenes from here are in no training folder: those are seeded with text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One prompt of the benchmark and the drawing that it describes."""

    prompt: str
    negative: str
    seed: int
    expected: Expected
    scene: world.DrawnScene


def asked_prompts(count: int, negative: str | None, *, others: int = 0) -> list[Asked]:
    """Prompts that say subject, place and style, every value of each equally often, Chinese and English in turn.

    `others`: 0 for those that the aims speak of, else the number of another set of them.
    """
    rng = random.Random(_HELD_OUT_SEED + others)
    decks = {
        name: _deck(values, count, rng) for name, values in ATTRIBUTES.items() if name in ("subject", "place", "style")
    }
    asked = []
    for index in range(count):
        language = ("zh", "en")[index % 2]
        values = {name: deck[index] for name, deck in decks.items()}
        shot = rng.choices(list(_SHOT_SHARES), list(_SHOT_SHARES.values()))[0]
        scene = world.DrawnScene(
            main=sample_figure(rng, values["subject"], shot),
            place=values["place"],
            style=values["style"],
            shot=shot,
            time=rng.choice(("day", "day", "dusk", "night")),
            seed=rng.randrange(2**31),
        )
        prompt = _complete_caption(scene, rng, language)
        asked.append(
            Asked(
                prompt=prompt,
                negative=NEGATIVES[language] if negative is None else negative,
                seed=rng.randrange(2**32),
                expected=read_prompt(prompt),
                scene=scene,
            )
        )
    return asked


def shipped_prompts() -> list[Asked]:
    """The sixteen scenes with their own seeds and negative prompts; expected is what they obviously mean."""
    store = StoryStore(Layout(PROJECT / "workspace", PROJECT / "stories"))
    stories = [store.load(slug) for slug in ("singer", "orange-cat")]
    texts = [
        (compose_prompt(story, scene), compose_negative(story, scene), scene.seed)
        for story in stories
        for scene in story.scenes
    ]
    return [
        Asked(prompt=prompt, negative=negative, seed=seed, expected=read_prompt(prompt), scene=drawn)
        for (prompt, negative, seed), drawn in zip(texts, shipped_scenes(), strict=True)
    ]


def recipe_of(one: Asked, family: Family, settings: Settings) -> Recipe:
    """How the family usually paints what is asked for, guided and in as many steps as the settings say."""
    return recipe_by(settings, family, one.prompt, one.negative, one.seed)


def generate(layout: Layout, asked: Sequence[Asked], settings: Settings, threads: int) -> list[Image.Image]:
    """Paint the prompts with the family's default settings, through the code that the Studio renders with."""
    family = family_of(layout, "preview")
    recipes = [recipe_of(one, family, settings) for one in asked]
    return Renderer(layout, threads=threads).render(recipes)


def accuracies(asked: Sequence[Asked], verdicts: Sequence[Verdict]) -> dict[str, dict[str, float]]:
    """By attribute: share of the prompts that say it whose picture shows it, and how many say it."""
    table = {}
    for name in ATTRIBUTES:
        said = [(getattr(one.expected, name), seen.values[name]) for one, seen in zip(asked, verdicts, strict=True)]
        right = [wanted == seen for wanted, seen in said if wanted is not None]
        table[name] = {"share": sum(right) / max(len(right), 1), "prompts": len(right)}
    return table


def by_value(asked: Sequence[Asked], verdicts: Sequence[Verdict], name: str) -> dict[str, float]:
    """Share of right pictures for each value of one attribute."""
    shares = {}
    for value in ATTRIBUTES[name]:
        seen = [v.values[name] for one, v in zip(asked, verdicts, strict=True) if getattr(one.expected, name) == value]
        if seen:
            shares[value] = sum(one == value for one in seen) / len(seen)
    return shares


def as_pixels(picture: Image.Image) -> torch.Tensor:
    """(1, 3, height, width), -1…1: what a VAE encodes."""
    return torch.from_numpy(np.asarray(picture, dtype=np.float32)).permute(2, 0, 1)[None] / 127.5 - 1


def psnr_of_vae(layout: Layout, count: int) -> dict[str, float]:
    """PSNR (dB) of coded and decoded held-out drawings at 256 px: of the mean error, and the mean of the pictures'."""
    parts = load_preview(PREVIEW.folder(layout))
    rng = random.Random(_HELD_OUT_SEED + 1)
    errors = []
    for _ in range(count):
        pixels = as_pixels(draw(sample_scene(rng)))
        with torch.inference_mode():
            painted = parts.vae_decoder(parts.vae_encoder(pixels)).clamp(-1, 1)
        errors.append(float(((painted - pixels) / 2).square().mean()))
    return {
        "of_mean_error": -10 * math.log10(sum(errors) / count),
        "mean": sum(-10 * math.log10(error) for error in errors) / count,
    }


def _is_right(asked: Asked, verdict: Verdict) -> bool:
    return asked.expected.subject == verdict.values["subject"] and asked.expected.place == verdict.values["place"]


def _deck(values: tuple[str, ...], count: int, rng: random.Random) -> list[str]:
    deck: list[str] = []
    while len(deck) < count:
        deck += rng.sample(values, len(values))
    return deck[:count]


def _complete_caption(scene: world.DrawnScene, rng: random.Random, language: str) -> str:
    """A caption that says subject, place and style, and says them of this scene."""
    while True:
        text = caption(scene, rng, language)
        read = read_prompt(text)
        if (read.subject, read.place, read.style) == (scene.main.subject, scene.place, scene.style):
            return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write JSON and contact sheets, and return 0 if every target is met."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--prompts", type=int, default=414)
    parser.add_argument("--other-prompts", type=int, default=0, help="the number of another set of prompts")
    parser.add_argument("--negative", default=None, help="instead of the challenge's negative prompt; may be empty")
    parser.add_argument("--guidance", choices=GUIDANCE, default=USUAL)
    parser.add_argument("--steps", type=int, default=None, help="instead of the usual ones")
    parser.add_argument("--workspace", type=Path, default=None, help="whose models/preview is measured, if it has one")
    parser.add_argument("--judges", type=Path, default=JUDGES)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    layout = Layout.of(read_config(options.workspace))
    options.out.mkdir(parents=True, exist_ok=True)
    judges = Judges.load(options.judges)
    asked = asked_prompts(options.prompts, options.negative, others=options.other_prompts)
    shipped = shipped_prompts()
    settings = Settings(guidance=options.guidance, steps=options.steps)
    start = time.monotonic()
    pictures = generate(layout, [*asked, *shipped], settings, options.threads)
    seconds = time.monotonic() - start
    verdicts = judges.read(pictures)
    of_drawings = judges.read([draw(one.scene) for one in asked])
    seen, shipped_seen = verdicts[: len(asked)], verdicts[len(asked) :]
    shares = accuracies(asked, seen)
    shipped_right = [_is_right(one, verdict) for one, verdict in zip(shipped, shipped_seen, strict=True)]
    psnr = psnr_of_vae(layout, 96)
    met = {name: shares[name]["share"] >= target for name, target in TARGETS.items()}
    met |= {"shipped": sum(shipped_right) >= SHIPPED_TARGET, "vae": psnr["of_mean_error"] >= PSNR_TARGET}
    family = family_of(layout, "preview")
    report = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {options.threads} thread(s)",
        "weights_hash": family.weights_hash,
        "settings": {
            "sampler": family.sampler,
            "steps": settings.steps or usual_steps(settings, family),
            "cfg_scale": family.cfg_scale,
            **guidance_of(settings, family).model_dump(),
        },
        "negative": "the challenge's" if options.negative is None else options.negative,
        "prompts": len(asked),
        "other_prompts": options.other_prompts,
        "accuracy": shares,
        "chinese": accuracies(asked[0::2], seen[0::2]),
        "english": accuracies(asked[1::2], seen[1::2]),
        "judges_on_drawings": accuracies(asked, of_drawings),
        "by_value": {name: by_value(asked, seen, name) for name in ATTRIBUTES},
        "shipped": {
            "right": sum(shipped_right),
            "scenes": [
                {"prompt": one.prompt, "expected": asdict(one.expected), "seen": verdict.values, "right": right}
                for one, verdict, right in zip(shipped, shipped_seen, shipped_right, strict=True)
            ],
        },
        "vae_psnr_db": psnr,
        "seconds_per_picture": seconds / len(pictures),
        "targets_met": met,
    }
    (options.out / "preview_fidelity.json").write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    is_right = [_is_right(one, verdict) for one, verdict in zip(asked, seen, strict=True)]
    contact_sheet(pictures[: len(asked)], is_right).save(options.out / "preview_fidelity.jpg", quality=88)
    contact_sheet(pictures[len(asked) :], shipped_right).save(options.out / "preview_shipped.jpg", quality=92)
    for name, target in TARGETS.items():
        ceiling = report["judges_on_drawings"][name]["share"]
        print(f"{name:8} {shares[name]['share']:.3f}  target {target:.2f}  judges on drawings {ceiling:.3f}")
    print(f"shipped  {sum(shipped_right)}/16  target {SHIPPED_TARGET}")
    print(f"VAE      {psnr['of_mean_error']:.2f} dB  target {PSNR_TARGET:.0f}")
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
