"""Weights that wait elsewhere give the network that has them all; in eight bits, one that is close."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from story_engine.inference.kept_weights import BroughtBlocks, RoundedLinear, fill


def network() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return nn.Sequential(*(nn.Sequential(nn.Linear(24, 24), nn.LayerNorm(24), nn.SiLU()) for _ in range(4)))


def empty() -> nn.Sequential:
    with torch.device("meta"):
        return network()


def filled(tensors: dict[str, torch.Tensor], kept: str) -> nn.Sequential:
    built = empty()
    fill(built, tensors, device="cpu", dtype=torch.float32, kept=lambda name: "device" if name[0] == "0" else kept)
    return built


GIVEN = torch.randn((5, 24), generator=torch.Generator().manual_seed(2))


def test_weights_published_in_half_precision_wait_so_and_compute_as_if_they_were_there_in_full() -> None:
    published = {name: tensor.half() for name, tensor in network().state_dict().items()}
    whole = filled(published, "device")
    waiting = filled(published, "mapped")
    BroughtBlocks(list(waiting)[1:], device="cpu", dtype=torch.float32)

    with torch.inference_mode():
        results = [waiting(GIVEN) for _ in range(2)]

    assert all(torch.equal(result, whole(GIVEN)) for result in results)
    kept = {name: parameter.dtype for name, parameter in waiting.named_parameters()}
    assert {name for name, dtype in kept.items() if dtype == torch.float32} == {
        name for name in kept if name.startswith("0.")
    }
    assert all(kept[name] == torch.float16 for name in kept if not name.startswith("0."))
    assert waiting[1][0].weight.data_ptr() == published["1.0.weight"].data_ptr()  # nothing was copied


def test_weights_leave_again_when_a_block_fails() -> None:
    waiting = filled({name: tensor.half() for name, tensor in network().state_dict().items()}, "mapped")
    BroughtBlocks(list(waiting)[1:], device="cpu", dtype=torch.float32)

    with pytest.raises(RuntimeError):
        waiting[1](torch.zeros(3, 7))

    assert waiting[1][0].weight.dtype == torch.float16


def test_gradients_pass_through_layers_that_are_brought_and_through_rounded_ones() -> None:
    published = {name: tensor.half() for name, tensor in network().state_dict().items()}
    gradients = []
    for kept in ("device", "mapped", "rounded"):
        built = filled(published, kept)
        if kept == "mapped":
            BroughtBlocks(list(built)[1:], device="cpu", dtype=torch.float32)
        given = GIVEN.clone().requires_grad_()
        built(given).square().sum().backward()
        gradients.append(given.grad)

    assert torch.equal(gradients[0], gradients[1])
    assert torch.nn.functional.cosine_similarity(gradients[0].ravel(), gradients[2].ravel(), dim=0) > 0.995


def test_a_rounded_layer_is_close_also_where_its_rows_are_of_very_different_size() -> None:
    weight = torch.randn((64, 48), generator=torch.Generator().manual_seed(3)) * torch.logspace(-6, 3, 64)[:, None]
    given = torch.randn((7, 48), generator=torch.Generator().manual_seed(4))

    layer = RoundedLinear.of(weight, device="cpu", dtype=torch.float32)

    exact, rounded = given @ weight.T, layer(given)
    error = (rounded - exact).norm(dim=0) / exact.norm(dim=0)
    assert error.max() < 0.1 and 0.005 < error.mean() < 0.04
    assert layer.kept.nbytes == weight.numel()
    assert isinstance(layer, nn.Linear) and layer.weight.shape == (64, 48)


def test_a_row_of_zeros_stays_zeros() -> None:
    assert not RoundedLinear.of(torch.zeros(2, 3), device="cpu", dtype=torch.float16).weight.any()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda tensors: tensors.pop("2.0.weight"), "1 tensors are missing, such as 2.0.weight"),
        (lambda tensors: tensors.update(more=torch.zeros(1)), "1 tensors have no place, such as more"),
        (lambda tensors: tensors.update({"3.0.bias": torch.zeros(9)}), r"3\.0\.bias is \(9,\) instead of \(24,\)"),
    ],
)
def test_tensors_that_do_not_fit_are_named(change, told) -> None:
    tensors = dict(network().state_dict())
    change(tensors)

    with pytest.raises(ValueError, match=told):
        filled(tensors, "device")
