"""What a LoRA file says of itself in its safetensors header, in the keys that other tools read. No torch.

Source: kohya-ss/sd-scripts, train_network.py (`ss_*`, `sshs_model_hash`); Stability-AI/ModelSpec 1.0.1
(`modelspec.*`); SimpleTuner (`trained_words`). A LoRA for Kolors has the shapes of one for SDXL and must not be
labelled as one: A1111 and Forge would offer it for SDXL models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from story_engine.domain.lora import LoraFacts, Provenance

FACTS_KEY = "story_studio"
"""Our own key: `LoraFacts` as JSON."""
LEFT_OUT_KEY = "story_studio_left_out"
"""How many tensors of a LoRA an export left out, in the file that it wrote."""
DORA_MAKER_KEY = "story_studio_dora"
""""peft" in a file that was peft's before: peft and LyCORIS differ in what a strength other than 1 does to a DoRA."""
BODY_HASH_KEY = "modelspec.hash_sha256"
"""SHA-256 over the bytes of all tensors, after `0x`: what stays the same when only the metadata changes."""
_BASES = {
    "kolors": ("kolors_1.0", "kolors-1.0/lora", "Kwai-Kolors/Kolors"),
    "preview": ("story_studio_preview_1.0", "story-studio-preview-1.0/lora", "story-studio-preview"),
}
"""Family → kohya's base model version, ModelSpec's architecture, base model's name."""
_SETTINGS = {
    "learning_rate": ("ss_learning_rate", "ss_unet_lr"),
    "lr_scheduler": ("ss_lr_scheduler",),
    "lr_warmup_steps": ("ss_lr_warmup_steps",),
    "gradient_accumulation_steps": ("ss_gradient_accumulation_steps",),
    "use_gradient_checkpointing": ("ss_gradient_checkpointing",),
    "max_grad_norm": ("ss_max_grad_norm",),
    "precision": ("ss_mixed_precision",),
    "min_snr_gamma": ("ss_min_snr_gamma",),
    "noise_offset": ("ss_noise_offset",),
    "lora_dropout": ("ss_network_dropout",),
    "caption_dropout": ("ss_caption_dropout_rate",),
    "prior_weight": ("ss_prior_loss_weight",),
    "batch_size": ("ss_batch_size_per_device",),
    "random_flip": ("ss_flip_aug",),
    "max_epochs": ("ss_num_epochs",),
    "seed": ("ss_seed",),
}
"""A setting of a training → what kohya's files call it."""


def lora_metadata(facts: LoraFacts) -> dict[str, str]:
    """Everything that `facts` says, in every vocabulary; `write_lora` adds what follows from the tensors."""
    source = facts.provenance
    metadata: dict[str, object] = {
        FACTS_KEY: facts.model_dump_json(exclude_defaults=True),
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.implementation": "diffusers",
        "modelspec.title": facts.title,
        "modelspec.date": source.trained_at,
        "modelspec.trigger_phrase": facts.trigger,
        "modelspec.prediction_type": "epsilon",
        "trained_words": json.dumps([facts.trigger], ensure_ascii=False) if facts.trigger else "",
        "ss_v2": "False",
        "ss_output_name": facts.title,
        "ss_network_module": "networks.lora",
        "ss_steps": source.step,
        "ss_num_train_images": source.pictures,
        "ss_training_finished_at": source.trained_at,
        "software": json.dumps({"name": "Story Studio", **source.versions}, ensure_ascii=False),
    }
    if facts.width and facts.height:
        metadata |= {"modelspec.resolution": f"{facts.width}x{facts.height}"}
        metadata |= {"ss_resolution": f"({facts.width}, {facts.height})"}
    if facts.family in _BASES:
        version, architecture, base = _BASES[facts.family]
        metadata |= {"ss_base_model_version": version, "modelspec.architecture": architecture, "ss_sd_model_name": base}
        metadata |= {"ss_new_sd_model_hash": source.base_hash}
    if facts.trigger and source.dataset:
        metadata["ss_tag_frequency"] = json.dumps({source.dataset: {facts.trigger: source.pictures or 1}})
    for setting, keys in _SETTINGS.items():
        metadata |= dict.fromkeys(keys, source.spec.get(setting))
    return {key: str(value) for key, value in metadata.items() if value not in (None, "")}


def facts_of(metadata: Mapping[str, str]) -> LoraFacts:
    """What a file of any trainer says; what it does not say stays empty."""
    stated = metadata.get(FACTS_KEY)
    if stated is not None:
        try:
            return LoraFacts.model_validate_json(stated)
        except ValidationError:
            pass  # of another version of the Studio: what the other vocabularies say remains
    return LoraFacts(
        title=_first(metadata, "modelspec.title", "ss_output_name")[:200],
        trigger=_trigger(metadata)[:200],
        family=_family(metadata),
        provenance=Provenance(
            trained_at=_first(metadata, "modelspec.date", "ss_training_finished_at")[:40],
            step=_count(metadata.get("ss_steps", "")),
            pictures=_count(metadata.get("ss_num_train_images", "")),
        ),
    )


def base_of(metadata: Mapping[str, str]) -> str:
    """The base model in the file's own words; empty when it does not say."""
    return _first(metadata, "modelspec.architecture", "ss_base_model_version", "ss_sd_model_name")[:200]


def left_out_of(metadata: Mapping[str, str]) -> int:
    """How many tensors were left out when this file was written."""
    return _count(metadata.get(LEFT_OUT_KEY, "")) or 0


def _family(metadata: Mapping[str, str]) -> str:
    stated = {metadata.get("ss_base_model_version"), metadata.get("modelspec.architecture")}
    for family, (version, architecture, _) in _BASES.items():
        if stated & {version, architecture}:
            return family
    return ""


def _trigger(metadata: Mapping[str, str]) -> str:
    if "modelspec.trigger_phrase" in metadata:
        return metadata["modelspec.trigger_phrase"]
    words = _json(metadata.get("trained_words", ""))
    if isinstance(words, list):
        return ", ".join(word for word in words if isinstance(word, str))
    return metadata.get("trained_words", "")


def _first(metadata: Mapping[str, str], *keys: str) -> str:
    return next((metadata[key] for key in keys if metadata.get(key)), "")


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
