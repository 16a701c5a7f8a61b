"""Downloads from a hub, against a small server that speaks the hub's protocol."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from safetensors.numpy import save

from story_engine.catalog import download as download_module
from story_engine.catalog.download import DownloadProgress, download_family
from story_engine.catalog.families import families
from story_engine.catalog.published import AESTHETIC, package_state
from story_engine.catalog.scorers import present_scorer
from story_engine.errors import Cancelled, ChooseAnother, InstallOrDownload, StudioError, Wait
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout

_WEIGHTS = save({"weight": np.zeros(2_000_000, dtype=np.float32)})
_FILES = {
    "config.json": b"{}",
    "preprocessor_config.json": b"{}",
    "model.safetensors": _WEIGHTS,
    "README.md": b"not asked for",
}


class _Hub(ThreadingHTTPServer):
    """Lists and serves `files` of any repository."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.asked: list[tuple[str, str | None]] = []
        """File, Range header."""
        self.cut: int | None = None
        """Bytes after which a connection is dropped."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Hub

    def do_GET(self) -> None:
        parts = urlparse(self.path)
        query = parse_qs(parts.query)
        if parts.path.endswith("/repo/files"):
            self._answer_json({"Files": [_listed(name, content) for name, content in self.server.files.items()]})
        elif parts.path.endswith("/repo") and query.get("FilePath", [""])[0] in self.server.files:
            self._answer_file(query["FilePath"][0])
        elif re.fullmatch(r"/api/v1/models/[^/]+/[^/]+", parts.path):
            self._answer_json({"Id": 1})
        else:
            self.send_error(404)

    def _answer_file(self, name: str) -> None:
        content, asked = self.server.files[name], self.headers.get("Range")
        self.server.asked.append((name, asked))
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][: self.server.cut])
        self.close_connection = True

    def _answer_json(self, data: dict[str, Any]) -> None:
        content = json.dumps({"Code": 200, "Success": True, "Data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


def _listed(name: str, content: bytes) -> dict[str, Any]:
    sha256 = hashlib.sha256(content).hexdigest()
    return {"Path": name, "Name": Path(name).name, "Type": "blob", "Size": len(content), "Sha256": sha256}


@pytest.fixture
def hub() -> Iterator[_Hub]:
    server = _Hub(dict(_FILES))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "workspace", tmp_path / "stories")


def test_the_scorer_of_the_challenge_arrives_where_it_is_looked_for(hub: _Hub, layout: Layout) -> None:
    told: list[DownloadProgress] = []

    download_family("aesthetic", layout, told.append, _never, endpoint=hub.endpoint)

    assert package_state(layout, "aesthetic").ready
    assert present_scorer(layout).name == "aesthetic"
    assert {name for name, _ in hub.asked} == set(_FILES) - {"README.md"}
    assert told[-1].received_bytes == told[-1].total_bytes == sum(len(_FILES[name]) for name, _ in hub.asked)


def test_what_is_here_is_not_fetched_again(hub: _Hub, layout: Layout) -> None:
    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)
    hub.asked.clear()

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert hub.asked == []


def test_a_truncated_file_is_fetched_again(hub: _Hub, layout: Layout) -> None:
    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)
    path = layout.models / AESTHETIC.home / "model.safetensors"
    path.write_bytes(_WEIGHTS[:1000])
    assert not package_state(layout, "aesthetic").ready

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert path.read_bytes() == _WEIGHTS


def test_files_that_are_cut_off_missing_or_damaged_all_come_at_once(hub: _Hub, layout: Layout) -> None:
    hub.files = _kolors_files()
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


def test_a_hub_that_lacks_one_of_the_damaged_files_says_which_and_brings_the_others(hub: _Hub, layout: Layout) -> None:
    hub.files = _kolors_files()
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
    hub: _Hub, layout: Layout
) -> None:
    hub.files = _kolors_files()
    half = hub.files.pop("unet/diffusion_pytorch_model.fp16.safetensors")
    hub.files["unet/diffusion_pytorch_model.safetensors"] = half

    download_family("kolors", layout, _ignore, _never, endpoint=hub.endpoint)

    assert package_state(layout, "kolors").ready and families(layout)["kolors"].weights_hash


def test_a_file_that_is_a_link_into_a_cache_is_replaced_and_the_cache_is_not_touched(
    hub: _Hub, layout: Layout, tmp_path: Path
) -> None:
    blob = tmp_path / "blobs" / "0123"
    blob.parent.mkdir()
    blob.write_bytes(_WEIGHTS[:1000])
    path = layout.models / AESTHETIC.home / "model.safetensors"
    path.parent.mkdir(parents=True)
    path.symlink_to(blob)

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert path.read_bytes() == _WEIGHTS and not path.is_symlink()
    assert blob.read_bytes() == _WEIGHTS[:1000] and list(blob.parent.iterdir()) == [blob]


def test_nothing_is_downloaded_through_a_link_into_the_cache_of_hugging_face(
    hub: _Hub, layout: Layout, tmp_path: Path
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


def test_a_models_folder_that_cannot_be_written_is_an_error_that_names_it(hub: _Hub, layout: Layout) -> None:
    layout.models.parent.mkdir(parents=True)
    layout.models.write_text("in the way")

    with pytest.raises(StudioError) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert str(layout.models) in str(caught.value)


def test_a_download_that_broke_off_goes_on_where_it_stopped(hub: _Hub, layout: Layout) -> None:
    hub.cut = 5_000_000  # each connection drops after this many bytes; the rest is asked for by range

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    ranges = [asked for name, asked in hub.asked if name == "model.safetensors"]
    assert ranges[0] is None and ranges[1] is not None
    assert (layout.models / AESTHETIC.home / "model.safetensors").read_bytes() == _WEIGHTS


def test_a_stopped_download_says_so_and_can_be_started_again(hub: _Hub, layout: Layout) -> None:
    with pytest.raises(Cancelled):
        download_family("aesthetic", layout, _ignore, lambda: True, endpoint=hub.endpoint)

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert package_state(layout, "aesthetic").ready


def test_a_file_of_another_name_serves_when_the_first_is_not_published(hub: _Hub, layout: Layout) -> None:
    del hub.files["model.safetensors"]
    hub.files["pytorch_model.bin"] = _zip()

    download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert package_state(layout, "aesthetic").ready


def test_files_that_the_hub_does_not_have_are_named(hub: _Hub, layout: Layout) -> None:
    del hub.files["preprocessor_config.json"]

    with pytest.raises(InstallOrDownload) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert caught.value.code == "models.not_on_hub"
    assert "preprocessor_config.json" in str(caught.value)


def test_a_hub_that_does_not_answer_is_an_error_that_says_where(layout: Layout) -> None:
    with _Hub({}) as closed:
        endpoint = closed.endpoint

    with pytest.raises(InstallOrDownload) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=endpoint)

    assert caught.value.code == "models.download_failed"
    assert "ModelScope" in str(caught.value)


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    hub: _Hub, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "_SPARE_BYTES", 10**18)

    with pytest.raises(Wait) as caught:
        download_family("aesthetic", layout, _ignore, _never, endpoint=hub.endpoint)

    assert caught.value.code == "models.disk_full"
    assert hub.asked == []


def test_only_published_models_can_be_downloaded(layout: Layout) -> None:
    with pytest.raises(ChooseAnother):
        download_family("preview", layout, _ignore, _never)


def _kolors_files() -> dict[str, bytes]:
    """In two shards, as no one publishes it."""
    shards = [f"text_encoder/pytorch_model-0000{number}-of-00002.bin" for number in (1, 2)]
    index = {"weight_map": {f"layer.{number}": Path(shard).name for number, shard in enumerate(shards)}}
    weights = save({"weight": np.zeros(1000, dtype=np.float32)})
    return {
        "text_encoder/config.json": b"{}",
        "text_encoder/pytorch_model.bin.index.json": json.dumps(index).encode(),
        **dict.fromkeys(shards, _zip()),
        "unet/diffusion_pytorch_model.fp16.safetensors": weights,
        "vae/diffusion_pytorch_model.safetensors": weights,
    }


def _zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("data", b"weights")
    return content.getvalue()


def _ignore(progress: DownloadProgress) -> None:
    del progress


def _never() -> bool:
    return False
