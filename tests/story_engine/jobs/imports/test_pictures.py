"""Importing with the real reading process; one start of it per test."""

import io
import json
import signal
import time
import zipfile

import pytest
from PIL import Image

from story_engine.errors import Cancelled, FixInput, Wait
from story_engine.jobs.imports import pictures
from story_engine.jobs.imports.picture_reader import PictureReader
from story_engine.jobs.imports.pictures import run
from story_engine.store.datasets import DatasetStore


def png(colour="red", size=(40, 30), kind="PNG", mode="RGB") -> bytes:
    content = io.BytesIO()
    Image.new(mode, size, colour).save(content, kind)
    return content.getvalue()


def bring(layout, name, *sources, should_stop=lambda: False):
    seen = []
    spec = {"dataset": name, "sources": list(sources)}
    return run(spec, report=seen.append, should_stop=should_stop, layout=layout) | {"progress": seen}


def refused(result):
    return {each["name"]: each["code"].removeprefix("dataset.") for each in result["refused"]}


def test_a_folder_is_taken_in_and_what_is_broken_is_named(layout, tmp_path):
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    (folder / "a.png").write_bytes(png())
    (folder / "more" / "b.jpg").write_bytes(png("blue", kind="JPEG"))
    (folder / "copy.png").write_bytes(png())
    (folder / "half.png").write_bytes(png("green")[:60])
    (folder / "notes.md").write_text("no picture")
    (folder / "link.png").symlink_to("/etc/passwd")
    (folder / "a.txt").write_text("a red picture\nof nothing", encoding="utf-8")
    name = DatasetStore(layout).create("Mine")

    result = bring(layout, name, {"kind": "folder", "path": str(folder)})

    entries = DatasetStore(layout).load(name).entries
    assert {entry.file: entry.caption for entry in entries} == {"a.png": "a red picture of nothing", "b.jpg": ""}
    assert (result["added"], result["same"]) == (2, 1)
    assert set(refused(result)) == {"half.png", "link.png"}
    store = DatasetStore(layout)
    assert (store.folder(name) / "originals" / "a.png").read_bytes() == png()
    with Image.open(store.thumbnail(name, "a.png")) as thumbnail:
        assert thumbnail.format == "JPEG"
    assert result["progress"][-1].total == 5
    assert (folder / "a.png").exists() and not (store.folder(name) / "incoming" / "work").exists()


def test_a_zip_is_taken_in_entry_by_entry_with_its_captions(layout, tmp_path):
    path = tmp_path / "up"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train/猫 1.png", png())
        archive.writestr("../../evil.png", png("blue"))
        archive.writestr("bomb.png", b"\0" * 20_000_000)
        archive.writestr("train/metadata.csv", "\ufefffile_name,text\n猫 1.png,一只猫\n".encode())
    name = DatasetStore(layout).create("Zip")

    result = bring(layout, name, {"kind": "files", "files": [[str(path), "cats.zip"]]})

    (entry,) = DatasetStore(layout).load(name).entries
    assert (entry.file, entry.caption, entry.source) == ("猫-1.png", "一只猫", "cats.zip")
    assert refused(result) == {"cats.zip: ../../evil.png": "archive_path", "cats.zip: bomb.png": "archive_bomb"}


def test_captions_alone_are_given_to_pictures_that_are_there(layout, tmp_path):
    name = DatasetStore(layout).create("Later")
    (tmp_path / "a.png").write_bytes(png())
    bring(layout, name, {"kind": "files", "files": [[str(tmp_path / "a.png"), "a.png"]]})
    lines = json.dumps({"text": "later", "image": ["images/a.png"]})
    (tmp_path / "m").write_text(lines)

    result = bring(layout, name, {"kind": "files", "files": [[str(tmp_path / "m"), "metadata.jsonl"]]})

    assert result["captions"] == 1
    assert DatasetStore(layout).load(name).entries[0].caption == "later"


