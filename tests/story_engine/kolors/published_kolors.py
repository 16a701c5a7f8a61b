"""Kolors' networks at full size without their numbers: what lies in the published files, by name and shape.

The settings are those of the published config.json files. diffusers' classes are a second source beside DiffSynth's,
and DiffSynth has kept fingerprints of the published files, by which it recognises them.
"""

from functools import cache

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel

UNET_FINGERPRINT = "52817e4fdd89df154f02749ca6f692ac"
VAE_FINGERPRINT = "13115dd45a6e1c39860f91ab073b8a78"
"""Of all names and shapes in the published file. Source: diffsynth 1.1.9, configs/model_config.py."""

UNET_CONFIG = {
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
VAE_CONFIG = {
    "sample_size": 1024,
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "norm_num_groups": 32,
    "scaling_factor": 0.13025,
}
TEXT_ENCODER_CONFIG = {
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


@cache
def published_unet() -> dict[str, torch.Tensor]:
    """1682 tensors on the meta device, by published name."""
    with torch.device("meta"):
        return dict(UNet2DConditionModel(**UNET_CONFIG).state_dict())


@cache
def published_vae() -> dict[str, torch.Tensor]:
    """248 tensors on the meta device, by published name."""
    with torch.device("meta"):
        return dict(AutoencoderKL(**VAE_CONFIG).state_dict())


@cache
def published_text_encoder() -> dict[str, torch.Tensor]:
    """200 tensors on the meta device, by published name."""
    with torch.device("meta"):
        return dict(ChatGLMModel(ChatGLMConfig(**TEXT_ENCODER_CONFIG), empty_init=False).state_dict())
