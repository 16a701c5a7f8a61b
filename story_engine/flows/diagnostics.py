"""Everything that helps another person to help, in a zip that can be sent to a stranger."""

from __future__ import annotations

import getpass
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.scrub import SECRET_NAMES, Scrubber
from story_engine.errors import StudioError
from story_engine.flows import machine
from story_engine.flows.services import Services
from story_engine.messages import LANGUAGES, message

PACKAGES = (
    "streamlit",
    "torch",
    "torchvision",
    "diffsynth",
    "transformers",
    "peft",
    "modelscope",
    "simple-aesthetics-predictor",
    "pillow",
    "numpy",
    "accelerate",
    "safetensors",
)
MOST_JOBS = 200


def diagnostics(services: Services) -> dict[str, bytes]:
    """Name in the zip → content, scrubbed."""
    scrubber = _scrubber(services)
    report = json.dumps(scrubber.clean_tree(_report(services)), ensure_ascii=False, indent=2)
    logs = {
        f"logs/{number:02}.log": f"{name}\n\n{text}" for number, (name, text) in enumerate(services.logs.recent(), 1)
    }
    cleaned = {name: scrubber.clean(text).encode() for name, text in logs.items()}
    removed = ", ".join(f"{kind} × {count}" for kind, count in sorted(scrubber.removed.items())) or "–"
    return {"README.txt": _about(removed).encode(), "report.json": report.encode(), **cleaned}


def save_diagnostics(services: Services, out: Path | None = None) -> Path:
    """Write the zip; its path.

    Raises:
        Wait: the folder cannot be written or the disk is full.
    """
    path = out or services.bundles.path("story-studio-diagnostics")
    return services.bundles.write(path, diagnostics(services))


def _about(removed: str) -> str:
    return "\n".join(message("diagnostics.about", language, removed=removed) for language in LANGUAGES)


def _scrubber(services: Services) -> Scrubber:
    folders = {
        str(services.config.workspace): "workspace",
        str(services.config.stories): "stories",
        str(PROJECT_FOLDER): "project",
        sys.prefix: "python",
        sys.base_prefix: "python",
        str(Path.home()): "home",
        tempfile.gettempdir(): "temp",
    }
    secrets = [value for name, value in os.environ.items() if SECRET_NAMES.search(name)]
    return Scrubber(folders, secrets=secrets, names=(_user(), services.user, platform.node()))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return ""


def _report(services: Services) -> Mapping[str, object]:
    usage = shutil.disk_usage(services.config.workspace if services.config.workspace.exists() else PROJECT_FOLDER)
    return {
        "system": platform.platform(),
        "python": sys.version,
        "packages": {name: _version(name) for name in PACKAGES},
        "cores": os.cpu_count(),
        "disk_free_bytes": usage.free,
        "machine": asdict(machine.inspect(services)),
        "variables": sorted(
            name for name in os.environ if name.startswith(("STORY_STUDIO_", "CUDA_", "OMP_", "MODELSCOPE_"))
        ),
        "stories": _stories(services),
        "loras": [_lora(services, name) for name in services.loras.names()],
        "runs": len(services.runs.ids()),
        "datasets": len(services.datasets.names()),
        "jobs": [_job(job) for job in services.ledger.jobs(active=False)[:MOST_JOBS]],
        "start_trouble": None if (trouble := services.start_trouble()) is None else trouble.reason,
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _stories(services: Services) -> list[Mapping[str, object]]:
    """Their shape, without a word of theirs."""
    found: list[Mapping[str, object]] = []
    for slug in services.stories.slugs():
        try:
            story = services.stories.load(slug)
            settings = story.settings.model_dump(mode="json")
            found.append({"scenes": len(story.scenes), "settings": settings, "loras": len(story.loras)})
        except StudioError as error:
            found.append({"error": error.code})
    return found


def _lora(services: Services, name: str) -> Mapping[str, object]:
    report = services.lora_library.report(name)
    if report is None:
        return {"examined": False}
    return {
        "format": report.format,
        "alpha": report.alpha,
        "matched": report.matched,
        "expected": report.expected,
        "foreign": report.foreign,
    }


def _job(job: object) -> Mapping[str, object]:
    wanted = ("id", "kind", "state", "attempt", "created_at", "error_code", "error_values", "log_id")
    return {name: getattr(job, name) for name in wanted}
