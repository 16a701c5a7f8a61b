"""Captions on their way into a dataset, with the real reading process; one start of it per import."""

import io
import json
import os
import unicodedata
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from story_engine.domain.captions import triggered
from story_engine.domain.dataset import LONGEST_CAPTION
from story_engine.domain.picture_import import PassedOver
from story_engine.jobs.imports import containers
from story_engine.jobs.imports.pictures import run
from story_engine.messages import LANGUAGES, message
from story_engine.store.dataset_captions import DatasetCaptions
from story_engine.store.datasets import DatasetStore


def png(colour="red", kind="PNG") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(content, kind)
    return content.getvalue()


class LegacyName(zipfile.ZipInfo):
    """A name as packers write it that do not know UTF-8."""

    encoding = "gbk"

    def _encodeFilenameFlags(self):  # noqa: N802 - zipfile's own
        return self.filename.encode(self.encoding), self.flag_bits & ~0x800


@pytest.fixture
def bring(layout, tmp_path):
    """Import files, given as {name: content}; zips where a name ends so and its content is such a table itself."""
    store = DatasetStore(layout)

    def brought(name, *groups, door="files", named=LegacyName):
        sources = []
        for number, files in enumerate(groups):
            folder = tmp_path / f"given-{number}-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            listed = []
            for called, content in files.items():
                path = folder / called
                path.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, dict):
                    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                        for entry, inside in content.items():
                            archive.writestr(entry, inside)
                else:
                    path.write_bytes(content if isinstance(content, bytes) else content.encode())
                listed.append([str(path), called])
            kind = {"kind": "folder", "path": str(folder)} if door == "folder" else {"kind": "files", "files": listed}
            sources.append(kind)
        spec = {"dataset": name, "sources": sources}
        result = run(spec, report=lambda _: None, should_stop=lambda: False, layout=layout)
        for each in result["passed_over"]:
            for language in LANGUAGES:
                assert message(each["code"], language, **PassedOver(**each).values)
        return result

    brought.store = store
    brought.captions = lambda name: {entry.file: entry.caption for entry in store.load(name).entries}
    return brought


def passed(result):
    return {each["code"].removeprefix("dataset."): list(each["names"]) for each in result["passed_over"]}


def refused(result):
    return {each["name"]: each["code"].removeprefix("dataset.") for each in result["refused"]}


def test_a_second_import_leaves_captions_of_pictures_that_were_there(bring):
    name = bring.store.create("Twice")
    for colour in ("red", "blue"):
        bring(
            name,
            {
                f"{colour}.zip": {
                    "train/metadata.csv": f"file_name,text\n1.png,a {colour} square\n",
                    "train/1.png": png(colour),
                }
            },
        )
    damaged = bring(name, {"third.zip": {"metadata.csv": "file_name,text\n1.png,other\n", "1.png": b"no picture"}})

    assert bring.captions(name) == {"1.png": "a red square", "1-2.png": "a blue square"}
    assert refused(damaged) == {"1.png": "picture_unknown"}
    assert passed(damaged) == {"passed_with_picture": ["1.png"]}


def test_the_caption_of_an_entry_that_is_not_unpacked_is_named(bring):
    name = bring.store.create("Bomb")

    result = bring(name, {"set.zip": {"1.png": bytes(3_000_000), "1.txt": "nobody's", "2.png": png(), "2.txt": "two"}})

    assert bring.captions(name) == {"2.png": "two"}
    assert refused(result) == {"set.zip: 1.png": "archive_bomb"}
    assert passed(result) == {"passed_with_picture": ["set.zip: 1.png"]}


def test_a_caption_that_a_person_wrote_stays_when_the_same_picture_comes_again(bring):
    name = bring.store.create("Again")
    bring(name, {"a.png": png(), "b.png": png("blue")})
    DatasetCaptions(bring.store).edit_caption(name, "a.png", "my own words")

    result = bring(name, {"a.png": png(), "a.txt": "of the file", "b.png": png("blue"), "b.txt": "filled"})

    assert bring.captions(name) == {"a.png": "my own words", "b.png": "filled"}
    assert (result["same"], result["captions"]) == (2, 1)
    assert passed(result) == {"captions_kept": ["a.png"]}


