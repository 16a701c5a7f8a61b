"""Teaches the preview model to paint what its prompts say: on pictures of its own, with judges of latents as teachers.

Noise prediction on drawings alone teaches what drawings look like; whether a boy became a girl on the way from noise is
seen only in what the model paints. So half of each step learns drawings as before, and half learns from moments of
pictures that the model painted itself: what it imagines there, guided as in use, is read by two judges of latents, and
what they miss of the prompt is the loss. (Reward feedback learning, Xu et al. 2023, arXiv:2304.05977, section 3.2, with
classifiers of the drawn world in the place of a reward learnt from people.)

The same command goes on where it was stopped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from preview_training import face_judge, imagining, latent_judge_training
from preview_training.balance import COMPANY_SHARE
from preview_training.device import device_of, processes_for
from preview_training.drawing_cache import DrawingCache
from preview_training.imagining import Imagination, Moments, clean_chances, telling_chances
from preview_training.latents import LatentCache
from preview_training.plan_options import read_plan
from preview_training.processes import run_in_processes
from preview_training.taught import NOT_SAID, TAUGHT
from preview_training.train_diffusion import (
    PREVIEW,
    DiffusionPlan,
    DiffusionTraining,
    encode_latents,
    fixed_token_ids,
    load_averages,
    load_weights,
    trained_encoder,
    trained_networks,
    unpack_weights,
)
from preview_training.training_run import Moment, RunOptions, TrainingRun
from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.inference.samplers import build_sampler
from story_engine.preview_model.architecture import PreviewConfig
from story_engine.preview_model.family import FAMILY
from story_engine.preview_model.latent_judge import LatentJudge

STAGE = "adherence"
STEPS = 1_750
JUDGE_STEPS = 1_800
IMAGINED = 4_800
PICTURES = 800
FACES = 5_000
_SMOOTHING = 0.05
"""Share of the wanted answer that is spread over all others: a judge need not be made surer than sure."""
_FIRST_MOMENT = 1
"""In pure noise nothing is painted yet that could be wrong."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AdherencePlan:
    """What trains how long."""

    drawings: Path
    folder: Path
    steps: int = STEPS
    batch: int = 8
    """Drawings per step and process, and as many moments."""
    judge_steps: int = JUDGE_STEPS
    imagined: int = IMAGINED
    """Drawings whose finished latents are imagined, per process."""
    pictures: int = PICTURES
    """Painted for their moments, per process."""
    faces: int = FACES
    """Drawn faces, whole and spoilt, that a judge of faces learns from, per process; without any there is none."""
    count: int = 24_000
    """Drawings that are learnt from."""
    learning_rate: float = 3e-4
    weight: float = 0.07
    """Of the judges' loss beside the noise error."""
    face_weight: float = 1.0
    """Of the noise error in a face, where elsewhere it counts 1."""
    company: float = COMPANY_SHARE
    """Share of what is learned from, drawings and moments, with two in one picture."""
    seed: int = 0
    processes: int = 2
    from_weights: Path | None = None
    """Exported weights to begin with, where the checkpoints of the diffusion training are not there."""


class AdherenceTraining:
    """Losses of U-Net and text encoder on drawings and on moments of the model's own pictures."""

    def __init__(
        self,
        drawn: DiffusionTraining,
        imagination: Imagination,
        moments: Moments,
        judges: Sequence[LatentJudge],
        *,
        face_judges: Sequence[LatentJudge] = (),
        batch: int,
        weight: float,
    ) -> None:
        self._drawn, self._imagination, self._moments, self._judges = drawn, imagination, moments, judges
        self._face_judges = face_judges
        self._batch, self._weight = batch, weight
        self._usable = np.flatnonzero(moments.steps >= _FIRST_MOMENT)
        sampler = build_sampler(FAMILY.sampler, imagining.STEPS)
        self._timesteps, self._levels = torch.tensor(sampler.timesteps), torch.tensor(sampler.noise_levels)

    def losses(self, moment: Moment) -> dict[str, torch.Tensor]:
        """One step's loss, the noise error's and the judges' parts of it, and how much of the prompts was read."""
        drawn = self._drawn.losses(moment)["loss"]
        missed, read = self._missed(moment)
        return {"loss": drawn + self._weight * missed, "drawn": drawn, "missed": missed, "read": read}

    def _missed(self, moment: Moment) -> tuple[torch.Tensor, torch.Tensor]:
        rows = np.sort(moment.random.choice(self._usable, self._batch))
        steps = torch.from_numpy(self._moments.steps[rows])
        latents, unprompted = (
            torch.from_numpy(values[rows].astype(np.float32))
            for values in (self._moments.latents, self._moments.unprompted)
        )
        prompted = self._imagination.predicted(latents, self._timesteps[steps], self._moments.prompts[rows].tolist())
        device = prompted.device
        wanted = torch.from_numpy(self._moments.wanted[rows]).to(device)
        latents, unprompted, levels = (each.to(device) for each in (latents, unprompted, self._levels[steps]))
        guided = unprompted + FAMILY.cfg_scale * (prompted - unprompted)
        imagined = imagining.finished(latents, guided, 1 / (1 + levels.square()))
        if moment.step % 2:
            imagined = imagined.flip(3)
        # What is imagined moves by guidance times noise level when the prediction moves by one.
        weights = 1 / (FAMILY.cfg_scale * levels)
        missed, read = _judged(self._judges, imagined, wanted, weights)
        if self._face_judges:
            missed = missed + _judged(self._face_judges, imagined, face_judge.wanted_faces(wanted), weights)[0]
        return missed, read


