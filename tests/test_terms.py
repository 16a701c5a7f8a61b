"""The table of terms is kept: one Chinese word per act and thing, and no word of the other language."""

from __future__ import annotations

import json
import re

from pages.parts.shared.wording import texts
from story_engine.config import PROJECT_FOLDER

TERMS = (PROJECT_FOLDER / "docs" / "terms.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TERMS.splitlines() if line.startswith("| ")][
    1:
]
NOT_SAID = {word: row[1] for row in ROWS for word in re.split(r",\s*", row[2]) if word and word != "---"}
SAID_AS_IT_IS = set(re.findall(r"[A-Za-z][A-Za-z0-9-]*", TERMS.partition("stay as they are written everywhere:")[2]))
NO_WORDS = re.compile(
    r"\{[^}]*\}|`[^`]*`|“[^”]*”|\"[^\"]*\"|《[^》]*》"  # values, commands, what is quoted
    r"|[\w./~-]*[./_][\w./-]*|<[^>]*>|\b[A-Z]\d+\b|(?<![\w-])--?[a-z][\w-]*|python -m \w+( \w+)*|pip install \S+"
    r"|[A-Za-z]:\\\\|\b[a-z]+://\S+|\b[A-Z]{2,}_\w+|\d+e-\d+"
)
ENGLISH_ON_PURPOSE = {
    "judges.language_en",
    "submit.lora_introduction_en_example",
    "dataset_trigger_hint",
    "lora.trigger_hint",
}
"""The link to the English page, and what is to be written in English."""


def chinese() -> dict[str, str]:
    """Every Chinese text of the pages and of the engine, by its key."""
    found = dict(texts("zh"))
    for file in sorted((PROJECT_FOLDER / "story_engine" / "messages").glob("*.json")):
        for key, said in json.loads(file.read_text(encoding="utf-8")).items():
            found[f"{file.stem}.{key}"] = said["zh"]
    return found


def test_each_thing_has_one_chinese_name():
    assert len(NOT_SAID) > 20

    found = [
        f"{key}: {word} → {term}: {text}"
        for key, text in chinese().items()
        for word, term in NOT_SAID.items()
        if word in text
    ]
    assert not found, "\n".join(found)


def test_no_chinese_text_holds_an_english_word_that_has_a_chinese_one():
    found = {
        key: [
            word for word in re.findall(r"[A-Za-z][A-Za-z0-9-]+", NO_WORDS.sub(" ", text)) if word not in SAID_AS_IT_IS
        ]
        for key, text in chinese().items()
        if key not in ENGLISH_ON_PURPOSE
    }

    assert not any(found.values()), "\n".join(f"{key}: {words}" for key, words in found.items() if words)


def test_no_english_text_holds_chinese():
    english = texts("en") | {
        f"{file.stem}.{key}": said["en"]
        for file in (PROJECT_FOLDER / "story_engine" / "messages").glob("*.json")
        for key, said in json.loads(file.read_text(encoding="utf-8")).items()
    }

    del english["judges.language_zh"]  # the link to the Chinese page
    assert not {key: text for key, text in english.items() if re.search("[\u4e00-\u9fff]", text)}