def test_captions_alone_fill_pictures_without_one_and_name_the_others(bring):
    name = bring.store.create("Later")
    bring(name, {"猫 1.webp": png("red", "WEBP"), "b.png": png("blue"), "b.txt": "kept", "c.png": png("green")})

    result = bring(name, {"metadata.csv": "file_name,text\n猫 1.webp,一只猫\nb.png,other\nc.png,c\nd.png,nobody\n"})

    assert bring.captions(name) == {"猫-1.png": "一只猫", "b.png": "kept", "c.png": "c"}
    assert result["captions"] == 2
    assert passed(result) == {"captions_kept": ["b.png"], "passed_captions": ["d.png"]}


def test_a_picture_takes_no_caption_from_another_folder(bring):
    name = bring.store.create("Folders")

    result = bring(
        name,
        {
            "10_girl/001.png": png(),
            "10_girl/001.txt": "a girl",
            "5_street/001.png": png("blue"),
            "3_lonely/002.txt": "nobody's",
            "metadata.csv": "file_name,text\n001.png,of the outermost folder\n",
        },
        door="folder",
    )

    assert bring.captions(name) == {"001.png": "a girl", "001-2.png": ""}
    assert passed(result) == {"passed_texts": ["3_lonely/002.txt"], "passed_captions": ["001.png"]}


def test_two_zips_of_one_import_keep_their_captions_apart(bring):
    name = bring.store.create("Apart")

    result = bring(
        name,
        {
            "a.zip": {"1.png": png(), "metadata.csv": "file_name,text\n1.png,red\n2.png,not in this zip\n"},
            "b.zip": {"1.png": png("blue"), "2.png": png("green")},
        },
    )

    assert bring.captions(name) == {"1.png": "red", "1-2.png": "", "2.png": ""}
    assert passed(result) == {"passed_captions": ["2.png"]}


def test_a_table_beside_a_zip_speaks_of_what_is_in_it(bring):
    name = bring.store.create("Beside")

    bring(name, {"set.zip": {"set/1.png": png(), "set/2.png": png("blue")}, "metadata.csv": "image,prompt\n1.png,a\n"})

    assert bring.captions(name) == {"1.png": "a", "2.png": ""}


def test_what_chinese_windows_packs_and_saves_arrives_whole(bring):
    name = bring.store.create("GBK")
    table = "file_name,text\r\n小猫玩耍.png,一只小猫\r\n乗马的少年.png,骑马的少年\r\n".encode("gbk")

    result = bring(
        name,
        {
            "训练集.zip": {
                LegacyName("训练集/小猫玩耍.png"): png(),
                LegacyName("训练集/乗马的少年.png"): png("blue"),
                LegacyName("训练集/metadata.csv"): table,
            }
        },
    )

    assert bring.captions(name) == {"小猫玩耍.png": "一只小猫", "乗马的少年.png": "骑马的少年"}
    assert passed(result) == {"captions_encoding": ["训练集.zip: 训练集/metadata.csv"]}


def test_names_unpacked_on_linux_in_another_encoding_are_read(bring, tmp_path, layout):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    (folder / os.fsdecode("红裙子.png".encode("gbk"))).write_bytes(png())
    (folder / "metadata.csv").write_text("file_name,text\n红裙子.png,一条红裙子\n", encoding="utf-8")
    name = bring.store.create("Raw")

    run(
        {"dataset": name, "sources": [{"kind": "folder", "path": str(folder)}]},
        report=lambda _: None,
        should_stop=lambda: False,
        layout=layout,
    )

    assert bring.captions(name) == {"红裙子.png": "一条红裙子"}


def test_decomposed_names_and_large_endings_find_their_captions(bring):
    name = bring.store.create("Names")
    decomposed = unicodedata.normalize("NFD", "Märchen é.png")

    bring(
        name,
        {
            decomposed: png(),
            "B.JPG": png("blue", "JPEG"),
            "b.txt": "b",
            "Metadata.CSV": "file_name,text\nMärchen é.png,a tale\n",
        },
        door="folder",
    )

    assert sorted(bring.captions(name).values()) == ["a tale", "b"]


