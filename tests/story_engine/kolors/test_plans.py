"""Kolors under every memory plan: the picture of the plan that has room for everything, with and without a LoRA."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from story_engine.catalog.families import families
from story_engine.config import LIMIT_VARIABLE
from story_engine.domain.memory_plan import MemoryPlan
from story_engine.domain.recipe import Recipe
from story_engine.errors import LookAtLog, OutOfMemory
from story_engine.inference import render as render_module
from story_engine.inference.decoding import is_black
from story_engine.inference.device_memory import DeviceMemory
from story_engine.inference.kept_weights import RoundedLinear
from story_engine.inference.lora_injection import UnetAdapters
from story_engine.inference.render import Renderer
from story_engine.kolors.family import KOLORS
from story_engine.kolors.networks import load_text_encoder, load_unet
from story_engine.lora_files.layers import LoraLayer
from story_engine.lora_files.read import LoraWeights
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_kolors import publish_small_kolors

ROOMY = MemoryPlan(
    encoder="staged",
    unet="resident",
    rows=2,
    decoding="whole",
    encoding_bytes=3,
    denoising_bytes=2,
    decoding_bytes=1,
)
LEAN = ROOMY.model_copy(update={"encoder": "brought", "unet": "brought", "brought": 0.55, "decoding": "bands"})
ROUNDED = ROOMY.model_copy(update={"unet": "rounded"})


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    folder = tmp_path_factory.mktemp("studio")
    layout = Layout(folder / "workspace", folder / "stories")
    publish_small_kolors(layout)
    return layout


@pytest.fixture
def layout(published: Layout) -> Layout:
    """Without prompts that were encoded before: with them the text encoder is not needed."""
    shutil.rmtree(published.embeddings, ignore_errors=True)
    return published


@pytest.fixture
def own(published: Layout, tmp_path: Path) -> Layout:
    """Weights that a test may change."""
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    shutil.copytree(published.models, layout.models)
    return layout


def recipe(layout: Layout, **changes: object) -> Recipe:
    kolors = families(layout)["kolors"]
    fields = {
        "prompt": "一只猫",
        "negative": "模糊",
        "seed": 5,
        "sampler": "ddim",
        "steps": 2,
        "cfg_scale": 4.0,
        "width": 256,
        "height": 256,
        "noise": "cpu",
        "family": "kolors",
        "weights_hash": kolors.weights_hash,
        "precision": "float32",
    }
    return Recipe.model_validate(fields | changes)


def painted(layout: Layout, wanted: Recipe, plan: MemoryPlan, monkeypatch: pytest.MonkeyPatch) -> Image.Image:
    monkeypatch.setattr(DeviceMemory, "plan", lambda self, recipes: plan)
    renderer = Renderer(layout, threads=1)
    picture = renderer.render([wanted])[0]
    assert renderer.remarks_on(0) == {"memory_plan": plan.text}
    return picture


@cache
def _renderer(layout: Layout) -> Renderer:
    return Renderer(layout, threads=1)


def expected_pictures(layout: Layout, wanted: list[Recipe]) -> list[Image.Image]:
    pictures = _renderer(layout).render(wanted)
    shutil.rmtree(layout.embeddings, ignore_errors=True)
    return pictures


def difference(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


def test_the_leanest_plan_paints_what_the_roomiest_paints(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    roomy = painted(layout, recipe(layout), ROOMY, monkeypatch)
    assert np.asarray(roomy).std() > 2

    shutil.rmtree(layout.embeddings)
    assert difference(roomy, painted(layout, recipe(layout), LEAN, monkeypatch)) <= 1
    assert 0 < difference(roomy, painted(layout, recipe(layout), ROUNDED, monkeypatch)) < 40


def test_a_lora_acts_alike_whatever_its_layers_wait_for(layout: Layout) -> None:
    folder = layout.models / KOLORS.home
    given = (
        torch.randn(2, 4, 8, 8),
        torch.tensor([500.0]),
        torch.randn(2, 256, 32),
        torch.ones(12),
        torch.randn(2, 32),
    )
    results = {}
    for name, plan in (("roomy", ROOMY), ("lean", LEAN), ("rounded", ROUNDED)):
        unet = load_unet(folder, device="cpu", dtype=torch.float32, plan=plan)
        adapters = UnetAdapters(unet)
        with torch.inference_mode():
            without = unet(*given)
        adapters.add("small", "small", _lora(unet))
        adapters.activate({"small": 1.0})
        with torch.inference_mode():
            results[name] = (without, unet(*given))

    (roomy, roomy_lora), (lean, lean_lora), (rounded, rounded_lora) = results.values()
    assert torch.equal(roomy, lean) and torch.equal(roomy_lora, lean_lora)
    assert (roomy_lora - roomy).abs().max() > 1e-3
    acted = (rounded_lora - rounded) - (roomy_lora - roomy)
    assert acted.norm() < 0.3 * (roomy_lora - roomy).norm()


def test_what_a_plan_leaves_elsewhere_is_not_on_the_device(layout: Layout) -> None:
    folder = layout.models / KOLORS.home
    lean = load_unet(folder, device="cpu", dtype=torch.float64, plan=LEAN)
    rounded = load_unet(folder, device="cpu", dtype=torch.float32, plan=ROUNDED)

    waiting = [name for name, each in lean.named_parameters() if each.dtype != torch.float64]
    layers = {name.split(".norm1")[0] for name in waiting if name.endswith("norm1.weight")}
    assert len(layers) == round(0.55 * 17 - 0.5) and all("transformer_blocks" in name for name in waiting)
    assert sum(isinstance(each, RoundedLinear) for each in rounded.modules()) > 200


def test_an_encoder_whose_layers_are_brought_gives_the_same_embeddings(layout: Layout) -> None:
    folder = layout.models / KOLORS.home
    tokens = torch.arange(256)[None]
    given = {"input_ids": tokens + 100, "position_ids": tokens, "output_hidden_states": True}
    results = []
    for is_brought in (False, True):
        encoder = load_text_encoder(folder, device="cpu", dtype=torch.float32, is_brought=is_brought)
        with torch.inference_mode():
            results.append(encoder(**given).hidden_states)

    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


def test_the_limit_that_somebody_sets_is_kept_to(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "4")
    plan = DeviceMemory("cpu").plan([recipe(layout, width=1024, height=1024)])

    assert plan is not None and plan.peak_bytes <= 4 * 2**30
    assert DeviceMemory("cpu").plan([recipe(layout, family="preview")]) is None


def test_what_is_painted_together_and_how_come_of_one_look_at_the_memory(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter((40.0, 5.0))
    memory, wanted = DeviceMemory("cpu"), [recipe(layout, width=1024, height=1024)]
    monkeypatch.setattr(DeviceMemory, "free_bytes", lambda self: next(free) * 2**30)

    first, second = memory.plan(wanted), memory.plan(wanted)
    memory.look_again()

    assert first is second and first != memory.plan(wanted)


@pytest.mark.parametrize(
    "stage",
    [
        "denoise",
        pytest.param("encode", marks=pytest.mark.thorough),
        pytest.param("decode", marks=pytest.mark.thorough),
    ],
)
def test_memory_that_runs_out_once_is_met_by_a_leaner_plan_and_told(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    wanted = [recipe(layout, seed=seed, steps=1, precision="float32") for seed in (1, 2)]
    expected = expected_pictures(layout, wanted)
    failures = _fails(monkeypatch, stage, times=1)
    finished: list[int] = []

    renderer = Renderer(layout, threads=1)
    pictures = renderer.render(wanted, on_picture=lambda position, picture: finished.append(position))

    assert failures == [1] and sorted(finished) == [0, 1]
    assert [difference(one, other) for one, other in zip(pictures, expected, strict=True)] <= [1, 1]
    remarks = renderer.remarks_on(1)
    assert remarks["out_of_memory"] != remarks["memory_plan"]


def test_memory_that_runs_out_again_is_an_error(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = _fails(monkeypatch, "denoise", times=9)

    with pytest.raises(OutOfMemory):
        Renderer(layout, threads=1).render([recipe(layout)])

    assert failures == [2]


def test_a_picture_that_overflows_is_painted_once_more_in_full_precision_and_told(own: Layout) -> None:
    path = own.models / KOLORS.home / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    tensors = load_file(path)
    tensors["conv_out.weight"] *= 3e5 / tensors["conv_out.weight"].abs().max()
    save_file(tensors, path)
    wanted = recipe(own, precision="float16", steps=1)
    renderer = Renderer(own, threads=1)

    picture = renderer.render([wanted])[0]

    assert renderer.remarks_on(0)["repeated_in"] == "float32"
    again = renderer.render([recipe(own, steps=1)])[0]
    assert picture.tobytes() == again.tobytes() and not renderer.remarks_on(0).get("repeated_in")


def test_a_black_picture_is_painted_once_more_and_kept_where_it_is_black_again(own: Layout) -> None:
    path = own.models / KOLORS.home / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    tensors["decoder.conv_out.weight"] *= 0
    tensors["decoder.conv_out.bias"][:] = -1.0
    save_file(tensors, path)
    renderer = Renderer(own, threads=1)
    wanted = [recipe(own, precision=precision, steps=1) for precision in ("float16", "float32")]

    pictures = renderer.render(wanted)

    assert all(is_black(picture) for picture in pictures)
    assert renderer.remarks_on(0)["repeated_in"] == "float32" and "repeated_in" not in renderer.remarks_on(1)


def test_weights_that_are_no_numbers_in_any_precision_stay_an_error(own: Layout) -> None:
    path = own.models / KOLORS.home / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    tensors = load_file(path)
    tensors["conv_out.bias"][:] = float("nan")
    save_file(tensors, path)

    with pytest.raises(LookAtLog, match="U-Net"):
        Renderer(own, threads=1).render([recipe(own, precision="float16", steps=1)])


def _fails(monkeypatch: pytest.MonkeyPatch, stage: str, *, times: int) -> list[int]:
    """Memory runs out at a stage so many times; how often it did."""
    count = [0]
    owner, name = {
        "encode": (render_module.Networks, "encode"),
        "denoise": (render_module, "denoise"),
        "decode": (render_module, "decode"),
    }[stage]
    usual = getattr(owner, name)

    def fails(*arguments: object, **keywords: object) -> object:
        if count[0] < times:
            count[0] += 1
            raise OutOfMemory("models.memory_text_encoder", device="CPU") if stage == "encode" else MemoryError
        return usual(*arguments, **keywords)

    monkeypatch.setattr(owner, name, fails)
    return count


def _drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(7))


def _lora(unet: torch.nn.Module) -> LoraWeights:
    generator = torch.Generator().manual_seed(6)
    layers = {}
    for name, module in unet.named_modules():
        if name.endswith("attn1.to_q"):
            outputs, inputs = module.weight.shape
            down, up = torch.randn(4, inputs, generator=generator), 0.02 * torch.randn(outputs, 4, generator=generator)
            layers[name] = LoraLayer(down=down, up=up, alpha=4.0)
    return LoraWeights(layers=layers, rank=4, alpha=4.0, tensors=2 * len(layers))