def _judged(
    judges: Sequence[LatentJudge], imagined: torch.Tensor, wanted: torch.Tensor, weights: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the judges miss of what is wanted, weighted by row, in the mean of them; and the share that they read."""
    losses, right = [], []
    for judge in judges:
        with torch.autocast(imagined.device.type, torch.bfloat16):
            seen = judge(imagined)
        for index, logits in enumerate(seen.values()):
            losses.append(weights * _cross_entropy(logits, wanted[:, index]))
            right.append((logits.argmax(1) == wanted[:, index])[wanted[:, index] != NOT_SAID])
    return torch.stack(losses).mean(1).sum() / len(judges), torch.cat(right).float().mean()


def _cross_entropy(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Of each row, (batch,); 0 where nothing is wanted."""
    return functional.cross_entropy(logits, wanted, ignore_index=NOT_SAID, label_smoothing=_SMOOTHING, reduction="none")


def train(process: int, config: PreviewConfig, token_ids: Sequence[int], plan: AdherencePlan) -> None:
    """All of it in one of `plan.processes`."""
    torch.set_flush_denormal(True)
    device = device_of(process)
    size = config.picture_size // PIXELS_PER_LATENT
    cache = DrawingCache(plan.drawings)
    diffusion = DiffusionPlan(drawings=plan.drawings, folder=plan.folder, processes=plan.processes)
    count = min(plan.count, cache.count)
    encode_latents(process, config, diffusion, size, count)
    latents, scenes = LatentCache(cache, size=size, folder=plan.folder).values[:count], cache.scenes()[:count]
    unet, text_encoder = trained_networks(config, token_ids, device=device)
    if plan.from_weights is not None:
        load_weights(plan.from_weights, unet, text_encoder)
    else:
        before = RunOptions(folder=plan.folder, stage=f"diffusion_{size}", learning_rate=0.0, steps=1)
        run = TrainingRun({"unet": unet, "text_encoder": text_encoder}, before)
        load_averages(run, unet=unet, text_encoder=text_encoder)
    imagination = Imagination(unet, text_encoder, side=size, prompt_tokens=config.prompt_tokens)
    chances = clean_chances(scenes, company=plan.company)
    judges = latent_judge_training.taught(
        process,
        plan.processes,
        name=STAGE,
        attributes=TAUGHT,
        folder=plan.folder,
        imagination=imagination,
        latents=latents,
        scenes=scenes,
        chances=telling_chances(scenes, chances),
        count=plan.imagined,
        steps=plan.judge_steps,
        seed=plan.seed + 100,
        device=device,
    )
    moments_file = plan.folder / f"moments_{process}.npz"
    if not moments_file.exists():
        seed = plan.seed + 500 + process
        imagining.save(imagination.moments(scenes, chances, pictures=plan.pictures, seed=seed), moments_file)
    face_judges = _taught_face_judges(process, config, plan, device)
    drawn = DiffusionTraining(
        unet,
        text_encoder,
        latents=latents,
        scenes=scenes,
        batch=plan.batch,
        prompt_tokens=config.prompt_tokens,
        face_weight=plan.face_weight,
        company=plan.company,
    )
    run = TrainingRun(
        {"unet": unet, "text_encoder": text_encoder},
        RunOptions(
            folder=plan.folder,
            stage=STAGE,
            learning_rate=plan.learning_rate,
            steps=plan.steps,
            warm_up_steps=30,
            average_decay=0.995,
            seed=plan.seed,
            process=process,
            processes=plan.processes,
        ),
    )
    moments = imagining.load(Moments, moments_file)
    training = AdherenceTraining(
        drawn,
        imagination,
        moments,
        [each.to(device) for each in judges],
        face_judges=[each.to(device) for each in face_judges],
        batch=plan.batch,
        weight=plan.weight,
    )
    run.run(training.losses)


def _taught_face_judges(
    process: int, config: PreviewConfig, plan: AdherencePlan, device: torch.device
) -> list[LatentJudge]:
    """One of each process; none where the plan has no faces."""
    if not plan.faces:
        return []
    return face_judge.taught(
        process,
        plan.processes,
        folder=plan.folder,
        encoder=trained_encoder(config, plan.folder, device=device),
        picture_size=config.picture_size,
        drawings=plan.faces,
        steps=plan.judge_steps,
        seed=plan.seed + 300,
        device=device,
    )


def main(arguments: Sequence[str] | None = None, *, config: PreviewConfig = PREVIEW) -> None:
    """Train U-Net and text encoder to paint what prompts say; the same command resumes."""
    plan = read_plan(AdherencePlan, arguments, about=main.__doc__)
    plan = dataclasses.replace(plan, processes=processes_for(plan.processes))
    if plan.from_weights is not None:
        unpack_weights(plan.from_weights, plan.folder)
    run_in_processes(train, (config, fixed_token_ids(plan.folder), plan), processes=plan.processes)


if __name__ == "__main__":
    main()
