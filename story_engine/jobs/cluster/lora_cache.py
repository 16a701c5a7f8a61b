"""LoRA files that dispatchers have sent, by content: each is sent once, checked, and laid out under its name."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from story_engine.domain.safe_name import name_fault
from story_engine.errors import FixInput, InstallOrDownload
from story_engine.jobs.cluster.parcels import LoraFile
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout
from story_engine.store.loras import FILE_ENDINGS, LoraStore

BESIDE = ("adapter.json", "lora.json", "adapter_config.json")
"""Files beside a LoRA that may say its alpha."""
_INCOMING = "incoming-"
_HEXADECIMAL = frozenset("0123456789abcdef")


class LoraCache:
    """The cache of one machine."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.sent_loras
        self._lock = threading.Lock()

    def has(self, lora: LoraFile) -> bool:
        """Whether it lies here; it was checked when it came."""
        return (self._place(lora) / f"adapter{lora.ending}").is_file()

    def receive(self, lora: LoraFile, name: str, offset: int, content: bytes, *, is_last: bool) -> None:
        """Take in a piece of one of its files; with the last one it is checked, and is here.

        Args:
            lora: which.
            name: of the file: the adapter or one of `BESIDE`.
            offset: of the piece.
            content: the piece.
            is_last: whether it is the last piece of the last file.

        Raises:
            FixInput: the name is not one of those.
            InstallOrDownload: what came is not the content that the recipe names; nothing is kept.
        """
        if name not in (f"adapter{lora.ending}", *BESIDE):
            raise FixInput("cluster.lora_not_sent", name=lora.name)
        place = self._place(lora)
        incoming = place.with_name(f"{_INCOMING}{place.name}")
        with self._lock:
            make_folder(incoming)
            with (incoming / name).open("r+b" if offset else "wb") as file:
                file.seek(offset)
                file.write(content)
            if not is_last:
                return
            try:
                self._check(incoming, lora)
                if place.exists():
                    return
                incoming.replace(place)
            finally:
                shutil.rmtree(incoming, ignore_errors=True)

    def lay_out(self, loras: Sequence[LoraFile], guest: Layout) -> None:
        """Put LoRAs into the library of a guest workspace, each under the name that its recipe has for it.

        Raises:
            FixInput: a name is unfit.
            InstallOrDownload: one of them is not here.
        """
        for lora in loras:
            fault = name_fault(lora.name)
            if fault is not None:
                raise FixInput(fault[0], **fault[1])
            source, target = self._place(lora), guest.loras / lora.name
            if not self.has(lora):
                raise InstallOrDownload("cluster.lora_not_sent", name=lora.name)
            make_folder(guest.loras)
            shutil.copytree(source, target, copy_function=_link, dirs_exist_ok=True)

    def _check(self, incoming: Path, lora: LoraFile) -> None:
        """By the store's own rule, which counts the alpha beside a file too."""
        library = Layout(incoming.parent / f"check-{incoming.name}", incoming)
        entry = library.loras / "sent"
        make_folder(library.loras)
        try:
            shutil.copytree(incoming, entry, copy_function=_link)
            found = LoraStore(library).sha256("sent")
        finally:
            shutil.rmtree(library.workspace, ignore_errors=True)
        if found != lora.sha256:
            raise InstallOrDownload("loras.changed", name=lora.name, wanted=lora.sha256[:12], found=found[:12])

    def _place(self, lora: LoraFile) -> Path:
        is_hash = len(lora.sha256) == 64 and set(lora.sha256) <= _HEXADECIMAL
        if not is_hash or lora.ending not in FILE_ENDINGS:
            raise FixInput("cluster.lora_not_sent", name=lora.name)
        return self._folder / lora.sha256


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copyfile(source, target)
