"""Every kind of LoRA acts as in the library that made it: peft's and LyCORIS' own networks are the measure."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
import torch
from lycoris.modules.locon import LoConModule
from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model
from peft.tuners.lora import LoraLayer as InjectedLayer
from safetensors.torch import save_file
from torch import nn

from story_engine.errors import FixInput
from story_engine.inference.lora_injection import UnetAdapters
from story_engine.lora_files.names import diffusers_name, kohya_name
from story_engine.lora_files.read import read_lora
from story_engine.lora_files.write import write_lora
from story_engine.preview_model.architecture import SMALLEST, build_preview

RANK, ALPHA = 4, 2.0
ATTENTION = ("to_q", "to_k", "to_v", "to_out")
EVERYTHING = (
    *ATTENTION,
    "proj",
    "ff",
    "proj_in",
    "proj_out",
    "conv1",
    "conv2",
    "conv_shortcut",
    "time_emb_proj",
    "conv",
    "conv_in",
    "conv_out",
    "time_embedding.0",
    "add_time_embedding.2",
    "text_intermediate_proj",
)
STRENGTHS = (1.0, -0.7)
Tensors = dict[str, torch.Tensor]


@cache
def built() -> nn.Module:
    """In double precision: the rounding of fifty layers would hide a small mistake in one."""
    network: nn.Module = build_preview(SMALLEST).unet.double().requires_grad_(False)
    return network


def unet() -> nn.Module:
    return copy.deepcopy(built())


@cache
def base_answer() -> torch.Tensor:
    return answer(built())


def answer(network: nn.Module) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    latents = torch.randn(1, 4, 8, 8, generator=generator).double()
    text = torch.randn(1, SMALLEST.prompt_tokens, SMALLEST.text_hidden, generator=generator).double()
    pooled = torch.randn(1, SMALLEST.text_hidden, generator=generator).double()
    with torch.inference_mode():
        found: torch.Tensor = network(
            latents, torch.tensor([500.0]), text, torch.tensor([64, 64, 0, 0, 64, 64]).double(), pooled
        )
    return found


def targets(network: nn.Module, kinds: tuple[str, ...] = EVERYTHING) -> list[str]:
    return [
        name
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
        and any(name == kind or name.endswith(f".{kind}") for kind in kinds)
    ]


def peft_network(**settings: object) -> nn.Module:
    """A network with a random adapter of peft's own."""
    network = unet()
    config = LoraConfig(**({"r": RANK, "lora_alpha": ALPHA, "target_modules": targets(network)} | settings))
    inject_adapter_in_model(config, network)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "lora_magnitude" in name:
                factor = 1 + 0.3 * torch.randn(parameter.shape, generator=generator)
                parameter.copy_((parameter * factor).float())
            elif "lora_" in name:
                parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    return network.requires_grad_(False)


def at_strength(network: nn.Module, strength: float) -> torch.Tensor:
    for layer in network.modules():
        if isinstance(layer, InjectedLayer):
            layer.set_scale("default", strength)
    return answer(network)


def ours(path: Path, strength: float) -> torch.Tensor:
    network = unet()
    adapters = UnetAdapters(network)
    match = adapters.add("one", "ink", read_lora(path))
    assert match.matched == match.expected
    adapters.activate({"one": strength})
    return answer(network)


def assert_same(found: torch.Tensor, wanted: torch.Tensor) -> None:
    assert not torch.allclose(wanted, base_answer(), atol=1e-3), "the LoRA does nothing"
    assert (found - wanted).abs().max() <= 1e-5 * max(1.0, float(wanted.abs().max()))


def in_diffusers_names(state: Mapping[str, torch.Tensor]) -> Tensors:
    modules = sorted(targets(built()), key=len, reverse=True)
    renamed: Tensors = {}
    for name, tensor in state.items():
        module = next(each for each in modules if name.startswith(f"{each}."))
        renamed[f"unet.{diffusers_name(module)}{name.removeprefix(module)}"] = tensor.float()
    return renamed


