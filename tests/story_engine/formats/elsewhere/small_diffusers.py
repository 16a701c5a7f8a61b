"""diffusers' own Kolors pipeline at the smallest size that its classes take, in its published layout."""

from pathlib import Path

import diffsynth
import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, KolorsPipeline, UNet2DConditionModel
from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel
from diffusers.pipelines.kolors.tokenizer import ChatGLMTokenizer

TEXT_WIDTH = 32
VOCABULARY = Path(diffsynth.__file__).parent / "tokenizer_configs" / "kolors" / "tokenizer" / "tokenizer.model"


def publish_small_pipeline(folder: Path) -> KolorsPipeline:
    """Random weights; saved in `folder`, and given back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        encoder = ChatGLMModel(
            ChatGLMConfig(
                num_layers=2,
                padded_vocab_size=65024,
                hidden_size=TEXT_WIDTH,
                ffn_hidden_size=32,
                kv_channels=16,
                num_attention_heads=2,
                seq_length=256,
                add_qkv_bias=True,
                multi_query_attention=True,
                multi_query_group_num=1,
                original_rope=True,
            ),
            empty_init=False,
        )
        unet = UNet2DConditionModel(
            block_out_channels=(32, 64),
            layers_per_block=1,
            sample_size=8,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=(1, 2),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            transformer_layers_per_block=(1, 1),
            projection_class_embeddings_input_dim=8 * 6 + TEXT_WIDTH,
            cross_attention_dim=16,
            encoder_hid_dim=TEXT_WIDTH,
            encoder_hid_dim_type="text_proj",
        )
        vae = AutoencoderKL(
            block_out_channels=(32, 32, 32, 32),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
        )
    for name, parameter in encoder.named_parameters():  # the class leaves them as memory was
        if "norm" in name:
            torch.nn.init.ones_(parameter)
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.014,
        beta_schedule="scaled_linear",
        num_train_timesteps=1100,
        steps_offset=1,
        timestep_spacing="leading",
    )
    pipe = KolorsPipeline(
        vae=vae,
        text_encoder=encoder.eval(),
        tokenizer=ChatGLMTokenizer(str(VOCABULARY)),
        unet=unet,
        scheduler=scheduler,
    )
    pipe.save_pretrained(folder)
    return pipe
