"""One panel and eight panels: our loop against DiffSynth's pipeline called in turn, on the same weights and settings.

    python -m benchmarks.render_speed [--repeats 3] [--threads 2] [--panels 1 8] [--usual]

With `--usual` ours paints as new stories do: the family's sampler, its few steps and its guidance by noise level. Both
are run alternately, so that a busy machine slows both; the fastest run of each counts. Loading is left out. CPU
seconds (of all threads) say what the work is where other programs take turns with it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time

import torch
from diffsynth import SDXLImagePipeline
from PIL import Image

from benchmarks.recipes import family_recipe, recipe_by
from benchmarks.samplers import NEGATIVE, PROMPTS
from story_engine.catalog.families import families
from story_engine.config import read_config
from story_engine.domain.guidance import USUAL
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import Settings
from story_engine.inference.render import Renderer
from story_engine.inference.samplers import kolors_schedule
from story_engine.preview_model.family import PREVIEW
from story_engine.preview_model.prompts import PreviewPrompter
from story_engine.preview_model.weights import load_preview
from story_engine.store.layout import Layout


def stock_pipeline(layout: Layout) -> SDXLImagePipeline:
    """DiffSynth's own pipeline on the preview weights."""
    parts = load_preview(PREVIEW.folder(layout))
    pipeline = SDXLImagePipeline(device="cpu", torch_dtype=torch.float32)
    pipeline.text_encoder_kolors, pipeline.unet = parts.text_encoder, parts.unet
    pipeline.vae_decoder, pipeline.vae_encoder = parts.vae_decoder, parts.vae_encoder
    pipeline.prompter = PreviewPrompter(parts.config.prompt_tokens)
    pipeline.prompter.fetch_models(parts.text_encoder)
    pipeline.scheduler = kolors_schedule()
    return pipeline


def painted_by_stock(pipeline: SDXLImagePipeline, recipe: Recipe) -> Image.Image:
    """The recipe's picture, as a notebook has DiffSynth paint it."""
    picture: Image.Image = pipeline(
        prompt=recipe.prompt,
        negative_prompt=recipe.negative,
        cfg_scale=recipe.cfg_scale,
        num_inference_steps=recipe.steps,
        height=recipe.height,
        width=recipe.width,
        seed=recipe.seed,
        progress_bar_cmd=iter,
    )
    return picture


def measured(panels: int, repeats: int, threads: int, steps: int, *, usual: bool) -> dict[str, float]:
    """Seconds of both, and their ratio."""
    layout = Layout.of(read_config())
    family = families(layout)["preview"]
    recipes = [
        family_recipe(family, PROMPTS[number % len(PROMPTS)], NEGATIVE, number, sampler="ddim", steps=steps)
        for number in range(panels)
    ]
    new = Settings(guidance=USUAL)
    painted = [recipe_by(new, family, each.prompt, each.negative, each.seed) if usual else each for each in recipes]
    renderer, pipeline = Renderer(layout, threads=threads), stock_pipeline(layout)
    renderer.render([recipes[0].model_copy(update={"steps": 1})])

    def ours() -> None:
        renderer.render(painted)

    def stock() -> None:
        for recipe in recipes:
            painted_by_stock(pipeline, recipe)

    wall = {"ours": float("inf"), "stock": float("inf")}
    cpu = dict(wall)
    for _ in range(repeats):
        for name, run in (("stock", stock), ("ours", ours)):
            started, used = time.monotonic(), time.process_time()
            run()
            wall[name] = min(wall[name], time.monotonic() - started)
            cpu[name] = min(cpu[name], time.process_time() - used)
    return {
        "stock": round(wall["stock"], 2),
        "ours": round(wall["ours"], 2),
        "ratio": round(wall["stock"] / wall["ours"], 2),
        "stock_cpu": round(cpu["stock"], 2),
        "ours_cpu": round(cpu["ours"], 2),
        "cpu_ratio": round(cpu["stock"] / cpu["ours"], 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: one per core, at most four")
    parser.add_argument("--panels", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument(
        "--usual", action="store_true", help="ours with the settings of new stories, stock with --steps"
    )
    arguments = parser.parse_args()
    results = {
        panels: measured(panels, arguments.repeats, arguments.threads, arguments.steps, usual=arguments.usual)
        for panels in arguments.panels
    }
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    names = ("stock", "ours", "ratio", "stock_cpu", "ours_cpu", "cpu_ratio")
    print("| panels | stock pipeline, s | ours, s | ratio | stock, CPU s | ours, CPU s | CPU ratio |")
    print("| --- |" + " --- |" * len(names))
    for panels, result in results.items():
        print(f"| {panels} | " + " | ".join(f"{result[name]:.2f}" for name in names) + " |")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
