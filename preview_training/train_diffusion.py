"""Trains the preview model's UNet and text encoder on cached latents: noise prediction on the Kolors schedule.

Stages, each resumable, each beginning with the averages of the one before: captions to attributes (`text`), latents of
half-size drawings (`diffusion_16`), latents of whole drawings (`diffusion_32`). With `--from-weights` the last stage
begins with exported weights instead.
"""

from __future__ import annotations

import dataclasses
import io
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from preview_training.balance import COMPANY_SHARE, balanced_probabilities
from preview_training.caption_batches import caption_tokens
from preview_training.device import CPU, at_home, device_of, processes_for
from preview_training.drawing_cache import DrawingCache
from preview_training.face_weights import face_weights
from preview_training.latents import LatentCache
from preview_training.noise_prediction import predicted_noise
from preview_training.plan_options import read_plan
from preview_training.processes import run_in_processes
from preview_training.timesteps import loss_weights, spread_timesteps
from preview_training.train_text import STAGE as TEXT_STAGE
from preview_training.train_text import TextTraining
from preview_training.train_vae import VAE_FILE
from preview_training.training_run import Moment, RunOptions, TrainingRun
from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.inference.noise_schedule import add_noise
from story_engine.preview_model.architecture import (
    PreviewConfig,
    PreviewTextEncoder,
    PreviewUNet,
    PreviewVAEEncoder,
    build_preview,
)
from story_engine.preview_model.weights import load_preview
from story_engine.preview_model.world import DrawnScene
from story_engine.preview_model.world.vocabulary import known_token_ids
from story_engine.store.atomic import write_bytes

TOKEN_IDS_FILE = "token_ids.json"
PREVIEW = PreviewConfig()
_TEXT_RATE = 3e-3
TEXT_STEPS = 700
HALF_SIZE_STEPS = 2_500
FULL_SIZE_STEPS = 12_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionPlan:
    """What trains how long."""

    drawings: Path
    folder: Path
    text_steps: int = TEXT_STEPS
    half_size_steps: int = HALF_SIZE_STEPS
    full_size_steps: int = FULL_SIZE_STEPS
    half_size_batch: int = 48
    full_size_batch: int = 16
    """Samples per step and process."""
    half_size_drawings: int = 40_000
    full_size_drawings: int = 40_000
    learning_rate: float = 3e-3
    full_size_rate_share: float = 0.5
    """Peak learning rate at full size, as a share of the one at half size."""
    face_weight: float = 1.0
    """Of the noise error in a face, where elsewhere it counts 1."""
    company: float = COMPANY_SHARE
    """Share of what is learned from with two in one picture."""
    seed: int = 0
    processes: int = 2
    from_weights: Path | None = None
    """Exported weights to go on from where the checkpoints are lost: only the full-size stage runs, on their VAE."""


