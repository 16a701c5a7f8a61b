"""All trained values of some networks as one flat vector.

Optimiser, average and exchange between processes become a few vector operations. Matrices (convolutions and linear
layers) are trained with Muon, everything else with AdamW.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed, nn

_BETAS = (0.9, 0.99)
_MOMENTUM = 0.95
_LARGEST_GRADIENT_NORM = 1.0
_SMALLEST_MATRIX_SIDE = 16
"""Thinner matrices (first and last convolutions) are left to AdamW."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one parameter lies in the vector."""

    network: str
    name: str
    shape: torch.Size
    strides: tuple[int, ...]
    start: int

    def view(self, vector: torch.Tensor) -> torch.Tensor:
        return vector.as_strided(self.shape, self.strides, self.start)

    def matrix(self, vector: torch.Tensor) -> torch.Tensor:
        """(outputs, inputs): the order of the inputs of a convolution does not matter to Muon."""
        return vector[self.start : self.start + self.shape.numel()].view(self.shape[0], -1)


class FlatParameters:
    """Parameters, gradients, optimiser state and moving average of several networks.

    The networks' parameters become views of one vector; their names, shapes and memory formats stay as they are.
    """

    def __init__(self, networks: Mapping[str, nn.Module]) -> None:
        trained = [
            (network_name, name, parameter)
            for network_name, network in networks.items()
            for name, parameter in network.named_parameters()
            if parameter.requires_grad
        ]
        trained.sort(key=lambda entry: _is_matrix(entry[1], entry[2]))
        device = trained[0][2].device
        self.values = torch.empty(sum(parameter.numel() for _, _, parameter in trained), device=device)
        # One more number travels with the gradients, so that all processes agree on stopping.
        self._exchanged = torch.zeros(len(self.values) + 1, device=device)
        self.gradients = self._exchanged[: len(self.values)]
        self._places: list[_Place] = []
        self._matrices: dict[tuple[int, int], list[_Place]] = {}
        start = plain = 0
        for network_name, name, parameter in trained:
            place = _Place(network_name, name, parameter.shape, parameter.stride(), start)
            place.view(self.values).copy_(parameter.data)
            parameter.data = place.view(self.values)
            parameter.grad = place.view(self.gradients)
            self._places.append(place)
            start += parameter.numel()
            if _is_matrix(name, parameter):
                rows, columns = place.matrix(self.values).shape
                self._matrices.setdefault((rows, columns), []).append(place)
            else:
                plain = start
        self.average = self.values.clone()
        self._momentum = torch.zeros(len(self.values) - plain, device=device)
        self._plain = nn.Parameter(self.values[:plain])
        self._plain.grad = self.gradients[:plain]
        self._optimiser = torch.optim.AdamW([self._plain], lr=0.0, betas=_BETAS, weight_decay=0.0, fused=True)

    def exchange(self, *, stop: bool) -> bool:
        """Average the gradients over all processes.

        Args:
            stop: this process was asked to stop.

        Returns:
            Whether any process was asked to.
        """
        if not distributed.is_initialized():
            return stop
        self._exchanged[-1] = float(stop)
        distributed.all_reduce(self._exchanged)
        self.gradients /= distributed.get_world_size()
        return bool(self._exchanged[-1] > 0)

    @torch.no_grad()
    def update(self, *, learning_rate: float, average_decay: float) -> float:
        """One optimiser step from the gradients, which are then cleared.

        Returns:
            The gradients' norm before clipping.
        """
        norm = float(self.gradients.norm())
        if norm > _LARGEST_GRADIENT_NORM:
            self.gradients *= _LARGEST_GRADIENT_NORM / norm
        self._optimiser.param_groups[0]["lr"] = learning_rate
        self._optimiser.step()
        self._update_matrices(learning_rate)
        self.gradients.zero_()
        self.average.lerp_(self.values, 1 - average_decay)
        return norm

    def averaged(self) -> dict[str, dict[str, torch.Tensor]]:
        """The moving average of each network's trained values, by network name; copies."""
        states: dict[str, dict[str, torch.Tensor]] = {}
        for place in self._places:
            states.setdefault(place.network, {})[place.name] = place.view(self.average).clone()
        return states

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly where this is."""
        return {
            "values": self.values,
            "average": self.average,
            "momentum": self._momentum,
            "optimiser": self._optimiser.state_dict(),
        }

    @torch.no_grad()
    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self.values.copy_(state["values"])
        self.average.copy_(state["average"])
        self._momentum.copy_(state["momentum"])
        self._optimiser.load_state_dict(state["optimiser"])

    def _update_matrices(self, learning_rate: float) -> None:
        plain = len(self._plain)
        gradients = self.gradients[plain:]
        self._momentum.lerp_(gradients, 1 - _MOMENTUM)
        # Nesterov's look ahead; written over the gradients, which are not needed any more.
        gradients.lerp_(self._momentum, _MOMENTUM)
        for (rows, columns), places in self._matrices.items():
            directions = orthogonalised(torch.stack([place.matrix(self.gradients) for place in places]))
            # With this factor one learning rate suits matrices and AdamW's values alike.
            # Source: Liu et al. 2025, "Muon is Scalable for LLM Training", section 2.2.
            factor = 0.2 * max(rows, columns) ** 0.5
            for place, direction in zip(places, directions, strict=True):
                place.matrix(self.values).add_(direction, alpha=-learning_rate * factor)


def orthogonalised(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest matrices with all singular values about 1.

    Args:
        matrices: (count, rows, columns), float32.

    Returns:
        The same shape, float32, computed in bfloat16.

    Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks", Newton-Schulz iteration with
    their coefficients.
    """
    is_tall = matrices.shape[1] > matrices.shape[2]
    current: torch.Tensor = (matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16()
    current = current.transpose(1, 2) if is_tall else current
    for _ in range(5):
        square = current @ current.transpose(1, 2)
        polynomial = torch.baddbmm(square, square, square, beta=-4.7750, alpha=2.0315)
        current = torch.baddbmm(current, polynomial, current, beta=3.4445, alpha=1.0)
    return (current.transpose(1, 2) if is_tall else current).float()


def _is_matrix(name: str, parameter: nn.Parameter) -> bool:
    is_table = "embedding" in name and "word" in name
    sides = (parameter.shape[0], parameter[0].numel()) if parameter.ndim >= 2 else (0, 0)
    return min(sides) >= _SMALLEST_MATRIX_SIDE and not is_table
