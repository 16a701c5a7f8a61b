"""The LoRA doctor reports on files that reading refuses, and mends what can be mended without changing the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from story_engine.domain.lora import DIALECTS, LoraReport
from story_engine.errors import FixInput
from story_engine.formats.lora_metadata import LEFT_OUT_KEY, lora_metadata
from story_engine.formats.safetensors_header import read_header
from story_engine.lora_files.doctor import examine
from story_engine.lora_files.names import kohya_name
from story_engine.lora_files.read import read_lora
from story_engine.lora_files.repair import repaired
from story_engine.lora_files.shapes import Shape, base_shapes
from story_engine.lora_files.write import write_lora
from story_engine.messages import message
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_loras import (
    ALPHA,
    RANK,
    random_halves,
    save_checkpoint,
    save_diffusers,
    save_kohya,
    save_peft,
)
from tests.story_engine.inference.small_preview import small_workspace
from tests.story_engine.lora_files.test_write import FACTS, small

_ONE = "blocks.7.transformer_blocks.0.attn1.to_q"
_TWO = "blocks.41.transformer_blocks.0.attn2.to_out"
_DROP = "drop_broken"
Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Shape]]:
    return base_shapes(small_workspace(tmp_path_factory.mktemp("bases")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return save_kohya(random_halves(), tmp_path / "ink.safetensors")


def changed(path: Path, change: Callable[[Tensors], object]) -> Path:
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)
    return path


def codes(report: LoraReport, *states: str) -> set[str]:
    return {finding.code for finding in report.findings if not states or finding.state in states}


def test_a_sound_file_is_told_in_full(bases, tmp_path: Path) -> None:
    write_lora(tmp_path / "ink.safetensors", small(), metadata=lora_metadata(FACTS))

    report = examine(tmp_path / "ink.safetensors", bases=bases)

    assert codes(report, "bad", "warning") == set() and report.state == "ok" and report.repairs == ()
    assert (report.format, report.dialects, report.dtypes, report.ranks) == (
        "safetensors",
        ("kohya",),
        ("float32",),
        (RANK,),
    )
    assert (report.alpha, report.alpha_source) == (2.0, "tensors")
    assert report.families == ("preview",) and report.matched == report.expected == len(report.layers) == 88
    assert report.targets == ("to_k", "to_out", "to_q", "to_v")
    assert report.facts == FACTS and report.base_stated == "kolors-1.0/lora"
    assert [block.block for block in report.blocks][:2] == ["down_blocks.1.attentions.0", "down_blocks.1.attentions.1"]
    assert len(report.blocks) == 11 and all(block.broken == 0 for block in report.blocks)


def test_norms_are_those_of_what_is_added_at_strength_one(bases, path: Path) -> None:
    report = examine(path, bases=bases)

    down, up = random_halves()[_ONE]
    layer = next(layer for layer in report.layers if layer.module == _ONE)
    assert layer.norm == pytest.approx(float((ALPHA / RANK * up @ down).norm()), rel=1e-4)
    block = next(block for block in report.blocks if block.block == "down_blocks.1.attentions.0")
    members = [float((ALPHA / RANK * b @ a).norm()) ** 2 for name, (a, b) in random_halves().items() if ".7." in name]
    assert block.norm == pytest.approx(sum(members) ** 0.5, rel=1e-4)


def test_every_form_is_known(bases, tmp_path: Path) -> None:
    halves = random_halves()
    folders = [tmp_path / str(number) for number in range(3)]
    for folder in folders:
        folder.mkdir()
    found = [
        examine(save_checkpoint(halves, folders[0] / "a.ckpt"), bases=bases),
        examine(save_peft(halves, folders[1] / "adapter_model.safetensors"), bases=bases),
        examine(save_diffusers(halves, folders[2] / "a.safetensors"), bases=bases),
    ]

    assert [report.dialects for report in found] == [("challenge",), ("peft",), ("diffusers",)]
    assert [report.alpha_source for report in found] == ["", "beside", "metadata"]
    assert codes(found[0], "bad") == {"loras.doctor_alpha_unknown"}
    assert found[0].repairs == ("convert", "alpha")
    assert codes(found[1], "warning") == {"loras.doctor_alpha_beside"}
    assert codes(found[2], "warning", "bad") == set()


@pytest.mark.parametrize(
    ("change", "code", "repair"),
    [
        (lambda t: t[f"{kohya_name(_ONE)}.lora_up.weight"].fill_(float("nan")), "doctor_not_finite", _DROP),
        (lambda t: t[f"{kohya_name(_ONE)}.lora_down.weight"].fill_(float("inf")), "doctor_not_finite", _DROP),
        (lambda t: t[f"{kohya_name(_ONE)}.lora_up.weight"].zero_(), "doctor_zero", _DROP),
        (lambda t: t.pop(f"{kohya_name(_ONE)}.lora_up.weight"), "doctor_half", _DROP),
        (lambda t: t.update({f"{kohya_name(_ONE)}.lora_up.weight": torch.ones(9, 7)}), "doctor_misshapen", _DROP),
        (lambda t: t.update({f"{kohya_name(_ONE)}.lora_up.weight": torch.ones(9)}), "doctor_misshapen", _DROP),
        (lambda t: t.update({"lora_te1_text.lora_up.weight": torch.ones(4, 4)}), "doctor_text_encoder", "drop_foreign"),
        (lambda t: t.update({"conv_inner.lora_up.weight": torch.ones(4, 4)}), "doctor_foreign", "drop_foreign"),
    ],
    ids=["nan", "inf", "zero", "half", "halves disagree", "one dimension", "text encoder", "foreign"],
)
def test_what_is_wrong_is_found_and_one_repair_mends_it(bases, path: Path, change, code: str, repair: str) -> None:
    changed(path, change)

    before = examine(path, bases=bases)
    mended = path.with_name("mended.safetensors")
    mended.write_bytes(repaired(path, repair))
    after = examine(mended, bases=bases)

    assert f"loras.{code}" in codes(before) and repair in before.repairs
    assert f"loras.{code}" not in codes(after) and repair not in after.repairs
    weights, halves = read_lora(mended), random_halves()
    assert len(weights.layers) >= len(halves) - 1
    assert all(torch.equal(weights.layers[module].down, halves[module][0]) for module in weights.layers)
    for language in ("zh", "en"):
        assert all(message(finding.code, language, **finding.values) for finding in before.findings)


def test_a_lora_of_mixed_ranks_and_alphas_is_sound_and_can_become_one_that_adds_the_same(bases, path: Path) -> None:
    down, up = torch.randn(9, 32) * 0.2, torch.randn(32, 9) * 0.2
    name = kohya_name(_TWO)
    other = {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up, f"{name}.alpha": torch.tensor(3.0)}
    changed(path, lambda tensors: tensors.update(other))

    before = examine(path, bases=bases)
    read = read_lora(path)
    path.write_bytes(repaired(path, "even_ranks"))

    assert before.ranks == (RANK, 9) and before.state == "ok" and "loras.doctor_ranks" in codes(before)
    assert (read.layers[_TWO].rank, read.alpha_of(_TWO)) == (9, 3.0)
    assert (read.layers[_ONE].rank, read.alpha_of(_ONE)) == (RANK, ALPHA)
    weights = read_lora(path)
    assert weights.rank == 9 and weights.alpha == pytest.approx(9 * ALPHA / RANK)
    scale = weights.alpha / weights.rank
    added = scale * weights.layers[_TWO].up @ weights.layers[_TWO].down
    assert torch.allclose(added, 3.0 / 9 * up @ down, rtol=1e-5, atol=1e-5)
    kept = random_halves()[_ONE]
    assert torch.equal(weights.layers[_ONE].up[:, :RANK], kept[1])
    assert examine(path, bases=bases).state == "ok"


def test_an_alpha_is_written_into_the_file(bases, tmp_path: Path) -> None:
    path = save_checkpoint(random_halves(), tmp_path / "a.ckpt")
    with pytest.raises(FixInput) as caught:
        repaired(path, "convert")

    (tmp_path / "a.safetensors").write_bytes(repaired(path, "alpha", alpha=3.0))

    assert caught.value.code == "loras.alpha_needed"
    assert read_lora(tmp_path / "a.safetensors").alpha == 3.0
    assert examine(tmp_path / "a.safetensors", bases=bases).state == "ok"


def test_a_repair_keeps_the_metadata_and_what_it_is_not_about(path: Path, tmp_path: Path) -> None:
    write_lora(tmp_path / "b.safetensors", small(), metadata=lora_metadata(FACTS))
    tensors = load_file(tmp_path / "b.safetensors") | {"lora_te1_text.lora_up.weight": torch.ones(4, 4)}
    save_file(tensors, tmp_path / "b.safetensors", metadata=dict(read_header(tmp_path / "b.safetensors").metadata))

    (tmp_path / "c.safetensors").write_bytes(repaired(tmp_path / "b.safetensors", "drop_broken"))

    mended = load_file(tmp_path / "c.safetensors")
    assert mended.keys() == tensors.keys() and all(torch.equal(mended[name], tensors[name]) for name in tensors)
    assert read_header(tmp_path / "c.safetensors").metadata["modelspec.trigger_phrase"] == "墨风"


def test_nothing_is_left_of_a_lora_of_zeros(bases, path: Path) -> None:
    changed(path, lambda tensors: [t.zero_() for name, t in tensors.items() if "lora_up" in name])

    report = examine(path, bases=bases)

    assert codes(report, "bad") == {"loras.doctor_all_zero"} and report.repairs == ()
    with pytest.raises(FixInput, match="no whole layer"):
        repaired(path, "drop_broken")


def test_half_of_the_layers_is_told_with_how_many_there_should_be(bases, path: Path) -> None:
    changed(path, lambda tensors: [tensors.pop(name) for name in list(tensors) if "down_blocks" in name])

    report = examine(path, bases=bases)

    assert "loras.doctor_partial" in codes(report, "warning")
    assert 0 < report.matched < report.expected == 88


def test_a_lora_of_another_base_is_told_with_its_shape(bases, tmp_path: Path) -> None:
    other = examine(
        save_kohya({_ONE: (torch.ones(4, 768), torch.ones(768, 4))}, tmp_path / "a.safetensors"), bases=bases
    )
    kolors = examine(
        save_kohya({_ONE: (torch.ones(4, 640), torch.ones(640, 4))}, tmp_path / "b.safetensors"), bases=bases
    )

    assert other.families == () and "loras.doctor_other_base" in codes(other, "bad")
    assert kolors.families == ("kolors",)


def test_a_lora_for_sdxl_that_would_load_is_told_apart(bases, tmp_path: Path) -> None:
    tensors = load_file(save_kohya({_ONE: (torch.ones(4, 640), torch.ones(640, 4))}, tmp_path / "a.safetensors"))
    save_file(tensors, tmp_path / "a.safetensors", metadata={"ss_base_model_version": "sdxl_base_v1-0"})

    assert "loras.doctor_recorded_other_base" in codes(examine(tmp_path / "a.safetensors", bases=bases), "warning")


_METHODS = {
    "LoHa": ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "alpha"),
    "LoKr": ("lokr_w1", "lokr_w2_a", "lokr_w2_b", "alpha", "dora_scale"),
    "(IA)³": ("weight", "on_input"),
    "OFT": ("oft_blocks", "alpha"),
    "BOFT": ("boft_R.default",),
    "GLoRA": ("a1.weight", "a2.weight", "b1.weight", "b2.weight", "alpha"),
    "FULL": ("diff", "diff_b"),
    "VeRA": ("vera_lambda_b",),
    "LoRA on biases": ("lora_B.bias",),
}


def test_adapters_of_other_methods_are_named_by_doctor_and_reader(bases, path: Path, tmp_path: Path) -> None:
    wrong: list[str] = []
    for method, parts in _METHODS.items():
        foreign = {f"{kohya_name(_ONE)}.{part}": torch.ones(4, 4) for part in parts}
        behind_text = {f"lora_te1_text_{n}.lora_up.weight": torch.ones(4, 4) for n in range(50)}
        save_file(behind_text | foreign, tmp_path / "alone.safetensors")
        alone = examine(tmp_path / "alone.safetensors", bases=bases)
        sound = {name: each for name, each in load_file(path).items() if kohya_name(_ONE) not in name}
        save_file(behind_text | sound | foreign, tmp_path / "mixed.safetensors")
        mixed = examine(tmp_path / "mixed.safetensors", bases=bases)
        for report in (alone, mixed):
            if method not in report.other_methods or report.state != "bad" or report.unplaced != len(foreign):
                wrong.append(f"{method}: {report.other_methods} {report.unplaced}")
        for name in ("alone", "mixed"):
            with pytest.raises(FixInput) as caught:
                read_lora(tmp_path / f"{name}.safetensors")
            if caught.value.code != "loras.other_method" or method not in str(caught.value.values["methods"]):
                wrong.append(f"{method} {name}: {caught.value}")

    assert wrong == []


def test_one_layer_that_outshouts_the_others_is_told(bases, path: Path) -> None:
    changed(path, lambda tensors: tensors[f"{kohya_name(_TWO)}.lora_up.weight"].mul_(1000))

    assert "loras.doctor_loud" in codes(examine(path, bases=bases), "warning")


@pytest.mark.parametrize("kept", [0, 5, 100, 0.5, 0.99])
def test_cut_files_are_reported_and_not_raised(bases, path: Path, kept: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept) if 0 < kept < 1 else int(kept)])

    report = examine(path, bases=bases)

    assert report.state == "bad" and report.layers == () and report.format == "unknown"


def test_a_tensor_that_claims_more_than_is_stored_is_told_and_never_unfolded(bases, tmp_path: Path) -> None:
    claimed = torch.zeros(1).as_strided((4, 10**9), (0, 0))
    tensors = {f"{name}.lora_A.default.weight": half[0] for name, half in random_halves().items()}
    tensors |= {f"{name}.lora_B.default.weight": half[1] for name, half in random_halves().items()}
    torch.save(tensors | {f"{_ONE}.lora_A.default.weight": claimed}, tmp_path / "bomb.ckpt")

    report = examine(tmp_path / "bomb.ckpt", bases=bases, alpha=2)
    (tmp_path / "mended.safetensors").write_bytes(repaired(tmp_path / "bomb.ckpt", "drop_broken", alpha=2))

    assert "loras.doctor_misshapen" in codes(report, "bad")
    assert _ONE not in read_lora(tmp_path / "mended.safetensors").layers


def test_metadata_of_any_length_is_cut_to_what_can_be_shown(bases, path: Path) -> None:
    save_file(load_file(path), path, metadata={"ss_tag_frequency": "x" * 100_000} | {f"k{n}": "v" for n in range(999)})

    report = examine(path, bases=bases)

    assert sum(map(len, report.metadata.values())) < 5_000


def test_the_shapes_of_both_families_are_those_of_their_networks(tmp_path: Path) -> None:
    from diffsynth.models.sdxl_unet import SDXLUNet

    from story_engine.preview_model.architecture import SMALLEST, build_preview

    with torch.device("meta"):
        networks = {"kolors": SDXLUNet(is_kolors=True), "preview": build_preview(SMALLEST).unet}
    shapes = base_shapes(small_workspace(tmp_path))

    assert len(shapes["kolors"]) == 795
    for family, network in networks.items():
        layers = {
            name: tuple(module.weight.shape)
            for name, module in network.named_modules()
            if isinstance(module, torch.nn.Linear | torch.nn.Conv2d)
        }
        assert shapes[family] == {name: each[:2] if each[2:] == (1, 1) else each for name, each in layers.items()}


def test_without_the_preview_weights_only_kolors_can_fit(tmp_path: Path) -> None:
    (tmp_path / "workspace" / "models" / "preview").mkdir(parents=True)

    assert list(base_shapes(Layout(tmp_path / "workspace", tmp_path / "stories"))) == ["kolors"]


def test_what_an_export_would_lose_is_counted_before_it_is_written(bases, path: Path) -> None:
    text = {f"lora_te1_layer.lora_{half}.weight": torch.ones(4, 4) for half in ("down", "up")}
    name = kohya_name("blocks.7.transformer_blocks.0.ff")
    feed_forward = {f"{name}.lora_down.weight": torch.ones(4, 128), f"{name}.lora_up.weight": torch.ones(32, 4)}
    changed(path, lambda tensors: tensors.update(text | feed_forward | {f"{name}.alpha": torch.tensor(ALPHA)}))

    report = examine(path, bases=bases)

    assert {dialect: (report.losses(dialect).left_out, report.losses(dialect).ignored) for dialect in DIALECTS} == {
        "kohya": (2, 0),
        "diffusers": (2, 0),
        "challenge": (2, 2),
    }
    assert report.losses("challenge").tensors == 2 * len(random_halves()) + 4


def test_a_file_whose_export_left_something_out_is_never_called_ok(bases, tmp_path: Path) -> None:
    write_lora(tmp_path / "a.safetensors", small(), metadata={LEFT_OUT_KEY: "12"})

    report = examine(tmp_path / "a.safetensors", bases=bases)

    assert report.state == "warning" and "loras.doctor_left_out" in codes(report, "warning")
