"""The steps of a training: batches, loss, update. Knows nothing of files."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from torch import nn

from story_engine.domain.training import TrainingSpec
from story_engine.errors import LookAtLog
from story_engine.training.adapter import TrainedAdapter
from story_engine.training.buckets import Bucket, by_bucket
from story_engine.training.encoding import Sample
from story_engine.training.loss import add_noise, noise_errors, snr_weights
from story_engine.training.randomness import (
    CaptionUse,
    ClassDraw,
    Draw,
    Order,
    draw,
    draw_class,
    generator,
    learning_rate,
)

_BETAS = (0.9, 0.999)


class Samples(Protocol):
    """What is trained on."""

    @property
    def buckets(self) -> Sequence[Bucket]:
        """The size of each picture."""
        ...

    def sample(self, position: int, variant: float, *, caption: CaptionUse) -> Sample:
        """One picture as the U-Net is given it."""
        ...

    def class_sample(self, bucket: Bucket, which: float) -> Sample:
        """A picture of the base's own of that size; `which` in 0…1 chooses among them."""
        ...


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one update says of itself."""

    loss: float
    """What is made smaller: the mean over all training pictures of the step, on all processes, and with prior
    preservation the weighted mean over its class pictures."""
    learning_rate: float
    gradient_norm: float
    """Before it was shortened."""


@dataclass(frozen=True, slots=True)
class _Batch:
    noisy: torch.Tensor
    noise: torch.Tensor
    timesteps: torch.Tensor
    sizes: torch.Tensor
    embedding: torch.Tensor
    pooled: torch.Tensor
    weights: torch.Tensor


class Loop:
    """Updates of one adapter; everything random in it is a function of the seed and the step.

    Args:
        accelerator: device, precision, accumulation and the other processes.
        unet: DiffSynth's SDXLUNet of a Kolors family, frozen, in its place.
        adapter: beside it.
        dataset: encoded.
        spec: of the run.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        unet: nn.Module,
        adapter: TrainedAdapter,
        dataset: Samples,
        spec: TrainingSpec,
    ) -> None:
        self.unet, self.adapter = unet, adapter
        self._accelerator, self._dataset, self._spec = accelerator, dataset, spec
        self._together = spec.batch_size * accelerator.num_processes
        buckets = by_bucket(dataset.buckets)
        self._order = Order(buckets, together=self._together, seed=spec.seed)
        optimizer = torch.optim.AdamW(
            list(adapter.parameters.values()), lr=spec.learning_rate, betas=_BETAS, weight_decay=spec.weight_decay
        )
        self._optimizer = accelerator.prepare(optimizer)
        # Wrapped only where gradients are exchanged: samples are then painted without rounding, as panels are.
        self._model = accelerator.prepare(unet) if accelerator.num_processes > 1 else unet
        self._dtype = next(unet.parameters()).dtype

    def step(self, number: int) -> StepResult:
        """The update that follows `number` done ones.

        Raises:
            LookAtLog: the loss is no number any more; the adapter is as it was before this step.
        """
        spec, rate = self._spec, learning_rate(self._spec, number)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        losses = torch.zeros((), device=self._accelerator.device)
        norm = 0.0
        if not self.unet.training:
            self.unet.train()
        for part in range(spec.gradient_accumulation_steps):
            place = number * spec.gradient_accumulation_steps + part
            batch = self._batch(place)
            with self._accelerator.accumulate(self._model), self._random_state(place):
                with self._accelerator.autocast():
                    predicted = self._model(
                        batch.noisy,
                        batch.timesteps,
                        batch.embedding,
                        batch.sizes,
                        batch.pooled,
                        use_gradient_checkpointing=spec.use_gradient_checkpointing,
                    )
                loss = self._weighed(noise_errors(predicted, batch.noise) * batch.weights)
                losses += loss.detach() / spec.gradient_accumulation_steps
                self._accelerator.backward(loss)
                if self._accelerator.sync_gradients:
                    norm = self._shortened()
                    self._refuse_no_number(float(self._accelerator.reduce(losses, "mean")), norm, number)
                self._optimizer.step()
                self._optimizer.zero_grad()
        return StepResult(float(self._accelerator.reduce(losses, "mean")), rate, norm)

    def _weighed(self, errors: torch.Tensor) -> torch.Tensor:
        """The loss of one batch: the training pictures' mean, and the weighted mean of the class pictures behind them.

        Source: Ruiz et al. 2022, "DreamBooth", arXiv:2208.12242, equation 2.
        """
        count = self._spec.batch_size
        own = errors[:count].mean()
        return own + self._spec.prior_weight * errors[count:].mean() if self._spec.prior_weight else own

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Of the optimizer, and of float16's gradient scaling."""
        scaler = self._accelerator.scaler
        return self._optimizer.state_dict(), scaler.state_dict() if scaler is not None else {}

    def restore(self, optimizer: Mapping[str, Any], scaler: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self._optimizer.load_state_dict(dict(optimizer))
        if self._accelerator.scaler is not None and scaler:
            self._accelerator.scaler.load_state_dict(dict(scaler))

    def _shortened(self) -> float:
        """Shorten the gradient where it is too long; its norm before that."""
        most = self._spec.max_grad_norm or math.inf
        norm = self._accelerator.clip_grad_norm_(list(self.adapter.parameters.values()), most)
        return float(norm) if norm is not None else 0.0

    def _refuse_no_number(self, loss: float, norm: float, number: int) -> None:
        # Float16's scaling meets infinite gradients on purpose and leaves such a step out.
        is_number = math.isfinite(loss) and (math.isfinite(norm) or self._accelerator.scaler is not None)
        if not is_number:
            self._optimizer.zero_grad()
            rate = f"{self._spec.learning_rate:g}"
            raise LookAtLog("training.no_number", step=number + 1, learning_rate=rate)

    def _batch(self, place: int) -> _Batch:
        """What this process trains of the `place`-th group."""
        spec, device = self._spec, self._accelerator.device
        positions = self._order.group(place)
        first = self._accelerator.process_index * spec.batch_size
        samples: list[Sample] = []
        draws: list[Draw | ClassDraw] = []
        slots = range(first, first + spec.batch_size)
        for slot in slots:
            bucket = self._dataset.buckets[positions[slot]]
            shape = (4, bucket.height // 8, bucket.width // 8)
            drawn = draw(spec, place, slot, together=self._together, shape=shape)
            draws.append(drawn)
            samples.append(self._dataset.sample(positions[slot], drawn.variant, caption=drawn.caption))
        if spec.prior_weight:
            for slot in slots:
                bucket = self._dataset.buckets[positions[slot]]
                shape = (4, bucket.height // 8, bucket.width // 8)
                beside = draw_class(spec, place, slot, together=self._together, shape=shape)
                draws.append(beside)
                samples.append(self._dataset.class_sample(bucket, beside.which))
        noise = torch.stack([drawn.noise for drawn in draws])
        timesteps = torch.tensor([drawn.timestep for drawn in draws])
        noisy = add_noise(torch.stack([sample.latents for sample in samples]), noise, timesteps)
        return _Batch(
            noisy=noisy.to(device, self._dtype),
            noise=noise.to(device),
            timesteps=timesteps.to(device, torch.float32),
            sizes=torch.tensor([size for sample in samples for size in sample.sizes], device=device),
            embedding=torch.stack([sample.prompt.embedding for sample in samples]).to(device, self._dtype),
            pooled=torch.stack([sample.prompt.pooled for sample in samples]).to(device, self._dtype),
            weights=snr_weights(timesteps, spec.min_snr_gamma).to(device),
        )

    def _random_state(self, place: int) -> contextlib.AbstractContextManager[object]:
        """Dropout is the one thing that draws from torch's own random numbers."""
        if not self._spec.lora_dropout:
            return contextlib.nullcontext()
        return _seeded(self._spec.seed, place, self._accelerator.process_index, self._accelerator.device)


@contextlib.contextmanager
def _seeded(seed: int, place: int, process: int, device: torch.device) -> Any:
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(generator(seed, "dropout", place, process).initial_seed())
        yield
