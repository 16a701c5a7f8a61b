"""The preview model's weights on disk: three safetensors files, float16, with configuration and token list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from story_engine.errors import InstallOrDownload
from story_engine.preview_model.architecture import PreviewConfig, PreviewParts, build_preview
from story_engine.preview_model.family import CONFIG_KEY, FILES, WEIGHTS_FOLDER, joined_bytes
from story_engine.store.atomic import write_bytes
from story_engine.store.hashes import file_sha256

_TOKEN_IDS_KEY = "embedding.known_token_ids"


def save_preview(parts: PreviewParts, folder: Path) -> str:
    """Write all three files (float16, each one whole or not at all) and return their `weights_hash`."""
    metadata = {CONFIG_KEY: json.dumps(parts.config.to_json())}
    for name, tensors in _tensors_by_file(parts).items():
        content = {key: _for_disk(tensor) for key, tensor in tensors.items()}
        write_bytes(folder / name, save(content, metadata=metadata))
    return weights_hash(folder)


def load_preview(folder: Path = WEIGHTS_FOLDER) -> PreviewParts:
    """Load the networks as float32 on the CPU, in evaluation mode, without gradients.

    Raises:
        InstallOrDownload: a file is missing, truncated, or does not fit this version of the code.
    """
    text, layout = _read(folder, "text_encoder.safetensors")
    try:
        config = PreviewConfig.from_json(layout)
        token_ids = text[_TOKEN_IDS_KEY].tolist()
    except (TypeError, KeyError) as error:
        raise _damaged(folder, "text_encoder.safetensors", f"unknown layout ({error})") from error
    parts = build_preview(config, known_token_ids=token_ids)
    _fill(parts.text_encoder, folder, "text_encoder.safetensors", text)
    _fill(parts.unet, folder, "unet.safetensors", _read(folder, "unet.safetensors")[0])
    vae = _read(folder, "vae.safetensors")[0]
    _fill(parts.vae_encoder, folder, "vae.safetensors", _under(vae, "encoder."))
    _fill(parts.vae_decoder, folder, "vae.safetensors", _under(vae, "decoder."))
    return parts


def _fill(network: nn.Module, folder: Path, name: str, values: dict[str, torch.Tensor]) -> None:
    """Copy the values, and thereby make float32 of what lies on disk; one file after the other is in memory."""
    try:
        network.load_state_dict(values)
    except RuntimeError as error:
        raise _damaged(folder, name, "its tensors do not fit the architecture") from error
    network.requires_grad_(False)


def weights_hash(folder: Path = WEIGHTS_FOLDER) -> str:
    """SHA-256 over the contents of the three files, as hex: part of every recipe painted with these weights.

    Raises:
        InstallOrDownload: a file is missing.
    """
    return joined_bytes([file_sha256(_existing(folder, name)) for name in FILES])


def _tensors_by_file(parts: PreviewParts) -> dict[str, dict[str, torch.Tensor]]:
    vae = {f"encoder.{key}": value for key, value in parts.vae_encoder.state_dict().items()}
    vae |= {f"decoder.{key}": value for key, value in parts.vae_decoder.state_dict().items()}
    by_file = (parts.unet.state_dict(), parts.text_encoder.state_dict(), vae)
    return dict(zip(FILES, by_file, strict=True))


def _for_disk(tensor: torch.Tensor) -> torch.Tensor:
    # Token ids do not fit float16; everything else does (measured: below half a grey level in the picture).
    stored = tensor.half() if tensor.is_floating_point() else tensor
    return stored.contiguous()


def _read(folder: Path, name: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    path = _existing(folder, name)
    try:
        with safe_open(path, framework="pt") as file:
            config: dict[str, Any] = json.loads(file.metadata()[CONFIG_KEY])
            keys = list(file.keys())
            return {key: file.get_tensor(key) for key in keys}, config
    except (SafetensorError, OSError) as error:
        raise _damaged(folder, name, str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, name, "it is not a weights file of the preview model") from error


def _existing(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise InstallOrDownload("preview.weights_missing", file=name, folder=folder)
    return path


def _damaged(folder: Path, name: str, reason: str) -> InstallOrDownload:
    size = (folder / name).stat().st_size
    return InstallOrDownload("preview.weights_damaged", file=name, folder=folder, size_bytes=size, reason=reason)


def _under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