def test_what_the_studio_exports_comes_back_as_it_was(bring, tmp_path):
    from story_engine.formats.data_juicer import Sample, as_metadata_jsonl
    from story_engine.formats.metadata_csv import as_metadata_csv

    captions = {"1.png": '二次元, "cat"', "2.png": "=1+1, a; b", "3.png": ""}
    colours = dict(zip(captions, ("red", "blue", "green"), strict=True))
    name = bring.store.create("Round trip")

    result = bring(
        name,
        {
            "export.zip": {
                "train/metadata.csv": as_metadata_csv(captions.items()),
                "metadata.jsonl": as_metadata_jsonl(
                    Sample(text, (f"train/{file}",)) for file, text in captions.items()
                ),
                "data_juicer_config.yaml": "process: []",
                **{f"train/{file}": png(colour) for file, colour in colours.items()},
            }
        },
    )

    assert bring.captions(name) == captions
    assert passed(result) == {"passed_files": ["export.zip: data_juicer_config.yaml"]}


def test_a_long_caption_is_shortened_and_named_and_a_trigger_still_fits(bring):
    name = bring.store.create("Long")

    result = bring(name, {"1.png": png(), "1.txt": "a very long caption, " * 400})

    assert passed(result) == {"captions_cut": ["1.png"]}
    (caption,) = bring.captions(name).values()
    assert LONGEST_CAPTION - 200 < len(caption) <= LONGEST_CAPTION
    assert caption.endswith("a very long caption")
    assert DatasetCaptions(bring.store).rewrite_captions(name, None, triggered("w" * 60), action="trigger") == 1


def test_a_folder_is_read_by_content_and_what_is_no_picture_is_named(bring):
    gif, avif = png("green", "GIF"), png("navy", "AVIF")
    name = bring.store.create("Kinds")

    result = bring(
        name,
        {
            "saved by chrome.jfif": png("red", "JPEG"),
            "old.jpe": png("blue", "JPEG"),
            "six.gif": gif,
            "seven.avif": avif,
            "noending": png("white"),
            "eight.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99),
            "notes.md": "no picture",
            "1.npz": b"PK\x03\x04",
            "Thumbs.db": b"x",
            "._six.gif": b"x",
            "__MACOSX/._a.png": b"x",
            "desktop.ini": b"x",
            ".hidden/a.png": png(),
        },
        door="folder",
    )

    assert sorted(bring.captions(name)) == ["noending.png", "old.jpg", "saved-by-chrome.jpg", "seven.png", "six.png"]
    assert refused(result) == {"eight.heic": "picture_kind"}
    assert passed(result) == {"passed_files": ["1.npz", "notes.md"], "passed_folders": [".hidden"]}


def test_system_files_in_a_zip_are_passed_over_in_silence(bring):
    name = bring.store.create("Mac")

    result = bring(
        name,
        {
            "mac.zip": {
                "set/1.png": png(),
                "set/1.txt": "a drawing",
                "__MACOSX/set/._1.png": b"x",
                "set/._1.png": b"x",
                "set/__MACOSX/._1.txt": b"x",
                "set/.DS_Store": b"x",
                "set/._1.txt": b"\0\x05\x16\x07",
                "set/Thumbs.db": b"x",
            }
        },
    )

    assert bring.captions(name) == {"1.png": "a drawing"}
    assert (result["refused"], result["passed_over"]) == ([], [])


def test_texts_are_limited_one_by_one_and_together(bring, monkeypatch):
    monkeypatch.setattr(containers, "largest_bytes", lambda _: 1000)
    monkeypatch.setattr("story_engine.jobs.imports.sources.LARGEST_TEXTS_BYTES", 1500)
    name = bring.store.create("Large")
    files = {"1.png": png(), "a.txt": "x" * 1001, "b.txt": "y" * 900, "c.txt": "z" * 900, "d.txt": "w" * 10}

    loose = bring(name, files)
    packed = bring(name, {"set.zip": files})

    assert refused(loose) == {"a.txt": "captions_large", "c.txt": "captions_together"}
    assert refused(packed) == {"set.zip: a.txt": "archive_large", "set.zip: c.txt": "captions_together"}


