"""The LoRA that is trained: put beside the frozen U-Net by peft, in float32, and taken out as plain tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer as InjectedLayer
from torch import nn

from story_engine.domain.training import TrainingSpec
from story_engine.errors import FixInput
from story_engine.lora_files.read import LoraLayer, LoraWeights
from story_engine.training.randomness import generator

_NAME = "trained"


class TrainedAdapter:
    """The adapter of one U-Net, whose own values are frozen.

    Args:
        unet: gets the adapter; it paints as before until the first step.
        spec: rank, alpha, dropout, layers, seed.

    Raises:
        FixInput: no layer of the U-Net is among the targets.
    """

    def __init__(self, unet: nn.Module, spec: TrainingSpec) -> None:
        unet.requires_grad_(False)
        self._unet, self._spec = unet, spec
        device = next(unet.parameters()).device
        self.modules = _targets(unet, spec.target_modules)
        config = LoraConfig(
            r=spec.lora_rank,
            lora_alpha=spec.lora_alpha,
            lora_dropout=spec.lora_dropout,
            target_modules=self.modules,
            bias="none",
            init_lora_weights=True,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            inject_adapter_in_model(config, unet, adapter_name=_NAME)
        self.parameters: dict[str, nn.Parameter] = {}
        for module in self.modules:
            down, up = self._halves(module)
            # Where the U-Net computes: the layer's own weights may wait elsewhere.
            down.weight.data = down.weight.data.to(device, torch.float32)
            up.weight.data = up.weight.data.to(device, torch.float32)
            # As peft's own "kaiming", from numbers of this training's seed and on every device the same.
            bound = down.weight.shape[1] ** -0.5
            drawn = torch.rand(down.weight.shape, generator=generator(spec.seed, "adapter", module))
            with torch.no_grad():
                down.weight.copy_(drawn.mul_(2).sub_(1).mul_(bound))
                up.weight.zero_()
            self.parameters |= {f"{module}.down": down.weight, f"{module}.up": up.weight}

    def weights(self) -> LoraWeights:
        """The adapter as it is now, float32, on the CPU."""
        values = self.values()
        layers = {module: LoraLayer(values[f"{module}.down"], values[f"{module}.up"]) for module in self.modules}
        return LoraWeights(
            layers=layers, rank=self._spec.lora_rank, alpha=self._spec.lora_alpha, tensors=2 * len(layers)
        )

    def values(self) -> dict[str, torch.Tensor]:
        """Copies of all trained tensors, by layer and half."""
        return {name: parameter.detach().cpu().clone() for name, parameter in self.parameters.items()}

    @torch.no_grad()
    def restore(self, values: Mapping[str, torch.Tensor]) -> None:
        """Go on from `values`."""
        for name, parameter in self.parameters.items():
            parameter.copy_(values[name])

    @contextmanager
    def left_out(self, is_left_out: bool) -> Iterator[None]:
        """The U-Net without its adapter, as long as the context lasts."""
        layers = [layer for layer in self._unet.modules() if isinstance(layer, InjectedLayer)]
        for layer in layers:
            layer._disable_adapters = is_left_out
        try:
            yield
        finally:
            for layer in layers:
                layer._disable_adapters = False

    @contextmanager
    def at(self, strength: float) -> Iterator[None]:
        """The adapter weaker or stronger than it is trained, as long as the context lasts."""
        layers = [layer for layer in self._unet.modules() if isinstance(layer, InjectedLayer)]
        usual = [layer.scaling[_NAME] for layer in layers]
        for layer, scaling in zip(layers, usual, strict=True):
            layer.scaling[_NAME] = strength * scaling
        try:
            yield
        finally:
            for layer, scaling in zip(layers, usual, strict=True):
                layer.scaling[_NAME] = scaling

    def _halves(self, module: str) -> tuple[Any, Any]:
        layer: Any = self._unet.get_submodule(module)
        return layer.lora_A[_NAME], layer.lora_B[_NAME]


def _targets(unet: nn.Module, wanted: tuple[str, ...]) -> list[str]:
    """Paths of the transformers' linear layers that `wanted` names: by the layer, or by the attention it is in."""
    found = [
        path
        for path, module in unet.named_modules()
        if isinstance(module, nn.Linear) and ".transformer_blocks." in path and _is_wanted(path, wanted)
    ]
    if not found:
        raise FixInput("training.no_targets")
    return found


def _is_wanted(path: str, wanted: tuple[str, ...]) -> bool:
    within = path.rpartition(".transformer_blocks.")[2].partition(".")[2]
    return any(within == name or within.endswith(f".{name}") or within.startswith(f"{name}.") for name in wanted)
