"""What holds for all tests."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Hundreds of processes are started, and each would compile the Studio again where the environment forbids to keep it.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Models that somebody has in the caches of other programs are found; here nobody has any.
for name in ("MODELSCOPE_CACHE", "HF_HOME"):
    os.environ[name] = str(Path(tempfile.gettempdir()) / "story-studio-tests-no-models")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several test processes share the cores. With a thread per core each, their threads would wait for each other by
    # spinning, and a picture that takes two seconds would take thirty. Set before torch is imported anywhere.
    os.environ["OMP_NUM_THREADS"] = os.environ["STORY_STUDIO_THREADS"] = "1"


@pytest.fixture(autouse=True, scope="session")
def room() -> Iterator[None]:
    """Models are asked for that no hub will send: whether they would fit here is nobody's question."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("story_engine.flows.room.free_bytes", lambda folder: 10**12)
        yield


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: much of a test's time goes by waiting for a browser, a dispatcher, a child."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a test that may take long come first, then trainings: nobody waits for the last one at the end."""
    long = {item.path for item in items if item.get_closest_marker("timeout")}
    items.sort(key=lambda item: (item.path not in long, "training" not in item.path.parts))


def pytest_collection_finish() -> None:
    """What was imported stays: without it each of a thousand collections would look at two million objects again."""
    gc.freeze()
