"""diffusers' own Kolors pipeline on the files of `small_kolors`, the weights untouched."""

from pathlib import Path

import diffsynth
import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, KolorsPipeline, UNet2DConditionModel
from diffusers.pipelines.kolors.text_encoder import ChatGLMModel
from diffusers.pipelines.kolors.tokenizer import ChatGLMTokenizer

from benchmarks.gpu.sizes import NOISE_CONFIG, SMALL_UNET_CONFIG, SMALL_VAE_CONFIG
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout

_VOCABULARY = Path(diffsynth.__file__).parent / "tokenizer_configs" / "kolors" / "tokenizer" / "tokenizer.model"


def kolors_pipeline(layout: Layout) -> KolorsPipeline:
    """In float32, with Kolors' published noise."""
    folder = layout.models / KOLORS.home
    UNet2DConditionModel(**SMALL_UNET_CONFIG).save_config(folder / "unet")
    AutoencoderKL(**SMALL_VAE_CONFIG).save_config(folder / "vae")
    pipeline = KolorsPipeline(
        text_encoder=ChatGLMModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).eval(),
        tokenizer=ChatGLMTokenizer(str(_VOCABULARY)),
        unet=UNet2DConditionModel.from_pretrained(folder / "unet", variant="fp16").eval(),
        vae=AutoencoderKL.from_pretrained(folder / "vae").eval(),
        scheduler=EulerDiscreteScheduler(**NOISE_CONFIG),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
