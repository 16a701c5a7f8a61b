"""One layer of a LoRA: its tensors, what they add to the layer of the U-Net, and whether they can."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

Parts = dict[str, torch.Tensor]
"""By `LoraKey.part`."""


@dataclass(frozen=True, slots=True)
class Magnitude:
    """The second half of a DoRA: how long each row of the changed weights is to be.

    Source: Liu et al. 2024, arXiv 2402.09353, equation 5.
    """

    values: torch.Tensor
    """(out), or (in) where `is_of_inputs`."""
    maker: str
    """"peft" or "lycoris": they differ in what a strength other than 1 does."""
    is_of_inputs: bool = False
    """Columns instead of rows: LyCORIS' `wd_on_out=False`."""


@dataclass(frozen=True, slots=True)
class LoraLayer:
    """W' = W + strength · alpha/rank · up @ down; with a magnitude, rescaled to it."""

    down: torch.Tensor
    """(rank, in), for a convolution (rank, in, height, width)."""
    up: torch.Tensor
    """(out, rank), for a convolution (out, rank, 1, 1)."""
    alpha: float | None = None
    """None: that of the whole LoRA."""
    mid: torch.Tensor | None = None
    """(rank, rank, height, width) of a convolution in Tucker's form; `down` is then (rank, in, 1, 1)."""
    magnitude: Magnitude | None = None

    @property
    def rank(self) -> int:
        """Rows of `down`."""
        return self.down.shape[0]

    @property
    def tensors(self) -> int:
        """How many tensors of a file it is, without its alpha."""
        return 2 + (self.mid is not None) + (self.magnitude is not None)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the layer that it acts on: (out, in), or (out, in, height, width) for kernels larger than one."""
        return shape_of(self.down, self.up, self.mid)

    def whole_down(self) -> torch.Tensor:
        """`down` with `mid` in it: (rank, in), or (rank, in, height, width)."""
        return whole_down(self.down, self.mid)


def layer_of(parts: Mapping[str, torch.Tensor], *, alpha: float | None, is_from_peft: bool = False) -> LoraLayer:
    """The layer of parts that make one.

    Args:
        parts: as `shape_fault` finds them whole.
        alpha: of the layer; None: that of the whole LoRA.
        is_from_peft: whether a DoRA in LyCORIS' names was peft's before.
    """
    magnitude = None
    if "magnitude" in parts:
        magnitude = Magnitude(parts["magnitude"].flatten().contiguous(), "peft")
    elif "scale" in parts:
        is_of_inputs = _is_of_inputs(parts)
        maker = "peft" if is_from_peft else "lycoris"
        magnitude = Magnitude(parts["scale"].flatten().contiguous(), maker, is_of_inputs=is_of_inputs)
    mid = parts["mid"].contiguous() if "mid" in parts else None
    return LoraLayer(parts["down"].contiguous(), parts["up"].contiguous(), alpha, mid, magnitude)


def layer_state(parts: Mapping[str, torch.Tensor]) -> str:
    """What a layer is worth: see `LayerReport.state`."""
    fault = shape_fault(parts)
    if fault is not None:
        return fault
    values = [tensor for part, tensor in parts.items() if part != "alpha"]
    if not all(bool(tensor.isfinite().all()) for tensor in values):
        return "not_finite"
    if "magnitude" in parts or "scale" in parts:
        return "ok"  # it rescales the weights even where both halves are zero
    return "ok" if all(bool(tensor.any()) for tensor in values) else "zero"


def shape_fault(parts: Mapping[str, torch.Tensor]) -> str | None:
    """Why the parts make no layer: "half", "misshapen", or None when they do. Reads no values."""
    if not {"down", "up"} <= parts.keys():
        return "half"
    return None if _is_well_shaped(parts) else "misshapen"


def whole_down(down: torch.Tensor, mid: torch.Tensor | None) -> torch.Tensor:
    """Two convolutions after each other, of which the first has a kernel of one, are one convolution.

    Source: LyCORIS 4, functional/locon.py, `diff_weight`.
    """
    if mid is None:
        return down
    return torch.einsum("abhw,bc->achw", mid.float(), down.float().flatten(1)).to(down.dtype)


def shape_of(down: torch.Tensor, up: torch.Tensor, mid: torch.Tensor | None = None) -> tuple[int, ...]:
    """Of the layer that the halves are for, without a kernel of one."""
    kernel = tuple((down if mid is None else mid).shape[2:])
    return (up.shape[0], down.shape[1], *(() if kernel == (1, 1) else kernel))


def added_norm(parts: Mapping[str, torch.Tensor], scale: float) -> float | None:
    """‖scale · up @ down‖ without the product, which would be a thousand times larger: √tr(upᵀup · down·downᵀ)."""
    inner = whole_down(parts["down"], parts.get("mid")).double().flatten(1)
    outer = parts["up"].double().flatten(1)
    squared = float(((outer.T @ outer) * (inner @ inner.T)).sum())
    norm = abs(scale) * math.sqrt(max(squared, 0.0)) if math.isfinite(squared) else math.inf
    return norm if math.isfinite(norm) else None


def _is_well_shaped(parts: Mapping[str, torch.Tensor]) -> bool:
    down, up, mid = parts["down"], parts["up"], parts.get("mid")
    if down.shape[0] != up.shape[1] or down.ndim != up.ndim:
        return False
    if mid is not None and (mid.shape[0] != down.shape[0] or math.prod(down.shape[2:]) != 1):
        return False
    if "magnitude" in parts and "scale" in parts:
        return False
    if "magnitude" in parts:
        return parts["magnitude"].numel() == up.shape[0]
    return "scale" not in parts or parts["scale"].numel() == (down.shape[1] if _is_of_inputs(parts) else up.shape[0])


def _is_of_inputs(parts: Mapping[str, torch.Tensor]) -> bool:
    """Source: LyCORIS 4, modules/locon.py: (out, 1, …) of rows, (1, in, …) of columns."""
    scale = parts["scale"]
    return scale.ndim > 1 and scale.shape[0] == 1 and scale.numel() == parts["down"].shape[1] and scale.shape[1] != 1
