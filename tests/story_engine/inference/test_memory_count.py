"""Memory is counted tensor by tensor, and the figures that plans are made from are those of the full-size networks."""

from __future__ import annotations

import pytest
import torch
from diffsynth.models.sd_unet import BasicTransformerBlock
from diffsynth.models.sdxl_unet import SDXLUNet
from diffsynth.models.sdxl_vae_decoder import SDXLVAEDecoder
from torch import nn

from story_engine.inference.memory_count import peak_bytes
from story_engine.kolors.family import FAMILY

MEGABYTE = 2**20


def megabytes(count: int, device: str = "cpu") -> torch.Tensor:
    return torch.empty(count * MEGABYTE, dtype=torch.uint8, device=device)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_the_peak_is_what_lives_at_one_time_and_not_what_was_ever_made(device: str) -> None:
    before = megabytes(100, device)

    def work() -> None:
        for _ in range(3):
            both = megabytes(2, device), megabytes(3, device)
            del both
        before.view(10, -1).t()  # the same memory in another shape
        before.add_(1)

    assert peak_bytes(work) == 5 * MEGABYTE


def test_the_figures_of_kolors_are_those_of_its_networks() -> None:
    figures = FAMILY.painting
    assert figures is not None
    with torch.device("meta"):
        unet = SDXLUNet(is_kolors=True).half().requires_grad_(False)
        decoder = SDXLVAEDecoder().requires_grad_(False)
    layers = [module for module in unet.modules() if isinstance(module, BasicTransformerBlock)]
    linear = sum(
        module.weight.numel()
        for name, module in unet.named_modules()
        if type(module) is nn.Linear and name.startswith("blocks.")
    )

    counted = {
        "unet": _bytes(unet),
        "unet_bringable": sum(_bytes(layer) for layer in layers),
        "unet_layer": max(_bytes(layer) for layer in layers),
        "unet_rounded": _bytes(unet) - linear,
        "unet_row": peak_bytes(lambda: unet(*_inputs(2))) / 2,
        "decoder": _bytes(decoder),
        "decoder_picture": peak_bytes(lambda: decoder(_empty(1, 4, 128, 128, dtype=torch.float32))),
    }

    stated = {name: getattr(figures, name) for name in counted}
    assert stated == pytest.approx(counted, rel=0.005)


def _inputs(rows: int) -> tuple[torch.Tensor, ...]:
    time = _empty(1, dtype=torch.float32)
    return _empty(rows, 4, 128, 128), time, _empty(rows, 256, 4096), _empty(6 * rows), _empty(rows, 4096)


def _empty(*shape: int, dtype: torch.dtype = torch.float16) -> torch.Tensor:
    return torch.empty(*shape, dtype=dtype, device="meta")


def _bytes(network: nn.Module) -> int:
    return sum(parameter.nbytes for parameter in network.parameters())
