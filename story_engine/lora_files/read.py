"""LoRA files of every kind in use, checked before they are believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from story_engine.errors import FixInput
from story_engine.lora_files.alpha import alphas_of
from story_engine.lora_files.contents import LoraContents, open_lora
from story_engine.lora_files.layers import LoraLayer, layer_of, shape_fault

__all__ = ["LoraLayer", "LoraWeights", "read_lora"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraWeights:
    """A LoRA as it was trained."""

    layers: Mapping[str, LoraLayer]
    """By the layer's name in DiffSynth."""
    rank: int
    """That most layers have; each layer knows its own."""
    alpha: float
    """Of the layers that have none of their own. At strength 1 a layer acts with alpha / rank."""
    tensors: int
    """In the file, without alphas: what a complete match would use."""
    of_text_encoder: int = 0
    """Those of them that are for a text encoder, and act on none."""

    def alpha_of(self, module: str) -> float:
        """With which alpha a layer acts."""
        own = self.layers[module].alpha
        return self.alpha if own is None else own


def read_lora(path: Path, *, alpha: float | None = None) -> LoraWeights:
    """Read the challenge's `.ckpt`, or a file in DiffSynth's, peft's, diffusers', ComfyUI's or kohya's names.

    Args:
        path: the file; what it is is judged by its content.
        alpha: what the LoRA was trained with, for files that do not say so. `lora.json` or `adapter_config.json`
            beside the file may say it too.

    Raises:
        FixInput: the file is damaged, too large, holds anything but a U-Net LoRA, leaves its alpha open, or has parts
            that would not act.
    """
    contents = open_lora(path)
    _check(path, contents)
    alphas = alphas_of(path, contents, given=alpha)
    ranks = Counter(contents.ranks.values())
    rank = ranks.most_common(1)[0][0]
    if contents.ranks.keys() - alphas.values.keys():
        raise FixInput("models.lora_alpha_unknown", file=path.name, rank=rank)
    common = Counter(alphas.values.values()).most_common(1)[0][0]
    return LoraWeights(
        layers={
            module: layer_of(
                parts,
                alpha=None if alphas.values[module] == common else alphas.values[module],
                is_from_peft=contents.is_from_peft,
            )
            for module, parts in contents.parts.items()
        },
        rank=rank,
        alpha=common,
        tensors=sum(1 for name in contents.tensors if not name.endswith(".alpha")),
        of_text_encoder=sum(1 for name in contents.of_text_encoder if not name.endswith(".alpha")),
    )


def _check(path: Path, contents: LoraContents) -> None:
    if contents.other_methods:
        methods = ", ".join(contents.other_methods)
        raise FixInput("loras.other_method", file=path.name, methods=methods, count=len(contents.unplaced))
    if not contents.names:
        raise FixInput("models.lora_no_layers", file=path.name)
    for fault in contents.faults.values():
        raise FixInput("models.lora_shapes", file=path.name, reason=fault)
    for module, parts in contents.parts.items():
        if shape_fault(parts) is not None:
            raise FixInput("models.lora_shapes", file=path.name, reason=module)
    if contents.unplaced:
        raise FixInput(
            "loras.unplaced",
            file=path.name,
            count=len(contents.unplaced),
            total=len(contents.tensors),
            example=contents.unplaced[0][:120],
        )
