"""Trains the preview model's VAE on drawings, measures it on others, and fixes the scale of its latents."""

from __future__ import annotations

import argparse
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from preview_training.device import CPU, at_home, device_of, processes_for
from preview_training.drawing_cache import DrawingCache, halved, pictures_to_values
from preview_training.processes import run_in_processes
from preview_training.training_run import Moment, RunOptions, TrainingRun
from story_engine.domain.family import LATENT_CHANNELS
from story_engine.preview_model.architecture import (
    LATENT_SCALE,
    PreviewConfig,
    PreviewVAEDecoder,
    PreviewVAEEncoder,
    build_preview,
)
from story_engine.store.atomic import write_bytes

_PREVIEW = PreviewConfig()
STEPS = 1_800
STAGE = "vae"
DECODER_STAGE = "vae_decoder"
VAE_FILE = "vae.pt"
"""Finished networks, in the training's folder."""
HELD_OUT = 256
"""The last drawings of a folder are never trained on."""
_MEASURED = 48
_NORMALISING = 64
CROPS = ((0.35, 4, 32), (0.85, 2, 8), (1.01, 1, 2))
"""Until this share of the budget: which part of a picture's side a crop has, and crops per step and process. Small ones
see more pictures; the last ones show whole pictures, as in use."""
REFINING_CROPS = ((0.6, 2, 12), (1.01, 1, 3))
"""The same for a decoder that is refined alone."""
HALF_SIZE_SHARE = 0.25
"""Share of the crops taken from pictures at half size: diffusion training begins with those."""
KL_WEIGHT = 1e-5
LATENT_NOISE = 0.05
"""Noise on latents, as a share of their deviation: the decoder learns to bear a diffusion's small errors."""
COLOUR_WEIGHT = 0.5


class VAETraining:
    """Losses of an encoder and a decoder on random crops."""

    def __init__(
        self,
        config: PreviewConfig,
        pictures: np.ndarray,
        *,
        seed: int,
        crops: Sequence[tuple[float, int, int]],
        device: torch.device = CPU,
    ) -> None:
        parts = build_preview(config, seed=seed)
        self._device = device
        self.encoder, self.decoder = parts.vae_encoder.train(), parts.vae_decoder.train()
        self.encoder_is_frozen = False
        self._pictures = pictures
        self._crops = crops
        for network in (self.encoder, self.decoder):
            at_home(network, device)

    def losses(self, moment: Moment) -> dict[str, torch.Tensor]:
        """One step's losses on crops drawn with the moment's randomness."""
        part, count = next((part, count) for until, part, count in self._crops if moment.progress < until)
        target = self._random_crops(self._pictures.shape[1] // part, count, moment.random).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16):
            with torch.set_grad_enabled(not self.encoder_is_frozen):
                mean, log_variance = moments(self.encoder, target)
            mean, log_variance = mean.float(), log_variance.float().clamp(-20, 10)
            deviation = mean.detach().std(dim=(0, 2, 3), keepdim=True) * LATENT_NOISE
            spread = (log_variance.exp() + deviation**2).sqrt()
            noise = torch.randn(mean.shape, generator=moment.torch_random).to(self._device)
            picture = self.decoder((mean + spread * noise) * LATENT_SCALE).float()
        absolute, squared = nn.functional.l1_loss(picture, target), nn.functional.mse_loss(picture, target)
        colour = nn.functional.l1_loss(nn.functional.avg_pool2d(picture, 8), nn.functional.avg_pool2d(target, 8))
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
        loss = absolute + squared + COLOUR_WEIGHT * colour
        if not self.encoder_is_frozen:
            loss = loss + KL_WEIGHT * kl
        return {"loss": loss, "absolute": absolute, "squared": squared, "colour": colour, "kl": kl}

    def _random_crops(self, size: int, count: int, rng: np.random.Generator) -> torch.Tensor:
        side = self._pictures.shape[1]
        crops = []
        for index in rng.integers(len(self._pictures), size=count):
            step = 2 if size * 2 <= side and rng.random() < HALF_SIZE_SHARE else 1
            top, left = rng.integers(side - size * step + 1, size=2)
            crop = self._pictures[index, top : top + size * step, left : left + size * step]
            crops.append(halved(crop) if step == 2 else crop)
        values = np.stack([crop[:, ::-1] if rng.random() < 0.5 else crop for crop in crops])
        return torch.from_numpy(pictures_to_values(values)).permute(0, 3, 1, 2)


def moments(encoder: PreviewVAEEncoder, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and log variance of unscaled latents, (batch, 4, height/8, width/8) each; calling it gives the mean only."""
    hidden = encoder.conv_in(pictures)
    for block in encoder.blocks:
        hidden, *_ = block(hidden, None, None, None)
    hidden = encoder.quant_conv(encoder.conv_out(encoder.conv_act(encoder.conv_norm_out(hidden))))
    return hidden[:, :LATENT_CHANNELS], hidden[:, LATENT_CHANNELS:]


@torch.no_grad()
def peak_signal_to_noise(encoder: PreviewVAEEncoder, decoder: PreviewVAEDecoder, pictures: np.ndarray) -> float:
    """Mean over pictures of the PSNR of their reconstruction, in dB, pixels clipped to their range."""
    values = []
    for picture in pictures:
        target = torch.from_numpy(pictures_to_values(picture)).permute(2, 0, 1)[None]
        again = decoder(encoder(target)).clamp(-1, 1)
        values.append(-10 * torch.log10(((again - target) / 2).square().mean()))
    return float(torch.stack(values).mean())


@torch.no_grad()
def normalise_latents(encoder: PreviewVAEEncoder, decoder: PreviewVAEDecoder, pictures: np.ndarray) -> None:
    """Fold the latents' mean and deviation per channel into the 1x1 convolutions: scaled, they become 0 and 1."""
    values = torch.from_numpy(pictures_to_values(pictures)).permute(0, 3, 1, 2)
    latents = torch.cat([encoder(part) for part in torch.split(values, 4)]) / encoder.scaling_factor
    mean, deviation = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3)) * encoder.scaling_factor
    weight, bias = (decoder.post_quant_conv.get_parameter(name).data for name in ("weight", "bias"))
    # Decoder first: old latents are new ones times deviation plus mean.
    bias += weight[:, :, 0, 0] @ mean
    weight *= deviation[None, :, None, None]
    weight, bias = (encoder.quant_conv.get_parameter(name).data[:LATENT_CHANNELS] for name in ("weight", "bias"))
    weight /= deviation[:, None, None, None]
    bias.sub_(mean).div_(deviation)


