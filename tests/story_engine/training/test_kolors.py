"""Kolors through the same training, on a folder of the published layout with small widths."""

from __future__ import annotations

import shutil

import pytest
import torch

from story_engine.inference.device_memory import DeviceMemory
from story_engine.kolors import networks as kolors_networks
from story_engine.kolors import runtime as kolors_module
from story_engine.lora_files.read import read_lora
from story_engine.store.layout import Layout
from story_engine.store.runs import RunStore
from story_engine.training import base as base_module
from story_engine.training.base import open_base, settled_precision
from story_engine.training.encoding import EncodedDataset, items_of
from tests.story_engine.inference.small_kolors import publish_small_kolors
from tests.story_engine.training.small_training import (
    PROMPT,
    fill_dataset,
    new_run,
    pictures_of,
    small_spec,
    trained,
)


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    folder = tmp_path_factory.mktemp("studio")
    layout = Layout(folder / "workspace", folder / "stories")
    publish_small_kolors(layout)
    fill_dataset(layout, "ink", sizes=((128, 128), (200, 120)))
    return layout


def test_kolors_is_trained_and_only_one_network_is_there_at_a_time(layout, monkeypatch):
    present: list[str] = []
    for name in ("load_text_encoder", "load_vae_encoder", "load_unet", "load_vae_decoder"):
        monkeypatch.setattr(kolors_module, name, _noted(getattr(kolors_module, name), name, present))
    monkeypatch.setattr(base_module, "free_memory", lambda: present.append("left"))
    run = new_run(
        layout,
        family="kolors",
        resolution=128,
        steps_per_epoch=2,
        save_every=2,
        sample_every=2,
        sample_prompts=(PROMPT,),
        lr_warmup_steps=0,
    )

    trained(layout, run)

    assert present[:5] == ["load_text_encoder", "left", "load_vae_encoder", "left", "load_unet"]
    weights = read_lora(RunStore(layout).checkpoints(run)[2])
    # Two transformer layers in the deep blocks, one in the others; two attentions of four projections each.
    assert len(weights.layers) == 8 * (5 * 1 + 6 * 2)
    assert len(RunStore(layout).samples(run)) == 2


def test_kolors_is_told_each_pictures_true_size(layout):
    spec = small_spec(family="kolors", resolution=256, center_crop=True, random_flip=False)
    base = open_base(layout, "kolors", precision="auto", device="cpu")
    paths = tuple(layout.datasets / "ink" / "images" / picture.file for picture in pictures_of(layout))
    items = items_of(spec, pictures_of(layout), paths, side=256)

    told = {}
    for true_size in (True, False):
        chosen = spec.model_copy(update={"true_size": true_size})
        dataset = EncodedDataset(layout, base, items, chosen)
        dataset.encode((), on_progress=lambda done, total: None, should_stop=lambda: False)
        told[true_size] = [dataset.sample(n, 0.0, caption="as_written").sizes for n in range(2)]

    assert told[True][0] == (128, 128, 0, 0, 256, 256)
    height, width = told[True][1][4:]
    assert told[True][1][:2] == (120, 200) and (height, width) != (256, 256)
    assert told[False][1] == (height, width, 0, 0, height, width)


def test_the_precision_follows_device_and_family():
    assert settled_precision("auto", "cpu", is_small=False) == "float32"
    assert settled_precision("float16", "cpu", is_small=False) == "float32"
    assert settled_precision("auto", "cuda", is_small=True) == "float32"
    assert settled_precision("float16", "cuda", is_small=False) == "float16"


def _noted(real, name, present):
    def load(*arguments, **keywords):
        present.append(name)
        return real(*arguments, **keywords)

    return load


@pytest.mark.thorough  # gradients through layers that are brought: inference/test_kept_weights.py
def test_layers_that_wait_in_main_memory_train_the_same_lora(layout, monkeypatch):
    shutil.rmtree(layout.embeddings, ignore_errors=True)
    trained_with = {}
    for limit in (3, 64):  # the second finds the captions encoded
        monkeypatch.setattr(DeviceMemory, "free_bytes", lambda self, limit=limit: limit * 2.0**30)
        brought = []
        monkeypatch.setattr(kolors_networks, "BroughtBlocks", _counted(kolors_networks.BroughtBlocks, brought))
        run = new_run(
            layout,
            family="kolors",
            resolution=128,
            steps_per_epoch=2,
            save_every=2,
            lr_warmup_steps=0,
            use_gradient_checkpointing=True,
        )
        trained(layout, run)
        trained_with[limit] = (read_lora(RunStore(layout).checkpoints(run)[2]), len(brought))
        monkeypatch.undo()

    (lean, lean_count), (roomy, roomy_count) = trained_with.values()
    assert (roomy_count, lean_count) == (0, 2)  # the text encoder's layers, then the U-Net's
    assert all(torch.equal(layer.up, lean.layers[name].up) for name, layer in roomy.layers.items())
    assert any(layer.up.abs().max() > 0 for layer in roomy.layers.values())


def _counted(usual, made: list):
    def counting(*arguments, **keywords):
        made.append(arguments)
        return usual(*arguments, **keywords)

    return counting
