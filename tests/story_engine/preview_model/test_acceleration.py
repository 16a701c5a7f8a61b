"""The faster forward passes give the same values and gradients as DiffSynth's own."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

import pytest
import torch
from torch import nn

from preview_training.text_tokens import encode_tokens, tokenize
from story_engine.preview_model import acceleration
from story_engine.preview_model.acceleration import accelerate, norm
from story_engine.preview_model.architecture import SMALLEST, PreviewParts, build_preview
from story_engine.preview_model.prompts import PreviewPrompter


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


_COMPILERS = {
    "fails": "exit 1",
    "makes nothing": "exit 0",
    "makes no library": 'while [ "$1" != "-o" ] && [ $# -gt 0 ]; do shift; done; [ -z "$2" ] || echo nonsense > "$2"',
    "cannot be run": None,
}


@pytest.mark.parametrize("what", _COMPILERS)
def test_a_compiler_that_is_there_and_of_no_use_costs_speed_and_nothing_else(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    compiler = tmp_path / "bin" / "g++"
    compiler.parent.mkdir()
    compiler.write_text(f"#!/bin/sh\n{_COMPILERS[what]}\n" if _COMPILERS[what] else "#!/nowhere\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}:/usr/bin:/bin")
    monkeypatch.delenv("CXX", raising=False)
    _fresh_kernel(tmp_path, monkeypatch)
    layer, hidden = nn.GroupNorm(4, 8), torch.randn(1, 8, 4, 4).bfloat16().requires_grad_()

    result = norm(hidden, layer, activate=True)
    result.float().sum().backward()

    assert hidden.grad is not None and result.dtype == torch.bfloat16
    assert len(caplog.messages) == 1 and "half the speed" in caplog.messages[0], caplog.messages


def test_the_compiler_that_cxx_names_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "false")
    _fresh_kernel(tmp_path, monkeypatch)

    assert acceleration._kernel() is None


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_a_home_folder_on_another_processor_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    for processor in ("one", "other", "one"):
        monkeypatch.setattr(acceleration, "_processor", lambda processor=processor: processor)
        _fresh_kernel(tmp_path, monkeypatch)
        assert acceleration._kernel() is not None

    assert len(list((tmp_path / "cache" / "story_studio").glob("*.so"))) == 2


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_a_cache_that_cannot_be_written_compiles_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _fresh_kernel(tmp_path, monkeypatch)

    assert acceleration._kernel() is not None


def _fresh_kernel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process that keeps what it compiles in `folder`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setattr(acceleration, "_kernel", functools.cache(acceleration._kernel.__wrapped__))


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
    tokens = tokenize(PreviewPrompter(64), ["一只橙色的猫", "a cat in a palace hall"])
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
