"""A small random LoRA for the smallest preview model, in every dialect that files are written in."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file

from story_engine.lora_files.names import diffusers_name, kohya_name
from story_engine.preview_model.architecture import SMALLEST, build_preview

RANK, ALPHA = 4, 2.0
Halves = dict[str, tuple[torch.Tensor, torch.Tensor]]


def random_halves(*, seed: int = 0, rank: int = RANK) -> Halves:
    """Down (rank, in) and up (out, rank) for every attention projection, by DiffSynth's names."""
    generator = torch.Generator().manual_seed(seed)
    halves: Halves = {}
    for name, module in build_preview(SMALLEST).unet.named_modules():
        if name.rpartition(".")[2] in ("to_q", "to_k", "to_v", "to_out"):
            down = torch.randn(rank, module.in_features, generator=generator) * 0.3
            halves[name] = (down, torch.randn(module.out_features, rank, generator=generator) * 0.3)
    return halves


def save_checkpoint(halves: Halves, path: Path) -> Path:
    """As the challenge's Lightning trainer leaves it: no alpha anywhere."""
    tensors: OrderedDict[str, torch.Tensor] = OrderedDict()
    for name, (down, up) in halves.items():
        tensors[f"{name}.lora_A.default.weight"] = down
        tensors[f"{name}.lora_B.default.weight"] = up
    torch.save(tensors, path)
    return path


def save_peft(halves: Halves, path: Path) -> Path:
    """As `save_pretrained` of peft: alpha in adapter_config.json."""
    tensors: dict[str, torch.Tensor] = {}
    for name, (down, up) in halves.items():
        tensors[f"base_model.model.{name}.lora_A.weight"] = down
        tensors[f"base_model.model.{name}.lora_B.weight"] = up
    save_file(tensors, path)
    (path.parent / "adapter_config.json").write_text(json.dumps({"r": RANK, "lora_alpha": ALPHA}))
    return path


def save_kohya(halves: Halves, path: Path, *, alpha: float | None = ALPHA) -> Path:
    """As kohya's trainers and ours write it."""
    tensors: dict[str, torch.Tensor] = {}
    for name, (down, up) in halves.items():
        tensors[f"{kohya_name(name)}.lora_down.weight"] = down
        tensors[f"{kohya_name(name)}.lora_up.weight"] = up
        if alpha is not None:
            tensors[f"{kohya_name(name)}.alpha"] = torch.tensor(alpha)
    save_file(tensors, path)
    return path


def save_diffusers(halves: Halves, path: Path) -> Path:
    """As diffusers writes it now, with the adapter's settings in the metadata."""
    tensors: dict[str, torch.Tensor] = {}
    for name, (down, up) in halves.items():
        tensors[f"unet.{diffusers_name(name)}.lora_A.weight"] = down
        tensors[f"unet.{diffusers_name(name)}.lora_B.weight"] = up
    settings = json.dumps({"unet.r": RANK, "unet.lora_alpha": ALPHA})
    save_file(tensors, path, metadata={"format": "pt", "lora_adapter_metadata": settings})
    return path
