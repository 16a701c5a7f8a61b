"""What full-size Kolors takes of memory, counted on the meta device, and the plan that follows for each card.

Usage: `python -m benchmarks.memory`. Needs no weights and no GPU. The counts are lower bounds: what a kernel takes for
scratch space is not in them; `python -m benchmarks.gpu` measures on a GPU.
"""

from __future__ import annotations

import torch
from diffsynth.models.kolors_text_encoder import ChatGLMConfig, ChatGLMModel
from diffsynth.models.sd_unet import BasicTransformerBlock
from diffsynth.models.sdxl_unet import SDXLUNet
from diffsynth.models.sdxl_vae_decoder import SDXLVAEDecoder
from diffsynth.models.sdxl_vae_encoder import SDXLVAEEncoder
from torch import nn

from story_engine.domain.family import GIB
from story_engine.domain.memory_plan import Painting, plan_for
from story_engine.inference.memory_count import peak_bytes
from story_engine.kolors.family import FAMILY

_CARDS = {24: 23.2, 16: 15.4, 12: 11.5, 8: 7.4, 6: 5.4, 4: 3.6}
"""GB on the box → GiB that are free once a desktop and CUDA have had theirs."""
_ENCODER = {
    "num_layers": 28,
    "padded_vocab_size": 65024,
    "hidden_size": 4096,
    "ffn_hidden_size": 13696,
    "kv_channels": 128,
    "num_attention_heads": 32,
    "add_qkv_bias": True,
    "multi_query_attention": True,
    "multi_query_group_num": 2,
    "original_rope": True,
    "use_cache": True,
}
"""As Kolors' text_encoder/config.json."""


def main() -> None:
    """Print both tables."""
    print("| part | weights, GiB | work at 1024², GiB |\n| --- | --- | --- |")
    for name, weights, work in _parts():
        print(f"| {name} | {weights / GIB:.3f} | {work} |")
    print("\n| card | plan | encoding | denoising | decoding |\n| --- | --- | --- | --- | --- |")
    assert FAMILY.painting is not None
    painting = Painting(pixels=1024 * 1024, is_half=True, is_gpu=True, host_bytes=16 * GIB)
    for card, free in _CARDS.items():
        plan = plan_for(FAMILY.painting, painting, free_bytes=free * GIB)
        stages = (plan.encoding_bytes, plan.denoising_bytes, plan.decoding_bytes)
        print(f"| {card} GB | {plan.text} | {' | '.join(f'{each / GIB:.1f}' for each in stages)} |")


def _parts() -> list[tuple[str, int, str]]:
    with torch.device("meta"):
        unet = SDXLUNet(is_kolors=True).half().requires_grad_(False)
        decoder = SDXLVAEDecoder().requires_grad_(False)
        encoder = SDXLVAEEncoder().requires_grad_(False)
    text_encoder = ChatGLMModel(ChatGLMConfig(**_ENCODER), device=torch.device("meta")).half()
    text_encoder.output_layer = nn.Identity()
    layers = [each for each in unet.modules() if isinstance(each, BasicTransformerBlock)]
    rows = peak_bytes(lambda: unet(*_unet_inputs(2))) / 2
    decoding = peak_bytes(lambda: decoder(torch.empty(1, 4, 128, 128, device="meta")))
    encoding = peak_bytes(lambda: encoder(torch.empty(1, 3, 1024, 1024, device="meta")))
    return [
        ("text encoder", _bytes(text_encoder), "0.152 a text (counted on a CPU, layer by layer)"),
        ("U-Net", _bytes(unet), f"{rows / GIB:.3f} a row"),
        (f"of it {len(layers)} transformer layers", sum(map(_bytes, layers)), f"the largest {_largest(layers)}"),
        ("VAE, decoder, float32", _bytes(decoder), f"{decoding / GIB:.3f} a picture"),
        ("VAE, encoder, float32", _bytes(encoder), f"{encoding / GIB:.3f} a picture"),
    ]


def _largest(layers: list[BasicTransformerBlock]) -> str:
    return f"{max(map(_bytes, layers)) / GIB:.4f}"


def _unet_inputs(rows: int) -> tuple[torch.Tensor, ...]:
    half = {"device": "meta", "dtype": torch.float16}
    time, texts = torch.empty(1, device="meta"), torch.empty(rows, 256, 4096, **half)
    return torch.empty(rows, 4, 128, 128, **half), time, texts, torch.empty(6 * rows, **half), texts[:, 0]


def _bytes(network: nn.Module) -> int:
    return sum(parameter.nbytes for parameter in network.parameters())


if __name__ == "__main__":
    main()
