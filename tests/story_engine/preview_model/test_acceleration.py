"""The faster forward passes give the same values and gradients as DiffSynth's own."""

from __future__ import annotations

import shutil

import pytest
import torch
from torch import nn

from story_engine.preview_model.acceleration import accelerate, norm
from story_engine.preview_model.architecture import SMALLEST, PreviewParts, build_preview
from story_engine.preview_model.prompts import PreviewPrompter, encode_tokens


@pytest.mark.parametrize("activate", [True, False])
@pytest.mark.parametrize(("channels", "groups", "side"), [(32, 8, 16), (96, 32, 5), (24, 4, 7), (160, 32, 20)])
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_the_compiled_norm_is_group_norm_with_silu(channels: int, groups: int, side: int, activate: bool) -> None:
    torch.manual_seed(0)
    layer = nn.GroupNorm(groups, channels)
    nn.init.normal_(layer.weight, 1, 0.2)
    nn.init.normal_(layer.bias)
    values = (torch.randn(3, channels, side, side) * 2 + 1).bfloat16()
    weights = torch.randn(3, channels, side, side)

    results = []
    for dtype in (torch.float32, torch.bfloat16):
        hidden = values.to(dtype).requires_grad_()
        layer.zero_grad()
        output = norm(hidden, layer, activate=activate).float()
        (output * weights.bfloat16().float()).sum().backward()
        results.append((output, hidden.grad.float(), layer.weight.grad.clone(), layer.bias.grad.clone()))

    for expected, fast in zip(*results, strict=True):
        assert (fast - expected).norm() < 5e-3 * expected.norm()


@pytest.mark.parametrize("network", ["unet", "vae", "text"])
def test_accelerated_networks_give_the_same_values_and_gradients(network: str) -> None:
    expected, expected_gradients = _result(build_preview(SMALLEST), network)
    parts = build_preview(SMALLEST)
    for part in (parts.unet, parts.vae_encoder, parts.vae_decoder, parts.text_encoder):
        accelerate(part)

    values, gradients = _result(parts, network)

    assert torch.allclose(values, expected, atol=1e-4)
    assert torch.allclose(gradients, expected_gradients, rtol=1e-2, atol=1e-4)


def test_acceleration_keeps_names_and_values() -> None:
    plain, changed = build_preview(SMALLEST).unet, build_preview(SMALLEST).unet
    accelerate(changed)

    assert plain.state_dict().keys() == changed.state_dict().keys()
    assert all(torch.equal(value, changed.state_dict()[name]) for name, value in plain.state_dict().items())


def _result(parts: PreviewParts, network: str) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    tokens = PreviewPrompter(64).tokenize(["一只橙色的猫", "a cat in a palace hall"])
    networks: tuple[nn.Module, ...] = (parts.text_encoder,)
    if network == "vae":
        networks = (parts.vae_encoder, parts.vae_decoder)
        output = parts.vae_decoder(parts.vae_encoder(torch.rand(2, 3, 64, 64)))
    else:
        pooled, embedding = encode_tokens(parts.text_encoder, tokens)
        output = torch.cat([pooled.flatten(), embedding.flatten()])
    if network == "unet":
        networks = (parts.unet,)
        sizes = torch.tensor([64, 64, 0, 0, 64, 64]).repeat(2)
        output = parts.unet(torch.randn(2, 4, 8, 8), torch.tensor([5.0, 900.0]), embedding, sizes, pooled)
    output.square().mean().backward()
    parameters = [parameter for each in networks for parameter in each.parameters() if parameter.grad is not None]
    return output.detach(), torch.cat([parameter.grad.flatten() for parameter in parameters])
