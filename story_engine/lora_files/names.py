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
_RESNETS = {
    0: ("down_blocks.0.resnets.0", "input_blocks.1.0"),
    2: ("down_blocks.0.resnets.1", "input_blocks.2.0"),
    6: ("down_blocks.1.resnets.0", "input_blocks.4.0"),
    9: ("down_blocks.1.resnets.1", "input_blocks.5.0"),
    14: ("down_blocks.2.resnets.0", "input_blocks.7.0"),
    17: ("down_blocks.2.resnets.1", "input_blocks.8.0"),
    20: ("mid_block.resnets.0", "middle_block.0"),
    22: ("mid_block.resnets.1", "middle_block.2"),
    24: ("up_blocks.0.resnets.0", "output_blocks.0.0"),
    27: ("up_blocks.0.resnets.1", "output_blocks.1.0"),
    30: ("up_blocks.0.resnets.2", "output_blocks.2.0"),
    34: ("up_blocks.1.resnets.0", "output_blocks.3.0"),
    37: ("up_blocks.1.resnets.1", "output_blocks.4.0"),
    40: ("up_blocks.1.resnets.2", "output_blocks.5.0"),
    44: ("up_blocks.2.resnets.0", "output_blocks.6.0"),
    46: ("up_blocks.2.resnets.1", "output_blocks.7.0"),
    48: ("up_blocks.2.resnets.2", "output_blocks.8.0"),
}
_SINGLES = {
    "blocks.4.conv": ("down_blocks.0.downsamplers.0.conv", "input_blocks.3.0.op"),
    "blocks.12.conv": ("down_blocks.1.downsamplers.0.conv", "input_blocks.6.0.op"),
    "blocks.32.conv": ("up_blocks.0.upsamplers.0.conv", "output_blocks.2.2.conv"),
    "blocks.42.conv": ("up_blocks.1.upsamplers.0.conv", "output_blocks.5.2.conv"),
    "conv_in": ("conv_in", "input_blocks.0.0"),
    "conv_out": ("conv_out", "out.2"),
    "time_embedding.0": ("time_embedding.linear_1", "time_embed.0"),
    "time_embedding.2": ("time_embedding.linear_2", "time_embed.2"),
    "add_time_embedding.0": ("add_embedding.linear_1", "label_emb.0.0"),
    "add_time_embedding.2": ("add_embedding.linear_2", "label_emb.0.2"),
    "text_intermediate_proj": ("encoder_hid_proj", "encoder_hid_proj"),
}
_DEEPEST = 10
_LAYERS = {
    **{f"attn{n}.to_{which}": f"attn{n}.to_{which}" for n in (1, 2) for which in "qkv"},
    **{f"attn{n}.to_out": f"attn{n}.to_out.0" for n in (1, 2)},
    "act_fn.proj": "ff.net.0.proj",
    "ff": "ff.net.2",
}
"""Within a transformer layer: DiffSynth → diffusers (SGM says the same)."""
_IN_RESNET = {
    "conv1": "in_layers.2",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
"""Within a residual block: DiffSynth and diffusers → SGM."""
_PREFIXES = (
    "base_model.model.",
    "model.diffusion_model.",
    "diffusion_model.",
    "unet.",
    "lora_unet_",
    "lycoris_unet_",
    "lycoris_",
    "transformer.",
    "module.",
    "_orig_mod.",
)
"""What tools put in front of a layer, also one after the other: peft, ComfyUI, diffusers, kohya, LyCORIS, torch."""
_ENDING = re.compile(
    r"(?:\.lora_(?P<peft>[AB])(?:\.[\w-]+)?\.weight"
    r"|\.lora_(?P<kohya>down|up|mid)\.weight"
    r"|\.lora(?:_linear_layer)?\.(?P<old>down|up)\.weight"
    r"|(?<=_lora)\.(?P<processor>down|up)\.weight"
    r"|\.(?P<magnitude>lora_magnitude_vector(?:\.[\w-]+){0,2}|dora_scale)"
    r"|\.(?P<alpha>alpha))$"
)
_PROCESSOR = re.compile(r"\.processor\.to_(q|k|v|out)_lora$")
"""Source: diffusers before 0.22, models/attention_processor.py, `LoRAAttnProcessor`."""
_PARTS = {"A": "down", "B": "up", "down": "down", "up": "up", "mid": "mid"}


@dataclass(frozen=True, slots=True)
class LoraKey:
    """One tensor's name, understood."""

    module: str
    """The layer, as DiffSynth calls it."""
    part: str
    """"down" (rank, in), "up" (out, rank), "mid" (rank, rank, height, width), "alpha" (one number), or "magnitude"
    (peft's DoRA) and "scale" (LyCORIS' DoRA)."""
    dialect: str
    """"diffsynth", "diffusers", "kohya" or "comfy"."""
    path: str = ""
    """The layer, as the file calls it, without what tools put in front."""


def parse_key(name: str) -> LoraKey | None:
    """What a tensor of a LoRA file belongs to; None when it is no part of a layer of the U-Net."""
    part, path = _split(name)
    if part is None:
        return None
    path = _PROCESSOR.sub(lambda found: f".to_{found[1]}" + (".0" if found[1] == "out" else ""), path)
    shorter = _without_prefix(path)
    while shorter != path:
        path, shorter = shorter, _without_prefix(shorter)
    found = _known_paths().get(path)
    return None if found is None else LoraKey(found[0], part, found[1], path)


def diffusers_name(module: str) -> str:
    """A layer's name in diffusers, from its name in DiffSynth.

    Raises:
        KeyError: no layer of the U-Net that a LoRA can act on.
    """
    return _names()[module][0]


def sgm_name(module: str) -> str:
    """A layer's name in the original SDXL code, which ComfyUI goes by.

    Raises:
        KeyError: no layer of the U-Net that a LoRA can act on.
    """
    return _names()[module][1]


def kohya_name(module: str) -> str:
    """A layer's name in kohya's files with diffusers' block names, which ComfyUI and diffusers read too.

    Raises:
        KeyError: no layer of the U-Net that a LoRA can act on.
    """
    return "lora_unet_" + diffusers_name(module).replace(".", "_")


def block_name(module: str) -> str:
    """The block that a layer is in, as diffusers calls it: `up_blocks.0.attentions.2`, `mid_block.resnets.0`."""
    published = diffusers_name(module)
    found = re.match(r"(?:\w+_blocks\.\d+|mid_block)\.\w+\.\d+", published)
    return found[0] if found else published.partition(".")[0]


def _without_prefix(path: str) -> str:
    return next((path.removeprefix(prefix) for prefix in _PREFIXES if path.startswith(prefix)), path)


def _split(name: str) -> tuple[str | None, str]:
    ending = _ENDING.search(name)
    if ending is None:
        return None, name
    path = name[: ending.start()]
    if ending["alpha"]:
        return "alpha", path
    if ending["magnitude"]:
        return ("scale" if ending["magnitude"] == "dora_scale" else "magnitude"), path
    return _PARTS[ending["peft"] or ending["kohya"] or ending["old"] or ending["processor"]], path


@cache
def _known_paths() -> dict[str, tuple[str, str]]:
    """Every spelling of every layer → DiffSynth's name, dialect."""
    paths: dict[str, tuple[str, str]] = {}
    for module, (diffusers, sgm) in _names().items():
        for published in (sgm, diffusers):
            paths[published.replace(".", "_")] = (module, "kohya")
    for module, (diffusers, sgm) in _names().items():
        paths[sgm] = (module, "comfy")
        paths[diffusers] = (module, "diffusers")
    # Last, because `conv_in` is called so by all: a file is told apart by its other layers.
    return paths | {module: (module, "diffsynth") for module in _names() if module not in paths}


@cache
def _names() -> dict[str, tuple[str, str]]:
    """DiffSynth's name of every layer → diffusers', SGM's."""
    names: dict[str, tuple[str, str]] = dict(_SINGLES)
    for number, (block, sgm) in _RESNETS.items():
        for ours, theirs in _IN_RESNET.items():
            names[f"blocks.{number}.{ours}"] = (f"{block}.{ours}", f"{sgm}.{theirs}")
    for number, (block, sgm) in _ATTENTION_BLOCKS.items():
        for projection in ("proj_in", "proj_out"):
            names[f"blocks.{number}.{projection}"] = (f"{block}.{projection}", f"{sgm}.{projection}")
        for depth in range(_DEEPEST):
            layer = f"transformer_blocks.{depth}"
            for ours, theirs in _LAYERS.items():
                names[f"blocks.{number}.{layer}.{ours}"] = (f"{block}.{layer}.{theirs}", f"{sgm}.{layer}.{theirs}")
    return names
