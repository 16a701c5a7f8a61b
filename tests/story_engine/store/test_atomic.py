"""Files that are there whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from story_engine.errors import FixInput, StudioError, Wait
from story_engine.store.atomic import (
    BUILDING_SUFFIX,
    TEMPORARY_SUFFIX,
    append_bytes,
    building,
    create_bytes,
    keep_copy,
    move,
    read_bytes,
    sweep,
    write_bytes,
    writing,
)


class FailingDisk:
    """The file system, with an error at the n-th call that changes something."""

    def __init__(self, monkeypatch, number: int, code: int) -> None:
        self.number, self.code, self.calls = number, code, 0
        for owner, name in ((os, "fsync"), (os, "link"), (Path, "replace"), (os, "open"), (Path, "mkdir")):
            monkeypatch.setattr(owner, name, self.wrapped(getattr(owner, name)))

    def wrapped(self, real):
        def call(*args, **keywords):
            self.calls += 1
            if self.calls == self.number:
                raise OSError(self.code, os.strerror(self.code))
            return real(*args, **keywords)

        return call


@pytest.mark.parametrize("write", [write_bytes, create_bytes])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("number", range(1, 7))
def test_an_error_at_any_step_leaves_a_whole_file_and_nothing_else(tmp_path, monkeypatch, write, code, number):
    path = tmp_path / "folder" / "a.txt"
    path.parent.mkdir()
    old = b"" if write is create_bytes else b"old"
    if old:
        path.write_bytes(old)

    with monkeypatch.context() as context:
        FailingDisk(context, number, code)
        try:
            write(path, b"new")
            failed = False
        except Wait as error:
            failed = True
            assert error.code in {"files.disk_full", "files.read_only", "files.not_written"}
            assert str(path) in error.text("en")

    found = path.read_bytes() if path.exists() else b""
    assert found in (old, b"new")
    assert failed or found == b"new"
    assert [entry for entry in path.parent.iterdir() if entry.name != "a.txt"] == []


def test_a_full_disk_is_named_as_such(tmp_path, monkeypatch):
    FailingDisk(monkeypatch, 3, errno.ENOSPC)

    with pytest.raises(Wait) as raised:
        write_bytes(tmp_path / "a", b"x")

    assert "磁盘已满" in raised.value.text("zh")


def test_a_rename_is_tried_again_while_a_scanner_holds_the_file(tmp_path, monkeypatch):
    real, failures = Path.replace, iter([True, True])

    def held(self, target):
        if next(failures, False):
            raise PermissionError(errno.EACCES, "held")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", held)
    write_bytes(tmp_path / "a", b"x")

    assert (tmp_path / "a").read_bytes() == b"x"


def test_the_first_of_two_creates_the_file(tmp_path):
    assert create_bytes(tmp_path / "a", b"first")
    assert not create_bytes(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"first"


def test_file_systems_without_links_are_served_too(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)

    assert create_bytes(tmp_path / "a", b"first")
    assert not create_bytes(tmp_path / "a", b"second")
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_links_pipes_folders_and_large_files_are_not_opened(tmp_path):
    (tmp_path / "real").write_bytes(b"x" * 10)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()

    for name, code in (
        ("link", "not_ordinary"),
        ("pipe", "not_ordinary"),
        ("folder", "not_ordinary"),
        ("real", "too_large"),
    ):
        with pytest.raises(FixInput) as raised:
            read_bytes(tmp_path / name, limit=5)
        assert raised.value.code == f"files.{code}"


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("everything may be read by root")
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0)

    with pytest.raises(StudioError):
        read_bytes(tmp_path / "a", limit=5)


def test_only_forgotten_temporary_files_are_swept(tmp_path):
    old, new = tmp_path / f".a.1{TEMPORARY_SUFFIX}", tmp_path / f".a.2{TEMPORARY_SUFFIX}"
    half = tmp_path / f".b.1{BUILDING_SUFFIX}"
    old.write_bytes(b"")
    new.write_bytes(b"")
    half.mkdir()
    os.utime(old, (0, 0))
    os.utime(half, (0, 0))

    assert sweep(tmp_path) == 2
    assert list(tmp_path.iterdir()) == [new]


def test_files_in_a_folder_that_others_may_read_get_the_usual_permissions(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "usual").write_bytes(b"")
    write_bytes(tmp_path / "a", b"x")

    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_into_a_private_folder_is_private_down_to_the_last_file(tmp_path):
    private = tmp_path / "workspace"
    private.mkdir(mode=0o700)
    (private / "wide").write_bytes(b"")
    (private / "wide").chmod(0o644)

    write_bytes(private / "a" / "b" / "file", b"x")
    write_bytes(private / "wide", b"x")
    create_bytes(private / "c" / "created", b"x")
    append_bytes(private / "d" / "lines", b"x")
    with writing(private / "e" / "library") as path:
        path.write_bytes(b"x")
    with building(private / "f") as folder:
        write_bytes(folder / "inner", b"x")

    found = {str(path.relative_to(private)): oct(mode(path)) for path in private.rglob("*") if mode(path) & 0o077}
    assert found == {}


def test_a_story_that_others_may_read_stays_readable(tmp_path):
    path = tmp_path / "story.yaml"
    path.write_bytes(b"old")
    path.chmod(0o644)
    tmp_path.chmod(0o755)

    write_bytes(path, b"new")

    assert mode(path) == 0o644


def test_a_library_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "a").write_bytes(b"old")

    with pytest.raises(RuntimeError), writing(tmp_path / "a") as path:
        path.write_bytes(b"half")
        raise RuntimeError("the library gave up")

    assert (tmp_path / "a").read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError), building(tmp_path / "run") as folder:
        write_bytes(folder / "inner" / "file", b"x")
        assert not (tmp_path / "run").exists()
        raise RuntimeError("stopped")
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "run").mkdir()  # what a crash of an earlier version has left
    with building(tmp_path / "run") as folder:
        write_bytes(folder / "inner" / "file", b"x")
    assert (tmp_path / "run" / "inner" / "file").read_bytes() == b"x"

    with pytest.raises(FileExistsError), building(tmp_path / "run") as folder:
        write_bytes(folder / "other", b"y")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "inner", "run"]


def test_a_copy_is_kept_when_its_original_is_replaced_or_deleted(tmp_path, monkeypatch):
    source = tmp_path / "a"
    source.write_bytes(b"first")

    keep_copy(source, tmp_path / "undo" / "a")
    keep_copy(source, tmp_path / "undo" / "a")
    write_bytes(source, b"second")
    source.unlink()
    assert (tmp_path / "undo" / "a").read_bytes() == b"first"
    assert [path.name for path in (tmp_path / "undo").iterdir()] == ["a"]

    def no_links(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    keep_copy(tmp_path / "undo" / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"first"


def test_a_folder_moves_to_another_file_system_whole(tmp_path, monkeypatch):
    (tmp_path / "a" / "inner").mkdir(parents=True)
    (tmp_path / "a" / "inner" / "file").write_bytes(b"x")
    (tmp_path / "b").write_bytes(b"y")
    real = Path.replace

    def crossing(self, target):
        if BUILDING_SUFFIX not in self.name:
            raise OSError(errno.EXDEV, "another device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", crossing)
    move(tmp_path / "a", tmp_path / "there" / "a")
    move(tmp_path / "b", tmp_path / "there" / "b")

    assert (tmp_path / "there" / "a" / "inner" / "file").read_bytes() == b"x"
    assert (tmp_path / "there" / "b").read_bytes() == b"y"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]
