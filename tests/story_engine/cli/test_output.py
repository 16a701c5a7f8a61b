import json
import subprocess
import sys
from pathlib import Path

import pytest

from story_engine.cli.output import printable
from story_engine.config import PROJECT_FOLDER


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b31m", "a\rb", "\x07", "\u202egnp.exe", "\ud800", "\x7f", "\u2028"])
def test_what_a_terminal_would_obey_is_written_as_its_code(text):
    assert printable(text).isprintable()
    assert json.loads(printable(json.dumps(text, ensure_ascii=False))) == text


def test_words_lines_and_emoji_stay_as_they_are():
    text = "一只猫\n\tcafé 👩‍🎨"

    assert printable(text) == text


def test_names_with_escape_sequences_never_reach_the_terminal_raw(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "\x1b[31mred.png").write_text("no picture")
    (folder / "\x1b]0;title\x07.txt").write_bytes(b"\xff\xfe\x00")
    commands = (
        ("dataset", "create", "\x1b[31mInk", str(folder)),
        ("dataset", "list"),
        ("dataset", "check", "\x1b[31m"),
        ("lora", "inspect", "\x1b[31m"),
        ("board", "\x1b[31m"),
        ("lint", str(tmp_path / "\x1b[31m.yaml")),
        ("train", str(tmp_path / "\x1b[31m.yaml")),
    )

    for command in commands:
        for options in ([], ["--json"]):
            line = [sys.executable, "-m", "story_engine", *command, "--workspace", str(tmp_path / "w"), *options]
            done = subprocess.run(line, capture_output=True, cwd=PROJECT_FOLDER)
            assert b"\x1b" not in done.stdout + done.stderr, command
            assert b"Traceback" not in done.stderr, command


def test_only_one_module_of_the_command_line_writes():
    folder = PROJECT_FOLDER / "story_engine" / "cli"
    writing = [path.name for path in sorted(folder.glob("*.py")) if "print(" in Path(path).read_text("utf-8")]

    assert writing == ["output.py"]
