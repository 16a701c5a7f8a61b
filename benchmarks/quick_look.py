"""The "quick look" preset from start to end, on stories that it was not tuned on: how long, how far, what is left.

    python -m benchmarks.quick_look [--stories panda robot …] [--styles crayon ink papercut] [--captions story zh en]
                                    [--set prior_weight=1.0 …] [--minutes 60] [--report]

An arm takes some two minutes of processor time. Each is a line of the results file as soon as it is measured, and what
has a line for these weights and settings is not measured again: stop it whenever you like.

For each story, sample style and language of captions: the style's 24 drawings become a dataset with a trigger word, the
preset is trained on it as the training page proposes it for the story (three samples, its style words; the seconds
include encoding, class pictures and samples), a checkpoint and strength are recommended, and the story is painted with
and without them, with the same seeds.

* Style: the distance between the eight pictures and drawings of the same contents in that style (`quick_look_style`);
  it shall fall by 40 % or more.
* Content: the judges of the fidelity benchmark read place and subject from the pictures; of what they read right from
  the base's own, 85 % and 80 % shall stay.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from itertools import product
from pathlib import Path

import torch
from PIL import Image

from benchmarks.preview_fidelity import JUDGES
from benchmarks.quick_look_stories import HIDDEN, story_of
from benchmarks.quick_look_style import style_fall
from benchmarks.sample_datasets import sample_dataset, services_in, trained_pictures
from preview_training.judges import Judges
from story_engine import flows
from story_engine.catalog.families import family_of
from story_engine.config import read_config
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
from story_engine.preview_model.world.expected import read_prompt
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore
from story_engine.store.runs import RunStore
from story_engine.training.choose import recommend
from story_engine.training.train import train

TRIGGER = "画风甲"
SECONDS_TARGET, STYLE_TARGET, PLACE_TARGET, SUBJECT_TARGET = 90.0, 0.40, 0.85, 0.80
SAMPLES = 3
"""Scenes that the training page proposes to paint again and again."""
RESULTS = Path(__file__).resolve().parent / "results"


def recipes_of(layout: Layout, story: Story, part: LoraPart | None) -> list[Recipe]:
    """The story's eight panels at their own seeds, with the trigger word in front where the LoRA is used."""
    family = family_of(layout, "preview")
    separator = separator_of(story, story.scenes[0])
    styled = story.model_copy(update={"style": join((TRIGGER, story.style), separator)}) if part else story
    recipes = [resolve(styled, scene, 0, family=family, loras={}) for scene in story.scenes]
    return [recipe.model_copy(update={"loras": (part,) if part else ()}) for recipe in recipes]


def measured(name: str, style: str, language: str, options: argparse.Namespace) -> dict[str, object]:
    """The figures of one story in one style; a sheet of the pictures goes to the results folder."""
    hidden, story = HIDDEN[name], story_of(name)
    with tempfile.TemporaryDirectory() as folder:
        services = services_in(Path(folder))
        layout = Layout.of(services.config)
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
    moved = style_fall(plain, styled, hidden.prompts, style)
    judges = Judges.load(options.judges)
    options.out.mkdir(parents=True, exist_ok=True)
    _rows([plain, styled]).save(options.out / f"quick_look_{name}_{style}_{language}{options.suffix}.png")
    expected = [read_prompt(prompt) for prompt in hidden.prompts]
    read = {kind: judges.read(group) for kind, group in (("without", plain), ("with", styled))}
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(work, 1),
        "step": choice.step,
        "strength": choice.strength,
        "verdict": [message(code, "en", **values) for code, values in choice.reasons],
        "scores": [
            (each.step, each.strength, round(1 - each.distance, 2), each.adherence and round(each.adherence, 3))
            for each in choice.scores
        ],
        "style_distance": moved,
        "style_fall": moved["fall"],
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


