"""Pictures and downloads that Streamlit holds in memory, each for those who were shown it.

Streamlit names them by their content and gives them to whoever knows the name. In a class a name must not be enough:
it stands in the browser's history and in the log of every proxy.
"""

from __future__ import annotations

from streamlit.runtime import memory_media_file_storage
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryFile, MemoryMediaFileStorage

from pages.parts.shared import visitor
from story_engine.errors import FixInput


class OwnedMediaStorage(MemoryMediaFileStorage):
    """As Streamlit's own, but a file is given to nobody else than those for whom it was put in."""

    def __init__(self, media_endpoint: str) -> None:
        super().__init__(media_endpoint)
        self._owners: dict[str, set[str]] = {}

    def load_and_get_id(
        self, path_or_data: str | bytes, mimetype: str, kind: MediaFileKind, filename: str | None = None
    ) -> str:
        """Keep a file for whoever asks now; its id."""
        file_id = super().load_and_get_id(path_or_data, mimetype, kind, filename)
        self._owners.setdefault(file_id, set()).add(visitor.name())
        return file_id

    def get_file(self, filename: str) -> MemoryFile:
        """A file of whoever asks now.

        Raises:
            MediaFileStorageError: there is none of that name, or it is not theirs: both read the same.
        """
        file = super().get_file(filename)
        try:
            is_theirs = visitor.name() in self._owners.get(filename.partition(".")[0], ())
        except FixInput:
            is_theirs = False
        if not is_theirs:
            raise MediaFileStorageError(f"Bad filename '{filename}'.")
        return file

    def delete_file(self, file_id: str) -> None:
        """Forget it, and whose it was."""
        super().delete_file(file_id)
        self._owners.pop(file_id, None)


def install() -> None:
    """Before the app is made: it takes its storage from this name, and offers no other way to choose one."""
    memory_media_file_storage.MemoryMediaFileStorage = OwnedMediaStorage  # type: ignore[misc]
