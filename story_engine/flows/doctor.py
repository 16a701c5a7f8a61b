"""Whether this machine is set up for the Studio: what is wrong, and what to do. Nothing is changed by looking."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from packaging.requirements import Requirement

from story_engine.catalog.devices import driver_version, gpu_names
from story_engine.catalog.hub import hub_endpoint
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.set_up import Check
from story_engine.errors import StudioError
from story_engine.flows import doctor_network, memory
from story_engine.flows.services import Services
from story_engine.formats import lettering
from story_engine.store.layout import Layout

OLDEST_PYTHON = (3, 11)
NEWEST_TRIED_PYTHON = (3, 13)
_GIB = 2**30
_LITTLE_DISK = 2 * _GIB
_TORCH_SECONDS = 120
_ASK_TORCH = "import torch; print(torch.version.cuda or '-', int(torch.cuda.is_available()))"
_INSTALL = ".venv/bin/pip install -r requirements.txt"
_TORCH_ANEW = ".venv/bin/pip install --force-reinstall torch torchvision"
_WRITTEN_WITH = "故事工坊 Story Studio"


def examine(
    config: Config, open_services: Callable[[Config], Services], *, port: int = 8501, host: str | None = None
) -> tuple[Check, ...]:
    """Look at everything that has to be right.

    Args:
        config: of this process.
        open_services: opens a workspace, which may fail.
        port: where the pages are served, if they are.
        host: the name that stands in the browser's address bar, to find out whether it is allowed.
    """
    checks = [
        _python(),
        _packages(),
        _gpu(),
        _fonts(),
        *_workspace(config, open_services),
        *doctor_network.cluster(config),
        doctor_network.hub(hub_endpoint(Layout(config.workspace, config.stories))),
    ]
    checks += doctor_network.server(config, port=port, host=host)
    checks += doctor_network.shared_by_class(config, port=port)
    return tuple(checks)


def _python() -> Check:
    values = {"version": platform.python_version(), "oldest": ".".join(map(str, OLDEST_PYTHON))}
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Check("python", "problem", "doctor.python_old", values)
    if sys.version_info[:2] > NEWEST_TRIED_PYTHON:
        return Check("python", "warning", "doctor.python_new", values)
    return Check("python", "ok", "doctor.python", values)


def _packages() -> Check:
    """What `requirements.txt` asks for, beside what is installed."""
    lines = (PROJECT_FOLDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    words = (line.partition("#")[0].strip() for line in lines)
    asked = [Requirement(each) for each in words if each and each[0] != "-"]
    wrong = [each for each in map(_wrong, asked) if each is not None]
    if wrong:
        return Check("packages", "problem", "doctor.packages_wrong", {"listed": ", ".join(wrong), "command": _INSTALL})
    return Check("packages", "ok", "doctor.packages", {"count": len(asked)})


def _wrong(requirement: Requirement) -> str | None:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    try:
        found = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{requirement.name} (–)"
    fits = requirement.specifier.contains(found, prereleases=True)
    return None if fits else f"{requirement.name} {found} ({requirement.specifier})"


def _gpu() -> Check:
    """The driver's word and torch's: they differ where the driver is older than the CUDA that torch was built for."""
    names = gpu_names()
    if not names:
        return Check("gpu", "ok", "doctor.no_gpu")
    values: dict[str, object] = {"names": ", ".join(names), "driver": driver_version()}
    command = [sys.executable, "-c", _ASK_TORCH]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=_TORCH_SECONDS, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        return Check(
            "gpu", "problem", "doctor.torch_broken", values | {"reason": _last_line(error), "command": _TORCH_ANEW}
        )
    cuda, usable = told.stdout.split()
    if usable != "1":
        return Check("gpu", "problem", "doctor.gpu_unusable", values | {"cuda": cuda})
    return Check("gpu", "ok", "doctor.gpu", values | {"cuda": cuda})


def _last_line(error: Exception) -> str:
    told = str(getattr(error, "stderr", "") or error).strip()
    return told.splitlines()[-1][:200] if told else type(error).__name__


def _fonts() -> Check:
    """Letters of comics and grids are drawn with shipped fonts; the pages use those of the visitor's machine."""
    try:
        lettering.font(20)
        missing = lettering.missing([_WRITTEN_WITH])
    except OSError as error:
        return Check("fonts", "problem", "doctor.fonts", {"reason": str(error)[:200]})
    if missing:
        return Check("fonts", "problem", "doctor.fonts", {"reason": " ".join(missing)})
    return Check("fonts", "ok", "doctor.fonts_here")


def _workspace(config: Config, open_services: Callable[[Config], Services]) -> Iterator[Check]:
    trouble = _cannot_keep(config.workspace)
    if trouble is not None:
        yield Check("workspace", "problem", "doctor.workspace", {"folder": config.workspace, "reason": trouble})
        return
    free = shutil.disk_usage(config.workspace).free
    values: dict[str, object] = {"folder": config.workspace, "free": f"{free / _GIB:.1f}"}
    is_full = free < _LITTLE_DISK
    yield Check(
        "disk", "warning" if is_full else "ok", "doctor.disk_little" if is_full else "doctor.workspace_here", values
    )
    try:
        services = open_services(config)
    except StudioError as error:
        yield Check("workspace", "problem", error.code, dict(error.values))
        return
    yield from (_memory(services), _dispatcher(services))


def _cannot_keep(folder: Path) -> str | None:
    """Why a folder cannot hold a workspace; None where it can.

    Network folders of notebooks take files, but not always the shared memory that the list of jobs needs.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".doctor-") as place:
            with closing(sqlite3.connect(Path(place) / "jobs.sqlite")) as ledger:
                (mode,) = ledger.execute("PRAGMA journal_mode=WAL").fetchone()
                ledger.execute("CREATE TABLE tried (id INTEGER)")
                ledger.commit()
            return None if mode == "wal" else f"journal_mode={mode}"
    except (OSError, sqlite3.Error) as error:
        return str(error)[:200]


def _memory(services: Services) -> Check:
    found = memory.view(services, "kolors")
    if found is None:
        return Check("memory", "ok", "doctor.memory_any")
    values: dict[str, object] = {
        "needed": f"{found.plan.peak_bytes / _GIB:.1f}",
        "free": f"{found.free_bytes / _GIB:.1f}",
        "plan": found.plan.text,
    }
    code = "doctor.memory_fits" if found.fits else "doctor.memory_little"
    return Check("memory", "ok" if found.fits else "warning", code, values)


def _dispatcher(services: Services) -> Check:
    trouble = services.start_trouble()
    if trouble is not None:
        return Check("jobs", "problem", "doctor.jobs_trouble", {"reason": trouble.reason})
    return Check("jobs", "ok", "doctor.jobs", {"state": services.dispatcher_state()})
