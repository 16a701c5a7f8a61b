"""LoRA files: found by name, trusted by content hash.

A name is an entry of the library, a loose file in its folder, or `<run>@<step>` for a checkpoint of a training, which
can be used wherever a LoRA can without being in the library.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from story_engine.domain.safe_name import name_fault
from story_engine.errors import ChooseAnother, InstallOrDownload
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout
from story_engine.store.lora_beside import alphas_beside

FILE_ENDINGS = (".safetensors", ".ckpt")
ADAPTERS = tuple(f"adapter{ending}" for ending in FILE_ENDINGS)
"""An entry's folder holds one of them, looked for in this order."""
CHECKPOINT_MARK = "@"


class LoraStore:
    """The LoRAs of a workspace: `<name>/adapter.safetensors`, loose `<name>.safetensors` and `<name>.ckpt`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._folder = layout.loras

    def names(self) -> tuple[str, ...]:
        """All names in the library's folder, sorted; checkpoints of trainings are not among them."""
        if not self._folder.is_dir():
            return ()
        return tuple(sorted({name for entry in self._folder.iterdir() if (name := self._entry_name(entry))}))

    def has(self, name: str) -> bool:
        """Whether there is a file of this name, a checkpoint too."""
        return self._find(name) is not None

    def path(self, name: str) -> Path:
        """The file of a LoRA.

        Raises:
            ChooseAnother: there is none of that name.
        """
        found = self._find(name)
        if found is None:
            listed = ", ".join(self.names()) or "–"
            raise ChooseAnother("loras.not_found", name=name[:60], listed=listed, folder=str(self._folder))
        return found

    def sha256(self, name: str) -> str:
        """Content hash of the LoRA: what a recipe names it by."""
        return _content_sha256(self.path(name))

    def path_of_content(self, name: str, sha256: str) -> Path:
        """The file with the content that a recipe asks for: of that name, or of another one since it was renamed.

        Raises:
            ChooseAnother: there is none of that name or content.
            InstallOrDownload: the file has changed since the recipe was resolved.
        """
        known = self.name_of_content(name, sha256)
        if known is not None:
            return self.path(known)
        raise InstallOrDownload("loras.changed", name=name, wanted=sha256[:12], found=self.sha256(name)[:12])

    def name_of_content(self, name: str, sha256: str) -> str | None:
        """What a LoRA of this content is called now, `name` or another since it was renamed; None: it is gone."""
        for known in (name, *self.names()):
            path = self._find(known)
            if path is not None and _content_sha256(path) == sha256:
                return known
        return None

    def _find(self, name: str) -> Path | None:
        if name_fault(name) is None:
            folder = self._folder
            places = (
                *(folder / name / each for each in ADAPTERS),
                *(folder / f"{name}{each}" for each in FILE_ENDINGS),
            )
            found = next((path for path in places if path.is_file()), None)
            if found is not None:
                return found
        return self._checkpoint(name)

    def _checkpoint(self, name: str) -> Path | None:
        run, mark, step = name.rpartition(CHECKPOINT_MARK)
        if not mark or name_fault(run) is not None or not (step.isascii() and step.isdecimal()):
            return None
        folder = self._layout.runs / run / "checkpoints"
        return next((path for path in folder.glob(f"*{int(step)}.safetensors") if _is_step(path, int(step))), None)

    def _entry_name(self, entry: Path) -> str | None:
        if entry.suffix in FILE_ENDINGS and entry.is_file():
            name = entry.stem
        elif any((entry / adapter).is_file() for adapter in ADAPTERS):
            name = entry.name
        else:
            return None
        return name if name_fault(name) is None else None


def _is_step(path: Path, step: int) -> bool:
    return path.stem.isascii() and path.stem.isdecimal() and int(path.stem) == step


def _content_sha256(path: Path) -> str:
    """Of the file; and of the alphas that a file beside it says, because they decide how it acts."""
    content = file_sha256(path)
    beside = alphas_beside(path)
    if beside is None:
        return content
    patterns = f" patterns {dict(beside.patterns)!r}" if beside.patterns else ""
    return hashlib.sha256(f"{content} alpha {beside.alpha!r}{patterns}".encode()).hexdigest()
