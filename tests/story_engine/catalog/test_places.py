"""Models that people have already are found where other programs keep them, and used there untouched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from story_engine.catalog.families import families
from story_engine.catalog.published import FP16_VAE, package_state
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout
from tests.local_hub import VAE, kolors_files


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "modelscope"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    return tmp_path


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "workspace", tmp_path / "stories")


@pytest.mark.parametrize(
    "place",
    [
        "modelscope/models/Kwai-Kolors--Kolors/snapshots/master",
        "modelscope/models/Kwai-Kolors/Kolors",
        "modelscope/hub/models/Kwai-Kolors/Kolors",
        "modelscope/hub/Kwai-Kolors/Kolors",
        "modelscope/Kwai-Kolors/Kolors",
        "modelscope/hub/models/Kwai-Kolors/Kolors-diffusers",
    ],
)
def test_every_layout_of_modelscopes_cache_is_used_in_place(caches: Path, layout: Layout, place: str) -> None:
    put(caches / place, kolors_files())
    before = contents(caches / "modelscope")

    assert package_state(layout, "kolors").folder == caches / place
    assert families(layout)["kolors"].weights_hash
    assert contents(caches / "modelscope") == before


def test_a_snapshot_of_hugging_face_is_used_through_its_links_into_blobs(caches: Path, layout: Layout) -> None:
    cache = caches / "hf" / "hub" / "models--Kwai-Kolors--Kolors"
    blobs, snapshot = cache / "blobs", cache / "snapshots" / "0123abcd"
    blobs.mkdir(parents=True)
    for number, (name, content) in enumerate(kolors_files().items()):
        (blobs / str(number)).write_bytes(content)
        (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / name).symlink_to(os.path.relpath(blobs / str(number), (snapshot / name).parent))
    before = contents(cache)

    state = package_state(layout, "kolors")

    assert state.ready and state.folder == snapshot
    assert families(layout)["kolors"].weights_hash and contents(cache) == before


def test_of_two_snapshots_the_whole_one_counts_though_the_other_is_newer(caches: Path, layout: Layout) -> None:
    snapshots = caches / "hf" / "hub" / "models--Kwai-Kolors--Kolors" / "snapshots"
    put(snapshots / "old", kolors_files())
    put(snapshots / "new", {"text_encoder/config.json": b"{}"})
    os.utime(snapshots / "old", (1, 1))

    assert package_state(layout, "kolors").folder == snapshots / "old"


def test_the_workspaces_own_folder_counts_before_a_cache(caches: Path, layout: Layout) -> None:
    put(caches / "modelscope" / "models" / "Kwai-Kolors" / "Kolors", kolors_files())
    put(layout.models / KOLORS.home, kolors_files())

    state = package_state(layout, "kolors")

    assert state.folder == layout.models / KOLORS.home
    assert [(place.is_whole, place.counts) for place in state.places] == [(True, True), (True, False)]


def test_the_vae_that_is_not_needed_is_seen_and_never_offered(caches: Path, layout: Layout) -> None:
    assert not package_state(layout, FP16_VAE.name).can_download
    put(caches / "modelscope/models/AI-ModelScope/sdxl-vae-fp16-fix", {"diffusion_pytorch_model.safetensors": VAE})

    state = package_state(layout, FP16_VAE.name)

    assert state.ready and not state.is_needed and not state.can_download


def put(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def contents(folder: Path) -> dict[str, tuple[int, float]]:
    """Everything below a folder with size and time."""
    found = [path for path in folder.rglob("*") if not path.is_dir()]
    return {str(path): ((seen := path.lstat()).st_size, seen.st_mtime) for path in found}
