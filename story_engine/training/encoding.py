"""The dataset as the U-Net is given it: every picture and caption goes through its encoder once, and never again.

Latents lie on disk by content (picture, part, mirroring, weights), captions by text, so a second run over the same
pictures encodes nothing. Both folders can be deleted at any time between trainings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from story_engine.domain.captions import styled, triggered
from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import TrainingSpec
from story_engine.errors import Cancelled, FixInput
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.networks import embedding_cache
from story_engine.store.atomic import cannot_write, writing
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout
from story_engine.training.base import Base
from story_engine.training.buckets import Bucket, Crop, bucket_of, crops_of
from story_engine.training.prior import Prior, class_pictures_of
from story_engine.training.randomness import CaptionUse

_KEPT_BYTES = 2 * 2**30
"""Latents that stay in memory; the rest of a huge dataset is read when it is needed."""
_PIXELS_TOGETHER = 2**20
"""Of pictures that go through the VAE's encoder at once: one of 1024 × 1024, sixteen of 256 × 256."""
_TEXTS_TOGETHER = 64
_FORMAT = "1"
"""Part of the name of every cached file; another one where the encoding itself has changed."""

OnProgress = Callable[[int, int], None]
"""(pictures and texts done, of how many)"""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture with everything that is known of it before it is encoded."""

    picture: TrainedPicture
    path: Path
    caption: str
    """As it is trained: with the trigger word in front."""
    styled_caption: str
    """The same with the words of other styles behind the trigger word."""
    bucket: Bucket
    crops: tuple[Crop, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture as the U-Net is given it."""

    latents: torch.Tensor
    """(4, height/8, width/8), float32."""
    sizes: tuple[int, int, int, int, int, int]
    """Original height and width, top and left of the crop, target height and width."""
    prompt: EncodedPrompt


def items_of(
    spec: TrainingSpec, pictures: Sequence[TrainedPicture], paths: Sequence[Path], *, side: int
) -> tuple[Item, ...]:
    """Every picture with its bucket, its crops and its caption."""
    rewrite = triggered(spec.trigger) if spec.trigger.strip() else str.strip
    restyle = styled(spec.trigger, spec.other_styles) if spec.other_styles.strip() else rewrite
    items = []
    for picture, path in zip(pictures, paths, strict=True):
        bucket = bucket_of(picture, spec, side=side)
        captions = rewrite(picture.caption), restyle(picture.caption)
        items.append(Item(picture, path, *captions, bucket, crops_of(picture, bucket, spec)))
    return tuple(items)


