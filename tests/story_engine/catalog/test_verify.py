"""Files held against the hub's list: the wrong ones are named and fetched again, the others are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from story_engine.catalog.download import download_family
from story_engine.catalog.published import package_state
from story_engine.catalog.settle import add_folder
from story_engine.catalog.verify import verify_package
from story_engine.domain.job_result import VerifyResult
from story_engine.errors import Cancelled
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout
from tests.local_hub import LocalHub, accept_kolors, kolors_files, serving, zipped
from tests.story_engine.catalog.test_places import contents, put

_UNET = "unet/diffusion_pytorch_model.fp16.safetensors"
_SHARD = "text_encoder/pytorch_model-00001-of-00002.bin"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    accept_kolors(layout)
    return layout


@pytest.fixture
def hub(layout: Layout) -> Iterator[LocalHub]:
    with serving(kolors_files()) as server:
        put(layout.models / KOLORS.home, kolors_files())
        yield server


def test_files_that_are_as_published_are_said_to_be(hub: LocalHub, layout: Layout) -> None:
    result = verify(layout, hub)

    assert result.source == "hub" and {file.state for file in result.files} == {"same"}
    assert len(result.files) == len(kolors_files()) and result.wrong == () and hub.asked == []


def test_another_content_another_size_and_half_a_file_are_named_and_fetched_again_alone(
    hub: LocalHub, layout: Layout
) -> None:
    folder = layout.models / KOLORS.home
    unet = bytearray((folder / _UNET).read_bytes())
    unet[-1] ^= 1  # one bit, far from every header
    (folder / _UNET).write_bytes(unet)
    (folder / _SHARD).write_bytes(zipped(b"another content, and longer"))
    vae = folder / "vae/diffusion_pytorch_model.safetensors"
    vae.write_bytes(vae.read_bytes()[:-10])

    result = verify(layout, hub)

    states = {file.name: file.state for file in result.wrong}
    assert states == {
        _UNET: "other_hash",
        _SHARD: "other_size",
        "vae/diffusion_pytorch_model.safetensors": "truncated",
    }
    assert set(result.aside) == {_UNET, _SHARD} and not package_state(layout, "kolors").ready
    download_family("kolors", layout, lambda progress: None, lambda: False, endpoint=hub.endpoint)
    assert {name for name, _ in hub.asked} == set(states)
    assert package_state(layout, "kolors").ready and not list(folder.rglob("*.wrong-hash"))


def test_a_folder_of_somebody_else_is_read_and_nothing_in_it_is_touched(
    hub: LocalHub, layout: Layout, tmp_path: Path
) -> None:
    (layout.models / KOLORS.home).rename(tmp_path / "Kolors")
    unet = tmp_path / "Kolors" / _UNET
    unet.write_bytes(unet.read_bytes()[:-1] + b"?")
    add_folder(layout, tmp_path / "Kolors")
    before = contents(tmp_path / "Kolors")

    result = verify(layout, hub)

    assert [file.name for file in result.wrong] == [_UNET] and result.aside == ()
    assert contents(tmp_path / "Kolors") == before


def test_without_the_hub_its_last_answer_is_compared_with_and_before_that_nothing(
    hub: LocalHub, layout: Layout
) -> None:
    assert verify(layout, hub, offline=True).source == ""
    verify(layout, hub)

    offline = verify(layout, hub, offline=True)

    assert offline.source == "kept" and offline.asked_at and {file.state for file in offline.files} == {"same"}


def test_reading_is_stopped_when_asked(hub: LocalHub, layout: Layout) -> None:
    with pytest.raises(Cancelled):
        verify_package("kolors", layout, lambda progress: None, lambda: True, endpoint=hub.endpoint)

    assert package_state(layout, "kolors").ready


def verify(layout: Layout, hub: LocalHub, *, offline: bool = False) -> VerifyResult:
    return verify_package(
        "kolors", layout, lambda progress: None, lambda: False, endpoint=hub.endpoint, offline=offline
    )