@pytest.mark.parametrize("use_dora", [False, True], ids=["LoRA", "DoRA"])
def test_what_peft_trained_on_every_layer_acts_as_in_peft_at_any_strength(tmp_path: Path, use_dora: bool) -> None:
    network = peft_network(use_dora=use_dora)
    state = get_peft_model_state_dict(network)
    save_file({f"base_model.model.{name}": each.float() for name, each in state.items()}, tmp_path / "a.safetensors")
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": RANK, "lora_alpha": ALPHA, "use_dora": use_dora}))
    settings = json.dumps({"unet.r": RANK, "unet.lora_alpha": ALPHA, "unet.use_dora": use_dora})
    (tmp_path / "sub").mkdir()
    published = tmp_path / "sub" / "pytorch_lora_weights.safetensors"
    save_file(in_diffusers_names(state), published, metadata={"lora_adapter_metadata": settings})

    for strength in STRENGTHS:
        wanted = at_strength(network, strength)
        assert_same(ours(tmp_path / "a.safetensors", strength), wanted)
        assert_same(ours(published, strength), wanted)


def test_patterns_of_ranks_and_alphas_mean_what_they_mean_in_peft(tmp_path: Path) -> None:
    settings = {
        "rank_pattern": {"to_q": 2, r"blocks\.(7|10)\..*to_k": 8, "blocks.15.proj_in": 1},
        "alpha_pattern": {"attn1.to_q": 16, "to_q": 1, r"^blocks\.18\..*": 5, "o_v": 99, "no(": 3},
    }
    for stabilised in (False, True):
        asked = {**settings, "alpha_pattern": {k: v for k, v in settings["alpha_pattern"].items() if k != "no("}}
        network = peft_network(use_rslora=stabilised, **asked)
        folder = tmp_path / str(stabilised)
        folder.mkdir()
        state = get_peft_model_state_dict(network)
        save_file({f"base_model.model.{k}": v.float() for k, v in state.items()}, folder / "adapter_model.safetensors")
        config = {"r": RANK, "lora_alpha": ALPHA, "use_rslora": stabilised, **settings}
        (folder / "adapter_config.json").write_text(json.dumps(config))

        assert_same(ours(folder / "adapter_model.safetensors", 0.8), at_strength(network, 0.8))


def lycoris_network(multiplier: float = 1.0, **settings: object) -> tuple[nn.Module, Tensors]:
    """A network with random modules of LyCORIS' own, and what LyCORIS saves of them."""
    network, tensors = unet(), {}
    generator = torch.Generator().manual_seed(2)
    for name in targets(network):
        module = LoConModule(
            kohya_name(name), network.get_submodule(name), multiplier, lora_dim=RANK, alpha=ALPHA, **settings
        )
        with torch.no_grad():
            for key, parameter in module.named_parameters():
                if key == "dora_scale":
                    factor = 1 + 0.3 * torch.randn(parameter.shape, generator=generator)
                    parameter.copy_((parameter * factor).float())
                elif "lora_" in key:
                    parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
        module.double().requires_grad_(False).eval().apply_to()
        state = module.custom_state_dict()
        tensors |= {f"{kohya_name(name)}.{key}": each.float().clone() for key, each in state.items()}
    return network, tensors


KINDS = {
    "LoCon": {},
    "Tucker": {"use_tucker": True},
    "DoRA": {"weight_decompose": True, "wd_on_out": True},
    "DoRA of columns": {"weight_decompose": True, "wd_on_out": False},
    "DoRA in Tucker's form": {"weight_decompose": True, "use_tucker": True},
    "rank-stabilised": {"rs_lora": True},
}


@cache
def lycoris(kind: str, multiplier: float = 1.0) -> tuple[torch.Tensor, Tensors]:
    """What LyCORIS' own network of this kind answers, and what LyCORIS saves of it."""
    network, tensors = lycoris_network(multiplier, **KINDS[kind])
    return answer(network), tensors


