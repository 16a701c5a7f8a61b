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
from safetensors.torch import save_file

from story_engine.errors import FixInput
from story_engine.lora_files.names import diffusers_name, kohya_name, parse_key
from story_engine.lora_files.read import read_lora
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

    assert _refused(tmp_path / "bad.ckpt") == "models.lora_unreadable"


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

    assert _refused(path) == "models.lora_unreadable"


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

    assert _refused(tmp_path / "bad.safetensors") == "models.lora_unreadable"


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


@pytest.mark.parametrize(
    ("name", "module"),
    [
        (
            "blocks.7.transformer_blocks.1.attn2.to_out.lora_A.default.weight",
            "blocks.7.transformer_blocks.1.attn2.to_out",
        ),
        (
            "unet.mid_block.attentions.0.transformer_blocks.9.ff.net.2.lora.up.weight",
            "blocks.21.transformer_blocks.9.ff",
        ),
        (
            "lora_unet_up_blocks_0_attentions_2_transformer_blocks_3_ff_net_0_proj.alpha",
            "blocks.31.transformer_blocks.3.act_fn.proj",
        ),
        ("lora_unet_output_blocks_5_1_proj_in.lora_down.weight", "blocks.41.proj_in"),
    ],
)
def test_names_are_understood_in_every_dialect(name: str, module: str) -> None:
    key = parse_key(name)

    assert key is not None and key.module == module


def test_published_names_are_those_of_the_widely_used_tables() -> None:
    assert diffusers_name("blocks.35.transformer_blocks.0.attn1.to_out") == (
        "up_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0"
    )
    assert kohya_name("blocks.7.proj_in") == "lora_unet_down_blocks_1_attentions_0_proj_in"


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
