import io
import stat
import struct
import unicodedata
import zipfile
import zlib

import pytest

from story_engine.errors import FixInput
from story_engine.formats.archives import members


def a_zip(tmp_path, *entries, name="pictures.zip"):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return path


def read(path, largest_bytes=50_000_000):
    found = list(members(path, largest_bytes=largest_bytes))
    return {each.name: each.content for each in found if each.content is not None}, {
        each.name: each.refused.code.removeprefix("dataset.archive_") for each in found if each.refused is not None
    }


def test_ordinary_entries_are_read_and_system_files_passed_over(tmp_path):
    path = a_zip(tmp_path, ("a/猫.png", b"1"), ("__MACOSX/a/._猫.png", b"x"), ("b/.DS_Store", b"x"))

    assert read(path) == ({"a/猫.png": b"1"}, {})


@pytest.mark.parametrize(
    "name", ["../../evil.png", "/etc/evil.png", "a/../../evil.png", "..\\evil.png", "C:\\evil.png"]
)
def test_zip_slip_is_refused_by_name_and_the_rest_is_read(tmp_path, name):
    content, refused = read(a_zip(tmp_path, (name, b"x"), ("good.png", b"1")))

    assert content == {"good.png": b"1"}
    assert set(refused.values()) == {"path"}
    assert not (tmp_path.parent / "evil.png").exists()


def test_a_zip_bomb_is_refused_and_the_rest_is_read(tmp_path):
    content, refused = read(a_zip(tmp_path, ("bomb.png", b"\0" * 30_000_000), ("good.png", b"1")))

    assert (content, refused) == ({"good.png": b"1"}, {"bomb.png": "bomb"})


def test_an_entry_that_lies_about_its_size_is_stopped_while_it_unpacks(tmp_path):
    path = a_zip(tmp_path, ("bomb.png", b"\0" * 5_000_000))
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<I", 100)
    path.write_bytes(raw)

    content, refused = read(path)

    assert content == {} and set(refused.values()) <= {"bomb", "damaged"}


def test_links_archives_and_clashes_are_refused(tmp_path):
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = a_zip(tmp_path, (link, b"/etc/passwd"), ("more.zip", b"PK"), ("Cat.png", b"1"), ("cat.png", b"2"))

    content, refused = read(path)

    assert content == {"Cat.png": b"1"}
    assert refused == {"link.png": "link", "more.zip": "nested", "cat.png": "clash"}


def test_overlapping_entries_refuse_the_whole_archive(tmp_path):
    path = a_zip(tmp_path, ("a.png", b"1" * 40), ("b.png", b"2" * 40))
    raw = bytearray(path.read_bytes())
    second = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 4)
    raw[second + 42 : second + 46] = struct.pack("<I", 0)
    path.write_bytes(raw)

    with pytest.raises(FixInput, match="lie over each other"):
        read(path)


def test_what_is_no_zip_is_refused(tmp_path):
    path = tmp_path / "no.zip"
    path.write_bytes(b"hello")

    with pytest.raises(FixInput, match=r"no\.zip"):
        read(path)


class LegacyName(zipfile.ZipInfo):
    """A name as packers write it that do not know UTF-8, or forget to say so."""

    encoding = "gbk"

    def _encodeFilenameFlags(self):  # noqa: N802 - zipfile's own
        return self.filename.encode(self.encoding), self.flag_bits & ~0x800


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("gbk", ["训练集/小猫玩耍.png", "训练集/乗马的少年.png", "训练集/metadata.csv"]),
        ("cp932", ["訓練/ソファ.png", "訓練/能力表.png"]),
        ("big5", ["訓練集/貓.png", "許功蓋.png"]),
        ("utf-8", ["Märchen.png", "猫.png"]),
        ("cp437", ["Märchen.png"]),
    ],
)
def test_names_without_a_word_about_their_encoding_are_read_as_their_packer_meant_them(tmp_path, encoding, written):
    LegacyName.encoding = encoding

    content, refused = read(a_zip(tmp_path, *((LegacyName(name), b"1") for name in written)))

    assert (list(content), refused) == (written, {})


@pytest.mark.parametrize("header", [b"PK\x03\x04", b"PK\x01\x02"])
def test_a_name_that_only_one_of_its_headers_calls_utf_8_is_read(tmp_path, header):
    path = a_zip(tmp_path, ("猫.png", b"1"))
    raw = bytearray(path.read_bytes())
    raw[raw.index(header) + (7 if header == b"PK\x03\x04" else 9)] &= ~8
    path.write_bytes(raw)

    assert read(path) == ({"猫.png": b"1"}, {})


def test_the_unicode_name_beside_the_old_one_is_taken(tmp_path):
    LegacyName.encoding = "gbk"
    entry = LegacyName("猫.png")
    raw, meant = entry.filename.encode("gbk"), "黑猫.png".encode()
    entry.extra = struct.pack("<HHBL", 0x7075, 5 + len(meant), 1, zlib.crc32(raw)) + meant

    assert read(a_zip(tmp_path, (entry, b"1"))) == ({"黑猫.png": b"1"}, {})


def test_decomposed_names_are_composed_and_backslashes_are_folders(tmp_path):
    path = a_zip(tmp_path, (unicodedata.normalize("NFD", "é.png"), b"1"), ("set\\2.png", b"2"))

    assert read(path) == ({"é.png": b"1", "set/2.png": b"2"}, {})


def test_many_small_entries_that_unpack_to_far_more_than_files_do_refuse_the_whole(tmp_path):
    path = a_zip(tmp_path, *((f"{number}.txt", b"x" * 990_000) for number in range(30)))

    with pytest.raises(FixInput, match=r"pictures\.zip"):
        read(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packed_entry_that_is_damaged_anywhere_is_refused_by_name(tmp_path, method):
    path, whole = tmp_path / "x.zip", bytes(range(256)) * 20
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.png", whole)
    raw = path.read_bytes()
    start, end = 35, raw.index(b"PK\x01\x02")

    for place in range(start, end):
        damaged = bytearray(raw)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        content, refused = read(path)
        # Some bytes mean nothing, such as the version of the packer.
        assert (content, refused) in (({}, {"a.png": "damaged"}), ({"a.png": whole}, {})), place


def test_a_damaged_entry_is_refused_by_name(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.png", b"A" * 500)
        archive.writestr("b.png", b"B" * 500)
    path = tmp_path / "x.zip"
    path.write_bytes(content.getvalue().replace(b"A" * 500, b"A" * 499 + b"!"))

    found, refused = read(path)

    assert set(found) == {"b.png"} and refused == {"a.png": "damaged"}
