import http.server
import json
import re
import threading
import urllib.parse

import numpy
import pytest
from safetensors.numpy import save

from story_engine.catalog.published import package_state
from story_engine.domain.job_spec import DownloadSpec
from story_engine.errors import Cancelled, Wait
from story_engine.jobs.work.download import run


class Hub:
    """Speaks the part of ModelScope's protocol that a download needs; what a hub can do wrong is tested in catalog/."""

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


@pytest.fixture
def hub(monkeypatch):
    hub = Hub()
    hub.files = {
        "config.json": b"{}",
        "preprocessor_config.json": b"{}",
        "model.safetensors": save({"vision_model.weight": numpy.zeros((512, 1024), numpy.float32)}),
        "x.onnx": b"",
    }
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.address)
    yield hub
    hub.server.shutdown()
    hub.server.server_close()


def never():
    return False


def test_missing_files_arrive_and_progress_counts_megabytes(hub, layout):
    told = []

    result = run(DownloadSpec(family="aesthetic"), job=1, report=told.append, should_stop=never, layout=layout)

    assert result.family == "aesthetic" and package_state(layout, "aesthetic").ready
    assert told and {progress.stage for progress in told} == {"downloading"}
    assert all(0 <= progress.step <= progress.total for progress in told)


def test_a_stop_is_told_as_a_stop(hub, layout):
    with pytest.raises(Cancelled):
        run(DownloadSpec(family="aesthetic"), job=1, report=[].append, should_stop=lambda: True, layout=layout)


def test_the_hub_that_the_environment_names_now_is_asked(hub, layout, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(Wait):
        run(DownloadSpec(family="aesthetic"), job=1, report=[].append, should_stop=never, layout=layout)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.address)

    run(DownloadSpec(family="aesthetic"), job=2, report=[].append, should_stop=never, layout=layout)

    assert "model.safetensors" in hub.fetched
