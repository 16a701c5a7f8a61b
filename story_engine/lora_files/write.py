"""LoRA files as other tools expect them: kohya's and ComfyUI's form, diffusers' form, the challenge's checkpoint.

What is written is the same to the byte for the same tensors and metadata, so a file's hash names its content; and the
file is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from story_engine.formats.lora_metadata import BODY_HASH_KEY
from story_engine.lora_files.names import diffusers_name, kohya_name
from story_engine.lora_files.read import LoraWeights
from story_engine.store.atomic import write_bytes

ENDINGS = {"kohya": ".safetensors", "diffusers": ".safetensors", "challenge": ".ckpt"}
"""By dialect."""
_ALIGNMENT_BYTES = 8


def write_lora(
    path: Path, weights: LoraWeights, *, dialect: str = "kohya", metadata: Mapping[str, str] | None = None
) -> None:
    """Put a LoRA at `path`, replacing what was there.

    Args:
        path: ends as `ENDINGS` says.
        weights: on any device, in any floating type; they are written as they are.
        dialect: "kohya" (diffusers' block names and `.alpha`: ComfyUI, A1111 and diffusers read it), "diffusers"
            (alpha in `lora_adapter_metadata`), or "challenge" (`torch.save` of plain tensors in DiffSynth's names;
            alpha and metadata stand in a `.json` of the same name beside it, because the layout has no place for them).
        metadata: as `lora_metadata` makes it; rank, alpha and hashes are added.

    Raises:
        Wait: the disk is full, or the folder cannot be written; what was there is unchanged.
        ValueError: no such dialect.
    """
    said = dict(metadata or {})
    if dialect == "challenge":
        beside = {"alpha": weights.alpha, "rank": weights.rank, "metadata": said}
        write_bytes(path.with_suffix(".json"), json.dumps(beside, ensure_ascii=False, indent=1).encode())
    write_bytes(path, lora_bytes(weights, dialect=dialect, metadata=said))


def lora_bytes(weights: LoraWeights, *, dialect: str = "kohya", metadata: Mapping[str, str] | None = None) -> bytes:
    """The content of such a file; see `write_lora`.

    Raises:
        ValueError: no such dialect.
    """
    if dialect == "challenge":
        return _checkpoint(weights)
    if dialect not in ENDINGS:
        raise ValueError(f"no dialect of LoRA files: {dialect}")
    tensors = _kohya(weights) if dialect == "kohya" else _diffusers(weights)
    said = {key: value for key, value in (metadata or {}).items() if key != "lora_adapter_metadata"}
    if dialect == "diffusers":
        said["lora_adapter_metadata"] = _adapter_metadata(weights)
    return safetensors_bytes(tensors, said | _from_weights(weights))


def safetensors_bytes(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file with the hashes of its tensors in the metadata, the same to the byte every time.

    The library writes metadata in another order each time; so the header is put together here.
    """
    plain = save({name: _own(tensor) for name, tensor in tensors.items()})
    header_bytes = int.from_bytes(plain[:8], "little")
    header: dict[str, Any] = json.loads(plain[8 : 8 + header_bytes])
    body = memoryview(plain)[8 + header_bytes :]
    digest = hashlib.sha256(body).hexdigest()
    said = {"format": "pt", **metadata, BODY_HASH_KEY: f"0x{digest}", "sshs_model_hash": digest}
    said |= {"sshs_legacy_hash": _legacy_hash(plain)}
    text = json.dumps({"__metadata__": dict(sorted(said.items())), **header}, ensure_ascii=False, separators=(",", ":"))
    written = text.encode()
    written += b" " * (-len(written) % _ALIGNMENT_BYTES)
    return b"".join((len(written).to_bytes(8, "little"), written, body))


def alpha_tensor(alpha: float) -> torch.Tensor:
    """As kohya's files hold it; with all its digits where float32 would round it, which every reader takes too."""
    short = torch.tensor(alpha, dtype=torch.float32)
    return short if short.item() == alpha else torch.tensor(alpha, dtype=torch.float64)


def _kohya(weights: LoraWeights) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = {}
    for module, layer in weights.layers.items():
        name = kohya_name(module)
        tensors[f"{name}.lora_down.weight"], tensors[f"{name}.lora_up.weight"] = layer.down, layer.up
        tensors[f"{name}.alpha"] = alpha_tensor(weights.alpha)
    return tensors


def _diffusers(weights: LoraWeights) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = {}
    for module, layer in weights.layers.items():
        name = f"unet.{diffusers_name(module)}"
        tensors[f"{name}.lora_A.weight"], tensors[f"{name}.lora_B.weight"] = layer.down, layer.up
    return tensors


def _checkpoint(weights: LoraWeights) -> bytes:
    """Source: diffsynth 1.1.9, trainers/text_to_image.py, `on_save_checkpoint`: the trainable tensors and no more."""
    tensors: OrderedDict[str, torch.Tensor] = OrderedDict()
    for module, layer in weights.layers.items():
        tensors[f"{module}.lora_A.default.weight"] = _own(layer.down)
        tensors[f"{module}.lora_B.default.weight"] = _own(layer.up)
    content = io.BytesIO()
    torch.save(tensors, content)
    return content.getvalue()


def _adapter_metadata(weights: LoraWeights) -> str:
    """Source: diffusers 0.39, utils/peft_utils.py: the keywords of peft's `LoraConfig`; both patterns are asked for."""
    targets = sorted(diffusers_name(module) for module in weights.layers)
    settings: dict[str, object] = {"r": weights.rank, "lora_alpha": weights.alpha, "target_modules": targets}
    settings |= {"rank_pattern": {}, "alpha_pattern": {}, "bias": "none"}
    return json.dumps({f"unet.{name}": value for name, value in settings.items()})


def _from_weights(weights: LoraWeights) -> dict[str, str]:
    return {"ss_network_dim": str(weights.rank), "ss_network_alpha": repr(weights.alpha)}


def _own(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with a storage of exactly its size, on the CPU."""
    plain = tensor.detach().cpu().contiguous()
    is_part = plain.untyped_storage().nbytes() != plain.numel() * plain.element_size()
    return plain.clone() if is_part else plain


def _legacy_hash(content: bytes) -> str:
    """Source: kohya-ss/sd-scripts, train_util.py, `addnet_hash_legacy`."""
    return hashlib.sha256(content[0x100000:0x110000]).hexdigest()[:8]
