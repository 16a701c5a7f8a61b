"""Which tools' words a LoRA file is written in. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from story_engine.lora_files.names import LoraKey

_TEXT_ENCODER = ("lora_te", "text_encoder", "te1_", "te2_", "lora_prior_te")
_SGM = ("input_blocks", "middle_block", "output_blocks")
_OTHER_METHODS = {
    "LoHa": ("hada_w1", "hada_w2"),
    "LoKr": ("lokr_w1", "lokr_w2"),
    "DoRA": ("dora_scale", "lora_magnitude_vector"),
    "(IA)³": ("on_input",),
}
"""Source: LyCORIS 3, docs/Algo-List.md; peft, tuners/lora/dora.py."""


def dialects_of(known: Mapping[str, LoraKey]) -> tuple[str, ...]:
    """Every dialect among these names: see `LoraReport.dialects`."""
    return tuple(sorted({_dialect(name, key) for name, key in known.items()}))


def other_methods(names: Iterable[str]) -> tuple[str, ...]:
    """Kinds of adapters other than LoRA that the names tell of."""
    listed = tuple(names)
    return tuple(
        method for method, marks in _OTHER_METHODS.items() if any(mark in name for mark in marks for name in listed)
    )


def is_of_text_encoder(name: str) -> bool:
    """Whether a tensor belongs to a text encoder."""
    return name.startswith(_TEXT_ENCODER)


def _dialect(name: str, key: LoraKey) -> str:
    if key.dialect == "kohya":
        return "kohya_sgm" if any(block in name for block in _SGM) else "kohya"
    if key.dialect == "diffsynth":
        return "peft" if name.startswith("base_model.") or ".lora_A.weight" in name else "challenge"
    return key.dialect
