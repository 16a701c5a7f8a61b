"""How far each sampler ends from the exact solution, by number of steps, on the preview model.

    python -m benchmarks.samplers [--prompts 4] [--reference-steps 1000]

The exact solution is approached by DDIM with very many steps from the same noise. The error is the distance of the
finished latents, relative to their size; the middle one of the prompts is printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import torch

from benchmarks.recipes import family_recipe
from story_engine.catalog.families import families
from story_engine.config import read_config
from story_engine.domain.family import SAMPLERS
from story_engine.inference.denoising import Denoised, PictureInputs, denoise
from story_engine.inference.networks import open_networks
from story_engine.inference.noise import starting_noise
from story_engine.inference.samplers import build_sampler
from story_engine.store.layout import Layout

STEPS = (10, 20, 30, 50)
PROMPTS = (
    "水墨画，一只橙色的猫，宫殿大厅，全身",
    "anime, a girl with purple hair on a stage, upper body",
    "二次元，一只熊猫，森林，白天",
    "crayon drawing, a robot on the street, night",
    "剪纸，一位穿黄色长袍的皇帝，宝座",
    "pixel art, a fox on a snowy mountain",
    "一只兔子，海边，黄昏",
    "a dog in a classroom",
)
NEGATIVE = "模糊，低对比度"


class Solutions:
    """What samplers end with, and how far that is from the exact solution.

    Args:
        prompts: how many of `PROMPTS`.
        reference_steps: of DDIM, for the exact solution.
    """

    def __init__(self, prompts: int, reference_steps: int) -> None:
        layout = Layout.of(read_config())
        family = families(layout)["preview"]
        recipes = [
            family_recipe(family, prompt, NEGATIVE, seed, sampler="ddim", steps=1)
            for seed, prompt in enumerate(PROMPTS[:prompts])
        ]
        networks = open_networks(layout, recipes[0], device="cpu", plan=None)
        encoded = networks.encode([NEGATIVE, *PROMPTS], should_stop=lambda: False)
        self._unet = networks.painter().unet
        self._panels = [
            PictureInputs(
                noise=starting_noise(recipe),
                prompt=encoded[recipe.prompt],
                negative=encoded[NEGATIVE],
                cfg_scale=recipe.cfg_scale,
            )
            for recipe in recipes
        ]
        self._exact = self._finished("ddim", reference_steps)

    def error(self, sampler: str, steps: int) -> float:
        """Of the middle prompt: distance of the latents from the exact ones, relative to their size."""
        latents = self._finished(sampler, steps)
        distances = (latents - self._exact).flatten(1).norm(dim=1) / self._exact.flatten(1).norm(dim=1)
        return round(statistics.median(distances.tolist()), 4)

    def _finished(self, sampler: str, steps: int) -> torch.Tensor:
        started = time.monotonic()
        latents = denoise(
            self._unet,
            self._panels,
            build_sampler(sampler, steps),
            rows_per_call=4,
            on_step=_ignore,
            should_stop=lambda: False,
        )
        print(f"{sampler} {steps} steps: {time.monotonic() - started:.1f} s", flush=True)
        return latents


def measured(prompts: int, reference_steps: int) -> dict[str, dict[int, float]]:
    """Error by sampler and steps."""
    solutions = Solutions(prompts, reference_steps)
    return {sampler: {steps: solutions.error(sampler, steps) for steps in STEPS} for sampler in SAMPLERS}


def _ignore(step: int, denoised: Denoised) -> None:
    del step, denoised


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=4, choices=range(1, len(PROMPTS) + 1))
    parser.add_argument("--reference-steps", type=int, default=1000)
    arguments = parser.parse_args()
    errors = measured(arguments.prompts, arguments.reference_steps)
    print("| sampler | " + " | ".join(f"{steps} steps" for steps in STEPS) + " |")
    print("| --- |" + " --- |" * len(STEPS))
    for sampler, row in errors.items():
        print(f"| {sampler} | " + " | ".join(f"{row[steps]:.4f}" for steps in STEPS) + " |")
    print(json.dumps(errors))


if __name__ == "__main__":
    main()
