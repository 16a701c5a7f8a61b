"""diffusers' own Kolors pipeline on the files of `small_kolors`, the weights untouched."""

from pathlib import Path

import diffsynth
import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, KolorsPipeline, UNet2DConditionModel
from diffusers.pipelines.kolors.text_encoder import ChatGLMModel
from diffusers.pipelines.kolors.tokenizer import ChatGLMTokenizer

from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_kolors import TEXT_WIDTH
from tests.story_engine.kolors.published_kolors import UNET_CONFIG, VAE_CONFIG

PUBLISHED_NOISE = {
    "beta_start": 0.00085,
    "beta_end": 0.014,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1100,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}
"""Source: scheduler/scheduler_config.json of Kwai-Kolors/Kolors-diffusers."""
_VOCABULARY = Path(diffsynth.__file__).parent / "tokenizer_configs" / "kolors" / "tokenizer" / "tokenizer.model"
_SMALL_UNET = UNET_CONFIG | {
    "block_out_channels": (32, 64, 128),
    "transformer_layers_per_block": (1, 1, 2),
    "attention_head_dim": (1, 1, 2),
    "cross_attention_dim": TEXT_WIDTH,
    "time_embedding_dim": 32,
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": TEXT_WIDTH + 6 * 8,
    "encoder_hid_dim": TEXT_WIDTH,
}
_SMALL_VAE = VAE_CONFIG | {"block_out_channels": (32, 64, 96, 96)}


def kolors_pipeline(layout: Layout) -> KolorsPipeline:
    """In float32, with Kolors' published noise."""
    folder = layout.models / KOLORS.home
    UNet2DConditionModel(**_SMALL_UNET).save_config(folder / "unet")
    AutoencoderKL(**_SMALL_VAE).save_config(folder / "vae")
    pipeline = KolorsPipeline(
        text_encoder=ChatGLMModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).eval(),
        tokenizer=ChatGLMTokenizer(str(_VOCABULARY)),
        unet=UNet2DConditionModel.from_pretrained(folder / "unet", variant="fp16").eval(),
        vae=AutoencoderKL.from_pretrained(folder / "vae").eval(),
        scheduler=EulerDiscreteScheduler(**PUBLISHED_NOISE),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
