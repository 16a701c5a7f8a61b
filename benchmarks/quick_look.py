"""The "quick look" preset from start to end: how long it takes, how far the style moves, what is left of the content.

    python -m benchmarks.quick_look [--styles crayon ink papercut] [--set learning_rate=2e-3 …] [--strength 1.0]

For each sample style: its 24 drawings become a dataset with a trigger word, the preset is trained on it (the seconds
include encoding), and the shipped singer story is painted with and without the LoRA, with the same seeds.

* Style: the distance between the eight pictures and the style's own statistics (`style_values`, of other drawings in
  that style); it shall fall by 40 % or more.
* Content: 40 prompts of the fidelity benchmark are painted with the LoRA at the recommended strength; its judges shall
  still read the right place in 80 % and the right subject in 70 %.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.preview_fidelity import JUDGES, accuracies, asked_prompts, contact_sheet
from benchmarks.sample_datasets import sample_dataset, services_in, trained_pictures
from preview_training.judges import Judges
from story_engine import flows
from story_engine.catalog.families import family_of
from story_engine.domain.picture_import import SAMPLE_STYLES
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.domain.resolve import resolve
from story_engine.domain.story import Story
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_presets import PRESETS
from story_engine.flows.services import Services
from story_engine.inference.render import Renderer
from story_engine.preview_model import world
from story_engine.preview_model.world.drawing import draw, sample_scene
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore
from story_engine.store.runs import RunStore
from story_engine.training.train import train

TRIGGER = "画风甲"
SECONDS_TARGET, STYLE_TARGET, PLACE_TARGET, SUBJECT_TARGET = 90.0, 0.40, 0.80, 0.70
PROMPTS = 40
OWN_DRAWINGS = 96
RESULTS = Path(__file__).resolve().parent / "results"
_SCALES = (1, 2, 4)


def style_values(picture: Image.Image) -> np.ndarray:
    """What a style does to a picture, whatever it shows: 21 numbers.

    Mean and deviation of lightness and both colours (CIE Lab); mean, deviation and the 90th and 99th percentile of the
    edges at three sizes; the share of nearly white, nearly black and strongly coloured pixels.
    """
    lab = np.asarray(picture.convert("LAB"), dtype=np.float32)
    lab[..., 1:] = (lab[..., 1:] + 128) % 256 - 128  # Pillow keeps a and b as signed bytes
    light = lab[..., 0]
    colour = np.hypot(lab[..., 1], lab[..., 2])
    values = [*lab.mean((0, 1)), *lab.std((0, 1))]
    for scale in _SCALES:
        height, width = (side // scale * scale for side in light.shape)
        small = light[:height, :width].reshape(height // scale, scale, width // scale, scale).mean((1, 3))
        edges = np.hypot(*np.gradient(small))
        values += [edges.mean(), edges.std(), np.percentile(edges, 90), np.percentile(edges, 99)]
    values += [(light > 240).mean(), (light < 40).mean(), (colour > 40).mean()]
    return np.asarray(values, dtype=np.float64)


def style_distance(pictures: Sequence[Image.Image], style: Sequence[np.ndarray], spread: np.ndarray) -> float:
    """Root mean square over `style_values` of the difference of means, in units of their spread over all styles."""
    mean = np.mean([style_values(picture) for picture in pictures], axis=0)
    return float(np.sqrt((((mean - np.mean(style, axis=0)) / spread) ** 2).mean()))


def drawings_of(style: str, count: int) -> list[Image.Image]:
    """Drawings in a style that are in no sample set."""
    rng = random.Random(f"quick look {style}")
    return [draw(replace(sample_scene(rng), style=style, degradation="none")) for _ in range(count)]


def singer_recipes(layout: Layout, story: Story, part: LoraPart | None) -> list[Recipe]:
    """The story's eight panels at their own seeds, with the trigger word in front where the LoRA is used."""
    family = family_of(layout, "preview")
    styled = story.model_copy(update={"style": f"{TRIGGER}，{story.style}" if part else story.style})
    recipes = [resolve(styled, scene, 0, family=family, loras={}) for scene in story.scenes]
    return [recipe.model_copy(update={"loras": (part,) if part else ()}) for recipe in recipes]


def content_recipes(layout: Layout, part: LoraPart, asked: Sequence) -> list[Recipe]:
    """The fidelity benchmark's prompts with the LoRA and its trigger word."""
    family = family_of(layout, "preview")
    return [
        Recipe(
            prompt=f"{TRIGGER}，{one.prompt}",
            negative=one.negative,
            seed=one.seed,
            sampler=family.sampler,
            steps=family.steps,
            cfg_scale=family.cfg_scale,
            width=family.width,
            height=family.height,
            noise="cpu",
            family="preview",
            weights_hash=family.weights_hash,
            precision=family.precision,
            loras=(part,),
        )
        for one in asked
    ]


