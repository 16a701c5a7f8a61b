import hashlib

import pytest

from story_engine.errors import FixInput, InstallOrDownload
from story_engine.jobs.cluster.lora_cache import LoraCache
from story_engine.jobs.cluster.parcels import LoraFile
from story_engine.jobs.cluster.sending import SentLora, send_missing
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore

CONTENT = b"tensors" * 1000


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "worker", tmp_path / "stories")


@pytest.fixture
def guest(layout):
    return Layout(layout.guest(0), layout.stories)


class Wire:
    """Stands for the connection: the questions reach a cache here; what is sent is counted."""

    def __init__(self, cache):
        self.cache, self.sent = cache, 0

    def ask(self, worker, function, *given):
        if function.__name__ == "missing":
            return tuple(lora.sha256 for lora in given[0] if not self.cache.has(lora))
        lora, name, offset, content, is_last = given
        self.sent += len(content)
        return self.cache.receive(lora, name, offset, content, is_last=is_last)


def a_lora(tmp_path, name="ink@200", content=CONTENT, beside=None):
    path = tmp_path / "home" / "loras" / name / "adapter.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    if beside:
        (path.parent / "adapter_config.json").write_text(beside)
    sha256 = LoraStore(Layout(tmp_path / "home", tmp_path)).sha256(name)
    return SentLora(file=LoraFile(name=name, sha256=sha256, ending=".safetensors"), path=path)


@pytest.mark.parametrize("beside", [None, '{"lora_alpha": 8, "r": 4, "peft_type": "LORA"}'])
def test_a_lora_is_sent_once_in_pieces_and_found_by_name_and_content(layout, guest, tmp_path, monkeypatch, beside):
    monkeypatch.setattr("story_engine.jobs.cluster.sending.PIECE_BYTES", 1000)
    wire, lora = Wire(LoraCache(layout)), a_lora(tmp_path, beside=beside)

    for _ in range(2):
        send_missing(wire, "worker", [lora])
    wire.cache.lay_out([lora.file], guest)

    assert wire.sent == len(CONTENT) + len(beside or "")
    found = LoraStore(guest).path_of_content("ink@200", lora.file.sha256)
    assert found.read_bytes() == CONTENT


def test_what_is_not_the_content_that_was_named_is_not_kept(layout, guest, tmp_path):
    cache = LoraCache(layout)
    lora = LoraFile(name="ink", sha256=hashlib.sha256(b"another").hexdigest(), ending=".safetensors")

    with pytest.raises(InstallOrDownload) as refused:
        cache.receive(lora, "adapter.safetensors", 0, CONTENT, is_last=True)

    assert refused.value.code == "loras.changed"
    assert not cache.has(lora)
    assert not any(path.is_file() for path in layout.sent_loras.rglob("*"))
    with pytest.raises(InstallOrDownload):
        cache.lay_out([lora], guest)


@pytest.mark.parametrize(
    ("lora", "name"),
    [
        (LoraFile(name="ink", sha256="../" * 21 + "x", ending=".safetensors"), "adapter.safetensors"),
        (LoraFile(name="ink", sha256="a" * 64, ending=".py"), "adapter.py"),
        (LoraFile(name="ink", sha256="a" * 64, ending=".safetensors"), "../../outside"),
    ],
)
def test_no_name_leads_out_of_the_cache(layout, lora, name):
    with pytest.raises(FixInput):
        LoraCache(layout).receive(lora, name, 0, b"x", is_last=False)

    assert not any(path.is_file() for path in layout.workspace.rglob("*"))


def test_a_lora_whose_name_leads_out_of_the_library_is_not_laid_out(layout, guest, tmp_path):
    with pytest.raises(FixInput):
        LoraCache(layout).lay_out([LoraFile(name="../out", sha256="a" * 64, ending=".safetensors")], guest)
