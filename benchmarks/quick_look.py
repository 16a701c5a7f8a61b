"""The "quick look" preset from start to end, on stories that it was not tuned on: how long, how far, what is left.

    python -m benchmarks.quick_look [--stories panda robot …] [--styles crayon ink papercut] [--captions story zh en]
                                    [--set prior_weight=1.0 …]

For each story, sample style and language of captions: the style's 24 drawings become a dataset with a trigger word, the
preset is trained on it as the training page proposes it for the story (three samples, its style words; the seconds
include encoding, class pictures and samples), a checkpoint and strength are recommended, and the story is painted with
and without them, with the same seeds.

* Style: the distance between the eight pictures and the style's own statistics (`style_values`, of other drawings in
  that style); it shall fall by 40 % or more.
* Content: the judges of the fidelity benchmark read place and subject from the pictures; of what they read right from
  the base's own, 85 % and 80 % shall stay.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.preview_fidelity import JUDGES
from benchmarks.quick_look_stories import HIDDEN, story_of
from benchmarks.sample_datasets import sample_dataset, services_in, trained_pictures
from preview_training.expected import read_prompt
from preview_training.judges import Judges
from story_engine import flows
from story_engine.catalog.families import family_of
from story_engine.domain.composing import compose_negative, compose_prompt, join, separator_of
from story_engine.domain.picture_import import SAMPLE_STYLES
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.domain.resolve import resolve
from story_engine.domain.story import Story
from story_engine.domain.training import SamplePrompt, TrainingSpec
from story_engine.domain.training_presets import PRESETS
from story_engine.flows.services import Services
from story_engine.inference.render import Renderer
from story_engine.messages import message
from story_engine.preview_model import world
from story_engine.preview_model.world.drawing import draw, sample_scene
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore
from story_engine.store.runs import RunStore
from story_engine.training.choose import recommend
from story_engine.training.train import train

TRIGGER = "画风甲"
SECONDS_TARGET, STYLE_TARGET, PLACE_TARGET, SUBJECT_TARGET = 90.0, 0.40, 0.85, 0.80
SAMPLES = 3
"""Scenes that the training page proposes to paint again and again."""
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


def recipes_of(layout: Layout, story: Story, part: LoraPart | None) -> list[Recipe]:
    """The story's eight panels at their own seeds, with the trigger word in front where the LoRA is used."""
    family = family_of(layout, "preview")
    separator = separator_of(story, story.scenes[0])
    styled = story.model_copy(update={"style": join((TRIGGER, story.style), separator)}) if part else story
    recipes = [resolve(styled, scene, 0, family=family, loras={}) for scene in story.scenes]
    return [recipe.model_copy(update={"loras": (part,) if part else ()}) for recipe in recipes]