def test_a_stopped_import_keeps_what_it_took_in_and_goes_on(layout, tmp_path):
    files = []
    for number in range(4):
        path = tmp_path / f"{number}.png"
        path.write_bytes(png((number * 60, 0, 0)))
        files.append([str(path), path.name])
    name = DatasetStore(layout).create("Stopped")
    reports = []
    spec = {"dataset": name, "sources": [{"kind": "files", "files": files}]}

    # Asked as often as the machine is slow: what counts is how many pictures were read.
    with pytest.raises(Cancelled):
        run(spec, report=reports.append, should_stop=lambda: len(reports) == 2, layout=layout)
    assert len(DatasetStore(layout).load(name).entries) == 2

    result = bring(layout, name, {"kind": "files", "files": files})
    assert (result["added"], result["same"]) == (2, 2)


def killed(reader, number, *, times):
    """Have the reading process killed by a signal as it begins a picture, so many times."""
    ask, left = reader._ask, [times]

    def ask_and_kill(request):
        if left[0] == 0:
            return ask(request)
        left[0] -= 1
        process = reader._running()
        process.send_signal(number)
        process.wait()
        reader._running = lambda: process  # it died after it was found alive
        try:
            return ask(request)
        finally:
            del reader._running

    reader._ask = ask_and_kill


def test_a_picture_whose_reader_is_killed_from_outside_is_tried_again(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    with PictureReader() as reader:
        killed(reader, signal.SIGKILL, times=1)

        assert reader.read(tmp_path / "a.png", name="a.png", into=tmp_path).width == 40


@pytest.mark.parametrize(("number", "times"), [(signal.SIGKILL, 2), (signal.SIGSEGV, 1)])
def test_a_picture_that_ends_its_reader_is_left_out_and_the_next_is_read(tmp_path, number, times):
    (tmp_path / "a.png").write_bytes(png())
    with PictureReader() as reader:
        killed(reader, number, times=times)
        with pytest.raises(FixInput, match=r"b\.png"):
            reader.read(tmp_path / "a.png", name="b.png", into=tmp_path)

        assert reader.read(tmp_path / "a.png", name="a.png", into=tmp_path).width == 40


def test_an_import_is_stopped_in_the_middle_of_a_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    with PictureReader(should_stop=lambda: True) as reader:
        reader._running().send_signal(signal.SIGSTOP)
        began = time.monotonic()

        with pytest.raises(Cancelled):
            reader.read(tmp_path / "a.png", name="a.png", into=tmp_path)

    assert time.monotonic() - began < 10


def test_a_disk_that_cannot_be_written_is_no_fault_of_the_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    with PictureReader() as reader:
        with pytest.raises(Wait) as caught:
            reader.read(tmp_path / "a.png", name="a.png", into=tmp_path / "gone")
        with pytest.raises(Wait):
            reader.read(tmp_path / "gone.png", name="a.png", into=tmp_path)

    assert caught.value.code.startswith("files.")


def test_all_refused_files_are_counted_and_the_first_are_named(layout, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_REFUSED", 2)
    for number in range(5):
        (tmp_path / f"{number}.png").write_bytes(b"")
    name = DatasetStore(layout).create("Wrong")

    result = bring(layout, name, {"kind": "folder", "path": str(tmp_path)})

    assert (len(result["refused"]), result["refused_count"]) == (2, 5)


def test_a_picture_that_takes_too_long_is_given_up(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    with PictureReader(patience_seconds=0.01) as reader, pytest.raises(FixInput, match="longer than"):
        reader.read(tmp_path / "a.png", name="a.png", into=tmp_path)


def test_a_folder_that_is_gone_is_said(layout, tmp_path):
    name = DatasetStore(layout).create("Gone")

    with pytest.raises(FixInput, match="no folder"):
        bring(layout, name, {"kind": "folder", "path": str(tmp_path / "gone")})
