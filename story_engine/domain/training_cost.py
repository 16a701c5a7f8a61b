"""How much memory a training needs, worked out before it starts, and the first settings that would make it fit. Pure.

Source: the Kolors figures of a full-size U-Net, measured on the meta device in bfloat16 at 1024 × 1024 with batch 1:
4.8 GiB of weights, 20.5 GiB of kept activations, 2.1 GiB with gradient checkpointing, 0.35 GiB for a LoRA of rank 16 on
the attention projections with its gradients and AdamW. The preview figures were measured on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from story_engine.domain.family import SIZE_MULTIPLE, Family, TrainingMemory
from story_engine.domain.memory_plan import share_to_bring
from story_engine.domain.training import TrainingSpec

_HALF = frozenset({"float16", "bfloat16"})
_LEAST_RESOLUTION = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a training needs of the memory it runs in."""

    needed_bytes: int
    available_bytes: int
    is_gpu: bool
    remedy: tuple[tuple[str, object], ...] = ()
    """Where it does not fit: field → value, the first settings that would; empty where none would."""
    is_encoder_brought: bool = False
    """Whether the text encoder reads the captions layer by layer."""
    brought: float = 0.0
    """Share of the U-Net's transformer layers that waits in main memory."""

    @property
    def fits(self) -> bool:
        """Whether it most likely runs."""
        return self.needed_bytes <= self.available_bytes


def memory_of(spec: TrainingSpec, family: Family | None, *, available_bytes: int, is_gpu: bool) -> Memory:
    """The estimate for a training on one device.

    Args:
        spec: what is to be trained.
        family: what it is trained for; None where there is no such family, which then needs nothing.
        available_bytes: of the GPU, or of the machine where it has none.
        is_gpu: which of the two.
    """
    figures = family.memory if family is not None else None
    if family is None or figures is None:
        return Memory(needed_bytes=0, available_bytes=available_bytes, is_gpu=is_gpu)
    needs = _Needs.of(spec, figures, is_gpu=is_gpu)
    needed = needs.fitted(available_bytes)
    changed: dict[str, object] = {}
    if needed > available_bytes:
        for field, value in _cheaper(spec, figures, side=family.width, is_gpu=is_gpu):
            changed[field] = value
            cheaper = _Needs.of(spec.model_copy(update=changed), figures, is_gpu=is_gpu)
            if cheaper.fitted(available_bytes) <= available_bytes:
                break
        else:
            changed = {}
    return Memory(
        needed_bytes=round(needed),
        available_bytes=available_bytes,
        is_gpu=is_gpu,
        remedy=tuple(changed.items()),
        is_encoder_brought=needs.is_encoder_brought(available_bytes),
        brought=needs.brought(available_bytes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Needs:
    """Bytes of the two peaks, reading captions and then training without the text encoder, and what shrinks them."""

    process: float
    encoder: float
    encoder_brought: float
    training: float
    bringable: float
    layer: float

    @classmethod
    def of(cls, spec: TrainingSpec, figures: TrainingMemory, *, is_gpu: bool) -> _Needs:
        """For one training."""
        factor = 1.0 if _is_half(spec, figures, is_gpu=is_gpu) else 2.0
        area = ((spec.resolution or figures.side) / figures.side) ** 2
        kept = figures.checkpointed_half if spec.use_gradient_checkpointing else figures.activations_half
        adapters = figures.adapter_per_rank * spec.lora_rank * _share(spec)
        # Without checkpointing the backward pass keeps all weights that it will need.
        is_bringable = spec.use_gradient_checkpointing
        return cls(
            process=figures.process,
            encoder=figures.text_encoder_half * factor,
            encoder_brought=figures.encoder_brought_half * factor,
            training=figures.weights_half * factor + adapters + kept * factor * area * spec.rows_per_pass,
            bringable=figures.bringable_half * factor if is_bringable else 0.0,
            layer=figures.layer_half * factor,
        )

    def is_encoder_brought(self, available: float) -> bool:
        """Whether the encoder comes layer by layer because the whole does not fit."""
        return bool(self.encoder_brought) and self.process + self.encoder > available

    def brought(self, available: float) -> float:
        """Share of the layers that wait elsewhere."""
        over = self.process + self.training - available
        if over <= 0 or not self.bringable:
            return 0.0
        return share_to_bring(over, layer=self.layer, layers=self.bringable)

    def fitted(self, available: float) -> float:
        """The higher peak once everything is done to make it fit."""
        share = self.brought(available)
        training = self.training - share * self.bringable + (2 * self.layer if share else 0.0)
        encoder = self.encoder_brought if self.is_encoder_brought(available) else self.encoder
        return self.process + max(training, encoder)


def _is_half(spec: TrainingSpec, figures: TrainingMemory, *, is_gpu: bool) -> bool:
    if spec.precision == "auto":
        return is_gpu and figures.is_half_by_itself
    return spec.precision in _HALF and (is_gpu or spec.precision == "bfloat16")


def _share(spec: TrainingSpec) -> float:
    """Adapters beside the four attention projections: the feed-forward layers hold about twice as much."""
    return 3.0 if any(target in ("ff", "act_fn.proj") for target in spec.target_modules) else 1.0


def _cheaper(spec: TrainingSpec, figures: TrainingMemory, *, side: int, is_gpu: bool) -> Iterator[tuple[str, object]]:
    """What to change, the painless first; each on top of the ones before."""
    if not spec.use_gradient_checkpointing:
        yield "use_gradient_checkpointing", True
    if not _is_half(spec, figures, is_gpu=is_gpu):
        yield "precision", "bfloat16"
    batch = spec.batch_size
    while batch > 1:
        batch = max(1, batch // 2)
        yield "batch_size", batch
        accumulated = -(-spec.batch_size * spec.gradient_accumulation_steps // batch)
        yield "gradient_accumulation_steps", accumulated
    resolution = spec.resolution or side
    while resolution > _LEAST_RESOLUTION:
        resolution = max(_LEAST_RESOLUTION, (resolution * 3 // 4) // SIZE_MULTIPLE * SIZE_MULTIPLE)
        yield "resolution", resolution
