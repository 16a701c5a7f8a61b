"""A folder in the exact layout that Kolors is published in, with the smallest widths its code takes."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffsynth import SDXLImagePipeline
from diffsynth.models.kolors_text_encoder import ChatGLMConfig, ChatGLMModel
from diffsynth.prompters import KolorsPrompter
from diffsynth.schedulers import EnhancedDDIMScheduler
from safetensors.torch import save_file
from torch import nn

from story_engine.kolors.family import KOLORS
from story_engine.kolors.networks import load_text_encoder, load_unet, load_vae_decoder
from story_engine.preview_model.architecture import (
    PreviewConfig,
    PreviewParts,
    PreviewVAEDecoder,
    PreviewVAEEncoder,
    build_preview,
)
from story_engine.store.layout import Layout

TEXT_WIDTH = 32
_SIZES = PreviewConfig(
    unet_widths=(32, 64, 128),
    unet_depths=(1, 2),
    unet_head_width=64,
    unet_timestep_channels=32,
    unet_time_embedding=32,
    unet_size_channels=8,
    text_hidden=TEXT_WIDTH,
    vae_encoder_widths=(32, 64, 96, 96),
    vae_decoder_widths=(96, 96, 64, 32),
    vae_groups=32,
)
"""The widths differ from block to block where Kolors' do, so that the same blocks have shortcuts."""
_UNET_RESNETS = {
    **{f"blocks.{block}": f"down_blocks.0.resnets.{index}" for index, block in enumerate((0, 2))},
    **{f"blocks.{block}": f"down_blocks.1.resnets.{index}" for index, block in enumerate((6, 9))},
    **{f"blocks.{block}": f"down_blocks.2.resnets.{index}" for index, block in enumerate((14, 17))},
    **{f"blocks.{block}": f"mid_block.resnets.{index}" for index, block in enumerate((20, 22))},
    **{f"blocks.{block}": f"up_blocks.0.resnets.{index}" for index, block in enumerate((24, 27, 30))},
    **{f"blocks.{block}": f"up_blocks.1.resnets.{index}" for index, block in enumerate((34, 37, 40))},
    **{f"blocks.{block}": f"up_blocks.2.resnets.{index}" for index, block in enumerate((44, 46, 48))},
    "blocks.4": "down_blocks.0.downsamplers.0",
    "blocks.12": "down_blocks.1.downsamplers.0",
    "blocks.32": "up_blocks.0.upsamplers.0",
    "blocks.42": "up_blocks.1.upsamplers.0",
    "blocks.7": "down_blocks.1.attentions.0",
    "blocks.10": "down_blocks.1.attentions.1",
    "blocks.15": "down_blocks.2.attentions.0",
    "blocks.18": "down_blocks.2.attentions.1",
    "blocks.21": "mid_block.attentions.0",
    "blocks.25": "up_blocks.0.attentions.0",
    "blocks.28": "up_blocks.0.attentions.1",
    "blocks.31": "up_blocks.0.attentions.2",
    "blocks.35": "up_blocks.1.attentions.0",
    "blocks.38": "up_blocks.1.attentions.1",
    "blocks.41": "up_blocks.1.attentions.2",
    "time_embedding.0": "time_embedding.linear_1",
    "time_embedding.2": "time_embedding.linear_2",
    "add_time_embedding.0": "add_embedding.linear_1",
    "add_time_embedding.2": "add_embedding.linear_2",
    "text_intermediate_proj": "encoder_hid_proj",
}
_DECODER = {
    "blocks.0": "mid_block.resnets.0",
    "blocks.1.norm": "mid_block.attentions.0.group_norm",
    "blocks.1.transformer_blocks.0": "mid_block.attentions.0",
    "blocks.2": "mid_block.resnets.1",
    **{f"blocks.{3 + 4 * up + index}": f"up_blocks.{up}.resnets.{index}" for up in range(4) for index in range(3)},
    **{f"blocks.{6 + 4 * up}": f"up_blocks.{up}.upsamplers.0" for up in range(3)},
}
_ENCODER = {
    **{f"blocks.{3 * down + index}": f"down_blocks.{down}.resnets.{index}" for down in range(4) for index in range(2)},
    **{f"blocks.{2 + 3 * down}": f"down_blocks.{down}.downsamplers.0" for down in range(3)},
    "blocks.11": "mid_block.resnets.0",
    "blocks.12.norm": "mid_block.attentions.0.group_norm",
    "blocks.12.transformer_blocks.0": "mid_block.attentions.0",
    "blocks.13": "mid_block.resnets.1",
}


