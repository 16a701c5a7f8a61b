"""Teaches the judges that a contest asks how much of its prompt an imagined picture shows, for the weights of today.

They are others than those that taught the U-Net, which has learnt to please them, and they read for longer.
The same command goes on where it was stopped: what was imagined, and each judge that is done, is kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch

from preview_training import latent_judge_training
from preview_training.device import device_of, processes_for
from preview_training.drawing_cache import DrawingCache
from preview_training.imagining import Imagination, clean_chances
from preview_training.latents import LatentCache
from preview_training.plan_options import read_plan
from preview_training.processes import run_in_processes
from preview_training.train_diffusion import (
    PREVIEW,
    DiffusionPlan,
    encode_latents,
    fixed_token_ids,
    load_weights,
    trained_networks,
    unpack_weights,
)
from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.preview_model.architecture import PreviewConfig
from story_engine.preview_model.latent_judge import JUDGE_FILE, save
from story_engine.preview_model.weights import WEIGHTS_FOLDER
from story_engine.preview_model.world.expected import ATTRIBUTES

STEPS = 5_000
IMAGINED = 4_800


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PromptJudgePlan:
    """What trains how long; one judge per process."""

    drawings: Path
    folder: Path
    steps: int = STEPS
    imagined: int = IMAGINED
    """Drawings whose finished latents are imagined, per process."""
    count: int = 24_000
    """Drawings that are learnt from."""
    seed: int = 900
    processes: int = 2
    from_weights: Path = WEIGHTS_FOLDER
    to: Path = JUDGE_FILE


def train(process: int, config: PreviewConfig, token_ids: Sequence[int], plan: PromptJudgePlan) -> None:
    """All of it in one of `plan.processes`; the first one writes what all have learnt."""
    torch.set_flush_denormal(True)
    device, size = device_of(process), config.picture_size // PIXELS_PER_LATENT
    cache = DrawingCache(plan.drawings)
    count = min(plan.count, cache.count)
    diffusion = DiffusionPlan(drawings=plan.drawings, folder=plan.folder, processes=plan.processes)
    encode_latents(process, config, diffusion, size, count)
    unet, text_encoder = trained_networks(config, token_ids, device=device)
    load_weights(plan.from_weights, unet, text_encoder)
    scenes = cache.scenes()[:count]
    judges = latent_judge_training.taught(
        process,
        plan.processes,
        name="prompt",
        attributes=ATTRIBUTES,
        folder=plan.folder,
        imagination=Imagination(unet, text_encoder, side=size, prompt_tokens=config.prompt_tokens),
        latents=LatentCache(cache, size=size, folder=plan.folder).values[:count],
        scenes=scenes,
        chances=clean_chances(scenes),
        count=plan.imagined,
        steps=plan.steps,
        seed=plan.seed,
        device=device,
    )
    if process == 0:
        save(judges, plan.to)


def main(arguments: Sequence[str] | None = None, *, config: PreviewConfig = PREVIEW) -> None:
    """Teach the judges of a contest on the exported weights; the same command resumes."""
    plan = read_plan(PromptJudgePlan, arguments, about=main.__doc__)
    plan = dataclasses.replace(plan, processes=processes_for(plan.processes))
    unpack_weights(plan.from_weights, plan.folder)
    run_in_processes(train, (config, fixed_token_ids(plan.folder), plan), processes=plan.processes)


if __name__ == "__main__":
    main()
