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


def test_every_code_that_the_engine_uses_has_a_text():
    rooms = "|".join(path.stem for path in FILES)
    pattern = re.compile(rf'"((?:{rooms})\.[a-z_]+)"')
    used = {code for path in FOLDER.rglob("*.py") for code in pattern.findall(path.read_text(encoding="utf-8"))}

    files = {code for code in used if code.endswith((".json", ".py", ".yaml", ".sqlite"))}
    assert used - known_codes() - files == set()


def test_a_message_is_filled_with_its_values():
    text = message("render.takes", "en", takes=99, most=64)

    assert "99" in text and "64" in text
