"""Hashes of weights are kept where the workspace is, and nothing depends on their being kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from story_engine.catalog import weights_hash as module
from story_engine.catalog.families import families
from story_engine.catalog.part import file_state
from story_engine.catalog.published import family_states, package_state
from story_engine.catalog.scorers import present_scorer
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_kolors import publish_small_kolors


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    publish_small_kolors(layout)
    return layout


def test_nothing_is_written_beside_the_weights(layout: Layout) -> None:
    before = {path: path.stat().st_mtime_ns for path in layout.models.rglob("*")}

    assert families(layout)["kolors"].weights_hash and package_state(layout, "kolors").ready

    assert {path: path.stat().st_mtime_ns for path in layout.models.rglob("*")} == before
    assert layout.weight_hashes.is_file()


def test_weights_are_hashed_through_the_links_of_a_hugging_face_snapshot(layout: Layout, tmp_path: Path) -> None:
    known = families(layout)["kolors"].weights_hash
    home = layout.models / KOLORS.home
    snapshot, blobs = tmp_path / "models--K--K" / "snapshots" / "01", tmp_path / "models--K--K" / "blobs"
    blobs.mkdir(parents=True)
    for number, path in enumerate(sorted(path for path in home.rglob("*") if path.is_file())):
        link = snapshot / path.relative_to(home)
        link.parent.mkdir(parents=True, exist_ok=True)
        path.rename(blobs / str(number))
        link.symlink_to(blobs / str(number))
    for folder in sorted(home.rglob("*"), reverse=True):
        folder.rmdir()
    home.rmdir()
    home.symlink_to(snapshot)
    before = sorted(tmp_path.joinpath("models--K--K").rglob("*"))

    assert families(layout)["kolors"].weights_hash == known
    assert sorted(tmp_path.joinpath("models--K--K").rglob("*")) == before


def test_the_hashes_of_an_earlier_version_are_read_where_it_left_them(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = layout.models / KOLORS.home
    known = families(layout)["kolors"].weights_hash
    stored = json.loads(layout.weight_hashes.read_text())
    beside = {
        Path(name).relative_to(home).as_posix(): mark for name, mark in stored.items() if home in Path(name).parents
    }
    (home / "weights.json").write_text(json.dumps(beside))
    layout.weight_hashes.unlink()
    monkeypatch.setattr(module, "file_sha256", _refused)

    assert families_of_kolors(layout) == known


@pytest.mark.parametrize("in_the_way", ["cache", "cache/weights.json/folder"])
def test_a_cache_that_cannot_be_written_costs_a_second_reading_and_nothing_else(
    layout: Layout, in_the_way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = families(layout)["kolors"].weights_hash
    layout.weight_hashes.unlink()
    if "/" in in_the_way:
        (layout.workspace / in_the_way).mkdir(parents=True)
    else:
        (layout.workspace / "cache").rmdir()
        (layout.workspace / "cache").write_text("in the way")

    assert families(layout)["kolors"].weights_hash == known
    monkeypatch.setattr(module, "file_sha256", _refused)
    assert families(layout)["kolors"].weights_hash == known


def test_weights_that_cannot_be_read_count_as_missing_and_break_nothing(layout: Layout) -> None:
    unet = layout.models / KOLORS.home / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    unet.unlink()
    unet.symlink_to(unet.name)  # leads to itself: it can be listed and never be opened

    assert file_state(unet) == "unreadable"
    assert families(layout)["kolors"].weights_hash == ""
    assert {state.name: state.ready for state in family_states(layout)} == {"preview": True, "kolors": False}
    assert present_scorer(layout).name == "preview"


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="has no users to become")
def test_a_workspace_of_somebody_else_that_may_only_be_read_shows_what_it_has() -> None:
    """Root may write everywhere, so the question is asked as somebody else, in a folder that everybody may enter."""
    program = (
        "import os, sys; from pathlib import Path; import story_engine.catalog.families as f;"
        "from story_engine.store.layout import Layout; nothing = Path(sys.argv[2]);"
        "f.families(Layout(nothing, nothing)); os.geteuid() == 0 and os.setuid(65534);"
        "print(f.families(Layout(Path(sys.argv[1]), Path(sys.argv[1])))['kolors'].weights_hash)"
    )
    with tempfile.TemporaryDirectory() as place:
        layout = Layout(Path(place) / "workspace", Path(place) / "stories")
        publish_small_kolors(layout)
        known = families(layout)["kolors"].weights_hash
        layout.weight_hashes.unlink()
        Path(place).chmod(0o711)
        for path in [layout.workspace, *layout.workspace.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)

        asked = [sys.executable, "-c", program, str(layout.workspace), f"{place}/nothing"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
        for path in [layout.workspace, *layout.workspace.rglob("*")]:
            path.chmod(0o755)

    assert answer.stdout.strip() == known, answer.stderr[-2000:]


def families_of_kolors(layout: Layout) -> str:
    """Only this family: the other one has its hashes nowhere."""
    return module.weights_hash(layout, KOLORS, joined=module.joined_digits)


def _refused(path: Path) -> str:
    raise AssertionError(f"{path} is read again")
