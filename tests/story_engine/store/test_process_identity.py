import os
import subprocess
import sys

import psutil
import pytest

from story_engine.store import process_identity
from story_engine.store.process_identity import ProcessIdentity, this_process


@pytest.fixture
def process():
    started = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    yield started
    started.kill()
    started.wait()


def identity_of(process) -> ProcessIdentity:
    found = psutil.Process(process.pid)
    return ProcessIdentity(found.pid, found.create_time(), this_process().mark and _mark_of(process.pid))


def _mark_of(pid: int) -> str:
    code = "import sys; from story_engine.store import process_identity as p; print(p._mark(int(sys.argv[1])))"
    return subprocess.run([sys.executable, "-c", code, str(pid)], capture_output=True, text=True).stdout.strip()


def test_a_process_lives_until_it_is_killed_also_before_its_parent_looks(process):
    identity = identity_of(process)
    assert identity.is_living

    process.kill()
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        pass

    assert not identity.is_living


def test_a_clock_that_is_set_changes_nothing(process, monkeypatch):
    identity = identity_of(process)
    right = psutil.Process.create_time

    for seconds in (-7200.0, 5.0, 1e6):
        monkeypatch.setattr(psutil.Process, "create_time", lambda self, by=seconds: right(self) + by)
        assert identity.is_living, seconds
        assert this_process().is_living


def test_where_nothing_but_times_of_day_is_known_a_clock_that_is_set_changes_nothing_either(monkeypatch):
    monkeypatch.setattr(process_identity, "_mark", lambda pid: "")
    present = this_process()
    start, boot = psutil.Process.create_time, psutil.boot_time

    for seconds in (-7200.0, 5.0, 1e6):  # starts are told by today's clock, the machine's too
        monkeypatch.setattr(psutil.Process, "create_time", lambda self, by=seconds: start(self) + by)
        monkeypatch.setattr(psutil, "boot_time", lambda by=seconds: boot() + by)
        assert present.is_living, seconds
        monkeypatch.setattr(psutil, "boot_time", boot)
        assert not present.is_living, "another process of that number"


def test_another_process_of_the_same_number_is_not_taken_for_it(process):
    identity = identity_of(process)
    boot, _, ticks = identity.mark.rpartition(":")

    assert not ProcessIdentity(process.pid, identity.started, f"{boot}:{int(ticks) - 1}").is_living
    assert not ProcessIdentity(process.pid, identity.started, f"another-boot:{ticks}").is_living


def test_a_file_of_an_earlier_version_is_believed_by_the_time_of_day():
    present = this_process()

    assert ProcessIdentity.read({"pid": present.pid, "started": present.started}).is_living
    assert not ProcessIdentity.read({"pid": present.pid, "started": present.started - 60}).is_living


@pytest.mark.parametrize("pid", [-1, 0, 2**31, 2**70])
def test_a_number_that_no_process_has_does_not_live(pid):
    assert not ProcessIdentity(pid, 0.0).is_living


@pytest.mark.parametrize(
    "stored",
    [{"pid": "1", "started": 0}, {"pid": os.getpid(), "started": None}, {"pid": 1, "started": 10**400}],
)
def test_what_is_no_process_is_refused(stored):
    with pytest.raises(TypeError):
        ProcessIdentity.read(stored)
