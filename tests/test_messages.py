import ast
import json
import re
from pathlib import Path
from string import Formatter

from story_engine.messages import LANGUAGES, known_codes, message
from tests.used_texts import unused

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "story_engine"
FILES = sorted((FOLDER / "messages").glob("*.json"))
RAISED = {"StudioError", "FixInput", "ChooseAnother", "InstallOrDownload", "Wait", "LookAtLog", "Cancelled", "Problem"}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


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


def test_every_text_exists_in_every_language_with_the_same_values():
    faults = [
        f"{path.stem}.{situation}"
        for path in FILES
        for situation, texts in json.loads(path.read_text(encoding="utf-8")).items()
        if set(texts) != set(LANGUAGES) or placeholders(texts["en"]) != placeholders(texts["zh"])
    ]
    assert not faults


def test_every_code_that_the_engine_uses_has_a_text():
    missing = {path.name: codes for path in FOLDER.rglob("*.py") if (codes := codes_in(path) - known_codes())}
    assert not missing


def test_every_text_of_the_engine_is_used():
    files = [*FOLDER.rglob("*.py"), *(PROJECT / "pages").rglob("*.py"), PROJECT / "Home.py"]
    assert not unused(known_codes(), files)


def test_a_message_is_filled_with_its_values():
    text = message("render.takes", "en", takes=99, most=64)

    assert "99" in text and "64" in text


def test_a_model_family_goes_by_the_name_that_people_use():
    english, chinese = (
        message("models.stand_in_needed", language, family="kolors", stand_in="preview") for language in ("en", "zh")
    )

    assert english.startswith("Kolors is not") and "let the preview model stand in" in english
    assert chinese.startswith("本机没有可图。") and "用预览模型代替" in chinese
    assert message("models.family_missing", "zh", family="Kolors").startswith("可图 的权重")
