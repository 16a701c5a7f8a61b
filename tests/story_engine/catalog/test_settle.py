"""Folders beside a notebook, folders that a person names, and networks that lie in several of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from story_engine.catalog.published import package_state
from story_engine.catalog.settle import add_folder, choose_place, join_apart, remove_folder, settle
from story_engine.errors import FixInput
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout
from story_engine.store.model_settings import read_model_settings
from tests.local_hub import SDXL_UNET, kolors_files
from tests.story_engine.catalog.test_places import contents, put

_ENCODER = {name: content for name, content in kolors_files().items() if name.startswith("text_encoder/")}
_REST = {name: content for name, content in kolors_files().items() if not name.startswith("text_encoder/")}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "workspace", tmp_path / "stories")


def test_the_notebooks_folder_is_remembered_for_the_processes_that_run_elsewhere(
    layout: Layout, tmp_path: Path
) -> None:
    put(tmp_path / "notebook" / "models" / KOLORS.home, kolors_files())

    settle(layout, started_in=tmp_path / "notebook")

    assert package_state(Layout(layout.workspace, layout.stories), "kolors").folder == (
        tmp_path / "notebook" / "models" / KOLORS.home
    )


def test_a_place_without_models_is_not_remembered(layout: Layout, tmp_path: Path) -> None:
    settle(layout, started_in=tmp_path)

    assert not layout.model_settings.exists()


@pytest.mark.parametrize("named", [".", "kolors", "kolors/Kolors"])
def test_a_folder_may_be_named_at_any_of_its_heights(layout: Layout, tmp_path: Path, named: str) -> None:
    put(tmp_path / "mine" / KOLORS.home, kolors_files())
    before = contents(tmp_path / "mine")

    assert add_folder(layout, tmp_path / "mine" / named) == ("kolors",)

    assert package_state(layout, "kolors").ready and contents(tmp_path / "mine") == before
    remove_folder(layout, str(Path(os.path.normpath(tmp_path / "mine" / named))))
    assert not package_state(layout, "kolors").ready and contents(tmp_path / "mine") == before


def test_chatglm_in_a_folder_of_its_own_stands_in_for_the_text_encoder(layout: Layout, tmp_path: Path) -> None:
    put(tmp_path / "ComfyUI" / "Kolors", _REST)
    index = json.loads(_ENCODER["text_encoder/pytorch_model.bin.index.json"])
    index["weight_map"] = {f"transformer.{name}": shard for name, shard in index["weight_map"].items()}
    alone = {name.removeprefix("text_encoder/"): content for name, content in _ENCODER.items()}
    put(tmp_path / "glm" / "chatglm3-6b-base", alone | {"pytorch_model.bin.index.json": json.dumps(index).encode()})

    add_folder(layout, tmp_path / "ComfyUI")
    assert not package_state(layout, "kolors").ready
    add_folder(layout, tmp_path / "glm")

    state = package_state(layout, "kolors")
    assert state.ready and state.folder == KOLORS.joined(layout)
    assert (KOLORS.joined(layout) / "text_encoder").resolve() == tmp_path / "glm" / "chatglm3-6b-base"
    assert (KOLORS.joined(layout) / "unet").resolve() == tmp_path / "ComfyUI" / "Kolors" / "unet"


def test_networks_that_moved_are_joined_anew(layout: Layout, tmp_path: Path) -> None:
    put(tmp_path / "a" / "Kolors", _REST)
    put(tmp_path / "b" / "Kolors", _ENCODER)
    add_folder(layout, tmp_path / "a")
    add_folder(layout, tmp_path / "b")
    assert package_state(layout, "kolors").ready
    (tmp_path / "b").rename(tmp_path / "c")
    assert not package_state(layout, "kolors").ready

    add_folder(layout, tmp_path / "c")

    assert package_state(layout, "kolors").ready
    assert (KOLORS.joined(layout) / "text_encoder").resolve() == tmp_path / "c" / "Kolors" / "text_encoder"


def test_what_is_whole_in_one_folder_is_not_joined(layout: Layout, tmp_path: Path) -> None:
    put(tmp_path / "a" / "Kolors", kolors_files())
    put(tmp_path / "b" / "Kolors", _ENCODER)
    add_folder(layout, tmp_path / "a")
    add_folder(layout, tmp_path / "b")

    join_apart(layout)

    assert not KOLORS.joined(layout).exists()


def test_another_whole_folder_is_chosen_and_half_a_one_refused(layout: Layout, tmp_path: Path) -> None:
    for place in ("a", "b"):
        put(tmp_path / place / "Kolors", kolors_files())
        add_folder(layout, tmp_path / place)
    assert package_state(layout, "kolors").folder == tmp_path / "a" / "Kolors"

    choose_place(layout, KOLORS, tmp_path / "b" / "Kolors")

    assert package_state(layout, "kolors").folder == tmp_path / "b" / "Kolors"
    (tmp_path / "a" / "Kolors" / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(SDXL_UNET)
    with pytest.raises(FixInput) as caught:
        choose_place(layout, KOLORS, tmp_path / "a" / "Kolors")
    assert caught.value.code == "models.not_whole_there" and "SDXL" in str(caught.value)


@pytest.mark.parametrize(("made", "code"), [(False, "models.no_folder"), (True, "models.nothing_in_folder")])
def test_a_folder_with_nothing_in_it_is_refused_and_forgotten(
    layout: Layout, tmp_path: Path, made: bool, code: str
) -> None:
    if made:
        (tmp_path / "empty").mkdir()

    with pytest.raises(FixInput) as caught:
        add_folder(layout, tmp_path / "empty")

    assert caught.value.code == code and read_model_settings(layout).folders == ()
