"""A LoRA beside the U-Net acts as if it were merged, at any strength, and leaves no trace at strength 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from story_engine.domain.recipe import LoraPart
from story_engine.errors import FixInput, StudioError
from story_engine.inference.lora_injection import UnetAdapters
from story_engine.inference.render import Renderer
from story_engine.lora_files.read import LoraLayer, LoraWeights, read_lora
from story_engine.preview_model.architecture import SMALLEST, build_preview
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_loras import ALPHA, RANK, Halves, random_halves, save_kohya
from tests.story_engine.inference.small_preview import recipe, small_workspace


@pytest.fixture
def unet() -> nn.Module:
    # Loaded networks ask for no gradients; torch picks other kernels for those that do.
    return build_preview(SMALLEST).unet.requires_grad_(False)


@pytest.mark.parametrize("strength", [1.0, 0.5, -1.0, 1.7])
def test_injected_is_merged_with_alpha_over_rank_times_strength(unet: nn.Module, strength: float) -> None:
    halves = random_halves()
    expected = _answer(_merged({0: strength * ALPHA / RANK}, [halves]))
    adapters = UnetAdapters(unet)

    match = adapters.add("one", "ink", _weights(halves))
    adapters.activate({"one": strength})

    assert match.matched == match.expected == 2 * len(halves)
    assert torch.allclose(_answer(unet), expected, atol=2e-5)
    assert not torch.allclose(_answer(unet), _answer(build_preview(SMALLEST).unet), atol=1e-3)


def test_two_loras_add_up(unet: nn.Module) -> None:
    first, second = random_halves(seed=1), random_halves(seed=2)
    expected = _answer(_merged({0: 0.7 * ALPHA / RANK, 1: 0.4 * ALPHA / RANK}, [first, second]))
    adapters = UnetAdapters(unet)
    adapters.add("first", "ink", _weights(first))
    adapters.add("second", "paper", _weights(second))

    adapters.activate({"first": 0.7, "second": 0.4})

    assert torch.allclose(_answer(unet), expected, atol=2e-5)


def test_loras_of_different_rank_and_alpha_are_the_sum_of_each(unet: nn.Module) -> None:
    ranks_and_alphas = ((2, 2.0), (4, 1.0), (8, 16.0))
    loras = [random_halves(seed=rank, rank=rank) for rank, _ in ranks_and_alphas]
    strengths = (0.7, -0.4, 0.2)
    scales = {
        index: strength * alpha / rank
        for index, (strength, (rank, alpha)) in enumerate(zip(strengths, ranks_and_alphas, strict=True))
    }
    adapters = UnetAdapters(unet)
    for index, (rank, alpha) in enumerate(ranks_and_alphas):
        adapters.add(f"lora{index}", "ink", _weights(loras[index], rank=rank, alpha=alpha))

    adapters.activate({f"lora{index}": strength for index, strength in enumerate(strengths)})

    expected = _answer(_merged(scales, loras))
    assert torch.allclose(_answer(unet), expected, atol=5e-5 * float(expected.abs().max()))


def test_another_strength_loads_and_copies_nothing(unet: nn.Module) -> None:
    adapters = UnetAdapters(unet)
    adapters.add("one", "ink", _weights(random_halves()))
    held = {name: parameter.data_ptr() for name, parameter in unet.named_parameters()}
    versions = {name: parameter._version for name, parameter in unet.named_parameters()}
    answers = []

    for strength in (1.0, 0.5, 1.0):
        adapters.activate({"one": strength})
        answers.append(_answer(unet))

    assert torch.equal(answers[0], answers[2]) and not torch.equal(answers[0], answers[1])
    assert {name: parameter.data_ptr() for name, parameter in unet.named_parameters()} == held
    assert {name: parameter._version for name, parameter in unet.named_parameters()} == versions


def test_a_renderer_reads_a_lora_once_for_all_strengths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = small_workspace(tmp_path)
    part = _in_library(layout, random_halves())
    renderer = Renderer(layout, threads=1)
    read: list[Path] = []
    monkeypatch.setattr("story_engine.inference.render.read_lora", lambda path: read.append(path) or read_lora(path))

    for strength in (1.0, 0.5, 0.0):
        renderer.render([recipe(layout, loras=(part.model_copy(update={"strength": strength}),))])

    assert len(read) == 1


def test_a_renderer_knows_how_much_of_a_lora_acted(tmp_path: Path) -> None:
    layout = small_workspace(tmp_path)
    part = _in_library(layout, random_halves())
    text = {f"lora_te1_layer.lora_{half}.weight": torch.ones(4, 4) for half in ("down", "up")}
    path = layout.loras / "ink.safetensors"
    save_file(load_file(path) | text, path)
    part = part.model_copy(update={"sha256": file_sha256(path)})
    renderer = Renderer(layout, threads=1)

    renderer.render([recipe(layout, loras=(part,))])

    match = renderer.match_of(part)
    assert (match.matched, match.expected) == (2 * len(random_halves()), 2 * len(random_halves()) + 2)


def test_strength_zero_is_the_base_to_the_bit(unet: nn.Module) -> None:
    base = _answer(unet)
    adapters = UnetAdapters(unet)

    adapters.add("one", "ink", _weights(random_halves()))

    assert torch.equal(_answer(unet), base)
    adapters.activate({"one": 1.0})
    adapters.activate({"one": 0.0})
    assert torch.equal(_answer(unet), base)
    adapters.activate({"one": 1.0})
    assert not torch.equal(_answer(unet), base)


def test_one_of_two_acts_alone(unet: nn.Module) -> None:
    adapters = UnetAdapters(unet)
    adapters.add("first", "ink", _weights(random_halves(seed=1)))
    adapters.activate({"first": 1.0})
    alone = _answer(unet)

    adapters.add("second", "paper", _weights(random_halves(seed=2)))
    adapters.activate({"second": 1.0})
    adapters.activate({"first": 1.0})

    assert torch.equal(_answer(unet), alone)


def test_loras_that_were_not_used_for_long_leave(unet: nn.Module) -> None:
    adapters = UnetAdapters(unet)
    base = _answer(unet)
    for number in range(9):
        adapters.make_room(keep=frozenset({"lora0"}))
        adapters.add(f"lora{number}", "ink", _weights(random_halves(seed=number)))

    assert "lora0" in adapters and "lora8" in adapters
    assert "lora1" not in adapters
    assert torch.equal(_answer(unet), base)


def test_a_lora_of_other_layers_is_an_error_and_not_silence(unet: nn.Module) -> None:
    down, up = torch.zeros(4, 32), torch.zeros(32, 4)

    with pytest.raises(FixInput) as caught:
        UnetAdapters(unet).add("one", "ink", _weights({"blocks.7.transformer_blocks.9.attn1.to_q": (down, up)}))

    assert caught.value.code == "models.lora_no_match"


def test_a_lora_of_a_wider_model_is_refused_with_both_widths(unet: nn.Module) -> None:
    down, up = torch.zeros(4, 640), torch.zeros(640, 4)

    with pytest.raises(FixInput) as caught:
        UnetAdapters(unet).add("one", "ink", _weights({"blocks.7.transformer_blocks.0.attn1.to_q": (down, up)}))

    assert "640" in str(caught.value) and "32" in str(caught.value)


def test_a_recipe_with_a_lora_paints_another_picture_and_the_next_one_is_untouched(tmp_path: Path) -> None:
    layout = small_workspace(tmp_path)
    part = _in_library(layout, random_halves())
    renderer = Renderer(layout, threads=1)
    plain = recipe(layout)

    before, with_lora, after = (
        renderer.render([wanted])[0] for wanted in (plain, recipe(layout, loras=(part,)), plain)
    )

    assert np.abs(np.asarray(before, dtype=int) - np.asarray(with_lora, dtype=int)).max() > 3
    assert after.tobytes() == before.tobytes()


def test_a_lora_that_has_changed_since_is_refused(tmp_path: Path) -> None:
    layout = small_workspace(tmp_path)
    part = _in_library(layout, random_halves())
    save_kohya(random_halves(seed=5), layout.loras / "ink.safetensors")

    with pytest.raises(StudioError) as caught:
        Renderer(layout, threads=1).render([recipe(layout, loras=(part,))])

    assert caught.value.code == "loras.changed"


def _in_library(layout: Layout, halves: Halves) -> LoraPart:
    layout.loras.mkdir(parents=True)
    path = save_kohya(halves, layout.loras / "ink.safetensors")
    return LoraPart(name="ink", sha256=file_sha256(path), strength=1.0)


def _weights(halves: Halves, *, rank: int = RANK, alpha: float = ALPHA) -> LoraWeights:
    layers = {name: LoraLayer(down, up) for name, (down, up) in halves.items()}
    return LoraWeights(layers=layers, rank=rank, alpha=alpha, tensors=2 * len(layers))


def _merged(scales: dict[int, float], loras: list[Halves]) -> nn.Module:
    unet: nn.Module = build_preview(SMALLEST).unet
    with torch.no_grad():
        for index, scale in scales.items():
            for name, (down, up) in loras[index].items():
                unet.get_submodule(name).weight += scale * up @ down
    return unet


def _answer(unet: nn.Module) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    latents = torch.randn(2, 4, 8, 8, generator=generator)
    text = torch.randn(2, SMALLEST.prompt_tokens, SMALLEST.text_hidden, generator=generator)
    pooled = torch.randn(2, SMALLEST.text_hidden, generator=generator)
    with torch.inference_mode():
        answer: torch.Tensor = unet(
            latents, torch.tensor([500.0]), text, torch.tensor([64, 64, 0, 0, 64, 64]).repeat(2), pooled
        )
    return answer
