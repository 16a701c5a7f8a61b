"""LoRA files of the library: found by name, trusted by content hash."""

from __future__ import annotations

from pathlib import Path

from story_engine.errors import ChooseAnother, InstallOrDownload
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout

_FILE_ENDINGS = (".safetensors", ".ckpt")
_ADAPTER = "adapter.safetensors"


class LoraStore:
    """The LoRAs of a workspace: `<name>.safetensors`, the challenge's `<name>.ckpt`, `<name>/adapter.safetensors`."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.loras

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted(self._files()))

    def path(self, name: str) -> Path:
        """The file of a LoRA.

        Raises:
            ChooseAnother: there is none of that name.
        """
        files = self._files()
        if name not in files:
            listed = ", ".join(sorted(files)) or "–"
            raise ChooseAnother("loras.not_found", name=name, listed=listed, folder=str(self._folder))
        return files[name]

    def sha256(self, name: str) -> str:
        """Content hash of the file: what a recipe names the LoRA by."""
        return file_sha256(self.path(name))

    def path_of_content(self, name: str, sha256: str) -> Path:
        """The file of a LoRA, if its content is still what a recipe asks for.

        Raises:
            ChooseAnother: there is none of that name.
            InstallOrDownload: the file has changed since the recipe was resolved.
        """
        path = self.path(name)
        if file_sha256(path) != sha256:
            raise InstallOrDownload("loras.changed", name=name, wanted=sha256[:12], found=file_sha256(path)[:12])
        return path

    def _files(self) -> dict[str, Path]:
        if not self._folder.is_dir():
            return {}
        found: dict[str, Path] = {}
        for entry in self._folder.iterdir():
            if entry.is_file() and entry.suffix in _FILE_ENDINGS:
                found[entry.stem] = entry
            elif entry.is_dir() and (entry / _ADAPTER).is_file():
                found[entry.name] = entry / _ADAPTER
        return found
