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
    """Draw, train and export; about two and a half hours on two idle cores with AMX."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path, default=Path("workspace/preview_training"))
    parser.add_argument("--to", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--vae-minutes", type=float, default=27)
    parser.add_argument("--half-size-minutes", type=float, default=35)
    parser.add_argument("--full-size-minutes", type=float, default=35)
    given = parser.parse_args(arguments)
    vae_drawings, drawings = given.folder / "vae_drawings", given.folder / "drawings"
    for folder, count, seed in (
        (vae_drawings, VAE_DRAWINGS, _VAE_SEED),
        (drawings, DIFFUSION_DRAWINGS, _DIFFUSION_SEED),
    ):
        cache = DrawingCache.plan(folder, count=count, seed=seed, processes=given.processes)
        run_in_processes(draw_share, (folder,), processes=cache.processes)
    shared = ["--folder", str(given.folder), "--processes", str(given.processes)]
    train_vae.main([str(vae_drawings), "--minutes", str(given.vae_minutes), *shared])
    minutes = ["--half-size-minutes", str(given.half_size_minutes), "--full-size-minutes", str(given.full_size_minutes)]
    train_diffusion.main([str(drawings), *minutes, *shared])
    export.main(["weights", "--folder", str(given.folder), "--to", str(given.to)])


if __name__ == "__main__":
    main()
