"""Bundles as they come from somebody: whole ones are read, all others are refused in words."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from pathlib import Path

import pytest

from story_engine.errors import FixInput, StudioError
from story_engine.formats.bundle_reader import checked_files, read_bundle
from tests.builders import a_recipe, a_take

SEED, CASES = 20261128, 400
PICTURE = b"\x89PNG picture"


def contents() -> dict[str, bytes]:
    recipe = a_recipe()
    take = a_take(recipe, picture_sha256=hashlib.sha256(PICTURE).hexdigest())
    recipes = json.dumps({"images/01.png": take.model_dump(mode="json")}, ensure_ascii=False)
    files = {"images/01.png": PICTURE, "recipes.json": recipes.encode(), "README.md": "# 猫".encode()}
    return files | {"SHA256SUMS": sums(files)}


def sums(files: dict[str, bytes]) -> bytes:
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()).encode()


def zipped(files: dict[str, bytes], root: str = "队-可图Kolors训练-猫/") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(root + name, content)
    return stream.getvalue()


def test_a_bundle_is_read_from_its_folder_in_the_zip_or_without_one(tmp_path):
    for number, root in enumerate(("", "队-可图Kolors训练-猫/")):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(zipped(contents(), root))
        (tmp_path / str(number)).mkdir()

        bundle = read_bundle(path, tmp_path / str(number))

        assert set(bundle.files) == {"images/01.png", "recipes.json", "README.md"}
        assert bundle.files["images/01.png"].read_bytes() == PICTURE
        assert all(copy.parent == tmp_path / str(number) for copy in bundle.files.values())
        assert bundle.takes["images/01.png"].recipe == a_recipe()


def test_texts_that_are_no_bundle_s_are_refused(tmp_path):
    whole = contents()
    take = json.loads(whole["recipes.json"])["images/01.png"]
    broken = {
        "not JSON": b"{",
        "a list": b"[]",
        "nothing": b"{}",
        "no number": json.dumps({"images/01.png": take | {"seconds": float("nan")}}).encode(),
        "unknown key": json.dumps({"images/01.png": take | {"more": 1}}).encode(),
        "deep": b"[" * 100_000,
        "not UTF-8": b"\xff\xfe\x00",
        "too many": json.dumps({f"images/{n}.png": take for n in range(65)}).encode(),
        "another file": json.dumps({"../../etc/passwd": take}).encode(),
    }
    accepted = []
    for name, text in broken.items():
        files = whole | {"recipes.json": text}
        del files["SHA256SUMS"]
        path = tmp_path / f"{name}.zip"
        path.write_bytes(zipped(files | {"SHA256SUMS": sums(files)}))
        (tmp_path / name).mkdir()
        try:
            read_bundle(path, tmp_path / name)
            accepted.append(name)
        except FixInput as error:
            assert len(str(error)) < 1000
    assert accepted == []


def test_ten_megabytes_of_checksums_and_names_twice_are_refused(tmp_path):
    for name, text in {"long": b"x" * 10_000_000, "twice": contents()["SHA256SUMS"] * 2}.items():
        path = tmp_path / f"{name}.zip"
        path.write_bytes(zipped(contents() | {"SHA256SUMS": text}))
        (tmp_path / name).mkdir()
        with pytest.raises(FixInput) as caught:
            checked_files(path, tmp_path / name)
        assert len(str(caught.value)) < 500


def test_changed_bytes_anywhere_give_the_same_bundle_or_a_refusal(tmp_path):
    chance = random.Random(SEED)
    whole = zipped(contents())
    wrong: list[str] = []
    for number in range(CASES):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            what, place = chance.randrange(3), chance.randrange(len(data))
            if what == 0:
                data[place] = chance.randrange(256)
            elif what == 1:
                del data[place : place + chance.randint(1, 40)]
            else:
                data[place:place] = chance.randbytes(chance.randint(1, 40))
        path, into = tmp_path / f"{number}.zip", tmp_path / f"into-{number}"
        path.write_bytes(bytes(data))
        into.mkdir()
        try:
            bundle = read_bundle(path, into)
            if bundle.files["images/01.png"].read_bytes() != PICTURE:
                wrong.append(f"{number}: another picture")
        except StudioError:
            pass
        except Exception as error:  # anything else would be a traceback for whoever gave the file
            wrong.append(f"{number}: {error!r}")
        if {item.name for item in tmp_path.parent.iterdir()} - {tmp_path.name} and list(tmp_path.glob("images")):
            wrong.append(f"{number}: written outside")
        path.unlink()
    assert wrong == []


def test_a_folder_with_a_pipe_or_a_link_is_refused(tmp_path):
    def folder(name: str) -> Path:
        made = tmp_path / name
        for file, content in contents().items():
            (made / file).parent.mkdir(parents=True, exist_ok=True)
            (made / file).write_bytes(content)
        return made

    linked, piped = folder("linked"), folder("piped")
    (linked / "out").symlink_to("/")
    import os

    os.mkfifo(piped / "pipe")
    for bundle, code in ((linked, "dataset.archive_link"), (piped, "replay.no_ordinary_file")):
        into = tmp_path / f"into-{bundle.name}"
        into.mkdir()
        with pytest.raises(FixInput) as caught:
            checked_files(bundle, into)
        assert caught.value.code == code
