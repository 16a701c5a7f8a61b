"""What holds for all tests."""

import gc
import os

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several test processes share the cores. With a thread per core each, their threads would wait for each other by
    # spinning, and a picture that takes two seconds would take thirty. Set before torch is imported anywhere.
    os.environ["OMP_NUM_THREADS"] = os.environ["STORY_STUDIO_THREADS"] = "1"


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: much of a test's time goes by waiting for a browser, a dispatcher, a child."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """What was imported stays: without it each of a thousand collections would look at two million objects again."""
    gc.freeze()
