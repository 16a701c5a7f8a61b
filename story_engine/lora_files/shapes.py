"""The layers that a LoRA can act on, with their shapes, by model family. No torch and no weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from story_engine.catalog.description import UnetSizes
from story_engine.catalog.families import descriptions
from story_engine.store.layout import Layout

_AT_HALF, _AT_QUARTER = (7, 10, 35, 38, 41), (15, 18, 21, 25, 28, 31)
"""Attention blocks at half and at quarter resolution of the latents. Source: diffsynth 1.1.9, models/sdxl_unet.py."""
_ATTENTION = ("to_q", "to_k", "to_v", "to_out")
Shape = tuple[int, int]
"""(out, in)."""


def base_shapes(layout: Layout) -> dict[str, dict[str, Shape]]:
    """Family → layer in DiffSynth's name → shape; a family whose sizes need weights that are not here is left out."""
    sizes = {name: said.unet_sizes(layout) for name, said in descriptions().items()}
    return {name: _layers(known) for name, known in sizes.items() if known is not None}


def fitting(shapes: Mapping[str, Shape], base: Mapping[str, Shape]) -> int:
    """How many of `shapes` the family's network has exactly so."""
    return sum(1 for module, shape in shapes.items() if base.get(module) == shape)


def target(module: str) -> str:
    """The kind of a layer: "to_q", "to_out", "ff" …"""
    last = module.rpartition(".")[2]
    return "ff" if last in ("ff", "proj") else last


def of_targets(base: Iterable[str], targets: Iterable[str]) -> int:
    """How many layers of a family are of these kinds."""
    wanted = frozenset(targets)
    return sum(1 for module in base if target(module) in wanted)


def _layers(sizes: UnetSizes) -> dict[str, Shape]:
    layers: dict[str, Shape] = {}
    for blocks, width, depth in zip((_AT_HALF, _AT_QUARTER), sizes.widths, sizes.depths, strict=True):
        for block in blocks:
            layers |= {f"blocks.{block}.{name}": (width, width) for name in ("proj_in", "proj_out")}
            for number in range(depth):
                layers |= _transformer(f"blocks.{block}.transformer_blocks.{number}", width, sizes.text)
    return layers


def _transformer(name: str, width: int, text: int) -> dict[str, Shape]:
    layers: dict[str, Shape] = {}
    for attention, seen in (("attn1", width), ("attn2", text)):
        for which in _ATTENTION:
            layers[f"{name}.{attention}.{which}"] = (width, seen if which in ("to_k", "to_v") else width)
    # A gated activation: twice the four-fold width goes in.
    layers[f"{name}.act_fn.proj"], layers[f"{name}.ff"] = (8 * width, width), (width, 4 * width)
    return layers
