"""Imports as pages start them: with uploads, two at once, on a full disk."""

import errno
import io
import json
import os
import shutil
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from story_engine.config import Config
from story_engine.errors import Wait
from story_engine.jobs.imports import process
from story_engine.jobs.imports.launcher import PictureImports
from story_engine.store.datasets import DatasetStore


@pytest.fixture
def config(tmp_path):
    return Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories")


@pytest.fixture
def name(layout):
    return DatasetStore(layout).create("Mine")


def a_page(config, layout) -> PictureImports:
    """Imports whose process is run here and now."""
    page = PictureImports(config)
    page._launch = lambda name, id_: process.work(layout, name, id_)
    return page


def png(colour) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(content, "PNG")
    return content.getvalue()


def files(staged):
    return [{"kind": "files", "files": staged}]


def in_the_dataset(layout, name):
    return sorted(entry.file for entry in DatasetStore(layout).load(name).entries)


def finished(page, name):
    until = time.monotonic() + 120
    while (state := page.state(name)) is None or state.is_active:
        assert time.monotonic() < until
        time.sleep(0.05)
    return state


def test_an_import_that_ends_leaves_what_another_page_has_staged(config, layout, name):
    first, second = a_page(config, layout), a_page(config, layout)
    red = first.stage(name, [("red.png", png("red"))])
    second.start(name, files(second.stage(name, [("blue.png", png("blue"))])))
    second.forget(name)

    first.start(name, files(red))

    assert (first.state(name).state, first.state(name).added) == ("done", 1)
    assert in_the_dataset(layout, name) == ["blue.png", "red.png"]
    assert not (DatasetStore(layout).folder(name) / "incoming").exists()


def test_an_import_whose_uploads_are_gone_is_not_reported_as_done(config, layout, name):
    page = a_page(config, layout)
    staged = page.stage(name, [("red.png", png("red")), ("blue.png", png("blue"))])
    Path(staged[0][0]).unlink()

    page.start(name, files(staged))

    state = page.state(name)
    assert (state.state, state.error_code) == ("failed", "dataset.uploads_gone")
    assert state.error_values["names"] == "red.png"


def test_of_two_imports_started_at_once_one_runs_and_the_other_is_refused(config, layout, name):
    pages = [PictureImports(config) for _ in range(4)]
    staged = [page.stage(name, [(f"{number}.png", png((number, 0, 0)))]) for number, page in enumerate(pages)]
    refused = []

    def start(page, own):
        try:
            page.start(name, files(own))
        except Wait as error:
            refused.append(error.code)

    threads = [threading.Thread(target=start, args=each) for each in zip(pages, staged, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refused == ["dataset.import_running"] * 3
    assert finished(pages[0], name).added == 1
    assert sum(Path(own[0][0]).is_file() for own in staged) == 3


def test_a_full_disk_fails_the_import_with_its_uploads_kept_and_it_goes_on_afterwards(
    config, layout, name, monkeypatch
):
    page = a_page(config, layout)
    staged = page.stage(name, [(f"{number}.png", png((number * 9, 0, 0))) for number in range(6)])
    write_bytes = Path.write_bytes
    left = [3]

    def full(path, content):
        if path.suffix == ".original":
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    page.start(name, files(staged))
    state = page.state(name)
    assert (state.state, state.error_code, state.refused_count) == ("failed", "files.disk_full", 0)
    assert all(Path(path).is_file() for path, _ in staged)

    monkeypatch.undo()
    page.resume(name)

    state = page.state(name)
    assert (state.state, state.added, state.same) == ("done", 3, 3)
    assert len(in_the_dataset(layout, name)) == 6


def test_what_has_no_room_is_refused_before_anything_is_read_and_goes_on_when_asked(config, layout, name, monkeypatch):
    page = a_page(config, layout)
    usage = SimpleNamespace(total=10**9, used=10**9 - 10**6, free=10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    page.start(name, files(page.stage(name, [("red.png", png("red"))])))

    state = page.state(name)
    assert (state.state, state.error_code) == ("failed", "dataset.disk_short")
    assert "1 MB are free" in str(Wait(state.error_code, **state.error_values))

    page.resume(name)
    assert page.state(name).state == "done"


def test_a_report_is_written_where_a_second_file_has_no_room(config, layout, name, monkeypatch):
    folder = DatasetStore(layout).folder(name)
    launcher = process.write_state.__globals__
    process.write_state(folder, {"id": "a", "state": "running", "pid": 1, "started": 0.0, "note": "x" * 500})

    def full(path, content, **_):
        raise Wait("files.disk_full", path=path)

    monkeypatch.setitem(launcher, "write_bytes", full)
    process.write_state(folder, {"id": "a", "state": "failed", "error_code": "files.disk_full"})

    assert PictureImports(config).state(name).error_code == "files.disk_full"


def test_an_import_of_the_first_version_goes_on(config, layout, name):
    folder = DatasetStore(layout).folder(name)
    upload = folder / "incoming" / "0123abcd" / "00000"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(png("red"))
    order = {"dataset": name, "sources": files([[str(upload), "red.png"]]), "id": "feedbeef"}
    (folder / "incoming" / "order.json").write_text(json.dumps(order))
    (folder / "intake.json").write_text(
        json.dumps({"id": "feedbeef", "state": "running", "pid": 2**22, "started": 1.0})
    )
    page = a_page(config, layout)
    assert page.state(name).state == "interrupted"

    page.resume(name)

    assert page.state(name).added == 1
    assert not (folder / "incoming").exists()
    page.forget(name)
    assert page.state(name) is None


def test_an_upload_that_does_not_fit_is_not_half_kept(config, layout, name, monkeypatch):
    page = a_page(config, layout)
    from story_engine.jobs.imports import incoming

    write_bytes = incoming.write_bytes

    def full(path, content):
        if path.name == "00001":
            raise Wait("files.disk_full", path=path)
        write_bytes(path, content)

    monkeypatch.setattr(incoming, "write_bytes", full)
    with pytest.raises(Wait, match="full"):
        page.stage(name, [("red.png", png("red")), ("blue.png", png("blue"))])

    assert list((DatasetStore(layout).folder(name) / "incoming").iterdir()) == []


def test_a_start_of_before_the_clock_was_put_back_keeps_no_import_waiting(config, layout, name):
    folder = DatasetStore(layout).folder(name)
    for at, is_active in ((time.time() - 0.5, True), (time.time() + 86_400, False), (time.time() - 86_400, False)):
        process.write_state(folder, {"id": "a", "state": "starting", "at": at})
        assert PictureImports(config).state(name).is_active == is_active
