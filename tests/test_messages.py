import ast
import json
import re
from pathlib import Path
from string import Formatter

import pytest

from story_engine.messages import LANGUAGES, known_codes, message

FOLDER = Path(__file__).resolve().parent.parent / "story_engine"
FILES = sorted((FOLDER / "messages").glob("*.json"))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_exists_in_every_language_with_the_same_values(path):
    for situation, texts in json.loads(path.read_text(encoding="utf-8")).items():
        assert set(texts) == set(LANGUAGES), situation
        assert placeholders(texts["en"]) == placeholders(texts["zh"]), situation


RAISED = {"StudioError", "FixInput", "ChooseAnother", "InstallOrDownload", "Wait", "LookAtLog", "Cancelled", "Problem"}


def codes_in(path: Path) -> set[str]:
    """Codes given to errors and problems, and every text that looks like a code of a room that exists."""
    rooms = "|".join(file.stem for file in FILES)
    looks_like = re.compile(rf"(?:{rooms})\.[a-z_]+")
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and looks_like.fullmatch(node.value):
            found.add(node.value)
    return {code for code in found if not code.endswith((".json", ".py", ".yaml", ".sqlite", ".log", ".lock"))}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_code_that_the_engine_uses_has_a_text(path):
    assert codes_in(path) - known_codes() == set()


def test_a_message_is_filled_with_its_values():
    text = message("render.takes", "en", takes=99, most=64)

    assert "99" in text and "64" in text