def measured(style: str, options: argparse.Namespace, spread: np.ndarray) -> dict[str, object]:
    """One style's figures; sheets of the pictures go to the results folder."""
    with tempfile.TemporaryDirectory() as folder:
        services = services_in(Path(folder))
        layout = Layout.of(services.config)
        dataset = sample_dataset(services, style, trigger=TRIGGER)
        chosen = dict(PRESETS["quick_look"]) | dict(options.set)
        spec = TrainingSpec.model_validate({"name": style, "dataset": dataset, "trigger": TRIGGER, **chosen})
        spec = _held_against(spec, services)
        run = RunStore(layout).create(spec, trained_pictures(services, dataset))
        started = time.monotonic()
        train(layout, run, report=lambda _progress: None, should_stop=lambda: False)
        seconds = time.monotonic() - started
        name = f"{run}@{spec.steps}"
        part = LoraPart(name=name, sha256=LoraStore(layout).sha256(name), strength=options.strength)
        story = services.stories.load("singer")
        asked = asked_prompts(options.prompts, None)
        recipes = [*singer_recipes(layout, story, None), *singer_recipes(layout, story, part)]
        pictures = Renderer(layout, threads=options.threads).render([*recipes, *content_recipes(layout, part, asked)])
    plain, styled, content = pictures[:8], pictures[8:16], pictures[16:]
    own = [style_values(picture) for picture in drawings_of(style, OWN_DRAWINGS)]
    before, after = (style_distance(group, own, spread) for group in (plain, styled))
    judges = Judges.load(options.judges)
    verdicts = judges.read(content)
    shares = accuracies(asked, verdicts)
    options.out.mkdir(parents=True, exist_ok=True)
    _rows([plain, styled]).save(options.out / f"quick_look_{style}.png")
    contact_sheet(asked, content, verdicts).save(options.out / f"quick_look_{style}_content.png")
    read_as = [verdict.values["style"] for verdict in judges.read(styled)]
    return {
        "seconds": round(seconds, 1),
        "style_distance": {"without": round(before, 3), "with": round(after, 3)},
        "style_fall": round(1 - after / before, 3),
        "panels_read_as_the_style": sum(seen == style for seen in read_as),
        "place": round(shares["place"]["share"], 3),
        "subject": round(shares["subject"]["share"], 3),
    }


def _held_against(spec: TrainingSpec, services: Services) -> TrainingSpec:
    """As the training page proposes it for this story."""
    story = services.stories.load("singer")
    services = services
    prompts = flows.train_samples.sample_prompts(services, "singer", [scene.id for scene in story.scenes])
    words = flows.train_samples.style_words(services, [each.prompt for each in prompts], trigger=spec.trigger)
    return spec.model_copy(update={"other_styles": words})


def _rows(groups: Sequence[Sequence[Image.Image]]) -> Image.Image:
    side = 160
    sheet = Image.new("RGB", (side * len(groups[0]), side * len(groups)), "white")
    for row, group in enumerate(groups):
        for column, picture in enumerate(group):
            sheet.paste(picture.resize((side - 2, side - 2), Image.Resampling.LANCZOS), (column * side, row * side))
    return sheet


def _assignment(text: str) -> tuple[str, object]:
    name, _, value = text.partition("=")
    return name, json.loads(value)


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--styles", nargs="+", choices=SAMPLE_STYLES, default=list(SAMPLE_STYLES))
    parser.add_argument(
        "--set", type=_assignment, action="append", default=[], help="field=JSON, instead of the preset's"
    )
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--prompts", type=int, default=PROMPTS)
    parser.add_argument("--judges", type=Path, default=JUDGES)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    torch.set_num_threads(options.threads)
    everything = [style_values(picture) for style in world.STYLES for picture in drawings_of(style, 24)]
    spread = np.std(everything, axis=0) + 1e-6
    styles = {style: measured(style, options, spread) for style in options.styles}
    report = {
        "date": date.today().isoformat(),
        "machine": f"{platform.processor() or platform.machine()}, {options.threads} thread(s)",
        "preset": dict(PRESETS["quick_look"]) | dict(options.set),
        "strength": options.strength,
        "styles": styles,
        "targets": {
            "seconds": SECONDS_TARGET,
            "style_fall": STYLE_TARGET,
            "place": PLACE_TARGET,
            "subject": SUBJECT_TARGET,
        },
    }
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
