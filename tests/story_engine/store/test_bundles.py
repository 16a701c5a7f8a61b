import hashlib
import zipfile

import pytest

from story_engine.errors import ChooseAnother, Wait
from story_engine.store.bundles import CHECKSUMS, BundleStore
from story_engine.store.layout import Layout


@pytest.fixture
def bundles(tmp_path):
    return BundleStore(Layout(tmp_path / "workspace", tmp_path / "stories"))


def test_a_bundle_holds_what_it_was_given_and_the_checksums(bundles, tmp_path):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"not really a picture" * 100)

    path = bundles.write(bundles.path("cat"), {"images/01.png": picture, "prompts.md": "猫".encode()})

    with zipfile.ZipFile(path) as bundle:
        assert bundle.namelist() == ["images/01.png", "prompts.md", CHECKSUMS]
        assert bundle.read("images/01.png") == picture.read_bytes()
        for line in bundle.read(CHECKSUMS).decode().splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256(bundle.read(name)).hexdigest() == digest


def test_the_same_content_makes_the_same_zip(bundles, tmp_path):
    first = bundles.write(tmp_path / "a.zip", {"a.txt": b"1"}).read_bytes()
    second = bundles.write(tmp_path / "b.zip", {"a.txt": b"1"}).read_bytes()

    assert first == second


def test_a_place_that_cannot_be_written_keeps_what_was_there(bundles, tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Wait, match="file"):
        bundles.write(tmp_path / "file" / "a.zip", {"a.txt": b"1"})


def test_a_missing_picture_leaves_the_old_bundle(bundles, tmp_path):
    path = bundles.write(tmp_path / "a.zip", {"a.txt": b"1"})
    before = path.read_bytes()

    with pytest.raises(ChooseAnother, match="gone"):
        bundles.write(path, {"images/01.png": tmp_path / "gone.png"})

    assert path.read_bytes() == before
