"""A class: one folder with the models that all use, and in it a workspace of their own for everybody.

`<class>/users/<folder>/{workspace,stories}`, with `member.json` in the workspace: whoever opens it, from a page, from
the command line or as a child, finds by it whose models to use and whose queue to wait in.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from story_engine.config import Config
from story_engine.domain.user_name import folder_name
from story_engine.domain.value import Value
from story_engine.errors import FixInput, StudioError
from story_engine.store.atomic import cannot_write, read_bytes, write_bytes
from story_engine.store.folders import make_folder
from story_engine.store.layout import GuestLayout, Layout

USERS = "users"
_MEMBER = "member.json"
_LARGEST_BYTES = 10_000


class Member(Value):
    """Whose workspace it is."""

    name: str
    class_folder: str
    """Where the models and the queue of all are; seen from the workspace, so that a class can be moved."""


@dataclass(frozen=True, slots=True)
class MemberLayout(GuestLayout):
    """The workspace of one person of a class: models, with all that is known of them, are the class's."""

    @property
    def published(self) -> Path:
        """The class's."""
        return self.host.published

    @property
    def embeddings(self) -> Path:
        """The class's: networks that stay loaded from one person's job to the next keep them in one place."""
        return self.host.embeddings


def member_of(workspace: Path) -> Member | None:
    """Whose workspace it is; None for one that belongs to no class.

    Raises:
        FixInput: the file that says so cannot be read: nobody's work may be done as somebody else's.
    """
    path = workspace / _MEMBER
    try:
        return Member.model_validate_json(read_bytes(path, limit=_LARGEST_BYTES))
    except FileNotFoundError:
        return None
    except (ValidationError, StudioError, OSError) as error:
        raise FixInput("members.unreadable", path=str(path)) from error


def layout_at(workspace: Path, stories: Path) -> Layout:
    """Where everything of a workspace lies, be it somebody's in a class or not.

    Raises:
        FixInput: it is a class's, and the file that says so cannot be read.
    """
    member = member_of(workspace)
    if member is None:
        return Layout(workspace, stories)
    folder = (workspace / member.class_folder).resolve()
    return MemberLayout(workspace, stories, Layout(folder, stories))


def serving_layout(layout: Layout) -> Layout:
    """Of the dispatcher that serves a workspace: the class's, where it belongs to one."""
    return layout.host if isinstance(layout, MemberLayout) else layout


def members(class_folder: Path) -> list[Path]:
    """The workspaces of a class."""
    try:
        folders = sorted((class_folder / USERS).iterdir())
    except OSError:
        return []
    return [each / "workspace" for each in folders if (each / "workspace" / _MEMBER).is_file()]


def enrol(config: Config, name: str) -> Config:
    """The configuration of one person of the class whose folder is `config.workspace`; made where they are new.

    A new person is given copies of the stories in `config.stories`.

    Raises:
        FixInput: the folder is somebody else's.
        Wait: the disk cannot be written.
    """
    home = config.workspace / USERS / folder_name(name)
    workspace, stories = home / "workspace", home / "stories"
    member = member_of(workspace)
    if member is None:
        _make(home, config.stories)
        member = Member(name=name, class_folder="../../..")
        write_bytes(workspace / _MEMBER, member.model_dump_json().encode())
    elif member.name != name:
        raise FixInput("members.folder_taken", folder=home.name)
    return replace(config, workspace=workspace, stories=stories, user=name, allowed_hosts=(), proxy_secret="")


def _make(home: Path, shipped: Path) -> None:
    """A home with copies of the stories, whole or not at all: two tabs may come at once."""
    try:
        make_folder(home / "workspace")
        if (home / "stories").is_dir():
            return
        with tempfile.TemporaryDirectory(dir=home, prefix=".new-") as folder:
            new = Path(folder) / "stories"
            if shipped.is_dir():
                shutil.copytree(shipped, new, ignore=shutil.ignore_patterns(".*"))
            else:
                new.mkdir()
            with contextlib.suppress(FileExistsError):
                new.rename(home / "stories")
    except OSError as error:
        if (home / "stories").is_dir():
            return  # the other tab was quicker
        raise cannot_write(home, error) from error
