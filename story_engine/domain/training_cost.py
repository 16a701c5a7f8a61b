"""How much memory a training needs, worked out before it starts, and the first settings that would make it fit. Pure.

Source: the Kolors figures of a full-size U-Net, measured on the meta device in bfloat16 at 1024 × 1024 with batch 1:
4.8 GiB of weights, 20.5 GiB of kept activations, 2.1 GiB with gradient checkpointing, 0.35 GiB for a LoRA of rank 16 on
the attention projections with its gradients and AdamW. The preview figures were measured on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from story_engine.domain.family import SIZE_MULTIPLE, Family, TrainingMemory
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
    needed = _needed(spec, figures, is_gpu=is_gpu)
    if needed <= available_bytes:
        return Memory(needed_bytes=round(needed), available_bytes=available_bytes, is_gpu=is_gpu)
    changed: dict[str, object] = {}
    for field, value in _cheaper(spec, figures, side=family.width, is_gpu=is_gpu):
        changed[field] = value
        if _needed(spec.model_copy(update=changed), figures, is_gpu=is_gpu) <= available_bytes:
            break
    else:
        changed = {}
    return Memory(
        needed_bytes=round(needed), available_bytes=available_bytes, is_gpu=is_gpu, remedy=tuple(changed.items())
    )


def _needed(spec: TrainingSpec, figures: TrainingMemory, *, is_gpu: bool) -> float:
    """The higher of the two peaks: reading the captions, then training without the text encoder."""
    factor = 1.0 if _is_half(spec, figures, is_gpu=is_gpu) else 2.0
    area = ((spec.resolution or figures.side) / figures.side) ** 2
    kept = figures.checkpointed_half if spec.use_gradient_checkpointing else figures.activations_half
    training = (
        figures.weights_half * factor
        + figures.adapter_per_rank * spec.lora_rank * _share(spec)
        + kept * factor * area * spec.batch_size
    )
    return figures.process + max(training, figures.text_encoder_half * factor)


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
