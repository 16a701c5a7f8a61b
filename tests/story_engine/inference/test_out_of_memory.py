"""What did not fit into memory is named, with what helps there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from story_engine.catalog.families import families
from story_engine.errors import InstallOrDownload, OutOfMemory, StudioError
from story_engine.inference import render as render_module
from story_engine.inference.out_of_memory import fitting
from story_engine.inference.render import Renderer
from story_engine.kolors import runtime as kolors_runtime
from story_engine.store.layout import Layout
from story_engine.store.runs import RunStore
from story_engine.training import base as base_module
from story_engine.training import loop as loop_module
from tests.story_engine.inference.small_kolors import publish_small_kolors
from tests.story_engine.inference.small_preview import recipe, small_workspace
from tests.story_engine.training.small_training import new_run, trained, training_workspace

_SMALLER = "smaller pictures"
_ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory"),
]


@pytest.mark.parametrize("error", _ERRORS, ids=lambda error: type(error).__name__)
def test_every_way_of_saying_so_is_understood_and_nothing_else_is(error: Exception) -> None:
    with pytest.raises(OutOfMemory, match="U-Net"), fitting("models.memory_unet", "cpu"):
        raise error
    with pytest.raises(RuntimeError, match="shapes"), fitting("models.memory_unet", "cpu"):
        raise RuntimeError("shapes cannot be multiplied")


def test_an_encoder_that_does_not_fit_is_not_blamed_on_the_pictures_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    publish_small_kolors(layout)
    wanted = recipe(layout, family="kolors", weights_hash=families(layout)["kolors"].weights_hash)

    monkeypatch.setattr(kolors_runtime, "load_text_encoder", _full)
    encoder = _raised(layout, wanted)
    monkeypatch.undo()
    monkeypatch.setattr(kolors_runtime, "load_unet", _full)
    unet = _raised(layout, wanted)

    assert (encoder.code, unet.code) == ("models.memory_text_encoder", "models.memory_unet")
    for error in (encoder, unet):
        assert _SMALLER not in str(error) and "whatever the pictures' size" in str(error)
        assert "无关" in error.text("zh")


def test_denoising_and_decoding_name_the_size_that_was_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = small_workspace(tmp_path)
    wanted = recipe(layout)
    monkeypatch.setattr(render_module, "denoise", _full)
    denoising = _raised(layout, wanted)
    monkeypatch.undo()
    monkeypatch.setattr(render_module, "decode", _full)
    decoding = _raised(layout, wanted)

    assert (denoising.code, decoding.code) == ("models.memory_denoising", "models.memory_decoding")
    for error in (denoising, decoding):
        assert "256 × 256" in str(error) and _SMALLER in str(error)


def test_a_training_says_which_of_its_parts_did_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = training_workspace(tmp_path, sizes=((64, 64),))
    monkeypatch.setattr(loop_module.Loop, "step", _full)
    run = new_run(layout)

    with pytest.raises(OutOfMemory, match="gradient checkpointing"):
        trained(layout, run)

    assert RunStore(layout).run(run).error_code == "models.memory_training"
    for name, code in (("captions", "models.memory_captions"), ("vae_encoder", "models.memory_pictures")):
        monkeypatch.setattr(base_module, "encode_with" if name == "captions" else "_while_needed", _full)
        with pytest.raises(OutOfMemory) as caught:
            trained(layout, new_run(layout, trigger=name, random_flip=name == "captions"))
        assert caught.value.code == code
        monkeypatch.undo()


def _raised(layout: Layout, wanted: object) -> StudioError:
    with pytest.raises(OutOfMemory) as caught:
        Renderer(layout, threads=1).render([wanted])  # type: ignore[list-item]
    assert not isinstance(caught.value, InstallOrDownload)
    return caught.value


def _full(*arguments: object, **keywords: object) -> None:
    raise torch.OutOfMemoryError("out of memory")
