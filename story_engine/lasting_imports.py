"""Importing what stays for the life of a process, without looking through it again and again meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting_imports() -> Iterator[None]:
    """No garbage is collected inside; what was imported is passed over by later collections.

    DiffSynth brings a million objects, and collections that look through them take a sixth of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
