"""What we write says the same in every dialect, to the bit, and is the same file every time."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from pathlib import Path

import pytest
import torch
from diffsynth.models.lora import GeneralLoRAFromPeft
from diffsynth.models.utils import load_state_dict
from hypothesis import given, settings
from hypothesis import strategies as st
from peft.tuners.lora import LoraLayer as InjectedLayer
from safetensors import safe_open

from story_engine.domain.lora import DIALECTS, LoraFacts, Provenance
from story_engine.formats.lora_metadata import facts_of, lora_metadata
from story_engine.formats.safetensors_header import read_header
from story_engine.inference.lora_injection import UnetAdapters
from story_engine.lora_files.names import diffusers_name
from story_engine.lora_files.read import LoraLayer, LoraWeights, read_lora
from story_engine.lora_files.write import ENDINGS, lora_bytes, write_lora
from story_engine.preview_model.architecture import SMALLEST, build_preview
from tests.story_engine.inference.small_loras import random_halves

_MODULES = (
    "blocks.7.transformer_blocks.0.attn1.to_q",
    "blocks.21.transformer_blocks.9.attn2.to_out",
    "blocks.31.transformer_blocks.3.act_fn.proj",
    "blocks.31.transformer_blocks.3.ff",
    "blocks.41.proj_in",
)
FACTS = LoraFacts(
    title="水墨 ink",
    trigger="墨风",
    family="kolors",
    width=1024,
    height=1024,
    provenance=Provenance(
        run="ink-1",
        step=500,
        dataset="ink",
        dataset_hash="d" * 64,
        pictures=24,
        base_hash="b" * 64,
        spec={"learning_rate": 1e-4, "lora_rank": 16, "seed": 7},
        versions={"torch": "2.10"},
        trained_at="2026-11-21T10:00:00+00:00",
    ),
)


def small(*, alpha: float = 2.0, rank: int = 4) -> LoraWeights:
    layers = {name: LoraLayer(down, up) for name, (down, up) in random_halves(rank=rank).items()}
    return LoraWeights(layers=layers, rank=rank, alpha=alpha, tensors=2 * len(layers))


def assert_same(read: LoraWeights, written: LoraWeights) -> None:
    assert (read.rank, read.alpha, set(read.layers)) == (written.rank, written.alpha, set(written.layers))
    for module, layer in written.layers.items():
        for one, other in ((read.layers[module].down, layer.down), (read.layers[module].up, layer.up)):
            assert one.dtype == other.dtype and torch.equal(one.view(torch.uint8), other.view(torch.uint8))


@pytest.mark.parametrize(("first", "second"), list(itertools.product(DIALECTS, DIALECTS)))
def test_every_dialect_becomes_every_other_to_the_bit(first: str, second: str, tmp_path: Path) -> None:
    weights = small(alpha=1 / 3)
    one, two = tmp_path / f"one{ENDINGS[first]}", tmp_path / f"two{ENDINGS[second]}"

    write_lora(one, weights, dialect=first)
    write_lora(two, read_lora(one), dialect=second)

    assert_same(read_lora(two), weights)


@settings(max_examples=40, deadline=None)
@given(
    modules=st.sets(st.sampled_from(_MODULES), min_size=1),
    rank=st.integers(1, 256),
    sides=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    alpha=st.floats(min_value=1e-6, max_value=1e6),
    dtype=st.sampled_from([torch.float32, torch.float16, torch.bfloat16, torch.float64]),
    dialect=st.sampled_from(DIALECTS),
    seed=st.integers(0, 9),
)
def test_whatever_is_written_is_read_back_to_the_bit(
    modules: set[str],
    rank: int,
    sides: tuple[int, int],
    alpha: float,
    dtype: torch.dtype,
    dialect: str,
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    generator = torch.Generator().manual_seed(seed)
    layers = {
        module: LoraLayer(
            torch.randn(rank, sides[0], generator=generator).to(dtype),
            torch.randn(sides[1], rank, generator=generator).to(dtype),
        )
        for module in sorted(modules)
    }
    weights = LoraWeights(layers=layers, rank=rank, alpha=alpha, tensors=2 * len(layers))
    path = tmp_path_factory.mktemp("written") / f"lora{ENDINGS[dialect]}"

    write_lora(path, weights, dialect=dialect)

    assert_same(read_lora(path), weights)


@pytest.mark.parametrize("dialect", ["kohya", "diffusers"])
def test_the_same_lora_is_the_same_file(dialect: str) -> None:
    metadata = lora_metadata(FACTS)

    assert lora_bytes(small(), dialect=dialect, metadata=metadata) == lora_bytes(
        small(), dialect=dialect, metadata=dict(reversed(metadata.items()))
    )


def test_half_of_a_larger_tensor_takes_only_its_own_place_in_a_checkpoint(tmp_path: Path) -> None:
    large = torch.randn(1000, 32)
    layers = {_MODULES[0]: LoraLayer(large[:4], torch.randn(1000, 4)[:32])}

    write_lora(tmp_path / "a.ckpt", LoraWeights(layers=layers, rank=4, alpha=4, tensors=2), dialect="challenge")

    assert (tmp_path / "a.ckpt").stat().st_size < 8_000
    assert torch.equal(read_lora(tmp_path / "a.ckpt").layers[_MODULES[0]].down, large[:4])


def test_the_challenges_layout_holds_plain_tensors_in_diffsynths_names(tmp_path: Path) -> None:
    write_lora(tmp_path / "a.ckpt", small(), dialect="challenge")

    content = torch.load(tmp_path / "a.ckpt", weights_only=True)

    assert torch.serialization.get_unsafe_globals_in_checkpoint(tmp_path / "a.ckpt") == []
    assert "blocks.7.transformer_blocks.0.attn1.to_q.lora_A.default.weight" in content
    assert json.loads((tmp_path / "a.json").read_text())["alpha"] == 2.0


def test_a_file_says_what_it_is_in_the_words_of_other_tools(tmp_path: Path) -> None:
    path = tmp_path / "ink.safetensors"

    write_lora(path, small(), metadata=lora_metadata(FACTS))

    with safe_open(path, "pt") as file:
        said = file.metadata()
    assert said["modelspec.architecture"] == "kolors-1.0/lora"
    assert said["modelspec.trigger_phrase"] == "墨风" and json.loads(said["trained_words"]) == ["墨风"]
    assert said["modelspec.resolution"] == "1024x1024" and said["modelspec.prediction_type"] == "epsilon"
    assert not said["ss_base_model_version"].startswith("sdxl")
    assert (said["ss_network_dim"], float(said["ss_network_alpha"])) == ("4", 2.0)
    assert float(said["ss_learning_rate"]) == 1e-4 and said["ss_num_train_images"] == "24"
    content = path.read_bytes()
    body = content[8 + int.from_bytes(content[:8], "little") :]
    assert said["modelspec.hash_sha256"] == "0x" + hashlib.sha256(body).hexdigest()
    assert said["sshs_model_hash"] == hashlib.sha256(body).hexdigest()


def test_what_a_file_says_of_itself_comes_back(tmp_path: Path) -> None:
    write_lora(tmp_path / "ink.safetensors", small(), metadata=lora_metadata(FACTS))

    assert facts_of(read_header(tmp_path / "ink.safetensors").metadata) == FACTS


def test_files_of_other_trainers_tell_trigger_and_title() -> None:
    facts = facts_of({"ss_output_name": "ink", "trained_words": '["ink style", "墨"]', "ss_steps": "500"})

    assert (facts.title, facts.trigger, facts.provenance.step, facts.family) == ("ink", "ink style, 墨", 500, "")
    assert facts_of({"story_studio": "[" * 9000, "ss_steps": "9" * 9000}) == LoraFacts()


def test_diffusers_form_names_its_layers_for_peft(tmp_path: Path) -> None:
    write_lora(tmp_path / "a.safetensors", small(), dialect="diffusers")

    settings_ = json.loads(read_header(tmp_path / "a.safetensors").metadata["lora_adapter_metadata"])

    assert settings_["unet.lora_alpha"] == 2.0 and settings_["unet.r"] == 4
    assert diffusers_name(_MODULES[0]) in settings_["unet.target_modules"]


def test_an_alpha_that_float32_cannot_hold_is_written_in_full(tmp_path: Path) -> None:
    write_lora(tmp_path / "a.safetensors", small(alpha=math.pi))

    assert read_lora(tmp_path / "a.safetensors").alpha == math.pi


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lora(tmp_path / "a.safetensors", small())
    before = (tmp_path / "a.safetensors").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Exception, match="full"):
        write_lora(tmp_path / "a.safetensors", small(alpha=1))

    assert (tmp_path / "a.safetensors").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_diffsynths_own_loader_reads_the_challenges_layout_and_acts_the_same(tmp_path: Path) -> None:
    weights = small()
    write_lora(tmp_path / "a.ckpt", weights, dialect="challenge")
    theirs, ours = (build_preview(SMALLEST).unet.requires_grad_(False) for _ in range(2))
    loader, content = GeneralLoRAFromPeft(), load_state_dict(str(tmp_path / "a.ckpt"))

    assert loader.match(theirs, content) is not None
    loader.load(theirs, content, alpha=weights.alpha / weights.rank)  # its "alpha" is a plain factor

    adapters = UnetAdapters(ours)
    adapters.add("a", "a", weights)
    adapters.activate({"a": 1.0})
    for name, layer in ours.named_modules():
        if isinstance(layer, InjectedLayer):
            merged = layer.get_base_layer().weight + layer.get_delta_weight("a")
            assert torch.allclose(merged, theirs.get_submodule(name).weight, atol=1e-5)
