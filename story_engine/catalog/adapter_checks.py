"""Whether files are Kolors' own adapters, whole: told from names and shapes in their headers alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from story_engine.catalog.tensor_shapes import Shapes, shapes_of
from story_engine.errors import InstallOrDownload

_TEXT_IN = "encoder_hid_proj.weight"
"""The layer by which Kolors' networks take in their text encoder, and SDXL's lack."""
_BOTH = ("weight", "bias")
_RESNET = ("norm1", "conv1", "time_emb_proj", "norm2", "conv2")
_ATTENTION = ("norm", "proj_in", "proj_out")
_LAYER = ("norm1", "norm2", "norm3", "attn1.to_out.0", "attn2.to_out.0", "ff.net.0.proj", "ff.net.2")
_LAYER_WEIGHTS = tuple(f"attn{number}.to_{part}" for number in (1, 2) for part in "qkv")
_BLOCKS, _RESNETS, _HINTS, _SKIPS = 3, 2, 6, 9
_MOST_LAYERS = 40
_RESAMPLER = ("proj_in.weight", "proj_in.bias", "proj_out.weight", "proj_out.bias", "norm_out.weight", "norm_out.bias")
_RESAMPLER_LAYER = (
    *(f"0.{name}.{kind}" for name in ("norm1", "norm2") for kind in _BOTH),
    *(f"0.{name}.weight" for name in ("to_q", "to_kv", "to_out")),
    *("1.0.weight", "1.0.bias", "1.1.weight", "1.3.weight"),
)
_PATCHES = "vision_model.embeddings.position_embedding.weight"


def control_names(shallow: int, deep: int) -> set[str]:
    """Every tensor of a ControlNet of Kolors' shape, by its published name.

    Args:
        shallow: transformer layers of an attention at half resolution; Kolors has 2.
        deep: the same at quarter resolution; 10.
    """
    modules = ["conv_in", "encoder_hid_proj", "controlnet_cond_embedding.conv_in", "controlnet_cond_embedding.conv_out"]
    modules += [f"{name}.linear_{number}" for name in ("time_embedding", "add_embedding") for number in (1, 2)]
    modules += [f"controlnet_cond_embedding.blocks.{number}" for number in range(_HINTS)]
    modules += [f"controlnet_down_blocks.{number}" for number in range(_SKIPS)] + ["controlnet_mid_block"]
    names: set[str] = set()
    for block in range(_BLOCKS):
        here = f"down_blocks.{block}"
        modules += [f"{here}.resnets.{each}.{part}" for each in range(_RESNETS) for part in _RESNET]
        if block:
            modules.append(f"{here}.resnets.0.conv_shortcut")
            for each in range(_RESNETS):
                names.update(_attention(f"{here}.attentions.{each}", shallow if block == 1 else deep))
        if block < _BLOCKS - 1:
            modules.append(f"{here}.downsamplers.0.conv")
    modules += [f"mid_block.resnets.{each}.{part}" for each in range(_RESNETS) for part in _RESNET]
    names.update(_attention("mid_block.attentions.0", deep))
    return names | {f"{module}.{kind}" for module in modules for kind in _BOTH}


def other_control_net(shapes: Shapes, file: Path, folder: Path) -> InstallOrDownload | None:
    """Kolors' ControlNet is SDXL's with the layer for Kolors' text encoder."""
    del folder
    if not shapes:
        return None
    if "controlnet_mid_block.weight" not in shapes and not any(name.startswith("controlnet_") for name in shapes):
        return InstallOrDownload("models.other_control", file=str(file), what="?")
    if "task_embedding" in shapes or (_TEXT_IN not in shapes and _is_of_sdxl(shapes)):
        return InstallOrDownload("models.other_control", file=str(file), what="SDXL")
    depths = _depth(shapes, "down_blocks.1.attentions.0"), _depth(shapes, "down_blocks.2.attentions.0")
    return _incomplete(file, shapes, control_names(*(max(1, depth) for depth in depths)))


def other_picture_adapter(shapes: Shapes, file: Path, folder: Path) -> InstallOrDownload | None:
    """Kolors' resampler is as wide as the prompt that the U-Net sees, SDXL's narrower; simpler ones have none."""
    del folder
    if not shapes:
        return None
    latents, keys = shapes.get("image_proj.latents"), shapes.get("ip_adapter.1.to_k_ip.weight")
    is_adapter = any(name.startswith(("image_proj.", "ip_adapter.")) for name in shapes)
    if not is_adapter or any(name.startswith("image_proj.proj.") for name in shapes):
        return InstallOrDownload("models.other_adapter", file=str(file), what="SDXL" if is_adapter else "?")
    if latents is not None and keys is not None and latents[-1] != keys[-1]:
        return InstallOrDownload("models.other_adapter", file=str(file), what="SDXL")
    layers = 1 + max((int(name.split(".")[2]) for name in shapes if name.startswith("image_proj.layers.")), default=0)
    wanted = {"image_proj.latents", *(f"image_proj.{name}" for name in _RESAMPLER)}
    wanted |= {f"image_proj.layers.{layer}.{name}" for layer in range(layers) for name in _RESAMPLER_LAYER}
    wanted |= {f"ip_adapter.{number}.to_{part}_ip.weight" for number in _attentions(shapes) for part in "kv"}
    return _incomplete(file, shapes, wanted)


