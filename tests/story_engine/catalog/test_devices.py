"""What this machine has; in a container, what the container may use of it."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from story_engine.catalog import devices
from story_engine.config import LIMIT_VARIABLE, read_config
from story_engine.errors import FixInput

MEGABYTE = 2**20


def groups(folder: Path, *, limit: str, used: int, cached: int, is_old: bool) -> Path:
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if is_old else ("memory.max", "memory.current")
    place = folder / "memory" if is_old else folder
    place.mkdir(exist_ok=True)
    (place / names[0]).write_text(f"{limit}\n")
    (place / names[1]).write_text(f"{used}\n")
    key = "total_inactive_file" if is_old else "inactive_file"
    (place / "memory.stat").write_text(f"anon 5\n{key} {cached}\n")
    return folder


@pytest.mark.parametrize("is_old", [False, True])
def test_a_container_s_limit_counts_and_files_in_its_cache_do_not(tmp_path, is_old):
    limited = groups(tmp_path, limit=str(800 * MEGABYTE), used=700 * MEGABYTE, cached=500 * MEGABYTE, is_old=is_old)

    assert devices._container_memory(limited) == (800 * MEGABYTE, 200 * MEGABYTE)


def test_no_limit_or_one_larger_than_the_machine_is_none(tmp_path):
    for limit in ("max", str(2**62)):
        assert devices._container_memory(groups(tmp_path, limit=limit, used=1, cached=0, is_old=False))[0] is None
    assert devices._container_memory(tmp_path / "nothing") == (None, 0)


def test_free_memory_is_within_the_limit(monkeypatch):
    monkeypatch.setattr(devices, "_container_memory", lambda: (900 * MEGABYTE, 200 * MEGABYTE))

    assert devices.main_memory_free() == 700 * MEGABYTE and devices.memory_bytes() == 900 * MEGABYTE
    monkeypatch.setattr(devices, "_container_memory", lambda: (None, 0))
    assert devices.memory_bytes() == psutil.virtual_memory().total


def test_the_limit_that_somebody_set_holds_for_the_plan_that_is_shown(monkeypatch):
    monkeypatch.setattr(devices, "_free_of_gpus", lambda: [(9000 * MEGABYTE, 500 * MEGABYTE)])
    for said, free in (("", 9500), ("2", 2048), ("99", 9500), ("0", 9500)):
        monkeypatch.setenv(LIMIT_VARIABLE, said)
        assert devices.free_bytes() == free * MEGABYTE


@pytest.mark.parametrize("said", ["much", "nan", "inf", "-8", "8 GB", "1_0", "1e9"])
def test_a_limit_that_is_no_number_is_named_instead_of_no_limit(monkeypatch, said):
    monkeypatch.setenv(LIMIT_VARIABLE, said)

    for ask in (devices.limit_bytes, read_config):
        with pytest.raises(FixInput, match=f'{LIMIT_VARIABLE} is "{said}"'):
            ask()
