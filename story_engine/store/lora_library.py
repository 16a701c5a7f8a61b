"""The LoRA library on disk: a folder per LoRA with its adapter file and what a person says of it.

`<name>/adapter.safetensors` holds everything that decides pictures, alpha too, so that its hash covers it. `lora.json`
holds what may change without another picture: title, trigger, recommended strength. What repairs replaced stays in
`undo/`. Loose files in the library's folder are entries too; they become folders when something is to be kept for them.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from story_engine.domain.lora import LoraEntry, LoraRecord, LoraReport, RepairStep
from story_engine.domain.safe_name import name_fault, same_file
from story_engine.errors import ChooseAnother, FixInput, StudioError
from story_engine.store.atomic import cannot_write, keep_copy, move, read_bytes, write_bytes
from story_engine.store.folders import make_folder
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout
from story_engine.store.loras import ADAPTERS, CHECKPOINT_MARK, FILE_ENDINGS, LoraStore
from story_engine.store.names import slug_from
from story_engine.store.old_trash import LORA
from story_engine.store.timestamps import now
from story_engine.store.trash import Trash

FORGOTTEN_SECONDS = 3600.0
"""Age from which on a half-made entry belongs to a process that ended."""
_LARGEST_JSON_BYTES = 20_000_000
_RECORD, _UNDO = "lora.json", "undo"
_INCOMING = ".incoming-"
_LOG = logging.getLogger(__name__)


class LoraLibrary:
    """Everything about LoRAs of the library but finding them."""

    def __init__(self, layout: Layout, loras: LoraStore) -> None:
        self._layout = layout
        self._loras = loras
        self._trash = Trash(layout)

    # -- reading -------------------------------------------------------------------------------------------------------
    def entries(self) -> tuple[LoraEntry, ...]:
        """All of them, last added first."""
        found = [self.entry(name) for name in self._loras.names()]
        return tuple(sorted(found, key=lambda entry: (entry.added_at, entry.name), reverse=True))

    def entry(self, name: str) -> LoraEntry:
        """One of them.

        Raises:
            ChooseAnother: there is none of that name.
        """
        path = self._loras.path(name)
        record = self.record(name)
        report = self.report(name)
        facts = report.facts if report else None
        return LoraEntry(
            name=name,
            path=path,
            title=record.title or (facts.title if facts else "") or name,
            trigger=record.trigger if self._is_kept(path) else (facts.trigger if facts else ""),
            strength=record.strength,
            source=record.source if self._is_kept(path) else self._source(path),
            source_name=record.source_name or path.name,
            family=record.family or (report.families[0] if report and report.families else ""),
            size_bytes=path.stat().st_size,
            added_at=record.added_at or _iso(path.stat().st_mtime),
            provenance=record.provenance,
            repairs=record.repairs,
            report=report,
        )

    def record(self, name: str) -> LoraRecord:
        """What `lora.json` says; nothing where there is none or it cannot be read."""
        path = self._loras.path(name)
        if not self._is_kept(path):
            return LoraRecord()
        try:
            return LoraRecord.model_validate_json(read_bytes(path.parent / _RECORD, limit=_LARGEST_JSON_BYTES))
        except FileNotFoundError:
            return LoraRecord()
        except (ValidationError, StudioError):
            _LOG.warning("%s cannot be read", path.parent / _RECORD)
            return LoraRecord()

    def report(self, name: str) -> LoraReport | None:
        """The examination of exactly this content, if there was one."""
        return self.report_of_content(self._loras.sha256(name))

    def report_of_content(self, sha256: str) -> LoraReport | None:
        """The examination of a content, if there was one; its file may be gone."""
        try:
            content = read_bytes(self._layout.lora_reports / f"{sha256}.json", limit=_LARGEST_JSON_BYTES)
            return LoraReport.model_validate_json(content)
        except (FileNotFoundError, ValidationError, StudioError):
            return None

    def keep_report(self, name: str, report: LoraReport) -> None:
        """Remember an examination of the present content; it can be lost without harm."""
        with contextlib.suppress(StudioError):
            write_bytes(self._report_path(name), report.model_dump_json().encode())

    def export_path(self, dialect: str, file: str) -> Path:
        """Where a file for another tool is written."""
        return self._layout.lora_exports / dialect / file

    # -- adding --------------------------------------------------------------------------------------------------------
    def free_name(self, wanted: str) -> str:
        """A name for a new entry that reads like `wanted`."""
        return slug_from(wanted, is_taken=self._is_taken)

    def check_new_name(self, name: str) -> None:
        """Refuse a name that an entry cannot have.

        Raises:
            FixInput: it is no fit file name, or in use.
        """
        fault = name_fault(name)
        if fault is not None:
            raise FixInput(fault[0], **fault[1])
        if CHECKPOINT_MARK in name:
            raise FixInput("loras.name_at", name=name)
        if self._is_taken(name):
            raise FixInput("loras.name_taken", name=name)

    def new_folder(self) -> Path:
        """An empty folder for an entry in the making; `put` makes it one, `drop` forgets it."""
        self._forget_old()
        folder = self._layout.loras / f"{_INCOMING}{secrets.token_hex(6)}"
        try:
            make_folder(folder)
        except OSError as error:
            raise cannot_write(folder, error) from error
        return folder

    def put(self, folder: Path, name: str, record: LoraRecord) -> None:
        """Make a folder that holds `adapter.safetensors` the entry `name`.

        Raises:
            FixInput: the name is in use.
            Wait: the disk is full or cannot be written.
        """
        self.check_new_name(name)
        write_bytes(folder / _RECORD, _json(record.model_copy(update={"added_at": record.added_at or now()})))
        move(folder, self._layout.loras / name)

    def drop(self, folder: Path) -> None:
        """Forget a folder of `new_folder` that became nothing."""
        if folder.name.startswith(_INCOMING):
            shutil.rmtree(folder, ignore_errors=True)

    # -- changing ------------------------------------------------------------------------------------------------------
    def change(self, name: str, **changes: object) -> LoraRecord:
        """Other values for fields of the record; a loose file becomes an entry with its own folder."""
        self.make_entry(name)
        changed = LoraRecord.model_validate(self.record(name).model_dump() | changes)
        write_bytes(self._layout.loras / name / _RECORD, _json(changed))
        return changed

    def rename(self, name: str, new: str) -> None:
        """Another name; the content, and with it every take, stays.

        Raises:
            ChooseAnother: there is none of that name.
            FixInput: the new name is not fit, or in use.
        """
        self._in_library(name)
        if same_file(new) != same_file(name):
            self.check_new_name(new)
        self.make_entry(name)
        move(self._layout.loras / name, self._layout.loras / new)

    def replace(self, name: str, content: Path, *, what: str) -> None:
        """Put a repaired safetensors file in the place of the adapter, which is kept until `undo`.

        Killed at any point, the entry is the one before or the one after, and `undo` gives the one before.
        """
        self.make_entry(name)
        folder, old = self._layout.loras / name, self._loras.path(name)
        kept = f"{secrets.token_hex(4)}{old.suffix}"
        self._copy(old, folder / _UNDO / kept)
        step = RepairStep(what=what, file=kept, at=now())
        self.change(name, repairs=(*self.record(name).repairs, step))
        move(content, folder / ADAPTERS[0])
        self._drop_beside(folder, but=folder / ADAPTERS[0])

    def undo(self, name: str) -> RepairStep | None:
        """Take the last repair back; what it was, None when there is none.

        Raises:
            FixInput: the file as it was before is gone.
        """
        record = self.record(name)
        if not record.repairs:
            return None
        last = record.repairs[-1]
        folder = self._layout.loras / name
        kept = folder / _UNDO / last.file
        if not kept.is_file():
            raise FixInput("loras.undo_gone", name=name, file=last.file)
        self._copy(kept, folder / f"adapter{kept.suffix}")
        self._drop_beside(folder, but=folder / f"adapter{kept.suffix}", keep_json=kept.with_suffix(".json").is_file())
        self.change(name, repairs=record.repairs[:-1])
        for file in (kept, kept.with_suffix(".json")):
            file.unlink(missing_ok=True)
        return last

    def _copy(self, source: Path, target: Path) -> None:
        """Keep an adapter elsewhere too, after what lies beside it for its alpha."""
        if source.with_suffix(".json").is_file():
            keep_copy(source.with_suffix(".json"), target.with_suffix(".json"))
        keep_copy(source, target)

    def _drop_beside(self, folder: Path, *, but: Path, keep_json: bool = False) -> None:
        """Remove the adapter that another has replaced, and what lay beside it for its alpha."""
        for adapter in ADAPTERS:
            if folder / adapter != but:
                (folder / adapter).unlink(missing_ok=True)
        if not keep_json:
            (folder / ADAPTERS[0]).with_suffix(".json").unlink(missing_ok=True)

    def make_entry(self, name: str) -> None:
        """Give a loose file its own folder; what lies beside it for its alpha goes along.

        The loose file goes when the folder stands: killed before that, it lies where it lay.
        """
        path = self._in_library(name)
        if path.parent != self._layout.loras:
            self._drop_loose(name, path)
            return
        folder = self.new_folder()
        self._copy(path, folder / f"adapter{path.suffix}")
        write_bytes(folder / _RECORD, _json(LoraRecord(source_name=path.name, added_at=now())))
        move(folder, self._layout.loras / name)
        for file in (path.with_suffix(".json"), path):
            file.unlink(missing_ok=True)

    def _drop_loose(self, name: str, path: Path) -> None:
        """Remove the loose file of an entry whose making was killed before that; another content is left alone."""
        for loose in (self._layout.loras / f"{name}{ending}" for ending in FILE_ENDINGS):
            if not loose.is_file() or path.stat().st_size != loose.stat().st_size:
                continue
            if path.samefile(loose) or file_sha256(path) == file_sha256(loose):
                loose.with_suffix(".json").unlink(missing_ok=True)
                loose.unlink()

    # -- the trash -----------------------------------------------------------------------------------------------------
    def delete(self, name: str) -> str:
        """Into the trash; the token gives it back.

        Raises:
            ChooseAnother: there is none of that name.
        """
        path = self._in_library(name)
        self._forget_old()
        if self._is_kept(path):
            self._drop_loose(name, path)
        is_loose = path.parent == self._layout.loras
        loose = [(f"{LORA}{file.suffix}", file) for file in (path, path.with_suffix(".json"))]
        parts = loose if is_loose else [(LORA, path.parent)]
        return self._trash.put("lora", name, parts, title=self.entry(name).title)

    def restore(self, token: str) -> str:
        """Undo of `delete`; the name, a free one where the old one is in use again.

        Raises:
            ChooseAnother: nothing in the trash has this token.
        """
        old = self._trash.entry(token, "lora").name
        name = old if not self._is_taken(old) else self.free_name(old)
        # What lies beside a file for its alpha comes back before the file itself.
        parts = sorted(self._trash.parts(token), key=lambda part: not part.endswith(".json"))
        targets = [(part, self._layout.loras / f"{name}{part.removeprefix(LORA)}") for part in parts]
        self._trash.take_out(token, targets)
        return name

    def _in_library(self, name: str) -> Path:
        """The file of an entry; a checkpoint of a training is none."""
        if name not in self._loras.names():
            raise ChooseAnother("loras.not_in_library", name=name[:60], listed=", ".join(self._loras.names()) or "–")
        return self._loras.path(name)

    def _is_kept(self, path: Path) -> bool:
        return path.parent.parent == self._layout.loras

    def _source(self, path: Path) -> str:
        return "loose" if path.parent == self._layout.loras else "training"

    def _is_taken(self, name: str) -> bool:
        if not self._layout.loras.is_dir():
            return False
        here = {entry.name.removesuffix(ending) for entry in self._layout.loras.iterdir() for ending in _ENDINGS}
        return same_file(name) in {same_file(each) for each in here}

    def _report_path(self, name: str) -> Path:
        return self._layout.lora_reports / f"{self._loras.sha256(name)}.json"

    def _forget_old(self) -> None:
        for place in self._layout.loras.glob(f"{_INCOMING}*"):
            with contextlib.suppress(OSError):
                if time.time() - place.stat().st_mtime > FORGOTTEN_SECONDS:
                    shutil.rmtree(place)


_ENDINGS = ("", *FILE_ENDINGS)


def _json(record: LoraRecord) -> bytes:
    return record.model_dump_json(indent=1).encode()


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
