"""Trains the whole preview model from nothing, stage by stage, from drawings to weights files.

Every stage resumes where it was stopped; the same command goes on. GPUs are used where there are any.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from preview_training import export, train_adherence, train_diffusion, train_prompt_judge, train_vae, train_words
from preview_training.drawing_cache import DrawingCache
from preview_training.processes import run_in_processes
from preview_training.train_diffusion import PREVIEW
from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.preview_model.architecture import SMALLEST, PreviewConfig
from story_engine.preview_model.latent_judge import JUDGE_FILE
from story_engine.preview_model.weights import WEIGHTS_FOLDER

_VAE_SEED, _DIFFUSION_SEED = 11, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How much of everything."""

    config: PreviewConfig = PREVIEW
    vae_drawings: int = 8_000
    drawings: int = 40_000
    vae_steps: int = train_vae.STEPS
    text_steps: int = train_diffusion.TEXT_STEPS
    half_size_steps: int = train_diffusion.HALF_SIZE_STEPS
    full_size_steps: int = train_diffusion.FULL_SIZE_STEPS
    words_steps: int = train_words.STEPS
    judge_steps: int = train_adherence.JUDGE_STEPS
    adherence_steps: int = train_adherence.STEPS
    imagined: int = train_adherence.IMAGINED
    pictures: int = train_adherence.PICTURES
    faces: int = train_adherence.FACES
    prompt_judge_steps: int = train_prompt_judge.STEPS


SMALLEST_AMOUNTS = Amounts(
    config=SMALLEST,
    vae_drawings=train_vae.HELD_OUT + 24,
    drawings=24,
    vae_steps=12,
    text_steps=4,
    half_size_steps=4,
    full_size_steps=4,
    words_steps=4,
    judge_steps=4,
    adherence_steps=4,
    imagined=32,
    pictures=4,
    faces=16,
    prompt_judge_steps=4,
)
"""Every stage as short as it can be."""
_DIFFUSION_STEPS = ("text_steps", "half_size_steps", "full_size_steps")
_STEPS = ("vae_steps", *_DIFFUSION_STEPS, "words_steps", "judge_steps", "adherence_steps", "prompt_judge_steps")


def draw_share(process: int, folder: Path) -> None:
    """Draw one process's share of a planned folder."""
    DrawingCache(folder).draw(process)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, train and export; about eight hours on two idle cores with AMX."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path, default=Path("workspace/preview_training"))
    parser.add_argument("--to", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--judge-to", type=Path, default=JUDGE_FILE)
    parser.add_argument("--processes", type=int, default=2, help="of the CPU; each GPU has one")
    parser.add_argument("--smallest", action="store_true", help="whether the way holds: a tiny model, a few steps")
    for name in _STEPS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    given = parser.parse_args(arguments)
    amounts = SMALLEST_AMOUNTS if given.smallest else Amounts()
    amounts = replace(amounts, **{name: steps for name in _STEPS if (steps := getattr(given, name)) is not None})
    size = amounts.config.picture_size
    vae_drawings, drawings = given.folder / "vae_drawings", given.folder / "drawings"
    for folder, count, seed in (
        (vae_drawings, amounts.vae_drawings, _VAE_SEED),
        (drawings, amounts.drawings, _DIFFUSION_SEED),
    ):
        cache = DrawingCache.plan(folder, count=count, seed=seed, processes=given.processes, size=size)
        run_in_processes(draw_share, (folder,), processes=cache.processes)
    shared = ["--folder", str(given.folder), "--processes", str(given.processes)]
    train_vae.main([str(vae_drawings), "--steps", str(amounts.vae_steps), *shared], config=amounts.config)
    steps = [f"--{name.replace('_', '-')}={getattr(amounts, name)}" for name in _DIFFUSION_STEPS]
    train_diffusion.main([str(drawings), *steps, *shared], config=amounts.config)
    diffused, worded = (str(given.folder / name) for name in ("weights_diffusion", "weights_words"))
    stage = f"diffusion_{size // PIXELS_PER_LATENT}"
    export.main(["weights", "--stage", stage, "--folder", str(given.folder), "--to", diffused], config=amounts.config)
    steps = [f"--steps={amounts.words_steps}", "--from-weights", diffused, "--to", worded]
    train_words.main([str(drawings), *steps, *shared], config=amounts.config)
    steps = [f"--steps={amounts.adherence_steps}", f"--judge-steps={amounts.judge_steps}"]
    examples = [f"--{name}={getattr(amounts, name)}" for name in ("imagined", "pictures", "faces")]
    train_adherence.main([str(drawings), "--from-weights", worded, *steps, *examples, *shared], config=amounts.config)
    export.main(["weights", "--folder", str(given.folder), "--to", str(given.to)], config=amounts.config)
    examples = [f"--steps={amounts.prompt_judge_steps}", f"--imagined={amounts.imagined}"]
    weights = [f"--from-weights={given.to}", f"--to={given.judge_to}"]
    train_prompt_judge.main([str(drawings), *examples, *weights, *shared], config=amounts.config)


if __name__ == "__main__":
    main()
