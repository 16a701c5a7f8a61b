"""Models that are on this machine already, made usable: remembered where they lie, joined where they lie apart."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from story_engine.catalog.package import Package
from story_engine.catalog.places import NOTEBOOK
from story_engine.catalog.published import packages
from story_engine.config import PROJECT_FOLDER
from story_engine.domain.models import ModelSettings
from story_engine.errors import FixInput, StudioError
from story_engine.formats.pasted_path import is_there, shown_path
from story_engine.store.atomic import cannot_write
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout
from story_engine.store.model_settings import change_model_settings

_LOG = logging.getLogger(__name__)


def settle(layout: Layout, *, started_in: Path | None = None) -> None:
    """Look once, when a process begins. A workspace that cannot be written is used as it is.

    Args:
        layout: of the workspace.
        started_in: where the Studio, or the notebook that starts it, runs; models below it are remembered, since the
            processes that paint run elsewhere.
    """
    try:
        if started_in is not None and started_in not in (PROJECT_FOLDER, PROJECT_FOLDER.parent):
            homes = [started_in / NOTEBOOK / package.home for package in packages().values() if package.shipped is None]
            if any(os.path.isdir(home) for home in homes):  # noqa: PTH112 (says no where it may not look)
                change_model_settings(layout, lambda settings: _with_folder(settings, started_in))
        join_apart(layout)
    except (StudioError, OSError) as error:
        _LOG.warning("models that lie elsewhere cannot be remembered: %s", error)


def join_apart(layout: Layout) -> None:
    """Link the networks of each model that is here in several folders, and whole in none, into one.

    Raises:
        Wait: the workspace cannot be written.
    """
    for package in packages().values():
        is_one = package.shipped is not None or len(package.parts) == 1
        if is_one or package.is_complete(package.folder(layout)) or package.lacking(layout):
            continue
        folder = package.joined(layout)
        try:
            make_folder(folder)
            for part, place in package.located(layout):
                # What lies in a folder of its own has its files at the top, and is what the link leads to.
                is_alone = part != package.part(part.name)
                _link(folder / part.name, place if is_alone else place / part.name)
        except OSError as error:
            raise cannot_write(folder, error) from error
        _LOG.info("%s is read from several folders, linked in %s", package.name, folder)


def add_folder(layout: Layout, folder: Path) -> tuple[str, ...]:
    """Look for models in a folder that a person names; which ones hold something there, whole or in part.

    Raises:
        FixInput: there is no such folder, or nothing of a known model in it.
        Wait: the workspace cannot be written.
    """
    place = Path(os.path.abspath(folder))  # noqa: PTH100 (links are kept: they may be moved to another disk)
    if not is_there(place, Path.is_dir):
        raise FixInput("models.no_folder", folder=shown_path(folder))
    change_model_settings(layout, lambda before: _with_folder(before, place))
    known = [package for package in packages().values() if package.shipped is None]
    held = [package for package in known if _is_held(layout, package, place)]
    # A file of one model can have the name that another one looks for.
    own = [package for package in held if not any(package.faults(each) for each in _below(layout, package, place))]
    found = tuple(package.name for package in own or held)
    if not found:
        change_model_settings(layout, lambda before: _without_folder(before, place))
        listed = ", ".join(package.name for package in known)
        raise FixInput("models.nothing_in_folder", folder=str(place), listed=listed)
    join_apart(layout)
    return found


def remove_folder(layout: Layout, folder: str) -> None:
    """Look there no more; what lies there stays as it is.

    Raises:
        Wait: the workspace cannot be written.
    """
    change_model_settings(layout, lambda before: _without_folder(before, Path(folder)))


def choose_place(layout: Layout, package: Package, folder: Path) -> None:
    """Let one of several folders count.

    Raises:
        FixInput: the model is not whole there.
        Wait: the workspace cannot be written.
    """
    if not package.is_complete(folder):
        absent = ", ".join(fault.text("en") for fault in package.faults(folder)) or ", ".join(package.names(folder)[:3])
        raise FixInput("models.not_whole_there", family=package.title, folder=str(folder), listed=absent)

    def chosen(before: ModelSettings) -> ModelSettings:
        return before.model_copy(update={"chosen": {**before.chosen, package.name: str(folder)}})

    change_model_settings(layout, chosen)


def _is_held(layout: Layout, package: Package, place: Path) -> bool:
    """Whether some of a model lies in `place` or below it."""
    if any(package.has_begun(each) for each in _below(layout, package, place)):
        return True
    apart = (package.apart(layout, part) for part in package.parts if part.apart)
    return any(found is not None and (found[1] == place or place in found[1].parents) for found in apart)


def _below(layout: Layout, package: Package, place: Path) -> list[Path]:
    """The folders in which a model is looked for that are `place` or lie below it."""
    return [each for each in package.places(layout) if each == place or place in each.parents]


def _with_folder(settings: ModelSettings, folder: Path) -> ModelSettings:
    return settings.model_copy(update={"folders": tuple(dict.fromkeys((*settings.folders, str(folder))))})


def _without_folder(settings: ModelSettings, folder: Path) -> ModelSettings:
    kept = tuple(each for each in settings.folders if each != str(folder))
    chosen = {name: place for name, place in settings.chosen.items() if not Path(place).is_relative_to(folder)}
    return settings.model_copy(update={"folders": kept, "chosen": chosen})


def _link(link: Path, target: Path) -> None:
    """Make a link lead to `target`, whatever it led to before."""
    with suppress(OSError):
        if Path(os.readlink(link)) == target:  # noqa: PTH115 (as it is written)
            return
    fresh = link.with_name(f".{link.name}.link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target, target_is_directory=True)
    fresh.replace(link)
