import http.server
import json
import re
import threading
import urllib.parse
from collections import namedtuple

import numpy
import pytest
from safetensors.numpy import save

from story_engine.errors import Cancelled, ChooseAnother, InstallOrDownload, Wait
from story_engine.jobs import work_download
from story_engine.jobs.work_download import run
from story_engine.models.published import package_state


class Hub:
    """A server on this machine that speaks the part of ModelScope's protocol that a download needs."""

    def __init__(self):
        self.files = {}
        self.fetched = []
        hub = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
                if "FilePath" in query:
                    self.send_file(query["FilePath"][0])
                else:
                    listed = [{"Path": p, "Name": p, "Type": "blob", "Size": len(c)} for p, c in hub.files.items()]
                    body = json.dumps({"Code": 200, "Success": True, "Data": {"Files": listed}}).encode()
                    self.send(200, body)

            def send_file(self, name):
                hub.fetched.append(name)
                content = hub.files[name]
                begin = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "bytes=0-")
                self.send(206 if "Range" in self.headers else 200, content[int(begin[1]) :])

            def send(self, code, body):
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def server():
    hub = Hub()
    # The library reads its settings once per process.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELSCOPE_ENDPOINT", hub.address)
        yield hub
    hub.server.shutdown()
    hub.server.server_close()


@pytest.fixture
def hub(server):
    weights = save({"layers.weight": numpy.zeros((512, 1024), numpy.float32)})
    server.files = {
        "config.json": b"{}",
        "preprocessor_config.json": b"{}",
        "model.safetensors": weights,
        "x.onnx": b"",
    }
    server.fetched = []
    return server


def never():
    return False


def test_missing_files_are_fetched_with_progress_and_no_others(hub, layout):
    told = []

    result = run({"family": "aesthetic"}, report=told.append, should_stop=never, layout=layout)

    assert result["files"] == 3
    assert package_state(layout, "aesthetic").ready
    assert "x.onnx" not in hub.fetched
    assert told and {progress.stage for progress in told} == {"downloading"}


def test_only_what_is_missing_or_damaged_is_fetched(hub, layout):
    run({"family": "aesthetic"}, report=[].append, should_stop=never, layout=layout)
    weights = next(layout.models.rglob("model.safetensors"))
    weights.write_bytes(weights.read_bytes()[:5000])
    assert not package_state(layout, "aesthetic").ready
    hub.fetched.clear()

    run({"family": "aesthetic"}, report=[].append, should_stop=never, layout=layout)

    assert set(hub.fetched) == {"model.safetensors"}
    assert package_state(layout, "aesthetic").ready


def test_a_stop_ends_the_download(hub, layout):
    with pytest.raises(Cancelled):
        run({"family": "aesthetic"}, report=[].append, should_stop=lambda: bool(hub.fetched), layout=layout)

    assert not package_state(layout, "aesthetic").ready


def test_a_hub_that_gives_a_damaged_file_is_told(hub, layout):
    hub.files["model.safetensors"] = b"not what it says"

    with pytest.raises(InstallOrDownload, match=r"model\.safetensors"):
        run({"family": "aesthetic"}, report=[].append, should_stop=never, layout=layout)


def test_a_repository_that_has_been_emptied_is_told(layout, hub):
    hub.files.clear()

    with pytest.raises((Wait, InstallOrDownload)) as raised:
        run({"family": "aesthetic"}, report=[].append, should_stop=never, layout=layout)

    assert raised.value.code in ("jobs.download_failed", "jobs.download_incomplete")


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(hub, layout, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(work_download.shutil, "disk_usage", lambda path: usage(2**30, 0, 2**20))

    with pytest.raises(Wait) as raised:
        run({"family": "aesthetic"}, report=[].append, should_stop=never, layout=layout)

    assert raised.value.code == "jobs.download_no_space" and hub.fetched == []


def test_what_nobody_publishes_cannot_be_downloaded(layout):
    with pytest.raises(ChooseAnother):
        run({"family": "../secrets"}, report=[].append, should_stop=never, layout=layout)
