from __future__ import annotations

import re
from string import Formatter

from pages.parts.shared.wording import LANGUAGE_NAMES, plain, texts
from story_engine.config import PROJECT_FOLDER
from tests.used_texts import unused

SCRIPTS = [PROJECT_FOLDER / "Home.py", *sorted((PROJECT_FOLDER / "pages").rglob("*.py"))]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_exists_in_every_language():
    assert set(texts("zh")) == set(texts("en"))
    assert all(text.strip() for language in LANGUAGE_NAMES for text in texts(language).values())


def test_both_languages_fill_in_the_same_values():
    assert not [key for key in texts("en") if placeholders(texts("zh")[key]) != placeholders(texts("en")[key])]


def test_every_text_is_used():
    assert not unused(texts("en"), SCRIPTS)


def test_every_text_that_a_page_asks_for_exists():
    asked = {
        (script.name, key)
        for script in SCRIPTS
        for key in re.findall(r'\b(?:say|tell)\(\s*"([a-z_0-9.]+)"', script.read_text(encoding="utf-8"))
    }

    assert asked
    assert {(name, key) for name, key in asked if key not in texts("en")} == set()


def test_a_persons_text_loses_every_meaning_in_markdown():
    assert plain("![a](http://x) *b* :red[c]").replace("\u2060", "") == r"\!\[a\]\(http\://x\) \*b\* \:red\[c\]"
