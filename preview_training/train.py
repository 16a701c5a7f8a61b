"""Trains the whole preview model from nothing, stage by stage: drawings, VAE, text encoder, UNet, weights files.

Every stage resumes where it was stopped; the same command goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from preview_training import export, train_diffusion, train_vae
from preview_training.drawing_cache import DrawingCache
from preview_training.processes import run_in_processes
from story_engine.preview_model.weights import WEIGHTS_FOLDER

VAE_DRAWINGS = 8_000
DIFFUSION_DRAWINGS = 40_000
_VAE_SEED, _DIFFUSION_SEED = 11, 1


def draw_share(process: int, folder: Path) -> None:
    """Draw one process's share of a planned folder."""
    DrawingCache(folder).draw(process)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, train and export; about seven hours on two idle cores with AMX."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path, default=Path("workspace/preview_training"))
    parser.add_argument("--to", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--vae-steps", type=int, default=train_vae.STEPS)
    parser.add_argument("--half-size-steps", type=int, default=train_diffusion.HALF_SIZE_STEPS)
    parser.add_argument("--full-size-steps", type=int, default=train_diffusion.FULL_SIZE_STEPS)
    given = parser.parse_args(arguments)
    vae_drawings, drawings = given.folder / "vae_drawings", given.folder / "drawings"
    for folder, count, seed in (
        (vae_drawings, VAE_DRAWINGS, _VAE_SEED),
        (drawings, DIFFUSION_DRAWINGS, _DIFFUSION_SEED),
    ):
        cache = DrawingCache.plan(folder, count=count, seed=seed, processes=given.processes)
        run_in_processes(draw_share, (folder,), processes=cache.processes)
    shared = ["--folder", str(given.folder), "--processes", str(given.processes)]
    train_vae.main([str(vae_drawings), "--steps", str(given.vae_steps), *shared])
    steps = ["--half-size-steps", str(given.half_size_steps), "--full-size-steps", str(given.full_size_steps)]
    train_diffusion.main([str(drawings), *steps, *shared])
    export.main(["weights", "--folder", str(given.folder), "--to", str(given.to)])


if __name__ == "__main__":
    main()
