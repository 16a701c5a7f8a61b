"""A small server that speaks ModelScope's protocol, and files as models have them."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np
from safetensors.numpy import save

from story_engine.domain.models import Acceptance, ModelSettings
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout
from story_engine.store.model_settings import change_model_settings

_BLOCK_BYTES = 100_000


class LocalHub(ThreadingHTTPServer):
    """Lists and serves `files` of any repository."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.asked: list[tuple[str, str | None]] = []
        """File, Range header."""
        self.tokens: set[str] = set()
        """Everything that was sent to say who asks."""
        self.cut: int | None = None
        """Bytes after which a connection is dropped."""
        self.served: dict[str, bytes] = {}
        """Contents that are sent instead of those that are listed."""
        self.seconds_per_block = 0.0
        """How slow it is, per 100 kB."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: LocalHub

    def do_GET(self) -> None:
        self.server.tokens |= {self.headers.get(name, "") for name in ("Authorization", "Cookie")}
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
        content = self.server.served.get(name, self.server.files[name])
        asked = self.headers.get("Range")
        self.server.asked.append((name, asked))
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        to_send = content[start:][: self.server.cut]
        with suppress(ConnectionError):  # whoever pauses hangs up
            for begin in range(0, len(to_send), _BLOCK_BYTES):
                self.wfile.write(to_send[begin : begin + _BLOCK_BYTES])
                time.sleep(self.server.seconds_per_block)
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


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[LocalHub]:
    server = LocalHub(dict(files))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _listed(name: str, content: bytes) -> dict[str, Any]:
    sha256 = hashlib.sha256(content).hexdigest()
    return {"Path": name, "Name": Path(name).name, "Type": "blob", "Size": len(content), "Sha256": sha256}


def accept_kolors(layout: Layout) -> None:
    """As a person has done who read its licence."""
    assert KOLORS.licence is not None
    accepted = Acceptance(version=KOLORS.licence.version, accepted_at="2026-11-29T06:00:00+00:00")
    change_model_settings(layout, lambda before: ModelSettings(**(dict(before) | {"licences": {"kolors": accepted}})))


def weights(*names: str, **shaped: tuple[int, ...]) -> bytes:
    """A safetensors file with tensors of these names; dots are written as double underscores in `shaped`."""
    shapes = dict.fromkeys(names, (4, 4)) | {name.replace("__", "."): shape for name, shape in shaped.items()}
    return save({name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()})


SCORER = weights("layers.0.weight", vision_model__x=(1000, 2000))
UNET = weights("encoder_hid_proj.weight", conv_in__weight=(4, 4, 3, 3))
SDXL_UNET = weights("add_embedding.linear_1.weight", conv_in__weight=(4, 4, 3, 3))
VAE = weights("quant_conv.weight", decoder__conv_in__weight=(4, 4, 3, 3))
SCORER_FILES = {
    "config.json": b"{}",
    "preprocessor_config.json": b"{}",
    "model.safetensors": SCORER,
    "README.md": b"not asked for",
}


def kolors_files() -> dict[str, bytes]:
    """In two shards, as no one publishes it."""
    shards = [f"text_encoder/pytorch_model-0000{number}-of-00002.bin" for number in (1, 2)]
    names = ("embedding.word_embeddings.weight", "encoder.layers.0.mlp.dense_h_to_4h.weight")
    index = {"weight_map": {name: Path(shard).name for name, shard in zip(names, shards, strict=True)}}
    return {
        "text_encoder/config.json": b"{}",
        "text_encoder/pytorch_model.bin.index.json": json.dumps(index).encode(),
        **dict.fromkeys(shards, zipped()),
        "unet/diffusion_pytorch_model.fp16.safetensors": UNET,
        "vae/diffusion_pytorch_model.safetensors": VAE,
    }


def zipped(content: bytes = b"weights") -> bytes:
    """As torch's pickled files begin and end; the same bytes at every time of the day."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("data"), content)
    return file.getvalue()
