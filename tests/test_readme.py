"""What README says is what works: the same commands in both languages, and each of them run."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dispatchers import end_dispatchers

PROJECT = Path(__file__).resolve().parent.parent
READMES = [PROJECT / "README.md", PROJECT / "README_zh.md"]


def commands(path: Path) -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def links(path: Path) -> list[str]:
    found = re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8"))
    return [link for link in found if not link.startswith("http")]


def test_both_languages_give_the_same_commands():
    assert commands(READMES[0]) == commands(READMES[1])


@pytest.mark.parametrize(("readme", "language"), list(zip(READMES, ("en", "zh"), strict=True)))
def test_pages_and_buttons_have_the_names_that_the_app_shows(readme, language):
    texts = json.loads(
        (PROJECT / "pages" / "parts" / "shared" / "texts" / f"{language}.json").read_text(encoding="utf-8")
    )
    shown = set(texts.values()) | {texts["stand_in.use"].format(family=texts["family.preview"])}
    no_names = {"preview model", "Kolors", "预览模型"}

    named = set(re.findall(r"\*\*(.+?)\*\*", readme.read_text(encoding="utf-8"))) - no_names

    assert len(named) > 10
    assert named - shown == set()


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_link_and_picture_exists(readme):
    missing = [link for link in links(readme) if not (PROJECT / link).exists()]

    assert missing == []


def test_the_clean_machine_run_uses_the_readme_s_second_command():
    second = commands(READMES[0])[1]
    script = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")

    for step in second.split(" && "):
        words = [word for word in shlex.split(step) if word != "python3"]
        assert words[-1] in script and words[0] in script, step


def test_the_start_command_names_files_that_exist():
    first = commands(READMES[0])[0]

    assert "requirements.txt" in first and (PROJECT / "requirements.txt").is_file()
    assert first.endswith("streamlit run Home.py") and (PROJECT / "Home.py").is_file()


@pytest.mark.timeout(1200)
def test_the_command_line_examples_run(tmp_path):
    shutil.copytree(PROJECT / "stories", tmp_path / "stories", ignore=shutil.ignore_patterns(".*"))
    for story in (tmp_path / "stories").glob("*.yaml"):  # few steps: what is painted here nobody looks at
        text = re.sub(r"^  steps: .*\n", "", story.read_text(encoding="utf-8"), flags=re.M)
        assert "\nsettings:\n" in text
        story.write_text(text.replace("\nsettings:\n", "\nsettings:\n  steps: 2\n"), encoding="utf-8")
    shutil.copytree(PROJECT / "tests" / "challenge", tmp_path / "tests" / "challenge")
    examples = [line for line in commands(READMES[0]) if "-m story_engine" in line]
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(PROJECT),
        "STORY_STUDIO_WORKSPACE": str(tmp_path / "workspace"),
        "STORY_STUDIO_STORIES": str(tmp_path / "stories"),
        # Beside other tests two threads on two cores wait for each other by spinning.
        **{name: os.environ[name] for name in ("OMP_NUM_THREADS", "STORY_STUDIO_THREADS") if name in os.environ},
    }

    assert len(examples) >= 5
    for line in examples:
        words = [sys.executable if word.endswith("python") else word for word in shlex.split(line)]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert (tmp_path / "orange-cat.zip").is_file()
    end_dispatchers(tmp_path / "workspace")
