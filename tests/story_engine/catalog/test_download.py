"""Downloads from a hub, against a small server that speaks the hub's protocol."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from story_engine.catalog import download as download_module
from story_engine.catalog.download import DownloadProgress, download_family
from story_engine.catalog.families import families
from story_engine.catalog.published import AESTHETIC, files_missing, package_state
from story_engine.catalog.scorers import present_scorer
from story_engine.catalog.settle import add_folder
from story_engine.errors import Cancelled, ChooseAnother, FixInput, InstallOrDownload, StudioError, Wait
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout
from tests.local_hub import (
    SCORER,
    SCORER_FILES,
    SDXL_UNET,
    UNET,
    LocalHub,
    accept_kolors,
    kolors_files,
    serving,
    zipped,
)
from tests.story_engine.catalog.test_places import contents, put


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with serving(SCORER_FILES) as server:
        yield server


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    accept_kolors(layout)
    return layout


def test_the_scorer_of_the_challenge_arrives_where_it_is_looked_for(hub: LocalHub, layout: Layout) -> None:
    told: list[DownloadProgress] = []

    download_family("aesthetic", layout, told.append, _never, endpoint=hub.endpoint)

    assert package_state(layout, "aesthetic").ready
    assert present_scorer(layout).name == "aesthetic"
    assert {name for name, _ in hub.asked} == set(SCORER_FILES) - {"README.md"}
    assert told[-1].received_bytes == told[-1].total_bytes == sum(len(SCORER_FILES[name]) for name, _ in hub.asked)


def test_what_is_here_is_not_fetched_again(hub: LocalHub, layout: Layout) -> None:
    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)
    hub.asked.clear()

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert hub.asked == []


def test_a_truncated_file_is_fetched_again(hub: LocalHub, layout: Layout) -> None:
    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)
    path = layout.models / AESTHETIC.home / "model.safetensors"
    path.write_bytes(SCORER[:1000])
    assert not package_state(layout, "aesthetic").ready

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert path.read_bytes() == SCORER


def test_files_that_are_cut_off_missing_or_damaged_all_come_at_once(hub: LocalHub, layout: Layout) -> None:
    hub.files = kolors_files()
    download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)
    folder = layout.models / KOLORS.home
    (folder / "text_encoder/pytorch_model-00001-of-00002.bin").write_bytes(b"PK cut off")
    (folder / "text_encoder/pytorch_model-00002-of-00002.bin").unlink()
    (folder / "text_encoder/config.json").write_text("{")
    (folder / "vae/diffusion_pytorch_model.safetensors").write_bytes((1000).to_bytes(8, "little") + b"{}")
    (folder / "unet/diffusion_pytorch_model.fp16.safetensors").write_bytes(bytes(100))
    assert not package_state(layout, "kolors").ready

    download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)

    assert {name: (folder / name).read_bytes() for name in hub.files} == hub.files
    assert not list(folder.rglob("*.put-aside"))


def test_a_hub_that_lacks_one_of_the_damaged_files_says_which_and_brings_the_others(
    hub: LocalHub, layout: Layout
) -> None:
    hub.files = kolors_files()
    download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)
    folder = layout.models / KOLORS.home
    cut, gone = folder / "vae/diffusion_pytorch_model.safetensors", "text_encoder/pytorch_model-00002-of-00002.bin"
    cut.write_bytes(cut.read_bytes()[:50])
    (folder / gone).write_bytes(b"PK half of a shard")
    whole = hub.files.pop(gone)

    with pytest.raises(InstallOrDownload) as caught:
        download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)

    assert caught.value.code == "models.not_on_hub"
    assert caught.value.values["listed"] == f"{KOLORS.home}/{gone}"
    assert cut.read_bytes() == hub.files["vae/diffusion_pytorch_model.safetensors"] and whole
    assert (folder / gone).read_bytes() == b"PK half of a shard"  # nothing better came


def test_kolors_comes_whole_from_a_hub_that_has_other_shards_than_were_published_first(
    hub: LocalHub, layout: Layout
) -> None:
    hub.files = kolors_files()
    half = hub.files.pop("unet/diffusion_pytorch_model.fp16.safetensors")
    hub.files["unet/diffusion_pytorch_model.safetensors"] = half

    download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)

    assert package_state(layout, "kolors").ready and families(layout)["kolors"].weights_hash


def test_a_file_that_is_a_link_into_a_cache_is_replaced_and_the_cache_is_not_touched(
    hub: LocalHub, layout: Layout, tmp_path: Path
) -> None:
    blob = tmp_path / "blobs" / "0123"
    blob.parent.mkdir()
    blob.write_bytes(SCORER[:1000])
    path = layout.models / AESTHETIC.home / "model.safetensors"
    path.parent.mkdir(parents=True)
    path.symlink_to(blob)

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert path.read_bytes() == SCORER and not path.is_symlink()
    assert blob.read_bytes() == SCORER[:1000] and list(blob.parent.iterdir()) == [blob]


def test_nothing_is_downloaded_through_a_link_into_the_cache_of_hugging_face(
    hub: LocalHub, layout: Layout, tmp_path: Path
) -> None:
    snapshot = tmp_path / "hub" / "models--AI--aesthetics" / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    layout.models.mkdir(parents=True)
    (layout.models / AESTHETIC.home).symlink_to(snapshot)

    with pytest.raises(ChooseAnother) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert caught.value.code == "models.not_ours"
    assert "model.safetensors" in str(caught.value) and str(snapshot.parent.parent) in str(caught.value)
    assert [path.name for path in snapshot.iterdir()] == ["config.json"] and hub.asked == []


def test_a_models_folder_that_cannot_be_written_is_an_error_that_names_it(hub: LocalHub, layout: Layout) -> None:
    layout.models.write_text("in the way")

    with pytest.raises(StudioError) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert str(layout.models) in str(caught.value)


def test_a_download_that_broke_off_goes_on_where_it_stopped(hub: LocalHub, layout: Layout) -> None:
    hub.cut = 5_000_000  # each connection drops after this many bytes; the rest is asked for by range

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    ranges = [asked for name, asked in hub.asked if name == "model.safetensors"]
    assert ranges[0] is None and ranges[1] is not None
    assert (layout.models / AESTHETIC.home / "model.safetensors").read_bytes() == SCORER


def test_a_stopped_download_says_so_and_can_be_started_again(hub: LocalHub, layout: Layout) -> None:
    with pytest.raises(Cancelled):
        download_family("aesthetic", layout, _ignore, lambda: True, endpoint=hub.endpoint)

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert package_state(layout, "aesthetic").ready


def test_a_file_of_another_name_serves_when_the_first_is_not_published(hub: LocalHub, layout: Layout) -> None:
    del hub.files["model.safetensors"]
    hub.files["pytorch_model.bin"] = zipped()

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert package_state(layout, "aesthetic").ready


def test_files_that_the_hub_does_not_have_are_named(hub: LocalHub, layout: Layout) -> None:
    del hub.files["preprocessor_config.json"]

    with pytest.raises(InstallOrDownload) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert caught.value.code == "models.not_on_hub"
    assert "preprocessor_config.json" in str(caught.value)


def test_a_hub_that_does_not_answer_is_an_error_that_says_where(layout: Layout) -> None:
    with LocalHub({}) as closed:
        endpoint = closed.endpoint

    with pytest.raises(Wait) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=endpoint)

    assert caught.value.code == "models.unreachable"
    assert endpoint in str(caught.value)


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    hub: LocalHub, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "_SPARE_BYTES", 10**18)

    with pytest.raises(Wait) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert caught.value.code == "models.disk_full"
    assert hub.asked == []


def test_only_published_models_can_be_downloaded(layout: Layout) -> None:
    with pytest.raises(ChooseAnother):
        download_family("preview", layout, _ignore, _never)


def test_nothing_comes_before_the_licence_is_accepted(hub: LocalHub, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "another", tmp_path / "stories")
    hub.files = kolors_files() | {"MODEL_LICENSE": b"the agreement"}

    with pytest.raises(FixInput) as caught:
        download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)

    assert caught.value.code == "models.licence_first" and "2024-07-06" in str(caught.value)
    assert hub.asked == [] and not layout.models.exists()
    accept_kolors(layout)
    download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)
    assert (layout.models / KOLORS.home / "MODEL_LICENSE").read_bytes() == b"the agreement"


def test_a_licence_of_another_version_has_to_be_accepted_again(hub: LocalHub, layout: Layout) -> None:
    text = layout.model_settings.read_text()
    layout.model_settings.write_text(text.replace("2024-07-06", "2023-01-01"))

    with pytest.raises(FixInput):
        download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)


def test_a_paused_download_says_how_far_it_is_and_goes_on_by_range(hub: LocalHub, layout: Layout) -> None:
    hub.seconds_per_block = 0.02
    told: list[DownloadProgress] = []
    half = len(SCORER) // 2
    with pytest.raises(Cancelled):
        download_family("aesthetic", layout, told.append, lambda: _arrived(layout) > half, endpoint=hub.endpoint)
    state = package_state(layout, "aesthetic")
    assert half < state.received_bytes < state.size_bytes == len(SCORER) + 4
    hub.seconds_per_block = 0.0
    hub.asked.clear()

    download_family("aesthetic", layout, told.append, _never, endpoint=hub.endpoint)

    ((_, asked),) = [each for each in hub.asked if each[0] == "model.safetensors"]
    assert asked is not None and int(asked.removeprefix("bytes=").rstrip("-")) > half
    assert package_state(layout, "aesthetic").ready


def test_what_arrives_with_another_content_than_is_listed_is_thrown_away_and_said(
    hub: LocalHub, layout: Layout
) -> None:
    hub.served["model.safetensors"] = SCORER[:-1] + b"?"

    with pytest.raises(InstallOrDownload) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert caught.value.code == "models.arrived_wrong" and caught.value.values["files"] == "model.safetensors"
    folder = layout.models / AESTHETIC.home
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "preprocessor_config.json"]
    hub.served.clear()
    hub.asked.clear()
    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)
    assert [name for name, _ in hub.asked] == ["model.safetensors"]


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no disk that is always full")
def test_a_disk_that_fills_on_the_way_is_told_with_what_is_free(hub: LocalHub, layout: Layout) -> None:
    """Thorough: the client waits longer and longer before it believes the disk."""
    path = layout.models / AESTHETIC.home / "model.safetensors.incomplete"
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")

    with pytest.raises(Wait) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert caught.value.code == "models.disk_full"


def test_a_full_disk_is_told_as_one(layout: Layout) -> None:
    layout.models.mkdir()

    told = download_module._translated(OSError(errno.ENOSPC, "full"), AESTHETIC, layout)

    assert told.code == "models.disk_full"


def test_sdxls_unet_in_kolors_place_is_told_and_gives_way_to_kolors_own(hub: LocalHub, layout: Layout) -> None:
    hub.files = kolors_files()
    folder = layout.models / KOLORS.home
    put(folder, kolors_files() | {"unet/diffusion_pytorch_model.fp16.safetensors": SDXL_UNET})
    state = package_state(layout, "kolors")
    assert not state.ready and "foreign" in {file.state for file in state.files}
    assert state.faults[0].code == "models.other_unet" and files_missing(layout, "kolors").code == "models.other_unet"

    download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)

    assert package_state(layout, "kolors").ready
    assert [name for name, _ in hub.asked] == ["unet/diffusion_pytorch_model.fp16.safetensors"]
    kept = folder / "unet/diffusion_pytorch_model.fp16.safetensors.other-model"
    assert kept.read_bytes() == SDXL_UNET  # somebody's file is never deleted


def test_half_a_folder_of_a_notebook_is_completed_in_the_workspace_and_left_alone(
    hub: LocalHub, layout: Layout, tmp_path: Path
) -> None:
    hub.files = kolors_files()
    theirs = tmp_path / "notebook" / KOLORS.home
    put(theirs, {name: content for name, content in kolors_files().items() if not name.startswith("unet/")})
    put(theirs, {"unet/diffusion_pytorch_model.fp16.safetensors": UNET[:40]})
    add_folder(layout, tmp_path / "notebook")
    before = contents(theirs)

    download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)

    assert [name for name, _ in hub.asked] == ["unet/diffusion_pytorch_model.fp16.safetensors"]
    assert package_state(layout, "kolors").ready and contents(theirs) == before


def test_nothing_is_downloaded_through_a_link_within_the_folder(hub: LocalHub, layout: Layout, tmp_path: Path) -> None:
    theirs = tmp_path / "chatglm3-6b-base"
    put(theirs, {"config.json": b"{}"})
    (layout.models / KOLORS.home).mkdir(parents=True)
    (layout.models / KOLORS.home / "text_encoder").symlink_to(theirs)

    with pytest.raises(ChooseAnother) as caught:
        download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)

    assert caught.value.code == "models.not_ours" and hub.asked == []
    assert [path.name for path in theirs.iterdir()] == ["config.json"]


@pytest.mark.timeout(20)
def test_a_hub_that_takes_the_call_and_says_nothing_is_told_within_ten_seconds(layout: Layout) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(Wait) as caught:
            download_family(
                "aesthetic", layout, _ignore, _never, endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}"
            )

    assert caught.value.code == "models.unreachable" and time.monotonic() - began < 10


def test_the_token_goes_to_the_hub_and_into_no_file(
    hub: LocalHub, layout: Layout, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", "ms-0123456789abcdef")

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert any("ms-0123456789abcdef" in sent for sent in hub.tokens)
    written = [path.read_bytes() for path in layout.workspace.rglob("*") if path.is_file()]
    assert not any(b"ms-0123456789abcdef" in content for content in written)
    assert "ms-0123456789abcdef" not in caplog.text


def _arrived(layout: Layout) -> int:
    path = layout.models / AESTHETIC.home / "model.safetensors.incomplete"
    return path.stat().st_size if path.exists() else 0


def _ignore(progress: DownloadProgress) -> None:
    del progress


def _never() -> bool:
    return False
