"""The stories that the Studio brings along, for tests to change."""

import shutil
from pathlib import Path

from story_engine.config import PROJECT_FOLDER


def copy_shipped_stories(folder: Path) -> None:
    """Into a folder that is not there yet; without the history of whoever works on them here."""
    shutil.copytree(PROJECT_FOLDER / "stories", folder, ignore=shutil.ignore_patterns(".*"))
