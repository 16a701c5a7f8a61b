"""Pictures of the base's own, for prior preservation: painted before the first step, and kept as latents by content.

They are painted as panels are, without a negative prompt: the family's sampler, steps and guidance. A file is named by
weights, precision, prompt, seed and settings, so that a second training with the same prompts paints nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from story_engine.domain.family import LATENT_CHANNELS, PIXELS_PER_LATENT
from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_prior import class_prompts, content_of_caption, content_of_sample
from story_engine.errors import Cancelled, LookAtLog
from story_engine.inference.denoising import PictureInputs, denoise
from story_engine.inference.encoding import EMPTY_PROMPT, EncodedPrompt
from story_engine.inference.samplers import build_sampler
from story_engine.store.atomic import cannot_write, writing
from story_engine.store.layout import Layout
from story_engine.training.base import Base
from story_engine.training.buckets import Bucket
from story_engine.training.randomness import generator
from story_engine.training.sampling import guidance_and_steps

_ROWS_PER_CALL = 8
"""Of 256 × 256: four pictures with their negatives."""
_FORMAT = "class 1"


class _Trained(Protocol):
    @property
    def picture(self) -> TrainedPicture: ...
    @property
    def bucket(self) -> Bucket: ...


@dataclass(frozen=True, slots=True)
class ClassPicture:
    """One picture that the base paints."""

    prompt: str
    seed: int
    bucket: Bucket


def class_pictures_of(spec: TrainingSpec, items: Sequence[_Trained]) -> tuple[ClassPicture, ...]:
    """The base's pictures for a training: `prior_pictures` of them, and at least one of every size that is trained.

    None without prior preservation. A caption's picture has its own size, a sample's the most common one.
    """
    captions = [content_of_caption(spec, item.picture) for item in items]
    places = class_prompts(spec, captions)
    if not places:
        return ()
    count = len(spec.sample_prompts)
    usual = Counter(item.bucket for item in items).most_common(1)[0][0]
    asked: list[tuple[str, Bucket]] = []
    for place in places:
        if place < count:
            asked.append((content_of_sample(spec, spec.sample_prompts[place]), usual))
        else:
            asked.append((captions[place - count], items[place - count].bucket))
    there = {bucket for _, bucket in asked}
    for item, caption in zip(items, captions, strict=True):
        if item.bucket not in there:
            there.add(item.bucket)
            asked.append((caption, item.bucket))
    return tuple(
        ClassPicture(prompt, generator(spec.seed, "class picture", number).initial_seed(), bucket)
        for number, (prompt, bucket) in enumerate(asked)
    )


class Prior:
    """The class pictures of one training.

    Args:
        layout: where latents lie.
        base: that paints them.
        spec: of the training.
        pictures: which ones; may be none.
    """

    def __init__(self, layout: Layout, base: Base, spec: TrainingSpec, pictures: Sequence[ClassPicture]) -> None:
        self.pictures = tuple(pictures)
        as_panels = spec.model_copy(update={"samples_as_stories": True, "sample_steps": 0})
        self._guidance, self._steps = guidance_and_steps(as_panels, base.family)
        self._folder, self._base = layout.latents, base
        self._by_bucket: dict[Bucket, list[ClassPicture]] = {}
        for picture in self.pictures:
            self._by_bucket.setdefault(picture.bucket, []).append(picture)

    def chosen(self, bucket: Bucket, which: float) -> ClassPicture:
        """One of this size; `which` in 0…1 chooses."""
        among = self._by_bucket[bucket]
        return among[min(int(which * len(among)), len(among) - 1)]

    def path(self, picture: ClassPicture) -> Path:
        """Where its latents lie, (1, 4, height/8, width/8)."""
        family, bucket = self._base.family, picture.bucket
        guidance = repr(self._guidance)
        settings = [family.sampler, self._steps, family.cfg_scale, guidance, bucket.width, bucket.height]
        identity = [_FORMAT, family.weights_hash, self._base.precision, picture.prompt, picture.seed, *settings]
        name = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.safetensors"

    def paint(
        self,
        unet: nn.Module,
        encoded: Mapping[str, EncodedPrompt],
        *,
        on_progress: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> None:
        """Paint what is not painted yet.

        Pictures of one size are painted in groups that are always the same ones, so that a group of which something is
        missing comes out in the same bits as the first time.

        Args:
            unet: of the base, without adapter.
            encoded: every prompt, and the empty one.
            on_progress: called with pictures done, of how many.
            should_stop: asked at every denoising step.

        Raises:
            Cancelled: `should_stop` said so; groups that are painted stay.
            Wait: the disk is full.
            LookAtLog: what was painted is no picture.
        """
        groups = [group for bucket, among in self._by_bucket.items() for group in _grouped(among, bucket)]
        missing = [group for group in groups if not all(self.path(each).is_file() for each in group)]
        done = len(self.pictures) - sum(map(len, missing))
        unet.eval()
        for group in missing:
            on_progress(done, len(self.pictures))
            if should_stop():
                raise Cancelled("training.stopped")
            self._paint_group(unet, group, encoded, should_stop)
            done += len(group)
        if missing:
            on_progress(done, len(self.pictures))

    def _paint_group(
        self,
        unet: nn.Module,
        group: Sequence[ClassPicture],
        encoded: Mapping[str, EncodedPrompt],
        should_stop: Callable[[], bool],
    ) -> None:
        family = self._base.family
        latents = denoise(
            unet,
            [
                PictureInputs(
                    noise=_noise(picture),
                    prompt=encoded[picture.prompt],
                    negative=encoded[EMPTY_PROMPT],
                    empty=encoded[EMPTY_PROMPT],
                    cfg_scale=family.cfg_scale,
                )
                for picture in group
            ],
            build_sampler(family.sampler, self._steps),
            rows_per_call=2 * len(group),
            on_step=lambda _step, _latents: None,
            should_stop=should_stop,
            guidance=self._guidance,
        )
        if not torch.isfinite(latents).all():
            raise LookAtLog("models.not_finite", part="U-Net")
        for picture, each in zip(group, latents.float().cpu(), strict=True):
            path = self.path(picture)
            try:
                with writing(path, is_durable=False) as partial:
                    save_file({"latents": each[None].contiguous()}, partial)
            except SafetensorError as error:
                raise cannot_write(path, OSError(0, str(error))) from error


def _grouped(pictures: Sequence[ClassPicture], bucket: Bucket) -> list[Sequence[ClassPicture]]:
    together = max(1, _ROWS_PER_CALL // 2 * 256 * 256 // (bucket.width * bucket.height))
    together = min(together, _ROWS_PER_CALL // 2)
    return [pictures[start : start + together] for start in range(0, len(pictures), together)]


def _noise(picture: ClassPicture) -> torch.Tensor:
    shape = (1, LATENT_CHANNELS, picture.bucket.height // PIXELS_PER_LATENT, picture.bucket.width // PIXELS_PER_LATENT)
    return torch.randn(shape, generator=torch.Generator().manual_seed(picture.seed))