def test_a_folder_in_which_something_vanishes_is_read_and_that_is_named(bring, monkeypatch, tmp_path):
    real = os.walk

    def walk(top, onerror):
        for base, folders, names in real(top, onerror=onerror):
            if "gone" in folders:
                (tmp_path / "moved").mkdir(exist_ok=True)
                Path(base, "gone").rename(tmp_path / "moved" / "gone")
                Path(base, "b.png").unlink()
            yield base, folders, names

    monkeypatch.setattr(os, "walk", walk)
    name = bring.store.create("Vanishing")

    result = bring(name, {"a.png": png(), "b.png": png("blue"), "gone/c.png": png("green")}, door="folder")

    assert list(bring.captions(name)) == ["a.png"]
    assert refused(result) == {"b.png": "picture_gone"}
    assert [each.endswith("gone") for each in passed(result)["passed_unreadable"]] == [True]


def test_kohyas_metadata_and_json_beside_a_picture_are_captions_and_other_json_is_named(bring):
    name = bring.store.create("JSON")

    result = bring(
        name,
        {
            "1.png": png(),
            "2.png": png("blue"),
            "meta_cap.json": json.dumps({"1": {"caption": "a", "tags": "b"}}),
            "2.json": json.dumps({"caption": "beside"}),
            "config.json": "{}",
        },
        door="folder",
    )

    assert bring.captions(name) == {"1.png": "a, b", "2.png": "beside"}
    assert passed(result) == {"passed_files": ["config.json"]}


def test_a_table_saved_as_text_is_one_and_notes_are_named(bring):
    name = bring.store.create("Text")
    unicode_text = "file_name\ttext\r\n1.png\t红色, 圆形\r\n".encode("utf-16")

    result = bring(
        name,
        {
            "1.png": png(),
            "2.png": png("blue"),
            "2.caption": "two",
            "2.txt": "zwei",
            "captions.txt": unicode_text,
            "README.txt": "what this is, and more",
        },
    )

    assert bring.captions(name) == {"1.png": "红色, 圆形", "2.png": "two"}
    assert passed(result) == {"passed_texts": ["README.txt"], "passed_second_texts": ["2.txt"]}


def test_names_that_no_file_can_have_are_told_and_break_nothing(bring):
    name = bring.store.create("Odd")
    lines = [
        json.dumps({"image": each, "text": "x \ud800 y"})
        for each in ("1.png", "\ud800", "..", "/", " ", "\0", "a" * 9999)
    ]

    result = bring(name, {"1.png": png(), "metadata.jsonl": "\n".join(lines)})

    assert bring.captions(name) == {"1.png": "x y"}
    assert json.dumps(result["passed_over"], ensure_ascii=False).encode()
    assert [len(names) for names in passed(result).values()] == [1, 5]


def test_uploads_of_one_name_are_not_mixed_up(bring, layout, tmp_path):
    name = bring.store.create("Mixed")
    files = []
    for number, (called, content) in enumerate(
        [
            ("1.png", png()),
            ("1.txt", b"whose?"),
            ("1.PNG", png("blue")),
            ("1.txt", b"whose else?"),
            ("2.png", png("green")),
            ("metadata.csv", b"file_name,text\n2.png,two\n"),
            ("metadata.csv", b"file_name,text\n1.png,?\n"),
        ]
    ):
        path = tmp_path / f"{number:05d}"
        path.write_bytes(content)
        files.append([str(path), called])

    spec = {"dataset": name, "sources": [{"kind": "files", "files": files}]}
    result = run(spec, report=lambda _: None, should_stop=lambda: False, layout=layout)

    assert bring.captions(name) == {"1.png": "", "1-2.png": "", "2.png": "two"}
    assert passed(result) == {"passed_texts": ["1/1.txt", "3/1.txt"], "passed_captions": ["1.png"]}
