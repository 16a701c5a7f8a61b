"""Which keys of a catalogue of texts the code asks for: those that it writes out, and those that it puts together."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path


def unused(keys: Iterable[str], files: Iterable[Path]) -> set[str]:
    """Keys that no file names in full, as a constant or by an f-string that could become it."""
    constants: set[str] = set()
    patterns: set[str] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                constants.add(node.value)
                if re.fullmatch(r"[a-z]{3,}[a-z_.]*[._]", node.value):  # the beginning that a row of keys shares
                    patterns.add(re.escape(node.value) + ".+")
            elif isinstance(node, ast.JoinedStr):
                patterns.add(_pattern(node))
    speaking = [re.compile(pattern) for pattern in patterns if len(re.sub(r"\W|_", "", pattern.replace(".+", ""))) >= 3]
    return {key for key in keys if key not in constants and not any(one.fullmatch(key) for one in speaking)}


def _pattern(text: ast.JoinedStr) -> str:
    parts = (re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in text.values)
    return "".join(parts)