def measured(
    name: str, style: str, captions: str, options: argparse.Namespace, spread: np.ndarray
) -> dict[str, object]:
    """The figures of one story in one style; a sheet of the pictures goes to the results folder."""
    hidden, story = HIDDEN[name], story_of(name)
    with tempfile.TemporaryDirectory() as folder:
        services = services_in(Path(folder))
        layout = Layout.of(services.config)
        language = hidden.language if captions == "story" else captions
        dataset = sample_dataset(services, style, trigger=TRIGGER, language=language)
        chosen = dict(PRESETS["quick_look"]) | dict(options.set)
        spec = TrainingSpec.model_validate({"name": style, "dataset": dataset, "trigger": TRIGGER, **chosen})
        spec = _proposed_for(story, spec, services)
        run = RunStore(layout).create(spec, trained_pictures(services, dataset, spec=spec))
        started, at_work = time.monotonic(), time.process_time()
        train(layout, run, report=lambda _progress: None, should_stop=lambda: False)
        seconds, work = time.monotonic() - started, time.process_time() - at_work
        choice = recommend(layout, run, report=lambda _progress: None, should_stop=lambda: False)
        lora = f"{run}@{choice.step}"
        part = LoraPart(name=lora, sha256=LoraStore(layout).sha256(lora), strength=choice.strength)
        recipes = [*recipes_of(layout, story, None), *recipes_of(layout, story, part)]
        pictures = Renderer(layout, threads=options.threads).render(recipes)
    plain, styled = pictures[: len(story.scenes)], pictures[len(story.scenes) :]
    own = [style_values(picture) for picture in drawings_of(style, OWN_DRAWINGS)]
    before, after = (style_distance(group, own, spread) for group in (plain, styled))
    judges = Judges.load(options.judges)
    options.out.mkdir(parents=True, exist_ok=True)
    _rows([plain, styled]).save(options.out / f"quick_look_{name}_{style}_{language}{options.suffix}.png")
    expected = [read_prompt(prompt) for prompt in hidden.prompts]
    read = {kind: judges.read(group) for kind, group in (("without", plain), ("with", styled))}
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(work, 1),
        "captions": language,
        "step": choice.step,
        "strength": choice.strength,
        "verdict": [message(code, "en", **values) for code, values in choice.reasons],
        "scores": [
            (each.step, each.strength, round(1 - each.distance, 2), each.adherence and round(each.adherence, 3))
            for each in choice.scores
        ],
        "style_distance": {"without": round(before, 3), "with": round(after, 3)},
        "style_fall": round(1 - after / before, 3),
        "read_as_the_style": sum(verdict.values["style"] == style for verdict in read["with"]),
        **{
            attribute: {
                kind: sum(
                    verdict.values[attribute] == getattr(asked, attribute)
                    for verdict, asked in zip(verdicts, expected, strict=True)
                )
                for kind, verdicts in read.items()
            }
            for attribute in ("place", "subject")
        },
    }


def _proposed_for(story: Story, spec: TrainingSpec, services: Services) -> TrainingSpec:
    """As the training page proposes it for this story: the first three scenes, and the words of style in them."""
    samples = tuple(
        SamplePrompt(
            prompt=join((TRIGGER, compose_prompt(story, scene)), separator_of(story, scene)),
            negative=compose_negative(story, scene),
            seed=scene.seed,
            title=scene.title,
        )
        for scene in story.scenes[:SAMPLES]
    )
    words = flows.train_samples.style_words(services, [each.prompt for each in samples], trigger=spec.trigger)
    told = spec.model_copy(update={"other_styles": words, "sample_prompts": samples})
    return flows.train_samples.with_contents(services, told)


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
    parser.add_argument("--stories", nargs="+", choices=tuple(HIDDEN), default=list(HIDDEN))
    parser.add_argument("--captions", nargs="+", choices=("story", "zh", "en"), default=["story"])
    parser.add_argument("--styles", nargs="+", choices=SAMPLE_STYLES, default=list(SAMPLE_STYLES))
    parser.add_argument(
        "--set", type=_assignment, action="append", default=[], help="field=JSON, instead of the preset's"
    )
    parser.add_argument("--suffix", default="", help="of the sheets' file names")
    parser.add_argument("--judges", type=Path, default=JUDGES)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    torch.set_num_threads(options.threads)
    everything = [style_values(picture) for style in world.STYLES for picture in drawings_of(style, 24)]
    spread = np.std(everything, axis=0) + 1e-6
    arms: dict[str, object] = {}
    for name, style, captions in product(options.stories, options.styles, options.captions):
        arms[f"{name} · {style} · {captions}"] = measured(name, style, captions, options, spread)
        print(json.dumps(arms, ensure_ascii=False, indent=1), file=sys.stderr, flush=True)
    report = {
        "date": date.today().isoformat(),
        "machine": f"{platform.processor() or platform.machine()}, {options.threads} thread(s)",
        "preset": dict(PRESETS["quick_look"]) | dict(options.set),
        "load": os.getloadavg(),
        "arms": arms,
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