def other_picture_encoder(shapes: Shapes, file: Path, folder: Path) -> InstallOrDownload | None:
    """The picture encoder beside an adapter is CLIP, as wide as what the adapter takes in."""
    if not shapes:
        return None
    patches = shapes.get(_PATCHES)
    if patches is None:
        return InstallOrDownload("models.other_picture_encoder", file=str(file), found="?", wanted="CLIP")
    adapters = [folder / f"ip_adapter_plus_general{ending}" for ending in (".bin", ".safetensors")]
    taken = shapes_of([each for each in adapters if each.exists()][:1]).get("image_proj.proj_in.weight")
    if taken is not None and taken[-1] != patches[-1]:
        found = {"found": patches[-1], "wanted": taken[-1]}
        return InstallOrDownload("models.other_picture_encoder", file=str(file), **found)
    return None


def other_inpainting_unet(shapes: Shapes, file: Path, folder: Path) -> InstallOrDownload | None:
    """Kolors' U-Net for inpainting has nine input channels: noisy latents, those of the picture, and the mask."""
    del folder
    if not shapes:
        return None
    channels = (shapes.get("conv_in.weight") or (0, INPAINTING_CHANNELS))[1]
    if _TEXT_IN not in shapes or channels != INPAINTING_CHANNELS:
        return InstallOrDownload("models.other_inpainting", file=str(file), found=channels, wanted=INPAINTING_CHANNELS)
    return None


INPAINTING_CHANNELS = 9


def _attention(name: str, depth: int) -> Iterator[str]:
    for part in _ATTENTION:
        yield from (f"{name}.{part}.{kind}" for kind in _BOTH)
    for layer in range(depth):
        here = f"{name}.transformer_blocks.{layer}"
        yield from (f"{here}.{part}.{kind}" for part in _LAYER for kind in _BOTH)
        yield from (f"{here}.{part}.weight" for part in _LAYER_WEIGHTS)


def _is_of_sdxl(shapes: Shapes) -> bool:
    """Whether it was made for SDXL's text encoders, and has not just lost a layer."""
    added = shapes.get("add_embedding.linear_1.weight")
    return added is not None and added[-1] == 2816  # 1280 of the text, 6 · 256 of the sizes


def _depth(shapes: Shapes, attention: str) -> int:
    """Layers of an attention that is there as a whole, and of those that have to be as deep."""
    return max((layer + 1 for layer in range(_MOST_LAYERS) if _has_layer(shapes, attention, layer)), default=0)


def _has_layer(shapes: Shapes, attention: str, layer: int) -> bool:
    others = [attention, attention[:-1] + "1"]
    if attention.startswith("down_blocks.2"):
        others.append("mid_block.attentions.0")
    return any(f"{each}.transformer_blocks.{layer}.norm1.weight" in shapes for each in others)


def _attentions(shapes: Shapes) -> list[int]:
    """The published numbers of all attentions, as many as the widths of those that are there ask for.

    Down the widths are those of 2 shallow and 2 deep attentions, up of 3 deep and 3 shallow ones, then one deep one in
    the middle; all of a kind have as many layers. So the first run of one width says the number of layers.
    """
    widths: dict[int, int] = {}
    for name, shape in shapes.items():
        parts = name.split(".")
        if parts[0] == "ip_adapter" and parts[-2:] == ["to_k_ip", "weight"] and shape:
            widths[int(parts[1])] = shape[0]
    numbers = sorted(widths)
    runs = [len(list(each)) for _, each in groupby(numbers, key=lambda number: widths[number])]
    if len(runs) < 2:
        return list(range(1, 2 * _ALL_ATTENTIONS, 2))
    shallow, deep = -(-runs[0] // 2), -(-runs[1] // 5)
    return list(range(1, 2 * (5 * shallow + 6 * deep), 2))


_ALL_ATTENTIONS = 70
"""Of Kolors: 5 times 2 layers and 6 times 10."""


def _incomplete(file: Path, shapes: Shapes, wanted: set[str]) -> InstallOrDownload | None:
    missing = sorted(wanted - set(shapes))
    if not missing:
        return None
    counts = {"missing": len(missing), "wanted": len(wanted), "name": missing[0]}
    return InstallOrDownload("models.adapter_incomplete", file=str(file), **counts)