def averaged_vae(config: PreviewConfig, run: TrainingRun) -> tuple[PreviewVAEEncoder, PreviewVAEDecoder]:
    """Fresh networks with the moving average of a run over both."""
    parts = build_preview(config)
    states = run.parameters.averaged()
    parts.vae_encoder.load_state_dict(states["encoder"])
    parts.vae_decoder.load_state_dict(states["decoder"])
    return parts.vae_encoder, parts.vae_decoder


def train(process: int, config: PreviewConfig, drawings: Path, options: RunOptions) -> None:
    """Train both networks in one of `options.processes`; the first one writes VAE_FILE with normalised latents."""
    cache = DrawingCache(drawings)
    known, held_out = _split(cache)
    training = VAETraining(config, known, seed=options.seed, crops=CROPS, device=device_of(process))
    options = dataclasses.replace(options, stage=STAGE, process=process)
    run = TrainingRun({"encoder": training.encoder, "decoder": training.decoder}, options)
    if run.run(training.losses) and process == 0:
        encoder, decoder = averaged_vae(config, run)
        normalise_latents(encoder, decoder, known[:_NORMALISING])
        _finish(encoder, decoder, run, held_out)


def refine_decoder(process: int, config: PreviewConfig, drawings: Path, options: RunOptions) -> None:
    """Go on with the decoder of VAE_FILE alone; latents stay as they are, so a UNet trained on them stays valid."""
    known, held_out = _split(DrawingCache(drawings))
    states = torch.load(options.folder / VAE_FILE, weights_only=True)
    training = VAETraining(config, known, seed=options.seed, crops=REFINING_CROPS, device=device_of(process))
    training.encoder.load_state_dict(states["encoder"])
    training.decoder.load_state_dict(states["decoder"])
    training.encoder_is_frozen = True
    options = dataclasses.replace(options, stage=DECODER_STAGE, process=process)
    run = TrainingRun({"decoder": training.decoder}, options)
    if run.run(training.losses) and process == 0:
        parts = build_preview(config)
        parts.vae_encoder.load_state_dict(states["encoder"])
        parts.vae_decoder.load_state_dict(run.parameters.averaged()["decoder"])
        _finish(parts.vae_encoder, parts.vae_decoder, run, held_out)


def _split(cache: DrawingCache) -> tuple[np.ndarray, np.ndarray]:
    """Drawings to train on, and drawings to measure with."""
    ready = cache.ready()
    return cache.pictures[: ready - HELD_OUT], cache.pictures[ready - _MEASURED : ready]


def _finish(encoder: PreviewVAEEncoder, decoder: PreviewVAEDecoder, run: TrainingRun, held_out: np.ndarray) -> None:
    run.log({"held_out_psnr_db": peak_signal_to_noise(encoder, decoder, held_out)})
    content = io.BytesIO()
    torch.save({"encoder": encoder.state_dict(), "decoder": decoder.state_dict()}, content)
    write_bytes(run.options.folder / VAE_FILE, content.getvalue())


def main(arguments: Sequence[str] | None = None, *, config: PreviewConfig = _PREVIEW) -> None:
    """Train the VAE on a folder of drawings; the same command resumes."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("drawings", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("workspace/preview_training"))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, help="default: 5e-3, for the decoder alone 2e-3")
    parser.add_argument("--decoder-only", action="store_true", help="refine the decoder of a finished VAE")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    options = RunOptions(
        folder=given.folder,
        stage=STAGE,
        learning_rate=given.learning_rate or (2e-3 if given.decoder_only else 5e-3),
        steps=given.steps,
        seed=given.seed,
        processes=processes_for(given.processes),
    )
    target = refine_decoder if given.decoder_only else train
    run_in_processes(target, (config, given.drawings, options), processes=options.processes)


if __name__ == "__main__":
    main()
