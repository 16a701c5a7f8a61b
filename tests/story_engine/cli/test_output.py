import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from story_engine.cli.output import printable
from story_engine.config import PROJECT_FOLDER

_ALL = """
import json, sys
from story_engine.cli.main import run
for command in json.loads(sys.argv[1]):
    code = run(command)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        stream.buffer.write(b"\\0%d\\0" % code)
        stream.buffer.flush()
"""
"""Many commands in one process: starting Python is what takes long."""


def answers(commands, **environment):
    """(code, output, errors) of each, as bytes."""
    line = [sys.executable, "-c", _ALL, json.dumps(commands)]
    done = subprocess.run(line, capture_output=True, cwd=PROJECT_FOLDER, env=os.environ | environment, check=True)
    outputs, errors = done.stdout.split(b"\0"), done.stderr.split(b"\0")
    assert len(outputs) == len(errors) == 2 * len(commands) + 1
    return list(zip(map(int, outputs[1::2]), outputs[::2], errors[::2], strict=False))


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

    lines = [
        [*command, "--workspace", str(tmp_path / "w"), *options] for command in commands for options in ([], ["--json"])
    ]
    for line, (_, output, errors) in zip(lines, answers(lines), strict=True):
        assert b"\x1b" not in output + errors, line
        assert b"Traceback" not in errors, line


def test_only_one_module_of_the_command_line_writes():
    folder = PROJECT_FOLDER / "story_engine" / "cli"
    writing = [path.name for path in sorted(folder.glob("*.py")) if "print(" in Path(path).read_text("utf-8")]

    assert writing == ["output.py"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk", "utf-8"])
def test_a_terminal_of_any_encoding_gets_every_answer(tmp_path, encoding):
    """Chinese, an emoji, box drawing of `--help`: what the encoding lacks is written as its code."""
    stories = tmp_path / "stories"
    stories.mkdir()
    for name in ("singer", "orange-cat"):
        shutil.copy(PROJECT_FOLDER / "stories" / f"{name}.yaml", stories)
    text = (stories / "singer.yaml").read_text(encoding="utf-8")
    (stories / "龙🐉é.yaml").write_text(text.replace("歌星梦", "龙🐉é"), encoding="utf-8")
    environment = {
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

    *texts, (_, report, _) = answers([*commands, ("board", "龙🐉é", "--json")], **environment)
    for command, (code, output, errors) in zip(commands, texts, strict=True):
        assert b"Traceback" not in errors, (command, errors.decode(encoding, "replace"))
        assert code in (0, 1, 2), command
        assert (output + errors).strip(), command
        (output + errors).decode(encoding)
    assert json.loads(report.decode(encoding))["story"] == "龙🐉é"


def test_another_way_with_what_the_terminal_lacks_is_kept(tmp_path):
    environment = os.environ | {"PYTHONIOENCODING": "ascii:replace", "STORY_STUDIO_WORKSPACE": str(tmp_path)}
    line = [sys.executable, "-m", "story_engine", "board", "singer"]

    done = subprocess.run(line, capture_output=True, cwd=PROJECT_FOLDER, env=environment, check=True)

    assert b"?" in done.stdout and b"\\u" not in done.stdout
