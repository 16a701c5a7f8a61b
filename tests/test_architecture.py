"""Reads the imports of every module and fails with the file's name where a boundary is crossed."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ENGINE = PROJECT / "story_engine"
LONGEST_FILE = 330
HEAVY = {"torch", "torchvision", "transformers", "diffsynth", "peft", "aesthetics_predictor", "accelerate"}

TORCH_ROOMS = {"inference", "kolors", "lora_files", "preview_model", "scoring", "training", "jobs.work"}
"""The rooms that may import torch. Only children import them: no other room may, so no page ever does."""

VALUES = {"domain", "errors", "messages"}
MAY_IMPORT = {
    "messages": set(),
    "errors": {"messages"},
    "config": {"errors"},
    "domain": VALUES,
    "formats": VALUES,
    "store": VALUES | {"config"},
    "catalog": VALUES | {"store", "formats", "config"},
    "preview_model.world": VALUES | {"catalog"},
    "preview_model.family": VALUES | {"catalog", "formats", "store"},
    "preview_model": VALUES | {"catalog", "store", "inference", "preview_model.family", "preview_model.world"},
    "kolors.family": VALUES | {"catalog", "store"},
    "kolors": VALUES | {"catalog", "inference", "kolors.family"},
    "lora_files": VALUES | {"catalog", "formats", "store"},
    "inference": VALUES | {"catalog", "store", "lora_files"},
    "scoring": VALUES | {"catalog", "store", "inference"},
    "training": VALUES | {"config", "store", "formats", "catalog", "lora_files", "inference", "scoring"},
    "lasting_imports": set(),
    "jobs": VALUES | {"store", "lasting_imports"},
    "jobs.queue": VALUES | {"config", "store", "catalog", "jobs"},
    "jobs.cluster": VALUES | {"config", "store", "catalog", "jobs", "jobs.queue"},
    "jobs.imports": VALUES | {"config", "store", "formats", "jobs", "preview_model.world"},
    "jobs.work": VALUES
    | {"config", "store", "formats", "catalog", "lora_files", "inference", "scoring", "training", "jobs"},
    "flows": VALUES | {"config", "store", "formats", "catalog", "jobs", "jobs.queue", "jobs.imports"},
}


@cache
def python_files() -> list[Path]:
    found = [path for folder in ("story_engine", "pages") for path in (PROJECT / folder).rglob("*.py")]
    return [*found, PROJECT / "Home.py"]


@cache
def imports_of(path: Path) -> set[str]:
    """Whole module names; for `from package import name` the package and the name, as both may be modules."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            modules = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {module for module in modules if is_module(module)} or {node.module}
    return found


@cache
def is_module(name: str) -> bool:
    path = PROJECT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def room_of(module: str) -> str:
    """`jobs.queue` of `story_engine.jobs.queue.ledger`; `kolors.family`, free of torch, is a room of its own."""
    parts = module.split(".")[1:]
    for length in (2, 1):
        room = ".".join(parts[:length])
        if room in MAY_IMPORT:
            return room
    return parts[0] if parts else ""


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def test_rooms_import_only_what_lies_below_them():
    crossed = []
    for path in ENGINE.rglob("*.py"):
        room = room_of(module_of(path))
        if room not in MAY_IMPORT:  # bootstrap and the command line: they stand above the rooms
            continue
        rooms = {room_of(module) for module in imports_of(path) if module.startswith("story_engine.")}
        crossed += [f"{name(path)} imports {other}" for other in sorted(rooms - MAY_IMPORT[room] - {room})]
    assert not crossed


def test_torch_is_imported_in_the_rooms_of_the_children_alone():
    crossed = []
    for path in python_files():
        room = room_of(module_of(path)) if ENGINE in path.parents else "pages"
        if room in TORCH_ROOMS:
            continue
        for module in sorted(imports_of(path)):
            if module.partition(".")[0] in HEAVY:
                crossed.append(f"{name(path)} imports {module}")
            elif module.startswith("story_engine.") and room_of(module) in TORCH_ROOMS:
                crossed.append(f"{name(path)} imports {module}, whose room may import torch")
    assert not crossed


def test_only_pages_import_streamlit():
    crossed = [
        name(path)
        for path in ENGINE.rglob("*.py")
        if {module for module in imports_of(path) if module.partition(".")[0] == "streamlit"}
    ]
    assert not crossed


def test_nothing_that_the_studio_runs_on_imports_how_its_weights_were_made():
    crossed = [name(path) for path in python_files() if any("preview_training" in part for part in imports_of(path))]
    assert not crossed


def test_domain_imports_only_the_standard_library_and_pydantic():
    foreign = {"numpy", "PIL", "yaml", "ruamel", "torch", "streamlit", "sqlite3", "requests"}
    crossed = {
        name(path): found
        for path in (ENGINE / "domain").rglob("*.py")
        if (found := {module.partition(".")[0] for module in imports_of(path)} & foreign)
    }
    assert not crossed


def test_files_stay_short_enough_to_read():
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert not {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE}


def test_services_open_without_any_heavy_library(tmp_path):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from story_engine import flows\n"
        "from story_engine.bootstrap import open_services\n"
        "from story_engine.config import read_config\n"
        f"services = open_services(read_config(Path({str(tmp_path)!r})))\n"
        "flows.shelf.cards(services); flows.machine.inspect(services)\n"
        f"heavy = {sorted(HEAVY)!r}\n"
        "print(sorted(set(heavy) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stdout.strip() == "[]"


def test_no_shell_and_no_html_from_users():
    for path in python_files():
        text = path.read_text(encoding="utf-8")
        assert "os.system" not in text and "shell=True" not in text, name(path)


def test_components_are_given_their_data_in_the_form_that_imports_no_pandas():
    plain = [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in sorted((PROJECT / "pages").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"\bdata=[{\[]", line)
    ]

    assert plain == []


def test_dask_is_imported_for_several_machines_alone():
    cluster = ENGINE / "jobs" / "cluster"
    crossed = [
        name(path)
        for path in python_files()
        if path.parent != cluster
        and any(
            module.partition(".")[0] in {"dask", "distributed"} or module.startswith("story_engine.jobs.cluster")
            for module in imports_of(path)
        )
    ]
    assert not crossed
