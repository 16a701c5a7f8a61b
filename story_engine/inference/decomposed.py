"""DoRA beside a layer's own weights: W' = c · (W + σ · up @ down), with c so that its rows have the trained length.

Both makers' files act as their own libraries let them act, at every strength k and with the trained scale s:

peft (tuners/lora/dora.py 0.21): σ = k·s and c = m / ‖W + σ·up@down‖.
LyCORIS (functional/general.py 4.1, `weight_decompose`): σ = s and c = k · (m / ‖W + σ·up@down‖ − 1) + 1.

peft's own layer cannot carry LyCORIS' strength or its magnitudes of columns, takes what other LoRAs added for the base,
and measures the norm again at every step; so this is a variant of ours for peft's layers.
"""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora.layer import LoraVariant
from torch import nn

from story_engine.lora_files.layers import Magnitude


class Decomposed(LoraVariant):  # type: ignore[misc]
    """The DoRA of one layer and one adapter."""

    def __init__(self, magnitude: Magnitude, *, scale: float) -> None:
        self._magnitude = magnitude
        self._trained_scale = scale
        self._known: tuple[float, torch.Tensor, float] | None = None
        """Scaling, the factor of each row or column, σ."""

    def forward(
        self, module: Any, active_adapter: str, x: torch.Tensor, result: torch.Tensor, **_: object
    ) -> torch.Tensor:
        """What the layer and the adapters before gave, and what this one adds to it."""
        base, down, up = module.get_base_layer(), module.lora_A[active_adapter], module.lora_B[active_adapter]
        factor, scale = self._factor(base, down, up, module.scaling[active_adapter])
        factor = factor.reshape(1, -1, 1, 1) if isinstance(base, nn.Conv2d) else factor
        added: torch.Tensor
        if self._magnitude.is_of_inputs:
            # The base is linear: its answer to x·(c − 1) is what the columns' new lengths add.
            added = _without_bias(base, x * (factor - 1)) + scale * up(down(x * factor))
        else:
            added = (factor - 1) * _without_bias(base, x) + factor * scale * up(down(x))
        return result + added

    def _factor(self, base: Any, down: Any, up: Any, scaling: float) -> tuple[torch.Tensor, float]:
        if self._known is None or self._known[0] != scaling:
            self._known = (scaling, *self._measured(base, down, up, scaling))
        return self._known[1], self._known[2]

    @torch.no_grad()
    def _measured(self, base: Any, down: Any, up: Any, scaling: float) -> tuple[torch.Tensor, float]:
        is_peft = self._magnitude.maker == "peft"
        scale = scaling if is_peft else self._trained_scale
        dtype = torch.promote_types(base.weight.dtype, torch.float32)  # a norm of halves would be rounded too early
        weight = base.weight.to(dtype)
        added = (up.weight.to(dtype).flatten(1) @ down.weight.to(dtype).flatten(1)).reshape(weight.shape)
        changed = weight + scale * added
        over = [axis for axis in range(changed.ndim) if axis != (1 if self._magnitude.is_of_inputs else 0)]
        norm = torch.linalg.vector_norm(changed, dim=over)
        if not is_peft:
            norm = norm + torch.finfo(dtype).eps
        factor = self._magnitude.values.to(norm) / norm
        if not is_peft:
            factor = scaling / self._trained_scale * (factor - 1) + 1
        return factor.to(base.weight.dtype), scale


def _without_bias(base: Any, x: torch.Tensor) -> torch.Tensor:
    if isinstance(base, nn.Conv2d):
        return nn.functional.conv2d(x, base.weight, None, base.stride, base.padding, base.dilation, base.groups)
    return nn.functional.linear(x, base.weight)
