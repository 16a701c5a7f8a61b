"""The layers that a LoRA can act on, with their shapes, by model family. No torch and no weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from story_engine.catalog.description import UnetSizes
from story_engine.catalog.families import descriptions
from story_engine.store.layout import Layout

_AT_HALF, _AT_QUARTER = (7, 10, 35, 38, 41), (15, 18, 21, 25, 28, 31)
"""Attention blocks at half and at quarter resolution of the latents. Source: diffsynth 1.1.9, models/sdxl_unet.py."""
_ATTENTION = ("to_q", "to_k", "to_v", "to_out")
NOTEBOOK_TARGETS = frozenset(_ATTENTION)
"""What the challenge's notebook loads of a LoRA; the rest it ignores without a word. Source: its `load_lora`."""
_LATENT_CHANNELS = 4
_KERNEL = (3, 3)
Shape = tuple[int, ...]
"""(out, in), or (out, in, height, width) for kernels larger than one."""


def base_shapes(layout: Layout) -> dict[str, dict[str, Shape]]:
    """Family → layer in DiffSynth's name → shape; a family whose sizes need weights that are not here is left out."""
    sizes = {name: description.unet_sizes(layout) for name, description in descriptions().items()}
    return {name: _layers(known) for name, known in sizes.items() if known is not None}


def fitting(shapes: Mapping[str, Shape], base: Mapping[str, Shape]) -> int:
    """How many of `shapes` the family's network has exactly so."""
    return sum(1 for module, shape in shapes.items() if base.get(module) == shape)


def target(module: str) -> str:
    """The kind of a layer: "to_q", "to_out", "ff", "conv1", "time_embedding" …"""
    before, _, last = module.rpartition(".")
    if last.isdecimal():
        return before
    return "ff" if last in ("ff", "proj") else last


def of_targets(base: Iterable[str], targets: Iterable[str]) -> int:
    """How many layers of a family are of these kinds."""
    wanted = frozenset(targets)
    return sum(1 for module in base if target(module) in wanted)


def _layers(sizes: UnetSizes) -> dict[str, Shape]:
    layers = _outer(sizes) | _convolutions(sizes)
    for blocks, width, depth in zip((_AT_HALF, _AT_QUARTER), sizes.widths[1:], sizes.depths, strict=True):
        for block in blocks:
            layers |= {f"blocks.{block}.{name}": (width, width) for name in ("proj_in", "proj_out")}
            for number in range(depth):
                layers |= _transformer(f"blocks.{block}.transformer_blocks.{number}", width, sizes.text)
    return layers


def _outer(sizes: UnetSizes) -> dict[str, Shape]:
    """What lies around the blocks."""
    first = sizes.widths[0]
    return {
        "time_embedding.0": (sizes.time, sizes.steps),
        "time_embedding.2": (sizes.time, sizes.time),
        "add_time_embedding.0": (sizes.time, sizes.added),
        "add_time_embedding.2": (sizes.time, sizes.time),
        "text_intermediate_proj": (sizes.text, sizes.encoded),
        "conv_in": (first, _LATENT_CHANNELS, *_KERNEL),
        "conv_out": (_LATENT_CHANNELS, first, *_KERNEL),
    }


def _convolutions(sizes: UnetSizes) -> dict[str, Shape]:
    """Residual blocks and what changes the resolution. Source: diffsynth 1.1.9, models/sdxl_unet.py, `blocks`."""
    one, two, three = sizes.widths
    resnets = {
        **{0: (one, one), 2: (one, one), 6: (one, two), 9: (two, two), 14: (two, three), 17: (three, three)},
        **{20: (three, three), 22: (three, three)},
        **{24: (2 * three, three), 27: (2 * three, three), 30: (three + two, three)},
        **{34: (three + two, two), 37: (2 * two, two), 40: (two + one, two)},
        **{44: (two + one, one), 46: (2 * one, one), 48: (2 * one, one)},
    }
    layers: dict[str, Shape] = {}
    for block, (seen, width) in resnets.items():
        layers[f"blocks.{block}.conv1"] = (width, seen, *_KERNEL)
        layers[f"blocks.{block}.time_emb_proj"] = (width, sizes.time)
        layers[f"blocks.{block}.conv2"] = (width, width, *_KERNEL)
        if seen != width:
            layers[f"blocks.{block}.conv_shortcut"] = (width, seen)
    for block, width in ((4, one), (12, two), (32, three), (42, two)):
        layers[f"blocks.{block}.conv"] = (width, width, *_KERNEL)
    return layers


def _transformer(name: str, width: int, text: int) -> dict[str, Shape]:
    layers: dict[str, Shape] = {}
    for attention, seen in (("attn1", width), ("attn2", text)):
        for which in _ATTENTION:
            layers[f"{name}.{attention}.{which}"] = (width, seen if which in ("to_k", "to_v") else width)
    # A gated activation: twice the four-fold width goes in.
    layers[f"{name}.act_fn.proj"], layers[f"{name}.ff"] = (8 * width, width), (width, 4 * width)
    return layers
