"""LoRA files as other tools expect them: kohya's and ComfyUI's form, diffusers' form, the challenge's checkpoint.

What is written is the same to the byte for the same tensors and metadata, so a file's hash names its content; and the
file is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from story_engine.errors import FixInput
from story_engine.formats.lora_metadata import BODY_HASH_KEY, DORA_MAKER_KEY
from story_engine.lora_files.layers import LoraLayer
from story_engine.lora_files.names import diffusers_name, kohya_name
from story_engine.lora_files.read import LoraWeights
from story_engine.store.atomic import write_bytes

ENDINGS = {"kohya": ".safetensors", "diffusers": ".safetensors", "challenge": ".ckpt"}
"""By dialect."""
_ALIGNMENT_BYTES = 8
_OWN_KEYS = ("lora_adapter_metadata", DORA_MAKER_KEY, "ss_network_dim", "ss_network_alpha")
"""Metadata that follows from the tensors and the dialect: what a file of another one said is left behind."""


def write_lora(
    path: Path, weights: LoraWeights, *, dialect: str = "kohya", metadata: Mapping[str, str] | None = None
) -> None:
    """Put a LoRA at `path`, replacing what was there.

    Args:
        path: ends as `ENDINGS` says.
        weights: on any device, in any floating type; they are written as they are.
        dialect: "kohya" (diffusers' block names and `.alpha`: ComfyUI, A1111 and diffusers read it), "diffusers"
            (alphas in `lora_adapter_metadata`), or "challenge" (`torch.save` of plain tensors in DiffSynth's names;
            alpha and metadata stand in a `.json` of the same name beside it, because the layout has no place for them).
        metadata: as `lora_metadata` makes it; rank, alpha and hashes are added.

    Raises:
        FixInput: the dialect has no words for something in the LoRA.
        Wait: the disk is full, or the folder cannot be written; what was there is unchanged.
        ValueError: no such dialect.
    """
    content = lora_bytes(weights, dialect=dialect, metadata=metadata)
    if dialect == "challenge":
        even = evened(weights)
        beside = {"alpha": even.alpha, "rank": even.rank, "metadata": dict(metadata or {})}
        write_bytes(path.with_suffix(".json"), json.dumps(beside, ensure_ascii=False, indent=1).encode())
    write_bytes(path, content)


def lora_bytes(weights: LoraWeights, *, dialect: str = "kohya", metadata: Mapping[str, str] | None = None) -> bytes:
    """The content of such a file; see `write_lora`.

    Raises:
        FixInput: the dialect has no words for something in the LoRA.
        ValueError: no such dialect.
    """
    if dialect not in ENDINGS:
        raise ValueError(f"no dialect of LoRA files: {dialect}")
    check_dialect(weights, dialect)
    if dialect == "challenge":
        return _checkpoint(evened(weights))
    kept = {key: value for key, value in (metadata or {}).items() if key not in _OWN_KEYS}
    if dialect == "diffusers":
        return safetensors_bytes(_diffusers(weights), kept | adapter_metadata(weights) | network_metadata(weights))
    return safetensors_bytes(kohya_tensors(weights), kept | network_metadata(weights) | maker_metadata(weights))


def check_dialect(weights: LoraWeights, dialect: str) -> None:
    """Refuse a dialect that would lose a part of the LoRA.

    Raises:
        FixInput: it has no words for a DoRA, or for one like this.
    """
    magnitudes = [layer.magnitude for layer in weights.layers.values()]
    decomposed = [each for each in magnitudes if each is not None]
    if not decomposed or dialect == "kohya":
        return
    # peft's switch for DoRA stands for all layers of an adapter, and its magnitudes are of rows.
    is_lost = len(decomposed) < len(magnitudes) or any(each.is_of_inputs for each in decomposed)
    if dialect == "challenge" or is_lost:
        raise FixInput("loras.dialect_without_dora", dialect=dialect, count=len(decomposed), total=len(magnitudes))


def safetensors_bytes(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file with the hashes of its tensors in the metadata, the same to the byte every time.

    The library writes metadata in another order each time; so the header is put together here.
    """
    plain = save({name: _own(tensor) for name, tensor in tensors.items()})
    header_bytes = int.from_bytes(plain[:8], "little")
    header: dict[str, Any] = json.loads(plain[8 : 8 + header_bytes])
    body = memoryview(plain)[8 + header_bytes :]
    digest = hashlib.sha256(body).hexdigest()
    entries = {"format": "pt", **metadata, BODY_HASH_KEY: f"0x{digest}", "sshs_model_hash": digest}
    entries |= {"sshs_legacy_hash": _legacy_hash(plain)}
    text = json.dumps(
        {"__metadata__": dict(sorted(entries.items())), **header}, ensure_ascii=False, separators=(",", ":")
    )
    written = text.encode()
    written += b" " * (-len(written) % _ALIGNMENT_BYTES)
    return b"".join((len(written).to_bytes(8, "little"), written, body))


def alpha_tensor(alpha: float) -> torch.Tensor:
    """As kohya's files hold it; with all its digits where float32 would round it, which every reader takes too."""
    short = torch.tensor(alpha, dtype=torch.float32)
    return short if short.item() == alpha else torch.tensor(alpha, dtype=torch.float64)


def kohya_tensors(weights: LoraWeights) -> dict[str, torch.Tensor]:
    """The tensors in kohya's names, with the alpha of every layer."""
    tensors: dict[str, torch.Tensor] = {}
    for module, layer in weights.layers.items():
        name = kohya_name(module)
        tensors[f"{name}.lora_down.weight"], tensors[f"{name}.lora_up.weight"] = layer.down, layer.up
        if layer.mid is not None:
            tensors[f"{name}.lora_mid.weight"] = layer.mid
        if layer.magnitude is not None:
            values, ones = layer.magnitude.values, [1] * (max(len(layer.shape), layer.down.ndim) - 2)
            shape = [1, -1, *ones] if layer.magnitude.is_of_inputs else [-1, 1, *ones]
            tensors[f"{name}.dora_scale"] = values.reshape(shape)
        tensors[f"{name}.alpha"] = alpha_tensor(weights.alpha_of(module))
    return tensors


def network_metadata(weights: LoraWeights) -> dict[str, str]:
    """Source: kohya-ss/sd-scripts, "Dynamic" where layers differ (networks/resize_lora.py)."""
    ranks = {layer.rank for layer in weights.layers.values()}
    alphas = {weights.alpha_of(module) for module in weights.layers}
    rank = str(ranks.pop()) if len(ranks) == 1 else "Dynamic"
    return {"ss_network_dim": rank} | ({"ss_network_alpha": repr(alphas.pop())} if len(alphas) == 1 else {})


def maker_metadata(weights: LoraWeights) -> dict[str, str]:
    """Whose DoRA it was, where the names do not say it."""
    makers = {layer.magnitude.maker for layer in weights.layers.values() if layer.magnitude is not None}
    return {DORA_MAKER_KEY: "peft"} if makers == {"peft"} else {}


def adapter_metadata(weights: LoraWeights) -> dict[str, str]:
    """Source: diffusers 0.39, utils/peft_utils.py: the keywords of peft's `LoraConfig`; both patterns are asked for."""
    names = {module: diffusers_name(module) for module in weights.layers}
    settings: dict[str, object] = {"r": weights.rank, "lora_alpha": weights.alpha}
    settings |= {"target_modules": sorted(names.values()), "bias": "none"}
    settings["rank_pattern"] = {
        names[module]: layer.rank for module, layer in weights.layers.items() if layer.rank != weights.rank
    }
    settings["alpha_pattern"] = {
        names[module]: weights.alpha_of(module)
        for module in weights.layers
        if weights.alpha_of(module) != weights.alpha
    }
    if any(layer.magnitude is not None for layer in weights.layers.values()):
        settings["use_dora"] = True
    return {"lora_adapter_metadata": json.dumps({f"unet.{name}": value for name, value in settings.items()})}


def evened(weights: LoraWeights) -> LoraWeights:
    """One rank and one alpha for all layers: smaller ranks are filled with zeros, other scales go into `up`.

    Most layers keep their values to the bit: the scale that most of them have becomes the scale of all.
    """
    rank = max(layer.rank for layer in weights.layers.values())
    scales = {module: weights.alpha_of(module) / layer.rank for module, layer in weights.layers.items()}
    scale = Counter(scales.values()).most_common(1)[0][0]
    # The alpha of a layer that keeps its rank, because scale · rank would round it.
    alpha = next(
        (weights.alpha_of(m) for m, each in weights.layers.items() if each.rank == rank and scales[m] == scale),
        scale * rank,
    )
    layers: dict[str, LoraLayer] = {}
    for module, layer in weights.layers.items():
        missing = rank - layer.rank
        down, up = _padded(layer.down, 0, missing), _padded(layer.up, 1, missing)
        mid = None if layer.mid is None else _padded(_padded(layer.mid, 0, missing), 1, missing)
        if scales[module] != scale:
            up = (up.double() * (scales[module] / scale)).to(up.dtype)
        layers[module] = replace(layer, down=down, up=up, mid=mid, alpha=None)
    return replace(weights, layers=layers, rank=rank, alpha=alpha)


def _padded(tensor: torch.Tensor, axis: int, missing: int) -> torch.Tensor:
    if not missing:
        return tensor
    shape = [*tensor.shape[:axis], missing, *tensor.shape[axis + 1 :]]
    return torch.cat((tensor, tensor.new_zeros(shape)), dim=axis)


def _diffusers(weights: LoraWeights) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = {}
    for module, layer in weights.layers.items():
        name = f"unet.{diffusers_name(module)}"
        tensors[f"{name}.lora_A.weight"], tensors[f"{name}.lora_B.weight"] = layer.whole_down(), layer.up
        if layer.magnitude is not None:
            values = layer.magnitude.values
            is_kernel = layer.down.ndim == 4  # peft has the magnitudes of a convolution as (1, out, 1, 1)
            tensors[f"{name}.lora_magnitude_vector"] = values.reshape(1, -1, 1, 1) if is_kernel else values
    return tensors


def _checkpoint(weights: LoraWeights) -> bytes:
    """Source: diffsynth 1.1.9, trainers/text_to_image.py, `on_save_checkpoint`: the trainable tensors and no more."""
    tensors: OrderedDict[str, torch.Tensor] = OrderedDict()
    for module, layer in weights.layers.items():
        tensors[f"{module}.lora_A.default.weight"] = _own(layer.whole_down())
        tensors[f"{module}.lora_B.default.weight"] = _own(layer.up)
    content = io.BytesIO()
    torch.save(tensors, content)
    return content.getvalue()


def _own(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with a storage of exactly its size, on the CPU."""
    plain = tensor.detach().cpu().contiguous()
    is_part = plain.untyped_storage().nbytes() != plain.numel() * plain.element_size()
    return plain.clone() if is_part else plain


def _legacy_hash(content: bytes) -> str:
    """Source: kohya-ss/sd-scripts, train_util.py, `addnet_hash_legacy`."""
    return hashlib.sha256(content[0x100000:0x110000]).hexdigest()[:8]
