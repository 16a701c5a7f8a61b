import importlib.util
import io
from pathlib import Path

import pytest
from PIL import Image

from story_engine.errors import ChooseAnother, InstallOrDownload
from story_engine.jobs.imports import modelscope_pictures
from story_engine.jobs.imports.modelscope_pictures import pictures, stored_picture

has_extra = all(importlib.util.find_spec(name) for name in modelscope_pictures.NEEDED)
needs_extra = pytest.mark.skipif(not has_extra, reason="modelscope[datasets] is not installed")


def read(name, cache, split="train"):
    totals = []
    return list(pictures(str(name), subset="default", split=split, cache=cache, on_total=totals.append)), totals


def test_without_the_extra_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(modelscope_pictures, "NEEDED", ("modelscope", "surely_not_installed"))

    with pytest.raises(InstallOrDownload, match=r"pip install \"modelscope\[datasets\]\""):
        read("AI-ModelScope/lowres_anime", tmp_path)


def test_a_row_names_no_file_outside_its_own_dataset(tmp_path):
    cache, outside = tmp_path / "cache", tmp_path / "secret.png"
    cache.mkdir()
    outside.write_bytes(b"secret")
    (cache / "1.png").write_bytes(b"own")
    (cache / "link.png").symlink_to(outside)
    named = {
        path: stored_picture({"bytes": None, "path": path}, inside=(cache, Path("owner/name")))[0]
        for path in (
            str(cache / "1.png"),
            str(outside),
            str(cache / "../secret.png"),
            str(cache / "link.png"),
            str(cache),
            "/etc/passwd",
            "/proc/self/environ",
            "secret.png",
            "\0",
            "zip://1.png::" + str(outside),
        )
    }

    assert {path for path, content in named.items() if content is not None} == {str(cache / "1.png")}
    assert stored_picture({"bytes": b"x", "path": "a/1.png"}, inside=()) == (b"x", "1.png")
    assert stored_picture("a name alone", inside=(cache,)) == (None, "")


@needs_extra
def test_a_folder_of_pictures_with_metadata_is_read(tmp_path):
    folder = tmp_path / "set" / "train"
    folder.mkdir(parents=True)
    Image.new("RGB", (40, 30), "red").save(folder / "a.png")
    (folder / "metadata.csv").write_text("file_name,text\na.png,二次元\n", encoding="utf-8")

    rows, totals = read(tmp_path / "set", tmp_path / "cache")

    (name, content, caption) = rows[0]
    assert (name, caption, totals) == ("a.png", "二次元", [1])
    assert content == (folder / "a.png").read_bytes()


@needs_extra
def test_a_parquet_table_is_read(tmp_path):
    import pyarrow
    from pyarrow import parquet

    stored = io.BytesIO()
    Image.new("RGB", (40, 30), "blue").save(stored, "PNG")
    table = pyarrow.table({"image": [{"bytes": stored.getvalue(), "path": "x/1.png"}], "text": ["a cat"]})
    folder = tmp_path / "set" / "data"
    folder.mkdir(parents=True)
    info = b'{"info": {"features": {"image": {"_type": "Image"}, "text": {"dtype": "string", "_type": "Value"}}}}'
    parquet.write_table(table.replace_schema_metadata({b"huggingface": info}), folder / "train-00000-of-00001.parquet")

    rows, _ = read(tmp_path / "set", tmp_path / "cache")

    assert rows == [("1.png", stored.getvalue(), "a cat")]


@needs_extra
def test_a_table_that_names_a_file_of_this_machine_gets_none(tmp_path):
    import pyarrow
    from pyarrow import parquet

    outside = tmp_path / "secret.png"
    Image.new("RGB", (40, 30)).save(outside)
    table = pyarrow.table({"image": [{"bytes": None, "path": str(outside)}], "text": ["a"]})
    folder = tmp_path / "set" / "data"
    folder.mkdir(parents=True)
    info = b'{"info": {"features": {"image": {"_type": "Image"}, "text": {"dtype": "string", "_type": "Value"}}}}'
    parquet.write_table(table.replace_schema_metadata({b"huggingface": info}), folder / "train-00000-of-00001.parquet")

    ((row,), _) = read(tmp_path / "set", tmp_path / "cache")

    assert row.code == "dataset.modelscope_row"


@needs_extra
def test_a_table_without_pictures_is_said(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.csv").write_text("text\nhello\n")

    with pytest.raises(ChooseAnother, match="no column of pictures"):
        read(tmp_path / "set", tmp_path / "cache")
