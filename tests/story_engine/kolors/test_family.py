"""What lies in Kolors' place and is another model is told from headers, before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from story_engine.catalog.families import check_recipe, families
from story_engine.catalog.published import files_missing, package_state
from story_engine.errors import InstallOrDownload
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout
from tests.builders import a_recipe
from tests.local_hub import SDXL_UNET, UNET, kolors_files, weights
from tests.story_engine.catalog.test_places import put

_UNET = "unet/diffusion_pytorch_model.fp16.safetensors"
_VAE = "vae/diffusion_pytorch_model.safetensors"
_CONFIG = "text_encoder/config.json"
_WIDE = weights(encoder_hid_proj__weight=(8, 4096), conv_in__weight=(4, 4, 3, 3))

_OTHER_INDEX = json.dumps({"weight_map": {"text_model.embeddings.weight": "pytorch_model-00001-of-00002.bin"}}).encode()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "workspace", tmp_path / "stories")


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        ({_UNET: SDXL_UNET}, "models.other_unet", "SDXL"),
        ({_UNET: weights("model.diffusion_model.label_emb.0.0.weight")}, "models.other_unet", "SDXL"),
        ({_UNET: weights("conv_in.weight")}, "models.other_unet", "encoder_hid_proj"),
        (
            {_UNET: weights("encoder_hid_proj.weight", conv_in__weight=(4, 9, 3, 3))},
            "models.other_unet_inputs",
            "9 input channels",
        ),
        ({_UNET: _WIDE, _CONFIG: b'{"hidden_size": 2048}'}, "models.other_unet_width", "2048"),
        ({_VAE: weights("first_stage_model.encoder.weight")}, "models.other_vae", "VAE"),
        (
            {_VAE: weights("quant_conv.weight", decoder__conv_in__weight=(4, 16, 3, 3))},
            "models.other_vae",
            "VAE",
        ),
        ({_CONFIG: b'{"padded_vocab_size": 151552}'}, "models.other_encoder", "ChatGLM3-6B"),
        (
            {"text_encoder/pytorch_model.bin.index.json": _OTHER_INDEX},
            "models.other_encoder",
            "ChatGLM3-6B",
        ),
    ],
)
def test_another_model_is_told_before_a_render_begins(
    layout: Layout, files: dict[str, bytes], code: str, said: str
) -> None:
    put(layout.models / KOLORS.home, kolors_files() | files)

    state = package_state(layout, "kolors")

    assert not state.ready and [fault.code for fault in state.faults] == [code]
    error = files_missing(layout, "kolors")
    assert error.code == code and said in str(error)
    with pytest.raises(InstallOrDownload):
        check_recipe(a_recipe(family="kolors", width=1024, height=1024), families(layout)["kolors"])


def test_kolors_own_widths_are_right_and_a_configuration_without_them_says_nothing(layout: Layout) -> None:
    for config in (b'{"hidden_size": 4096, "padded_vocab_size": 65024}', b"{}"):
        put(layout.models / KOLORS.home, kolors_files() | {_UNET: _WIDE, _CONFIG: config})
        assert package_state(layout, "kolors").ready


def test_a_damaged_index_or_configuration_is_named(layout: Layout) -> None:
    put(layout.models / KOLORS.home, kolors_files() | {_CONFIG: b"{", _UNET: UNET})

    state = package_state(layout, "kolors")

    assert {file.path.rpartition("/")[2]: file.state for file in state.files if file.state != "present"} == {
        "config.json": "damaged"
    }
    assert "config.json" in str(files_missing(layout, "kolors"))
