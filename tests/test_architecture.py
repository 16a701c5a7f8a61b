"""Reads the imports of every module and fails with the file's name where a boundary is crossed."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
ENGINE = PROJECT / "story_engine"
HEAVY = {"torch", "torchvision", "transformers", "diffsynth", "peft", "aesthetics_predictor", "accelerate"}
LIGHT_MODELS = {"families", "published", "tokenizer", "devices", "words", "vocabulary", "world"}
"""Modules under models/ that the page process imports: they answer questions about models without loading one."""
LONGEST_FILE = 330

MAY_IMPORT = {
    "messages": set(),
    "errors": {"messages"},
    "config": {"errors"},
    "domain": {"domain", "errors", "messages"},
    "formats": {"formats", "domain", "errors", "messages"},
    "store": {"store", "domain", "errors", "messages", "config"},
    "scoring": {"scoring", "store", "domain", "errors", "messages", "models"},
    "jobs": {"jobs", "store", "domain", "errors", "messages", "config", "models", "scoring", "formats", "training"},
    "models": {"models", "store", "domain", "errors", "messages", "config"},
    "training": {"training", "models", "scoring", "store", "domain", "errors", "messages", "config", "formats"},
    "flows": {"flows", "store", "jobs", "domain", "errors", "messages", "scoring", "formats", "models"},
}


def python_files():
    return [path for folder in ("story_engine", "pages") for path in (PROJECT / folder).rglob("*.py")] + [
        PROJECT / "Home.py"
    ]


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(path: Path) -> str:
    parts = path.relative_to(ENGINE).parts
    return parts[0].removesuffix(".py")


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("path", python_files(), ids=name)
def test_only_pages_import_streamlit(path):
    if ENGINE in path.parents:
        assert not {module for module in imports_of(path) if module.partition(".")[0] == "streamlit"}


@pytest.mark.parametrize("path", [path for path in python_files() if ENGINE in path.parents], ids=name)
def test_rooms_import_only_what_lies_below_them(path):
    allowed = MAY_IMPORT.get(room_of(path))
    if allowed is None:  # engine, bootstrap, the command line: they stand above the rooms
        return
    rooms = {module.split(".")[1] for module in imports_of(path) if module.startswith("story_engine.")}
    assert rooms <= allowed, f"{name(path)} may not import {sorted(rooms - allowed)}"


@pytest.mark.parametrize("path", python_files(), ids=name)
def test_heavy_libraries_stay_behind_the_child_process(path):
    heavy = {module for module in imports_of(path) if module.partition(".")[0] in HEAVY}
    if not heavy:
        return
    assert ENGINE in path.parents, f"{name(path)} imports {sorted(heavy)}"
    assert room_of(path) in {"models", "scoring", "training", "jobs"}, f"{name(path)} imports {sorted(heavy)}"
    assert path.stem not in LIGHT_MODELS, f"{name(path)} is imported by pages, yet imports {sorted(heavy)}"


def test_domain_imports_only_the_standard_library_and_pydantic():
    foreign = {"numpy", "PIL", "yaml", "ruamel", "torch", "streamlit", "sqlite3", "pathlib2", "requests"}
    for path in (ENGINE / "domain").rglob("*.py"):
        found = {module.partition(".")[0] for module in imports_of(path)} & foreign
        assert not found, f"{name(path)} imports {sorted(found)}"


@pytest.mark.parametrize("path", python_files(), ids=name)
def test_files_stay_short_enough_to_read(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{name(path)} has {lines} lines"


def test_the_engine_opens_without_any_heavy_library(tmp_path):
    import subprocess
    import sys

    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from story_engine.bootstrap import open_engine\n"
        "from story_engine.config import read_config\n"
        f"engine = open_engine(read_config(Path({str(tmp_path)!r})))\n"
        "engine.shelf(); engine.machine()\n"
        f"heavy = {sorted(HEAVY)!r}\n"
        "print(sorted(set(heavy) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stdout.strip() == "[]"


def test_no_shell_and_no_html_from_users():
    for path in python_files():
        text = path.read_text(encoding="utf-8")
        assert "os.system" not in text and "shell=True" not in text, name(path)