def _settings(options: argparse.Namespace) -> dict[str, object]:
    """What figures are of: the same as JSON knows it, so that it can be held against a line of before."""
    layout = Layout.of(read_config())
    settings = dict(PRESETS["quick_look"]) | dict(options.set) | {"weights": family_of(layout, "preview").weights_hash}
    return dict(json.loads(json.dumps(settings)))


def summary(arms: Sequence[dict[str, object]]) -> dict[str, object]:
    """How many arms reach which aim; each arm is a line of the results file."""
    reached = {
        "style_fall": [float(str(arm["style_fall"])) >= STYLE_TARGET for arm in arms],
        "place": [_kept(arm["place"]) >= PLACE_TARGET for arm in arms],
        "subject": [_kept(arm["subject"]) >= SUBJECT_TARGET for arm in arms],
        "cpu_seconds": [float(str(arm["cpu_seconds"])) <= 2 * SECONDS_TARGET for arm in arms],
    }
    falls = sorted(float(str(arm["style_fall"])) for arm in arms)
    return {
        "arms": len(arms),
        "reach": {aim: sum(flags) for aim, flags in reached.items()},
        "reach_all": sum(map(all, zip(*reached.values(), strict=True))),
        "style_fall": {"least": falls[0], "median": falls[len(falls) // 2], "most": falls[-1]} if falls else {},
        "missed": [
            f"{arm['story']} {arm['style']}: {', '.join(missing)}"
            for number, arm in enumerate(arms)
            if (missing := [aim for aim, flags in reached.items() if not flags[number]])
        ],
    }


def _kept(read: object) -> float:
    """Of what was read right from the base's pictures, the share that still is; 1 where nothing was."""
    counts = read if isinstance(read, dict) else {}
    return counts["with"] / counts["without"] if counts.get("without") else 1.0


def known_lines(results: Path, settings: dict[str, object]) -> list[dict[str, object]]:
    """Lines of the results file that were measured with these settings; a line cut off by a kill is left out."""
    found = []
    for line in results.read_text(encoding="utf-8").splitlines() if results.exists() else ():
        with contextlib.suppress(json.JSONDecodeError):
            told = json.loads(line)
            if told.get("settings") == settings:
                found.append(told)
    return found


def main() -> int:
    """Measure what is not measured yet, and print what the lines say as JSON."""
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
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the sheets of pictures")
    parser.add_argument("--lines", type=Path, default=RESULTS / "quick_look.jsonl")
    parser.add_argument("--minutes", type=float, default=0, help="begin no arm after so long; 0: measure all")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    torch.set_num_threads(options.threads)
    until = time.monotonic() + options.minutes * 60 if options.minutes else float("inf")
    settings = _settings(options)
    arms = known_lines(options.lines, settings)
    done = {(arm["story"], arm["style"], arm["captions"]) for arm in arms}
    for style, name, captions in product(options.styles, options.stories, options.captions):
        language = HIDDEN[name].language if captions == "story" else captions
        if options.report or (name, style, language) in done or time.monotonic() > until:
            continue
        began = {"story": name, "style": style, "captions": language, "settings": settings}
        machine = f"{platform.processor() or platform.machine()}, {options.threads} thread(s), load {os.getloadavg()}"
        told = began | measured(name, style, language, options)
        arms.append(told | {"date": date.today().isoformat(), "machine": machine})
        options.lines.parent.mkdir(parents=True, exist_ok=True)
        with options.lines.open("a", encoding="utf-8") as file:
            file.write("\n" * _is_cut_off(options.lines) + json.dumps(arms[-1], ensure_ascii=False) + "\n")
    print(json.dumps(summary(arms), ensure_ascii=False, indent=1))
    return 0


def _is_cut_off(lines: Path) -> bool:
    """Whether the last line has no end, so that another must not be written behind it."""
    return lines.exists() and lines.stat().st_size > 0 and not lines.read_bytes().endswith(b"\n")


if __name__ == "__main__":
    raise SystemExit(main())
