"""Which tools' words a LoRA file is written in, and which kinds of adapters it holds. No torch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from story_engine.lora_files.names import LoraKey

_TEXT_ENCODER = re.compile(
    r"^(?:base_model\.model\.|lycoris_|lora_)*"
    r"(?:te[123]?_|te[123]?\.|prior_te|text_encoder|text_model|cond_stage_model|conditioner|clip_[lgh]\b|t5xxl)"
    r"|\.self_attention\.query_key_value\."
)
"""Among them ChatGLM's, as Kolors' own training script saves it."""
_OTHER_METHODS = {
    "LoHa": r"\.hada_(?:w[12]|t[12])",
    "LoKr": r"\.lokr_(?:w[12]|t[12])",
    "(IA)³": r"\.on_input$|\.ia3_l\b",
    "OFT": r"\.oft_(?:blocks|diag|r)\b",
    "BOFT": r"\.boft_",
    "GLoRA": r"\.[ab][12]\.weight$|\.b?m[12]\.weight$",
    "T-LoRA": r"\.(?:p|q)_layer\.weight$|\.lambda_layer$",
    "AdaLoRA": r"\.lora_E\b",
    "VeRA": r"\.vera_",
    "VB-LoRA": r"\.vblora_",
    "FourierFT": r"\.fourierft_",
    "HRA": r"\.hra_",
    "FULL": r"\.diff(?:_b)?$|\.(?:w|b)_norm$|\.modules_to_save\.|\.set_weight$",
    "LoRA on biases": r"\.lora_[AB](?:\.[\w-]+)?\.bias$|\.bias$",
}
"""Source: LyCORIS 4, modules/*.py `weight_list`; peft 0.21, tuners/*; ComfyUI, comfy/weight_adapter."""
_SGM = ("input_blocks", "middle_block", "output_blocks")


def dialects_of(known: Mapping[str, LoraKey]) -> tuple[str, ...]:
    """Every dialect among these names: see `LoraReport.dialects`."""
    return tuple(sorted({_dialect(name, key) for name, key in known.items()}))


def other_methods(names: Iterable[str]) -> tuple[str, ...]:
    """Kinds of adapters other than LoRA and DoRA that the names belong to."""
    listed = [name for name in names if not is_of_text_encoder(name)]
    return tuple(method for method, mark in _OTHER_METHODS.items() if any(re.search(mark, name) for name in listed))


def is_of_text_encoder(name: str) -> bool:
    """Whether a tensor belongs to a text encoder."""
    return _TEXT_ENCODER.search(name) is not None


def _dialect(name: str, key: LoraKey) -> str:
    if key.dialect == "kohya":
        return "kohya_sgm" if any(block in name for block in _SGM) else "kohya"
    if key.dialect == "diffsynth":
        return "peft" if name.startswith("base_model.") or ".lora_A.weight" in name else "challenge"
    return key.dialect
