"""LoRAs beside the U-Net's own weights, never merged into them: strength is a switch, and 0 is the base itself.

Linear layers and convolutions, each with its own rank and alpha, and DoRA; whatever a LoRA has must find its place.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer as InjectedLayer
from torch import nn

from story_engine.errors import FixInput
from story_engine.inference.decomposed import Decomposed
from story_engine.lora_files.layers import LoraLayer
from story_engine.lora_files.read import LoraWeights

Value = TypeVar("Value", int, float)
_LOG = logging.getLogger(__name__)
_MOST_LOADED = 8
"""Adapters kept beside the U-Net; the one used longest ago leaves first."""


@dataclass(frozen=True, slots=True)
class LoraMatch:
    """How much of a LoRA file found its place."""

    matched: int
    """Tensors that act."""
    expected: int
    """Tensors in the file, those for a text encoder too."""


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
            FixInput: some or all of its layers are none of this U-Net's, or were trained for other widths.
        """
        self._check(name, weights)
        config = LoraConfig(
            r=weights.rank,
            lora_alpha=weights.alpha,
            rank_pattern=_patterns({each: layer.rank for each, layer in weights.layers.items()}),
            alpha_pattern=_patterns({each: weights.alpha_of(each) for each in weights.layers}),
            target_modules=list(weights.layers),
            init_lora_weights=False,
            bias="none",
        )
        inject_adapter_in_model(config, self._unet, adapter_name=key)
        for module, trained in weights.layers.items():
            self._fill(key, self._unet.get_submodule(module), trained)
        match = LoraMatch(sum(layer.tensors for layer in weights.layers.values()), weights.tensors)
        self._loaded[key] = match
        _LOG.info("LoRA %s: %d of %d tensors matched, alpha %g, rank %d", name, *_figures(match, weights))
        self.activate({})
        return match

    def match(self, key: str) -> LoraMatch:
        """How much of a LoRA acts.

        Raises:
            KeyError: it was never added (or has left).
        """
        return self._loaded[key]

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

    @torch.no_grad()
    def _fill(self, key: str, layer: Any, trained: LoraLayer) -> None:
        computes = next(self._unet.parameters())  # a layer's own weight may wait elsewhere, and narrower
        for halves, half in ((layer.lora_A, trained.whole_down()), (layer.lora_B, trained.up)):
            weight = halves[key].to(computes.device, computes.dtype).weight
            weight.copy_(half.reshape(weight.shape))
        if trained.magnitude is not None:
            layer.lora_variant[key] = Decomposed(trained.magnitude, scale=layer.scaling[key])

    def _check(self, name: str, weights: LoraWeights) -> None:
        """Refuse a LoRA that this U-Net does not have every layer for.

        Raises:
            FixInput: see `add`.
        """
        shapes = {path: _shape(module) for path, module in self._unet.named_modules() if _is_adaptable(module)}
        missing = [path for path in weights.layers if path not in shapes]
        if len(missing) == len(weights.layers):
            raise FixInput("models.lora_no_match", name=name, expected=weights.tensors)
        for path, layer in weights.layers.items():
            if path in shapes and layer.shape != shapes[path]:
                raise FixInput("models.lora_other_base", name=name, layer=path, wanted=layer.shape, found=shapes[path])
        if missing:
            count, total = len(missing), len(weights.layers)
            raise FixInput("loras.part_match", name=name, missing=count, total=total, example=missing[0])


def _is_adaptable(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear | nn.Conv2d | InjectedLayer)


def _shape(module: nn.Module) -> tuple[int, ...]:
    base: Any = module.get_base_layer() if isinstance(module, InjectedLayer) else module
    shape = tuple(base.weight.shape)
    return shape[:2] if shape[2:] == (1, 1) else shape


def _patterns(values: Mapping[str, Value]) -> dict[str, Value]:
    """As peft asks for them: regular expressions that end a layer's name. One for each value, from the first letter on.

    A pattern for each layer would be compiled anew for each layer, which takes peft half a minute.
    """
    members: dict[Value, list[str]] = {}
    for path, value in values.items():
        members.setdefault(value, []).append(re.escape(path))
    return {f"^(?:{'|'.join(paths)})": value for value, paths in members.items()}


def _figures(match: LoraMatch, weights: LoraWeights) -> tuple[int, int, float, int]:
    return match.matched, match.expected, weights.alpha, weights.rank
