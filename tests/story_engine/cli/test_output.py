import json
import os
import shutil
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


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "gbk", "utf-8"])
def test_a_terminal_of_any_encoding_gets_every_answer(tmp_path, encoding):
    """Chinese, an emoji, box drawing of `--help`: what the encoding lacks is written as its code."""
    stories = tmp_path / "stories"
    stories.mkdir()
    for name in ("singer", "orange-cat"):
        shutil.copy(PROJECT_FOLDER / "stories" / f"{name}.yaml", stories)
    text = (stories / "singer.yaml").read_text(encoding="utf-8")
    (stories / "龙🐉é.yaml").write_text(text.replace("歌星梦", "龙🐉é"), encoding="utf-8")
    environment = os.environ | {
        "PYTHONIOENCODING": encoding,
        "STORY_STUDIO_STORIES": str(stories),
        "STORY_STUDIO_WORKSPACE": str(tmp_path / "w"),
    }
    commands = (
        ("--help",),
        ("render", "--help"),
        ("dataset", "filter", "--help"),
        ("board", "龙🐉é"),
        ("lint", "龙🐉é"),
        ("lint", "没有🐉"),
        ("render", "singer", "--scene", "🐉"),
        ("models", "list"),
        ("no-such-命令",),
        (),
    )

    for command in commands:
        line = [sys.executable, "-m", "story_engine", *command]
        done = subprocess.run(line, capture_output=True, cwd=PROJECT_FOLDER, env=environment)
        assert b"Traceback" not in done.stderr, (command, done.stderr.decode(encoding, "replace"))
        assert done.returncode in (0, 1, 2), command
        assert (done.stdout + done.stderr).strip(), command
        (done.stdout + done.stderr).decode(encoding)
    line = [sys.executable, "-m", "story_engine", "board", "龙🐉é", "--json"]
    done = subprocess.run(line, capture_output=True, cwd=PROJECT_FOLDER, env=environment, check=True)
    assert json.loads(done.stdout.decode(encoding))["story"] == "龙🐉é"


def test_another_way_with_what_the_terminal_lacks_is_kept(tmp_path):
    environment = os.environ | {"PYTHONIOENCODING": "ascii:replace", "STORY_STUDIO_WORKSPACE": str(tmp_path)}
    line = [sys.executable, "-m", "story_engine", "board", "singer"]

    done = subprocess.run(line, capture_output=True, cwd=PROJECT_FOLDER, env=environment, check=True)

    assert b"?" in done.stdout and b"\\u" not in done.stdout