class EncodedDataset:
    """Pictures and captions of one training, encoded.

    Args:
        layout: where cached files lie.
        base: whose encoders are used.
        items: the pictures.
        spec: whether pictures are mirrored, and which sizes the U-Net is given.
    """

    def __init__(self, layout: Layout, base: Base, items: Sequence[Item], spec: TrainingSpec) -> None:
        self.items = tuple(items)
        self.buckets = tuple(item.bucket for item in self.items)
        self._folder = layout.latents
        self._base, self._spec = base, spec
        self._weights = base.family.weights_hash
        self._texts = embedding_cache(layout, base.family.name, precision=base.precision, is_needed=True)
        self.prior = Prior(layout, base, spec, class_pictures_of(spec, self.items))
        self._kept: dict[Path, torch.Tensor] = {}
        self._kept_prompts: dict[str, EncodedPrompt] = {}
        self._kept_bytes = 0
        self._gives_true_sizes = spec.true_size and base.family.knows_true_sizes

    def encode(
        self, extra_texts: Sequence[str], *, on_progress: OnProgress, should_stop: Callable[[], bool]
    ) -> dict[str, EncodedPrompt]:
        """Encode what is not encoded yet: texts first, then pictures.

        Args:
            extra_texts: prompts of sample pictures, and of class pictures, besides the captions and the empty one.
            on_progress: called with how far it is.
            should_stop: asked between two pictures.

        Returns:
            The extra texts encoded, and the empty one.

        Raises:
            Cancelled: `should_stop` said so; what is encoded stays.
            FixInput: a picture is missing or is not the one that the run was made with.
            Wait: the disk is full.
        """
        captions = list(dict.fromkeys(text for item in self.items for text in (item.caption, item.styled_caption)))
        texts = list(dict.fromkeys(["", *extra_texts, *captions]))
        total = len(texts) + len(self.items)
        self._encode_texts(texts, lambda done: on_progress(done, total), should_stop)
        self._encode_pictures(lambda done: on_progress(len(texts) + done, total), should_stop)
        wanted = ("", *extra_texts)
        return {text: self._prompt(text) for text in wanted}

    def sample(self, position: int, variant: float, *, caption: CaptionUse) -> Sample:
        """One picture: `variant` in 0…1 chooses the crop and the mirroring."""
        item = self.items[position]
        latents = self._latents(self._path(item))
        number = min(int(variant * len(latents)), len(latents) - 1)
        crop = item.crops[number % len(item.crops)]
        height, width = item.bucket.height, item.bucket.width
        sizes = (height, width, 0, 0, height, width)
        if self._gives_true_sizes:
            sizes = (item.picture.height, item.picture.width, crop.top, crop.left, height, width)
        return Sample(latents[number].float(), sizes, self._prompt(_words(item, caption)))

    def class_sample(self, bucket: Bucket, which: float) -> Sample:
        """A picture of the base's own of that size; `prior` has painted them."""
        picture = self.prior.chosen(bucket, which)
        sizes = (bucket.height, bucket.width, 0, 0, bucket.height, bucket.width)
        return Sample(self._latents(self.prior.path(picture))[0].float(), sizes, self._prompt(picture.prompt))

    def _encode_texts(
        self, texts: Sequence[str], on_done: Callable[[int], None], should_stop: Callable[[], bool]
    ) -> None:
        missing = [text for text in texts if not self._texts.knows_all([text])]
        on_done(len(texts) - len(missing))
        if not missing:
            return
        with self._base.text_encoder() as encode:
            for start in range(0, len(missing), _TEXTS_TOGETHER):
                if should_stop():
                    raise Cancelled("training.stopped")
                try:
                    self._texts.encoded(missing[start : start + _TEXTS_TOGETHER], encode=encode)
                except (OSError, SafetensorError) as error:
                    raise _full(self._folder, error) from error
                on_done(len(texts) - len(missing) + min(start + _TEXTS_TOGETHER, len(missing)))

    def _encode_pictures(self, on_done: Callable[[int], None], should_stop: Callable[[], bool]) -> None:
        missing = [item for item in self.items if not self._path(item).is_file()]
        on_done(len(self.items) - len(missing))
        if not missing:
            return
        with self._base.vae_encoder() as encoder:
            for number, item in enumerate(missing):
                if should_stop():
                    raise Cancelled("training.stopped")
                path = self._path(item)
                latents = _encoded(encoder, _variants(item, flip=self._spec.random_flip))
                _save(path, latents)
                on_done(len(self.items) - len(missing) + number + 1)

    def _path(self, item: Item) -> Path:
        identity = [_FORMAT, item.picture.sha256, [_crop_key(crop) for crop in item.crops], self._spec.random_flip]
        name = hashlib.sha256(json.dumps([*identity, self._weights]).encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.safetensors"

    def _latents(self, path: Path) -> torch.Tensor:
        """(variants, 4, height/8, width/8): all crops, then all crops mirrored."""
        known = self._kept.get(path)
        if known is not None:
            return known
        try:
            with safe_open(path, framework="pt") as file:
                latents: torch.Tensor = file.get_tensor("latents")
        except (OSError, SafetensorError) as error:
            raise FixInput("training.latents_gone", path=path) from error
        size_bytes = latents.numel() * latents.element_size()
        if self._kept_bytes + size_bytes <= _KEPT_BYTES:
            self._kept[path] = latents
            self._kept_bytes += size_bytes
        return latents

    def _prompt(self, text: str) -> EncodedPrompt:
        known = self._kept_prompts.get(text)
        if known is None:
            known = self._texts.encoded([text], encode=_never)[text]
            size_bytes = known.embedding.numel() * known.embedding.element_size()
            if self._kept_bytes + size_bytes <= _KEPT_BYTES:
                self._kept_prompts[text] = known
                self._kept_bytes += size_bytes
        return known


def _words(item: Item, use: CaptionUse) -> str:
    if use == "left_out":
        return ""
    return item.styled_caption if use == "with_other_styles" else item.caption


def _variants(item: Item, *, flip: bool) -> torch.Tensor:
    """(variants, 3, height, width) in -1…1."""
    try:
        if file_sha256(item.path) != item.picture.sha256:
            raise FixInput("training.picture_changed", file=item.picture.file)
        with Image.open(item.path) as opened:
            picture = opened.convert("RGB")
    except OSError as error:
        raise FixInput("training.picture_gone", file=item.picture.file) from error
    size = (item.bucket.width, item.bucket.height)
    parts = [
        picture.resize(size, Image.Resampling.LANCZOS, box=crop.box(picture.width, picture.height))
        for crop in item.crops
    ]
    if flip:
        parts += [part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for part in parts]
    values = np.stack([np.asarray(part, dtype=np.float32) for part in parts])
    return torch.from_numpy(values / 127.5 - 1).permute(0, 3, 1, 2)


@torch.inference_mode()
def _encoded(encoder: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    device = next(encoder.parameters()).device
    together = max(1, _PIXELS_TOGETHER // (pictures.shape[-1] * pictures.shape[-2]))
    parts = [encoder(some.to(device)).float().cpu() for some in torch.split(pictures, together)]
    return torch.cat(parts).clone()


def _save(path: Path, latents: torch.Tensor) -> None:
    try:
        with writing(path, is_durable=False) as partial:
            save_file({"latents": latents.contiguous()}, partial)
    except SafetensorError as error:
        raise _full(path, error) from error


def _full(path: Path, error: Exception) -> Exception:
    """Safetensors wraps the file system's own error; its text is kept."""
    return cannot_write(path, error if isinstance(error, OSError) else OSError(0, str(error)))


def _crop_key(crop: Crop) -> list[int]:
    return [crop.scaled_width, crop.scaled_height, crop.left, crop.top, crop.bucket.width, crop.bucket.height]


def _never(texts: Sequence[str]) -> Sequence[EncodedPrompt]:
    raise FixInput("training.captions_gone", count=len(texts))
