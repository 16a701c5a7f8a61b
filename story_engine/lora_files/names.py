"""What a LoRA file calls the layers of the U-Net, in every dialect, and what DiffSynth calls them. No torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_ATTENTION_BLOCKS = {
    7: ("down_blocks.1.attentions.0", "input_blocks.4.1"),
    10: ("down_blocks.1.attentions.1", "input_blocks.5.1"),
    15: ("down_blocks.2.attentions.0", "input_blocks.7.1"),
    18: ("down_blocks.2.attentions.1", "input_blocks.8.1"),
    21: ("mid_block.attentions.0", "middle_block.1"),
    25: ("up_blocks.0.attentions.0", "output_blocks.0.1"),
    28: ("up_blocks.0.attentions.1", "output_blocks.1.1"),
    31: ("up_blocks.0.attentions.2", "output_blocks.2.1"),
    35: ("up_blocks.1.attentions.0", "output_blocks.3.1"),
    38: ("up_blocks.1.attentions.1", "output_blocks.4.1"),
    41: ("up_blocks.1.attentions.2", "output_blocks.5.1"),
}
"""DiffSynth's block → diffusers, SGM. Source: diffsynth 1.1.9, models/sdxl_unet.py, `SDXLUNetStateDictConverter`."""
_DEEPEST = 10
_LAYERS = {
    **{f"attn{n}.to_{which}": f"attn{n}.to_{which}" for n in (1, 2) for which in "qkv"},
    **{f"attn{n}.to_out": f"attn{n}.to_out.0" for n in (1, 2)},
    "act_fn.proj": "ff.net.0.proj",
    "ff": "ff.net.2",
}
"""Within a transformer layer: DiffSynth → diffusers (SGM says the same)."""
_PREFIXES = ("unet.", "base_model.model.", "lora_unet_", "diffusion_model.", "transformer.")
_ENDING = re.compile(
    r"\.(?:lora_(?P<peft>[AB])(?:\.[\w-]+)?|lora_(?P<kohya>down|up)|lora(?:_linear_layer)?\.(?P<old>down|up))\.weight$"
)
_PARTS = {"A": "down", "B": "up", "down": "down", "up": "up"}


@dataclass(frozen=True, slots=True)
class LoraKey:
    """One tensor's name, understood."""

    module: str
    """The layer, as DiffSynth calls it."""
    part: str
    """"down" (rank, in), "up" (out, rank) or "alpha" (one number)."""
    dialect: str
    """"diffsynth", "diffusers" or "kohya"."""


def parse_key(name: str) -> LoraKey | None:
    """What a tensor of a LoRA file belongs to; None when it is no attention or feed-forward layer of the U-Net."""
    part, path = _split(name)
    if part is None:
        return None
    for prefix in _PREFIXES:
        path = path.removeprefix(prefix)
    found = _known_paths().get(path)
    return None if found is None else LoraKey(found[0], part, found[1])


def diffusers_name(module: str) -> str:
    """A layer's name in diffusers, from its name in DiffSynth.

    Raises:
        KeyError: no attention or feed-forward layer of the U-Net.
    """
    return _diffusers_names()[module]


def kohya_name(module: str) -> str:
    """A layer's name in kohya's files with diffusers' block names, which ComfyUI and diffusers read too.

    Raises:
        KeyError: no attention or feed-forward layer of the U-Net.
    """
    return "lora_unet_" + diffusers_name(module).replace(".", "_")


def _split(name: str) -> tuple[str | None, str]:
    if name.endswith(".alpha"):
        return "alpha", name.removesuffix(".alpha")
    ending = _ENDING.search(name)
    if ending is None:
        return None, name
    which = ending["peft"] or ending["kohya"] or ending["old"]
    return _PARTS[which], name[: ending.start()]


@cache
def _known_paths() -> dict[str, tuple[str, str]]:
    """Every spelling of every layer → DiffSynth's name, dialect."""
    paths: dict[str, tuple[str, str]] = {}
    for module, published in _diffusers_names().items():
        number = int(module.split(".")[1])
        diffusers_block, sgm_block = _ATTENTION_BLOCKS[number]
        inside = published.removeprefix(diffusers_block)
        paths[module] = (module, "diffsynth")
        paths[published] = (module, "diffusers")
        for block in (diffusers_block, sgm_block):
            paths[(block + inside).replace(".", "_")] = (module, "kohya")
    return paths


@cache
def _diffusers_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for number, (block, _) in _ATTENTION_BLOCKS.items():
        for projection in ("proj_in", "proj_out"):
            names[f"blocks.{number}.{projection}"] = f"{block}.{projection}"
        for depth in range(_DEEPEST):
            layer = f"transformer_blocks.{depth}"
            for ours, theirs in _LAYERS.items():
                names[f"blocks.{number}.{layer}.{ours}"] = f"{block}.{layer}.{theirs}"
    return names
