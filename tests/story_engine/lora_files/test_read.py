"""LoRA files in every dialect say the same; harmful and useless ones are refused before they do harm."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from diffsynth.models.sdxl_unet import SDXLUNetStateDictConverter
from safetensors.torch import load_file, save_file

from story_engine.errors import FixInput
from story_engine.lora_files.doctor import examine
from story_engine.lora_files.names import diffusers_name, kohya_name, parse_key, sgm_name
from story_engine.lora_files.read import read_lora
from story_engine.lora_files.repair import repaired
from story_engine.lora_files.shapes import base_shapes
from tests.story_engine.inference.small_loras import (
    ALPHA,
    RANK,
    Halves,
    random_halves,
    save_checkpoint,
    save_diffusers,
    save_kohya,
    save_peft,
)
from tests.story_engine.inference.small_preview import small_workspace

_ONE = "blocks.7.transformer_blocks.0.attn1.to_q"


@pytest.fixture(scope="module")
def halves() -> Halves:
    return random_halves()


def test_every_dialect_says_the_same(halves: Halves, tmp_path: Path) -> None:
    read = {
        "challenge": read_lora(save_checkpoint(halves, tmp_path / "epoch=0-step=500.ckpt"), alpha=ALPHA),
        "kohya": read_lora(save_kohya(halves, tmp_path / "kohya.safetensors")),
        "diffusers": read_lora(save_diffusers(halves, tmp_path / "pytorch_lora_weights.safetensors")),
        "peft": read_lora(save_peft(halves, tmp_path / "adapter_model.safetensors")),
    }

    for weights in read.values():
        assert (weights.rank, weights.alpha, weights.tensors) == (RANK, ALPHA, 2 * len(halves))
        assert set(weights.layers) == set(halves)
        for name, (down, up) in halves.items():
            assert torch.equal(weights.layers[name].down, down)
            assert torch.equal(weights.layers[name].up, up)


def test_the_challenges_checkpoint_leaves_alpha_open_and_asks(halves: Halves, tmp_path: Path) -> None:
    path = save_checkpoint(halves, tmp_path / "ink.ckpt")

    with pytest.raises(FixInput) as caught:
        read_lora(path)

    assert caught.value.code == "models.lora_alpha_unknown"
    (tmp_path / "ink.json").write_text(json.dumps({"alpha": 4}))
    assert read_lora(path).alpha == 4


def test_kohya_without_alpha_means_alpha_is_rank(halves: Halves, tmp_path: Path) -> None:
    assert read_lora(save_kohya(halves, tmp_path / "a.safetensors", alpha=None)).alpha == RANK


def test_rank_stabilised_training_acts_with_the_root_of_the_rank(halves: Halves, tmp_path: Path) -> None:
    path = save_peft(halves, tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_config.json").write_text(json.dumps({"lora_alpha": 2, "use_rslora": True}))

    assert read_lora(path).alpha / RANK == pytest.approx(2 / RANK**0.5)


def test_layers_of_a_text_encoder_are_counted_but_not_used(halves: Halves, tmp_path: Path) -> None:
    tensors = {f"lora_te_layers_0_query.lora_{half}.weight": torch.zeros(4, 4) for half in ("down", "up")}
    for half, tensor in zip(("down", "up"), halves[_ONE], strict=True):
        tensors[f"{kohya_name(_ONE)}.lora_{half}.weight"] = tensor
    save_file(tensors, tmp_path / "both.safetensors")

    weights = read_lora(tmp_path / "both.safetensors")

    assert set(weights.layers) == {_ONE}
    assert weights.tensors == 4


def test_a_checkpoint_that_would_run_code_runs_nothing(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'harm'}",)

    torch.save({_ONE + ".lora_A.default.weight": Payload()}, tmp_path / "bad.ckpt")

    assert _refused(tmp_path / "bad.ckpt") == "models.lora_not_plain"
    assert not (tmp_path / "harm").exists()


def test_a_checkpoint_with_the_other_ending_is_judged_by_its_content(halves: Halves, tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'harm'}",)

    torch.save({_ONE + ".lora_A.default.weight": Payload()}, tmp_path / "bad.safetensors")
    sound = save_checkpoint(halves, tmp_path / "good.ckpt").rename(tmp_path / "good.safetensors")

    assert _refused(tmp_path / "bad.safetensors") == "models.lora_not_plain"
    assert not (tmp_path / "harm").exists()
    assert read_lora(sound, alpha=1).rank == RANK


def test_a_checkpoint_whose_parts_lie_over_each_other_is_refused(halves: Halves, tmp_path: Path) -> None:
    plain = save_checkpoint(halves, tmp_path / "a.ckpt").read_bytes()
    entry = plain.index(b"PK\x01\x02")
    for position in (20, 24):  # stored and real size in the central directory
        plain = plain[: entry + position] + (2**30).to_bytes(4, "little") + plain[entry + position + 4 :]
    (tmp_path / "a.ckpt").write_bytes(plain)

    assert _refused(tmp_path / "a.ckpt") in ("models.lora_not_plain", "models.lora_unreadable")


def test_a_bare_pickle_is_refused_without_being_opened(tmp_path: Path) -> None:
    (tmp_path / "bad.ckpt").write_bytes(pickle.dumps({"a": 1}))

    assert _refused(tmp_path / "bad.ckpt") == "loras.file_pickle"


def test_a_tensor_that_claims_more_than_is_stored_is_refused(tmp_path: Path) -> None:
    claimed = torch.zeros(1).as_strided((4, 10**9), (0, 0))  # 4 bytes that would become 16 GB
    tensors = OrderedDict({f"{_ONE}.lora_A.default.weight": claimed, f"{_ONE}.lora_B.default.weight": claimed.T})
    torch.save(tensors, tmp_path / "bomb.ckpt")

    assert _refused(tmp_path / "bomb.ckpt") == "models.lora_shapes"


def test_a_compressed_checkpoint_is_refused_before_it_unpacks(halves: Halves, tmp_path: Path) -> None:
    plain = save_checkpoint(halves, tmp_path / "plain.ckpt")
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(tmp_path / "packed.ckpt", "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))

    assert _refused(tmp_path / "packed.ckpt") == "models.lora_not_plain"


@pytest.mark.parametrize("kept", [10, 0.5, 0.99])
@pytest.mark.parametrize("ending", ["ckpt", "safetensors"])
def test_a_truncated_file_is_refused(halves: Halves, tmp_path: Path, ending: str, kept: float) -> None:
    path = tmp_path / f"cut.{ending}"
    (save_checkpoint if ending == "ckpt" else save_kohya)(halves, path)
    content = path.read_bytes()
    path.write_bytes(content[: kept if kept == 10 else int(len(content) * kept)])

    assert _refused(path) in ("loras.file_cut", "loras.file_cut_archive")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 64) + b"[" * 64,
        struct.pack("<Q", 4_000_000) + b"[" * 4_000_000,
        b'\x58\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"x":1}}',
    ],
    ids=["empty", "huge header", "list", "nested", "deeply nested", "duplicate"],
)
def test_headers_that_are_none_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.safetensors").write_bytes(content)

    assert _refused(tmp_path / "bad.safetensors") in ("models.lora_unreadable", "loras.file_empty")


def test_too_many_tensors_are_refused(tmp_path: Path) -> None:
    save_file({f"t{number}": torch.zeros(1) for number in range(20_001)}, tmp_path / "many.safetensors")

    assert _refused(tmp_path / "many.safetensors") == "models.lora_unreadable"


@pytest.mark.parametrize(
    ("down", "up"),
    [
        (torch.zeros(300, 32), torch.zeros(32, 300)),
        (torch.zeros(4, 32), torch.zeros(32, 8)),
        (torch.zeros(4, 32, 1, 1), torch.zeros(32, 4)),
        (torch.zeros(4, 32, dtype=torch.int32), torch.zeros(32, 4)),
        (torch.zeros(4, 32), None),
    ],
    ids=["rank over 256", "halves disagree", "four dimensions", "integers", "half missing"],
)
def test_shapes_that_are_no_lora_are_refused(tmp_path: Path, down: torch.Tensor, up: torch.Tensor | None) -> None:
    tensors = {f"{kohya_name(_ONE)}.lora_down.weight": down}
    if up is not None:
        tensors[f"{kohya_name(_ONE)}.lora_up.weight"] = up
    save_file(tensors, tmp_path / "bad.safetensors")

    assert _refused(tmp_path / "bad.safetensors") == "models.lora_shapes"


def test_a_model_that_is_no_lora_is_refused(tmp_path: Path) -> None:
    save_file({"conv_in.weight": torch.zeros(4, 4)}, tmp_path / "unet.safetensors")

    assert _refused(tmp_path / "unet.safetensors") == "models.lora_no_layers"


_SPELLINGS = {
    "blocks.7.transformer_blocks.1.attn2.to_out": (
        "blocks.7.transformer_blocks.1.attn2.to_out.lora_A.default.weight",
        "base_model.model.blocks.7.transformer_blocks.1.attn2.to_out.lora_B.weight",
        "base_model.model.unet.down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_out.0.lora_A.weight",
        "unet.down_blocks.1.attentions.0.transformer_blocks.1.attn2.processor.to_out_lora.down.weight",
        "down_blocks.1.attentions.0.transformer_blocks.1.attn2.processor.to_out_lora.up.weight",
        "diffusion_model.input_blocks.4.1.transformer_blocks.1.attn2.to_out.0.lora_up.weight",
        "model.diffusion_model.input_blocks.4.1.transformer_blocks.1.attn2.to_out.0.lora_A.weight",
        "lora_unet_input_blocks_4_1_transformer_blocks_1_attn2_to_out_0.alpha",
        "lycoris_down_blocks_1_attentions_0_transformer_blocks_1_attn2_to_out_0.dora_scale",
        "transformer.down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_out.0.lora_A.weight",
        "unet.down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_out.0.lora_magnitude_vector.default.weight",
        "unet.down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_out.0.lora_magnitude_vector",
    ),
    "blocks.21.transformer_blocks.9.ff": ("unet.mid_block.attentions.0.transformer_blocks.9.ff.net.2.lora.up.weight",),
    "blocks.31.transformer_blocks.3.act_fn.proj": (
        "lora_unet_up_blocks_0_attentions_2_transformer_blocks_3_ff_net_0_proj.alpha",
    ),
    "blocks.41.proj_in": ("lora_unet_output_blocks_5_1_proj_in.lora_down.weight",),
    "blocks.0.conv1": ("lora_unet_input_blocks_1_0_in_layers_2.lora_mid.weight",),
    "blocks.34.conv_shortcut": ("lora_unet_output_blocks_3_0_skip_connection.lora_down.weight",),
    "blocks.4.conv": ("lora_unet_input_blocks_3_0_op.lora_up.weight", "unet.down_blocks.0.downsamplers.0.conv.alpha"),
    "text_intermediate_proj": ("unet.encoder_hid_proj.lora_A.weight",),
}


def test_names_are_understood_in_every_dialect() -> None:
    missed = [
        (name, key)
        for module, names in _SPELLINGS.items()
        for name in names
        if (key := parse_key(name)) is None or key.module != module
    ]

    assert missed == []


def test_the_names_of_all_layers_are_those_of_diffsynths_own_tables(tmp_path: Path) -> None:
    converter = SDXLUNetStateDictConverter()
    layers = base_shapes(small_workspace(tmp_path))["kolors"]
    numbers = {module: torch.full((1,), float(number)) for number, module in enumerate(layers)}

    from_diffusers, _ = converter.from_diffusers({f"{diffusers_name(m)}.weight": each for m, each in numbers.items()})

    assert from_diffusers == {f"{module}.weight": each for module, each in numbers.items()}
    sgm = {f"model.diffusion_model.{sgm_name(module)}.weight": each for module, each in numbers.items()}
    theirs = converter.from_civitai(sgm)
    theirs = theirs[0] if isinstance(theirs, tuple) else theirs
    assert {name.removesuffix(".weight") for name in theirs} >= set(layers) - {"text_intermediate_proj"}
    assert all(theirs[f"{m}.weight"] == each for m, each in numbers.items() if m != "text_intermediate_proj")


def test_published_names_are_those_of_the_widely_used_tables() -> None:
    assert diffusers_name("blocks.35.transformer_blocks.0.attn1.to_out") == (
        "up_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0"
    )
    assert kohya_name("blocks.7.proj_in") == "lora_unet_down_blocks_1_attentions_0_proj_in"


def test_eight_bit_numbers_are_read_and_the_rest_that_is_no_number_is_named(halves: Halves, tmp_path: Path) -> None:
    wrong: list[str] = []
    down, up = halves[_ONE]
    for dtype in (torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz):
        stored = {
            f"{kohya_name(_ONE)}.lora_down.weight": down.to(dtype),
            f"{kohya_name(_ONE)}.lora_up.weight": up.to(dtype),
        }
        save_file(stored, tmp_path / "eight.safetensors")
        layer = read_lora(tmp_path / "eight.safetensors").layers[_ONE]
        if not torch.equal(layer.down.float(), down.to(dtype).float()):
            wrong.append(str(dtype))
    harmful = {
        "complex": down.to(torch.complex64),
        "sparse": down.to_sparse(),
        "meta": down.to("meta"),
        "quantised": torch.quantize_per_tensor(down, 0.1, 0, torch.qint8),
        "bool": down > 0,
        "integers": down.to(torch.int8),
        "empty": down[:0],
        "scalar": down[0, 0],
    }
    for kind, tensor in harmful.items():
        for half in ("A", "B"):
            tensors = {f"{_ONE}.lora_A.default.weight": down, f"{_ONE}.lora_B.default.weight": up}
            torch.save(tensors | {f"{_ONE}.lora_{half}.default.weight": tensor}, tmp_path / "odd.ckpt")
            if _refused(tmp_path / "odd.ckpt") != "models.lora_shapes":
                wrong.append(f"{kind} in {half}")
        torch.save(tensors | {f"{_ONE}.alpha": tensor}, tmp_path / "odd.ckpt")
        if kind != "scalar" and _refused(tmp_path / "odd.ckpt") != "models.lora_shapes":
            wrong.append(f"{kind} as alpha")
        torch.save(tensors | {"something": tensor}, tmp_path / "odd.ckpt")
        examine(tmp_path / "odd.ckpt", bases={})
        repaired(tmp_path / "odd.ckpt", "convert", alpha=2.0)

    assert wrong == []


def test_an_old_checkpoint_of_plain_tensors_is_read(halves: Halves, tmp_path: Path) -> None:
    tensors = {f"{name}.lora_A.default.weight": each[0] for name, each in halves.items()}
    tensors |= {f"{name}.lora_B.default.weight": torch.nn.Parameter(each[1]) for name, each in halves.items()}
    torch.save(tensors, tmp_path / "old.pt", _use_new_zipfile_serialization=False)

    weights = read_lora(tmp_path / "old.pt", alpha=2.0)

    assert set(weights.layers) == set(halves) and torch.equal(weights.layers[_ONE].up, halves[_ONE][1])
    (tmp_path / "cut.pt").write_bytes((tmp_path / "old.pt").read_bytes()[:-100])
    assert _refused(tmp_path / "cut.pt") in ("loras.file_cut_archive", "models.lora_unreadable")


def test_tensors_that_belong_nowhere_are_refused_with_how_many(halves: Halves, tmp_path: Path) -> None:
    save_kohya(halves, tmp_path / "a.safetensors")
    stray = {f"lora_unet_strange_{n}.lora_up.weight": torch.ones(2, 2) for n in range(3)}
    save_file(load_file(tmp_path / "a.safetensors") | stray, tmp_path / "a.safetensors")

    with pytest.raises(FixInput) as caught:
        read_lora(tmp_path / "a.safetensors")

    assert caught.value.code == "loras.unplaced" and caught.value.values["count"] == 3


def test_a_layer_that_is_there_twice_in_two_dialects_is_refused(halves: Halves, tmp_path: Path) -> None:
    save_kohya(halves, tmp_path / "a.safetensors")
    twice = {f"unet.{diffusers_name(_ONE)}.lora_A.weight": halves[_ONE][0]}
    save_file(load_file(tmp_path / "a.safetensors") | twice, tmp_path / "a.safetensors")

    assert _refused(tmp_path / "a.safetensors") == "models.lora_shapes"


def _refused(path: Path) -> str:
    with pytest.raises(FixInput) as caught:
        read_lora(path, alpha=1.0)
    return caught.value.code


def test_a_header_whose_length_spells_pk_is_no_zip(halves: Halves, tmp_path: Path) -> None:
    path = save_kohya(halves, tmp_path / "x.safetensors")
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    wanted = next(0x4B50 + 0x10000 * n for n in range(9) if 0x4B50 + 0x10000 * n >= length)
    path.write_bytes(struct.pack("<Q", wanted) + content[8 : 8 + length].ljust(wanted) + content[8 + length :])

    assert path.read_bytes()[:2] == b"PK"
    assert read_lora(path).rank == RANK