class DiffusionTraining:
    """Losses of UNet and text encoder on latents of one size."""

    def __init__(
        self,
        unet: PreviewUNet,
        text_encoder: PreviewTextEncoder,
        *,
        latents: np.ndarray,
        scenes: Sequence[DrawnScene],
        batch: int,
        prompt_tokens: int,
        face_weight: float = 1.0,
        company: float = COMPANY_SHARE,
    ) -> None:
        self._face_weight = face_weight
        self._unet, self._text_encoder = unet, text_encoder
        self._latents, self._scenes, self._batch = latents, scenes, batch
        self._prompt_tokens = prompt_tokens
        self._probabilities = balanced_probabilities(scenes, company=company)

    def losses(self, moment: Moment) -> dict[str, torch.Tensor]:
        """One step's weighted loss, and the plain noise error of its noisier and clearer half."""
        rows = np.sort(moment.random.choice(len(self._scenes), size=self._batch, p=self._probabilities))
        scenes = [self._scenes[row] for row in rows]
        tokens = caption_tokens(scenes, moment.random, length=self._prompt_tokens)
        latents = torch.from_numpy(self._latents[rows].astype(np.float32))
        # Drawn on the CPU: one seed is one training on every device, but for the order of sums.
        noise = torch.randn(latents.shape, generator=moment.torch_random)
        timesteps = spread_timesteps(self._batch, moment.torch_random)
        noisy = add_noise(latents, noise, timesteps)
        predicted = predicted_noise(self._unet, self._text_encoder, noisy, timesteps, tokens)
        weights = loss_weights(timesteps).to(predicted.device)
        noise, timesteps = noise.to(predicted.device), timesteps.to(predicted.device)
        squares = (predicted - noise).square()
        if self._face_weight != 1:
            squares = squares * face_weights(scenes, side=latents.shape[-1], weight=self._face_weight).to(squares)
        errors = squares.mean(dim=(1, 2, 3))
        order = timesteps.argsort()
        clear, noisiest = errors[order[: self._batch // 2]].mean(), errors[order[self._batch // 2 :]].mean()
        loss = (errors * weights).mean()
        return {"loss": loss, "noise_error": errors.mean(), "clear": clear, "noisiest": noisiest}


def start_quietly(unet: PreviewUNet) -> None:
    """Let every residual branch, and the prediction itself, begin at zero: early steps then learn faster."""
    for name, module in unet.named_modules():
        if name.endswith((".conv2", ".proj_out")) or name == "conv_out":
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)


def encode_latents(process: int, config: PreviewConfig, plan: DiffusionPlan, size: int, until: int) -> None:
    """Encode this process's share of the drawings with the VAE in `plan.folder`, then wait for the others' shares."""
    cache = LatentCache(DrawingCache(plan.drawings), size=size, folder=plan.folder)
    encoder = trained_encoder(config, plan.folder, device=device_of(process))
    cache.encode(encoder, process=process, processes=plan.processes, until=until)
    while cache.ready() < until:
        time.sleep(1)


def trained_encoder(config: PreviewConfig, folder: Path, *, device: torch.device) -> PreviewVAEEncoder:
    """The VAE's encoder as it lies in a training's folder."""
    encoder: PreviewVAEEncoder = build_preview(config).vae_encoder
    encoder.load_state_dict(torch.load(folder / VAE_FILE, weights_only=True)["encoder"])
    return encoder.to(device)


def trained_networks(
    config: PreviewConfig, token_ids: Sequence[int], *, seed: int = 0, device: torch.device = CPU
) -> tuple[PreviewUNet, PreviewTextEncoder]:
    """UNet and text encoder as training starts with them, and as its checkpoints fit them."""
    parts = build_preview(config, known_token_ids=token_ids, seed=seed)
    # No result of ours depends on the last norm; see `encode_tokens`.
    parts.text_encoder.encoder.final_layernorm.requires_grad_(False)
    start_quietly(parts.unet)
    at_home(parts.unet, device)
    at_home(parts.text_encoder, device)
    return parts.unet.train(), parts.text_encoder.train()


def fixed_token_ids(folder: Path) -> list[int]:
    """The token list of the training in `folder`, fixed when it starts: captions may change, its rows may not."""
    path = folder / TOKEN_IDS_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(path, json.dumps(known_token_ids()).encode())
    ids: list[int] = json.loads(path.read_text(encoding="utf-8"))
    return ids


def unpack_weights(weights: Path, folder: Path) -> None:
    """Lay token list and VAE of exported weights into a training's folder, as if it had trained them itself."""
    parts = load_preview(weights)
    folder.mkdir(parents=True, exist_ok=True)
    token_ids = parts.text_encoder.embedding.known_token_ids.tolist()
    write_bytes(folder / TOKEN_IDS_FILE, json.dumps(token_ids).encode())
    vae = io.BytesIO()
    torch.save({"encoder": parts.vae_encoder.state_dict(), "decoder": parts.vae_decoder.state_dict()}, vae)
    write_bytes(folder / VAE_FILE, vae.getvalue())


def train(process: int, config: PreviewConfig, token_ids: Sequence[int], plan: DiffusionPlan) -> None:
    """All stages in one of `plan.processes`."""
    unet, text_encoder = trained_networks(config, token_ids, seed=plan.seed, device=device_of(process))
    if plan.from_weights is not None:
        load_weights(plan.from_weights, unet, text_encoder)
    drawings = DrawingCache(plan.drawings)
    scenes = drawings.scenes()

    def options(stage: str, steps: int, rate: float) -> RunOptions:
        return RunOptions(
            folder=plan.folder,
            stage=stage,
            learning_rate=rate,
            steps=steps,
            seed=plan.seed,
            process=process,
            processes=plan.processes,
        )

    if plan.from_weights is None:
        text = TextTraining(text_encoder, scenes, config)
        run = TrainingRun(
            {"text_encoder": text_encoder, "heads": text.heads}, options(TEXT_STAGE, plan.text_steps, _TEXT_RATE)
        )
        if not run.run(text.losses):
            return
        load_averages(run, text_encoder=text_encoder)
    full_size = drawings.size // PIXELS_PER_LATENT
    stages = (
        (full_size // 2, plan.half_size_steps, plan.half_size_batch, plan.half_size_drawings, plan.learning_rate),
        (
            full_size,
            plan.full_size_steps,
            plan.full_size_batch,
            plan.full_size_drawings,
            plan.learning_rate * plan.full_size_rate_share,
        ),
    )
    for size, steps, batch, count, rate in stages if plan.from_weights is None else stages[1:]:
        count = min(count, len(scenes))
        encode_latents(process, config, plan, size, count)
        training = DiffusionTraining(
            unet,
            text_encoder,
            latents=LatentCache(drawings, size=size, folder=plan.folder).values[:count],
            scenes=scenes[:count],
            batch=batch,
            prompt_tokens=config.prompt_tokens,
            face_weight=plan.face_weight,
            company=plan.company,
        )
        run = TrainingRun({"unet": unet, "text_encoder": text_encoder}, options(f"diffusion_{size}", steps, rate))
        if not run.run(training.losses):
            return
        load_averages(run, unet=unet, text_encoder=text_encoder)


def load_weights(weights: Path, unet: PreviewUNet, text_encoder: PreviewTextEncoder) -> None:
    """Give the networks exported weights."""
    shipped = load_preview(weights)
    unet.load_state_dict(shipped.unet.state_dict())
    text_encoder.load_state_dict(shipped.text_encoder.state_dict())


def load_averages(run: TrainingRun, **networks: nn.Module) -> None:
    """Give networks the averages of the values that `run` has trained, by its names for them."""
    states = run.parameters.averaged()
    for name, network in networks.items():
        network.load_state_dict(states[name], strict=False)


def main(arguments: Sequence[str] | None = None, *, config: PreviewConfig = PREVIEW) -> None:
    """Train text encoder and UNet on a folder of drawings; the same command resumes."""
    plan = read_plan(DiffusionPlan, arguments, about=main.__doc__)
    plan = dataclasses.replace(plan, processes=processes_for(plan.processes))
    if plan.from_weights is not None:
        unpack_weights(plan.from_weights, plan.folder)
    token_ids = fixed_token_ids(plan.folder)
    run_in_processes(train, (config, token_ids, plan), processes=plan.processes)


if __name__ == "__main__":
    main()
