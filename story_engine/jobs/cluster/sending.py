"""LoRA files on their way to a worker: in pieces, and only those whose content it does not have."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.recipe import LoraPart
from story_engine.jobs.cluster import calls
from story_engine.jobs.cluster.connection import Connection
from story_engine.jobs.cluster.lora_cache import BESIDE
from story_engine.jobs.cluster.parcels import LoraFile
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore

PIECE_BYTES = 8 * 2**20
"""The scheduler passes each piece on as a whole, and is to have time for others in between."""
_LOG = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLora:
    """A LoRA of this workspace, with the file to read it from."""

    file: LoraFile
    path: Path


def lora_files(layout: Layout, parts: Sequence[LoraPart]) -> tuple[SentLora, ...]:
    """The files of LoRAs, found by content.

    Raises:
        ChooseAnother: one of them is gone.
        InstallOrDownload: one has changed since the recipe was resolved.
    """
    store = LoraStore(layout)
    found = []
    for part in parts:
        path = store.path_of_content(part.name, part.sha256)
        found.append(SentLora(file=LoraFile(name=part.name, sha256=part.sha256, ending=path.suffix), path=path))
    return tuple(found)


def send_missing(connection: Connection, worker: str, loras: Sequence[SentLora]) -> None:
    """Send what the worker does not have.

    Raises:
        OSError: the worker does not answer.
        InstallOrDownload: what arrived is another content.
    """
    if not loras:
        return
    with _one_at_a_time:  # two jobs with the same LoRA send it once
        lacking = set(connection.ask(worker, calls.missing, [each.file for each in loras]))
        for lora in loras:
            if lora.file.sha256 in lacking:
                lacking.discard(lora.file.sha256)
                _send(connection, worker, lora)


def _send(connection: Connection, worker: str, lora: SentLora) -> None:
    size = lora.path.stat().st_size
    _LOG.info("LoRA %s (%d bytes) is sent to %s", lora.file.name, size, worker)
    for name, path in _beside(lora.path):
        connection.ask(worker, calls.receive, lora.file, name, 0, path.read_bytes(), False)
    with lora.path.open("rb") as file:
        for offset in range(0, max(1, size), PIECE_BYTES):
            piece = file.read(PIECE_BYTES)
            is_last = offset + PIECE_BYTES >= size
            connection.ask(worker, calls.receive, lora.file, f"adapter{lora.file.ending}", offset, piece, is_last)


def _beside(path: Path) -> list[tuple[str, Path]]:
    """Name there → file here, of what may say the alpha."""
    own, *shared = BESIDE
    places = [(own, path.with_suffix(".json")), *((name, path.parent / name) for name in shared)]
    return [(name, place) for name, place in places if place.is_file()]
