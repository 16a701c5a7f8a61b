"""Kolors as published, and a small one of the same blocks for machines without a GPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

UNET_CONFIG: dict[str, Any] = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "layers_per_block": 2,
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 5632,
    "encoder_hid_dim": 4096,
    "encoder_hid_dim_type": "text_proj",
}
"""Source, as for the others: config.json of Kwai-Kolors/Kolors-diffusers."""
VAE_CONFIG: dict[str, Any] = {
    "sample_size": 1024,
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "norm_num_groups": 32,
    "scaling_factor": 0.13025,
}
TEXT_ENCODER_CONFIG: dict[str, Any] = {
    "num_layers": 28,
    "padded_vocab_size": 65024,
    "hidden_size": 4096,
    "ffn_hidden_size": 13696,
    "kv_channels": 128,
    "num_attention_heads": 32,
    "seq_length": 32768,
    "layernorm_epsilon": 1e-05,
    "rmsnorm": True,
    "add_qkv_bias": True,
    "multi_query_attention": True,
    "multi_query_group_num": 2,
    "original_rope": True,
}
NOISE_CONFIG: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.014,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1100,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}
"""Of diffusers' Euler scheduler."""
_TEXT_WIDTH = 32
SMALL_UNET_CONFIG = UNET_CONFIG | {
    "block_out_channels": (32, 64, 128),
    "transformer_layers_per_block": (1, 1, 2),
    "attention_head_dim": (1, 1, 2),
    "cross_attention_dim": _TEXT_WIDTH,
    "time_embedding_dim": 32,
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": _TEXT_WIDTH + 6 * 8,
    "encoder_hid_dim": _TEXT_WIDTH,
}
SMALL_VAE_CONFIG = VAE_CONFIG | {"block_out_channels": (32, 64, 96, 96)}
_SMALL_TEXT_ENCODER_CONFIG = TEXT_ENCODER_CONFIG | {
    "num_layers": 2,
    "hidden_size": _TEXT_WIDTH,
    "ffn_hidden_size": 32,
    "kv_channels": 16,
    "num_attention_heads": 2,
    "seq_length": 256,
    "multi_query_group_num": 1,
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of the networks, and of what is done with them."""

    unet: dict[str, Any]
    vae: dict[str, Any]
    text_encoder: dict[str, Any]
    side: int
    """Of the pictures."""
    panels: int
    steps: int
    training_steps: int
    matrix_sides: tuple[int, ...]
    """Of the products that the ceiling is measured with."""
    caps_gib: tuple[float, ...]
    """Cards that the memory plans are for."""
    training_caps_gib: tuple[float, ...]
    """The same for trainings, where three plans differ."""


FULL = Sizes(
    unet=UNET_CONFIG,
    vae=VAE_CONFIG,
    text_encoder=TEXT_ENCODER_CONFIG,
    side=1024,
    panels=8,
    steps=50,
    training_steps=20,
    matrix_sides=(4096, 8192, 16384),
    caps_gib=(24, 16, 12, 8, 6),
    training_caps_gib=(16, 8, 6),
)
SMALL = Sizes(
    unet=SMALL_UNET_CONFIG,
    vae=SMALL_VAE_CONFIG,
    text_encoder=_SMALL_TEXT_ENCODER_CONFIG,
    side=256,
    panels=2,
    steps=4,
    training_steps=3,
    matrix_sides=(256,),
    caps_gib=(24, 6),
    training_caps_gib=(6,),
)