@pytest.mark.parametrize("kind", KINDS)
def test_what_lycoris_trained_on_every_layer_acts_as_in_lycoris_at_any_strength(tmp_path: Path, kind: str) -> None:
    for strength in STRENGTHS:
        wanted, tensors = lycoris(kind, strength)
        save_file(tensors, tmp_path / "a.safetensors")

        assert_same(ours(tmp_path / "a.safetensors", strength), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_strength_zero_leaves_the_base_to_the_bit(tmp_path: Path, kind: str) -> None:
    save_file(lycoris(kind)[1], tmp_path / "a.safetensors")
    network = unet()
    adapters = UnetAdapters(network)
    base = base_answer()

    adapters.add("one", "ink", read_lora(tmp_path / "a.safetensors"))
    adapters.activate({"one": 1.0})
    changed = answer(network)
    adapters.activate({"one": 0.0})

    assert torch.equal(answer(network), base) and not torch.equal(changed, base)


def test_a_dora_that_was_not_used_for_long_leaves_no_trace(tmp_path: Path) -> None:
    save_file(lycoris("DoRA")[1], tmp_path / "a.safetensors")
    weights, network = read_lora(tmp_path / "a.safetensors"), unet()
    adapters = UnetAdapters(network)
    for number in range(9):
        adapters.make_room(keep=frozenset())
        adapters.add(f"lora{number}", "ink", weights)

    assert "lora0" not in adapters
    assert not any("lora0" in layer.lora_variant for layer in network.modules() if isinstance(layer, InjectedLayer))


def test_what_several_add_does_not_depend_on_their_order(tmp_path: Path) -> None:
    for name, kind in (("plain", "LoCon"), ("dora", "DoRA"), ("columns", "DoRA of columns")):
        save_file(lycoris(kind)[1], tmp_path / f"{name}.safetensors")
    answers = []
    for order in (("plain", "dora", "columns"), ("columns", "dora", "plain")):
        network = unet()
        adapters = UnetAdapters(network)
        for name in order:
            adapters.add(name, name, read_lora(tmp_path / f"{name}.safetensors"))
        adapters.activate(dict.fromkeys(order, 0.5))
        answers.append(answer(network))

    assert_same(answers[0], answers[1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", ["kohya", "diffusers"])
def test_what_is_exported_acts_the_same_or_is_refused(tmp_path: Path, kind: str, dialect: str) -> None:
    save_file(lycoris(kind)[1], tmp_path / "a.safetensors")
    weights = read_lora(tmp_path / "a.safetensors")

    if dialect == "diffusers" and kind == "DoRA of columns":
        with pytest.raises(FixInput, match="DoRA"):
            write_lora(tmp_path / "b.safetensors", weights, dialect=dialect)
        return
    write_lora(tmp_path / "b.safetensors", weights, dialect=dialect)

    assert_same(ours(tmp_path / "b.safetensors", 1.0), lycoris(kind)[0])


def test_a_dora_of_pefts_keeps_pefts_meaning_of_strength_in_kohyas_names(tmp_path: Path) -> None:
    network = peft_network(use_dora=True)
    state = get_peft_model_state_dict(network)
    save_file({f"base_model.model.{k}": v.float() for k, v in state.items()}, tmp_path / "a.safetensors")

    write_lora(tmp_path / "b.safetensors", read_lora(tmp_path / "a.safetensors", alpha=ALPHA))

    assert_same(ours(tmp_path / "b.safetensors", 0.6), at_strength(network, 0.6))


def test_a_lora_with_layers_that_the_network_does_not_have_is_refused_with_how_many(tmp_path: Path) -> None:
    _, tensors = lycoris_network()
    extra = kohya_name("blocks.7.transformer_blocks.9.attn1.to_q")
    tensors |= {f"{extra}.lora_down.weight": torch.ones(4, 32), f"{extra}.lora_up.weight": torch.ones(32, 4)}
    save_file(tensors, tmp_path / "a.safetensors")

    with pytest.raises(FixInput) as caught:
        ours(tmp_path / "a.safetensors", 1.0)

    assert caught.value.code == "loras.part_match" and caught.value.values["missing"] == 1
