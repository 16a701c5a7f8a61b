"""The published Kolors files as DiffSynth's networks, each loaded on its own so that they can take turns in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffsynth.models.kolors_text_encoder import ChatGLMConfig, ChatGLMModel
from diffsynth.models.sd_unet import BasicTransformerBlock
from diffsynth.models.sdxl_unet import SDXLUNet
from diffsynth.models.sdxl_vae_decoder import SDXLVAEDecoder
from diffsynth.models.sdxl_vae_encoder import SDXLVAEEncoder
from torch import nn

from story_engine.catalog.package import Package
from story_engine.domain.memory_plan import MemoryPlan
from story_engine.errors import InstallOrDownload
from story_engine.inference.fit_widths import fit_widths
from story_engine.inference.kept_weights import BroughtBlocks, Kept, fill, on_device
from story_engine.inference.out_of_memory import is_out_of_memory
from story_engine.inference.weight_files import Tensors, tensors_of
from story_engine.kolors.family import KOLORS

_WITHIN_CHATGLM = "transformer."
"""What ChatGLM's own files put before each name, and Kolors' do not."""


def load_unet(
    folder: Path, *, device: str, dtype: torch.dtype, plan: MemoryPlan | None = None, package: Package = KOLORS
) -> nn.Module:
    """Kolors' U-Net from a folder of its package, in evaluation mode, without gradients.

    The one for inpainting takes nine channels instead of four: noisy latents, mask, latents of the masked picture.

    Args:
        folder: of the weights.
        device: where it computes.
        dtype: what it computes in.
        plan: what of it is on the device; None: all of it.
        package: `KOLORS`, or `catalog.kolors_adapters.INPAINTING`.

    Raises:
        InstallOrDownload: a file is missing or damaged, or holds another network.
    """
    waiting: list[nn.Module] = []

    def keep(network: nn.Module) -> Kept:
        if plan is None or plan.unet == "resident":
            return on_device
        if plan.unet == "rounded":
            return lambda name: "rounded" if name.startswith("blocks.") else "device"
        layers = {name: each for name, each in network.named_modules() if isinstance(each, BasicTransformerBlock)}
        chosen = [name for place, name in enumerate(layers) if _is_chosen(place, plan.brought)]
        waiting.extend(layers[name] for name in chosen)
        where = "pinned" if device.startswith("cuda") else "mapped"
        return lambda name: where if any(name.startswith(f"{each}.") for each in chosen) else "device"

    def build() -> nn.Module:
        unet: nn.Module = SDXLUNet(is_kolors=True)
        return unet

    unet = _loaded(folder, "unet", build, device=device, dtype=dtype, keep=keep, package=package)
    if waiting:
        BroughtBlocks(waiting, device=device, dtype=dtype)
    return unet


def load_vae_decoder(folder: Path, *, device: str) -> nn.Module:
    """The VAE's decoder in float32: in float16 it overflows, as DiffSynth knows too. Raises as `load_unet`."""
    return _loaded(folder, "vae", SDXLVAEDecoder, device=device, dtype=torch.float32)


def load_vae_encoder(folder: Path, *, device: str) -> nn.Module:
    """The VAE's encoder in float32. Raises as `load_unet`."""
    return _loaded(folder, "vae", SDXLVAEEncoder, device=device, dtype=torch.float32)


def load_text_encoder(folder: Path, *, device: str, dtype: torch.dtype, is_brought: bool = False) -> ChatGLMModel:
    """Kolors' text encoder without its output layer, which no prompt passes through.

    Args:
        folder: of the weights.
        device: where it computes.
        dtype: what it computes in.
        is_brought: its layers stay in their files, and come to the device one after the other while they compute.

    Raises:
        InstallOrDownload: as `load_unet`.
    """
    part = KOLORS.part("text_encoder")
    found = {
        name.removeprefix(_WITHIN_CHATGLM): tensor
        for path in part.weights(folder)
        for name, tensor in tensors_of(path).items()
    }
    shown = folder / part.form(folder)[0]
    try:
        config = ChatGLMConfig.from_dict(json.loads((folder / part.beside[0]).read_text(encoding="utf-8")))
        encoder = ChatGLMModel(config, device=torch.device("meta"))
        encoder.output_layer = nn.Identity()
        found.setdefault("rotary_pos_emb.inv_freq", _rotary_frequencies(config))
        wanted = encoder.state_dict()
        layers = ("embedding.", "encoder.layers.")
        fill(
            encoder,
            {name: tensor for name, tensor in found.items() if name in wanted},
            device=device,
            dtype=dtype,
            kept=lambda name: "mapped" if is_brought and name.startswith(layers) else "device",
        )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        if is_out_of_memory(error):
            raise
        raise InstallOrDownload("models.weights_damaged", file=str(shown), reason=str(error)[:300]) from error
    if is_brought:
        BroughtBlocks([encoder.embedding, *encoder.encoder.layers], device=device, dtype=dtype)
    return encoder.eval().requires_grad_(False)


def _is_chosen(place: int, share: float) -> bool:
    """Whether this one of many is among the share: spread evenly, so that copies and computing take turns."""
    return int((place + 1) * share) > int(place * share)


def _rotary_frequencies(config: ChatGLMConfig) -> torch.Tensor:
    """What published files hold beside the weights. Source: diffsynth 1.1.9, kolors_text_encoder, `RotaryEmbedding`."""
    width = (config.kv_channels or config.hidden_size // config.num_attention_heads) // 2
    frequencies: torch.Tensor = 1.0 / (10000 ** (torch.arange(0, width, 2).float() / width))
    return frequencies


def _loaded(
    folder: Path,
    part: str,
    build: Callable[[], nn.Module],
    *,
    device: str,
    dtype: torch.dtype,
    keep: Callable[[nn.Module], Kept] = lambda _: on_device,
    package: Package = KOLORS,
) -> nn.Module:
    files = package.part(part).weights(folder)
    if not files:
        raise InstallOrDownload("models.files_missing", family=package.title, listed=part, source=package.source)
    published: Tensors = {}
    for path in files:
        published |= tensors_of(path)
    with torch.device("meta"):
        network = build()
    try:
        tensors = _renamed(network, published)
        fit_widths(network, tensors)
        fill(network, tensors, device=device, dtype=dtype, kept=keep(network))
    except (ValueError, KeyError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise InstallOrDownload("models.weights_damaged", file=str(files[0]), reason=str(error)[:300]) from error
    return network.requires_grad_(False).eval()


def _renamed(network: nn.Module, published: Tensors) -> Tensors:
    """Published (diffusers) names to DiffSynth's, by DiffSynth's own table."""
    converter: Any = network.state_dict_converter
    converted = converter().from_diffusers(published)
    tensors: Tensors = converted[0] if isinstance(converted, tuple) else converted
    return tensors