def publish_small_kolors(layout: Layout) -> dict[str, nn.Module]:
    """Write every file of `kolors.family.KOLORS`; the networks by their parts' names."""
    folder = layout.models / KOLORS.home
    for name in ("text_encoder", "unet", "vae"):
        (folder / name).mkdir(parents=True)
    parts = small_parts()
    nn.init.normal_(parts.unet.conv_out.weight, std=0.2, generator=torch.Generator().manual_seed(0))
    unet = {_unet_name(name): tensor for name, tensor in parts.unet.state_dict().items()}
    save_file(_plain(unet), folder / "unet" / "diffusion_pytorch_model.fp16.safetensors")
    vae = _vae_names(parts.vae_decoder, parts.vae_encoder)
    save_file(_plain(vae), folder / "vae" / "diffusion_pytorch_model.safetensors")
    encoder = _text_encoder(folder / "text_encoder")
    return {"unet": parts.unet, "vae_decoder": parts.vae_decoder, "text_encoder": encoder}


def small_parts() -> PreviewParts:
    """Kolors' networks with small widths and random weights."""
    return build_preview(_SIZES, seed=3)


def stock_pipeline(layout: Layout, dtype: torch.dtype = torch.float32) -> SDXLImagePipeline:
    """DiffSynth's own pipeline on what was published."""
    folder = layout.models / KOLORS.home
    pipeline = SDXLImagePipeline(device="cpu", torch_dtype=dtype)
    pipeline.text_encoder_kolors = load_text_encoder(folder, device="cpu", dtype=dtype)
    assert pipeline.text_encoder_kolors.config.hidden_size == TEXT_WIDTH
    pipeline.unet = load_unet(folder, device="cpu", dtype=dtype)
    pipeline.vae_decoder = load_vae_decoder(folder, device="cpu")
    pipeline.prompter = KolorsPrompter()
    pipeline.prompter.fetch_models(pipeline.text_encoder_kolors)
    pipeline.scheduler = EnhancedDDIMScheduler(beta_end=0.014, num_train_timesteps=1100)
    return pipeline


def _text_encoder(folder: Path) -> ChatGLMModel:
    """Two pickled shards with their index, and config.json with ChatGLM's own keys."""
    fields = {
        "num_layers": 2,
        "padded_vocab_size": 65024,
        "hidden_size": TEXT_WIDTH,
        "ffn_hidden_size": 32,
        "kv_channels": 16,
        "num_attention_heads": 2,
        "seq_length": 256,
        "add_qkv_bias": True,
        "multi_query_attention": True,
        "multi_query_group_num": 1,
        "original_rope": True,
        "use_cache": True,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        encoder = ChatGLMModel(ChatGLMConfig(**fields, torch_dtype=torch.float32), empty_init=False).eval()
    for name, parameter in encoder.named_parameters():
        if "norm" in name:
            nn.init.ones_(parameter)
    config = fields | {"architectures": ["ChatGLMModel"], "model_type": "chatglm", "torch_dtype": "float16"}
    (folder / "config.json").write_text(json.dumps(config))
    tensors = encoder.state_dict()
    shards = {
        "pytorch_model-00001-of-00002.bin": {name: value for name, value in tensors.items() if "layers.1" not in name},
        "pytorch_model-00002-of-00002.bin": {name: value for name, value in tensors.items() if "layers.1" in name},
    }
    for name, some in shards.items():
        torch.save(some, folder / name)
    index = {name: shard for shard, some in shards.items() for name in some}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    return encoder


def _unet_name(name: str) -> str:
    published = _published(name, _UNET_RESNETS)
    published = published.replace(".act_fn.proj.", ".ff.net.0.proj.").replace(".to_out.", ".to_out.0.")
    return published.replace(".ff.weight", ".ff.net.2.weight").replace(".ff.bias", ".ff.net.2.bias")


def _vae_names(decoder: PreviewVAEDecoder, encoder: PreviewVAEEncoder) -> dict[str, torch.Tensor]:
    names: dict[str, torch.Tensor] = {}
    for part, network, table in (("decoder", decoder, _DECODER), ("encoder", encoder, _ENCODER)):
        for name, tensor in network.state_dict().items():
            whole = name if "quant_conv" in name else f"{part}.{_published(name, table)}"
            names[whole.replace(".to_out.", ".to_out.0.")] = tensor
    return names


def _published(name: str, table: dict[str, str]) -> str:
    """The name with its longest known beginning replaced."""
    for beginning in sorted(table, key=len, reverse=True):
        if name.startswith(f"{beginning}."):
            return table[beginning] + name.removeprefix(beginning)
    return name


def _plain(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
