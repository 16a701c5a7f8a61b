"""Kolors' own adapters are found in their published layouts, and other files are told from their headers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from story_engine.catalog.download import check_licence
from story_engine.catalog.families import families
from story_engine.catalog.kolors_adapters import CANNY, INPAINTING, KOLORS_ADAPTERS, PICTURE_ADAPTER
from story_engine.catalog.published import downloads, package_state
from story_engine.errors import FixInput, InstallOrDownload
from story_engine.formats.pickled_header import PickledHeaderError, read_pickled_header
from story_engine.inference.adapter_files import open_control_net
from story_engine.store.layout import Layout
from tests.local_hub import accept_kolors
from tests.story_engine.kolors.small_adapters import (
    ADAPTER_FILE,
    CONTROL_FILE,
    publish_control_net,
    publish_picture_adapter,
)

WIDTHS = [64] * 4 + [128] * 10 + [64] * 6 + [128] * 2
"""Two layers at half and at quarter resolution."""


@pytest.fixture
def layout(tmp_path) -> Layout:
    return Layout(tmp_path / "workspace", tmp_path / "stories")


def fault(layout, name):
    state = package_state(layout, name)
    assert not state.ready
    [only] = state.faults
    assert only.code.startswith("models.")
    return only


def test_each_adapter_has_a_name_a_licence_and_a_download():
    named = {"kolors-canny", "kolors-depth", "kolors-pose", "kolors-ip-adapter", "kolors-inpainting"}

    assert {each.name for each in KOLORS_ADAPTERS} == named <= set(downloads())
    assert all(each.licence and each.licence.page.endswith(each.hub.partition("/")[2]) for each in KOLORS_ADAPTERS)


def test_one_agreement_is_accepted_once_for_everything_that_stands_under_it(layout):
    names = ["kolors", *(each.name for each in KOLORS_ADAPTERS)]
    assert all(package_state(layout, name).needs_acceptance for name in names)

    accept_kolors(layout)

    assert not any(package_state(layout, name).needs_acceptance for name in names)
    check_licence(layout, INPAINTING)
    other = replace(INPAINTING, licence=replace(INPAINTING.licence, version="2030-01-01"))
    with pytest.raises(FixInput, match="2030-01-01"):
        check_licence(layout, other)


def test_an_adapter_is_found_where_another_program_keeps_it(layout, monkeypatch, tmp_path):
    publish_control_net(layout)
    cache = tmp_path / "cache" / "models" / "Kwai-Kolors" / "Kolors-ControlNet-Canny"
    cache.mkdir(parents=True)
    (layout.models / CANNY.home / CONTROL_FILE).rename(cache / CONTROL_FILE)
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "cache"))

    assert package_state(layout, "kolors-canny").folder == cache
    assert families(layout)["kolors"].controls["edges"] and not families(layout)["kolors"].controls["depth"]


def test_sdxls_control_net_is_told_from_kolors(layout):
    publish_control_net(layout)
    path = layout.models / CANNY.home / CONTROL_FILE
    tensors = {name: each for name, each in load_file(path).items() if not name.startswith("encoder_hid_proj")}
    tensors["add_embedding.linear_1.weight"] = torch.zeros(128, 2816)
    save_file(tensors, path)

    found = fault(layout, "kolors-canny")

    assert found.code == "models.other_control" and found.values["what"] == "SDXL"
    with pytest.raises(InstallOrDownload, match="SDXL"):
        open_control_net(layout, "kolors", "edges", device="cpu", dtype=torch.float32)


@pytest.mark.parametrize("half", [0, 1])
def test_half_of_a_control_nets_keys_is_no_control_net(layout, half):
    publish_control_net(layout)
    path = layout.models / CANNY.home / CONTROL_FILE
    tensors = load_file(path)
    save_file({name: tensors[name] for place, name in enumerate(sorted(tensors)) if place % 2 == half}, path)

    found = fault(layout, "kolors-canny")

    assert found.code == "models.adapter_incomplete" and not families(layout)["kolors"].controls["edges"]
    assert found.values["missing"] > len(tensors) // 3


def test_a_picture_adapter_is_whole_only_with_its_encoder(layout):
    publish_picture_adapter(layout, WIDTHS, 32)
    assert package_state(layout, "kolors-ip-adapter").ready

    (layout.models / PICTURE_ADAPTER.home / "image_encoder" / "pytorch_model.bin").unlink()

    assert not package_state(layout, "kolors-ip-adapter").ready


@pytest.mark.parametrize("kept", ["first", "second", "every other"])
def test_half_of_a_picture_adapters_keys_is_no_adapter(layout, kept):
    publish_picture_adapter(layout, WIDTHS, 32)
    path = layout.models / PICTURE_ADAPTER.home / ADAPTER_FILE
    whole = torch.load(path, weights_only=True)
    names = list(whole["ip_adapter"])
    halves = {"first": names[: len(names) // 2], "second": names[len(names) // 2 :], "every other": names[::2]}
    torch.save({**whole, "ip_adapter": {name: whole["ip_adapter"][name] for name in halves[kept]}}, path)

    assert fault(layout, "kolors-ip-adapter").code == "models.adapter_incomplete"


def test_sdxls_picture_adapters_are_told_from_kolors(layout):
    publish_picture_adapter(layout, WIDTHS, 32)
    path = layout.models / PICTURE_ADAPTER.home / ADAPTER_FILE
    whole = torch.load(path, weights_only=True)
    narrow = {**whole["image_proj"], "latents": torch.zeros(1, 16, 20)}
    torch.save({**whole, "image_proj": narrow}, path)
    assert fault(layout, "kolors-ip-adapter").values["what"] == "SDXL"

    torch.save({**whole, "image_proj": {"proj.weight": torch.zeros(8, 8)}}, path)
    assert fault(layout, "kolors-ip-adapter").values["what"] == "SDXL"


def test_another_picture_encoder_is_told_by_its_width(layout):
    publish_picture_adapter(layout, WIDTHS, 32)
    path = layout.models / PICTURE_ADAPTER.home / "image_encoder" / "pytorch_model.bin"
    torch.save({"vision_model.embeddings.position_embedding.weight": torch.zeros(257, 80)}, path)

    assert fault(layout, "kolors-ip-adapter").values == {"file": str(path), "found": 80, "wanted": 32}


def test_the_plain_unet_is_not_taken_for_the_one_for_inpainting(layout):
    path = layout.models / INPAINTING.home / "unet" / CONTROL_FILE
    path.parent.mkdir(parents=True)
    save_file({"conv_in.weight": torch.zeros(32, 4, 3, 3), "encoder_hid_proj.weight": torch.zeros(8, 8)}, path)

    assert fault(layout, "kolors-inpainting").values["found"] == 4


def test_a_pickled_header_tells_names_and_shapes_and_runs_nothing(tmp_path):
    path, evil = tmp_path / "some.bin", tmp_path / "evil.bin"
    torch.save({"one": {"a": torch.zeros(2, 3)}, "b": torch.zeros(4).half()}, path)
    torch.save({"a": torch.nn.Linear(2, 2)}, evil)

    assert read_pickled_header(path) == {"one.a": (2, 3), "b": (4,)}
    with pytest.raises(PickledHeaderError, match="no tensor"):
        read_pickled_header(evil)
