"""LoRAs beside the U-Net's own weights, never merged into them: strength is a switch, and 0 is the base itself."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer as InjectedLayer
from torch import nn

from story_engine.errors import FixInput
from story_engine.lora_files.read import LoraWeights

_LOG = logging.getLogger(__name__)
_MOST_LOADED = 8
"""Adapters kept beside the U-Net; the one used longest ago leaves first."""


@dataclass(frozen=True, slots=True)
class LoraMatch:
    """How much of a LoRA file found its place."""

    matched: int
    expected: int
    """Tensors in the file."""


class UnetAdapters:
    """The LoRAs of one U-Net, by a key of the caller's choice (no dots)."""

    def __init__(self, unet: nn.Module) -> None:
        self._unet = unet
        self._loaded: OrderedDict[str, LoraMatch] = OrderedDict()

    def __contains__(self, key: object) -> bool:
        return key in self._loaded

    def add(self, key: str, name: str, weights: LoraWeights) -> LoraMatch:
        """Put a LoRA beside the U-Net, switched off.

        Args:
            key: what `activate` will call it.
            name: what people call it, for messages.
            weights: its tensors.

        Raises:
            FixInput: nothing of it fits this U-Net, or it was trained for layers of other widths.
        """
        fitting = self._fitting(name, weights)
        config = LoraConfig(
            r=weights.rank, lora_alpha=weights.alpha, target_modules=fitting, init_lora_weights=False, bias="none"
        )
        inject_adapter_in_model(config, self._unet, adapter_name=key)
        with torch.no_grad():
            for module in fitting:
                layer: Any = self._unet.get_submodule(module)
                trained = weights.layers[module]
                base = layer.get_base_layer().weight
                for halves, half in ((layer.lora_A, trained.down), (layer.lora_B, trained.up)):
                    halves[key].to(base.device, base.dtype).weight.copy_(half)
        match = LoraMatch(2 * len(fitting), weights.tensors)
        self._loaded[key] = match
        _LOG.info("LoRA %s: %d of %d tensors matched, alpha %g, rank %d", name, *_figures(match, weights))
        self.activate({})
        return match

    def activate(self, strengths: Mapping[str, float]) -> None:
        """Act with these LoRAs and no others; strength 1 is as trained, 0 is not at all, to the bit.

        Raises:
            KeyError: a key was never added (or has left).
        """
        acting = {key: strength for key, strength in strengths.items() if strength != 0}
        for key in acting:
            self._loaded.move_to_end(key)
        for layer in self._layers():
            here = [key for key in acting if key in layer.lora_A]
            layer.enable_adapters(bool(here))
            if here:
                layer.set_adapter(here, inference_mode=True)
            for key in here:
                layer.set_scale(key, acting[key])

    def make_room(self, *, keep: frozenset[str]) -> None:
        """Let LoRAs leave that were not used for long, but none of `keep`."""
        for key in [key for key in self._loaded if key not in keep]:
            if len(self._loaded) < _MOST_LOADED:
                return
            for layer in self._layers():
                if key in layer.lora_A:
                    layer.delete_adapter(key)
            del self._loaded[key]

    def _layers(self) -> list[InjectedLayer]:
        return [module for module in self._unet.modules() if isinstance(module, InjectedLayer)]

    def _fitting(self, name: str, weights: LoraWeights) -> list[str]:
        """The layers of the LoRA that this U-Net has."""
        shapes = {path: _shape(module) for path, module in self._unet.named_modules() if _is_linear(module)}
        fitting: list[str] = []
        for path, layer in weights.layers.items():
            if path not in shapes:
                continue
            wanted = (layer.up.shape[0], layer.down.shape[1])
            if wanted != shapes[path]:
                raise FixInput("models.lora_other_base", name=name, layer=path, wanted=wanted, found=shapes[path])
            fitting.append(path)
        if not fitting:
            raise FixInput("models.lora_no_match", name=name, expected=weights.tensors)
        return fitting


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear | InjectedLayer)


def _shape(module: nn.Module) -> tuple[int, int]:
    base: Any = module.get_base_layer() if isinstance(module, InjectedLayer) else module
    return base.out_features, base.in_features


def _figures(match: LoraMatch, weights: LoraWeights) -> tuple[int, int, float, int]:
    return match.matched, match.expected, weights.alpha, weights.rank
