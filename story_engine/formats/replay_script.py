"""`replay.py` of a bundle: paints the pictures again with DiffSynth and safetensors alone, for who trusts nobody."""

from __future__ import annotations

from pathlib import Path

_SCRIPT = Path(__file__).with_suffix(".py.txt")
"""The script as it goes into every bundle; no module of the Studio, so it has another ending here."""


def replay_script() -> bytes:
    """The script, the same for every bundle: what it paints stands in the files beside it."""
    return _SCRIPT.read_bytes()
