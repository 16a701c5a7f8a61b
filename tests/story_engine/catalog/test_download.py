"""Downloads from a hub, against a small server that speaks the hub's protocol."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from story_engine.catalog import download as download_module
from story_engine.catalog.download import DownloadProgress, download_family
from story_engine.catalog.families import families
from story_engine.catalog.published import AESTHETIC, package_state
from story_engine.catalog.scorers import present_scorer
from story_engine.errors import Cancelled, ChooseAnother, InstallOrDownload, StudioError, Wait
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout
from tests.local_hub import SCORER, SCORER_FILES, LocalHub, accept_kolors, kolors_files, serving, zipped


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


def _ignore(progress: DownloadProgress) -> None:
    del progress


def _never() -> bool:
    return False
