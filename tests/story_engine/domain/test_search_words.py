"""Checked against SQLite itself: what is indexed is found by what is asked for."""

import random
import sqlite3

import pytest

from story_engine.domain.search_words import indexed, match_expression


@pytest.fixture(scope="module")
def database():
    opened = sqlite3.connect(":memory:")
    opened.execute("CREATE VIRTUAL TABLE words USING fts5 (prompt, title, tokenize = 'unicode61 remove_diacritics 2')")
    return opened


def is_found(database, text: str, asked: str) -> bool:
    database.execute("DELETE FROM words")
    database.execute("INSERT INTO words VALUES (?, ?)", (indexed(text), indexed("第一幕 The Sea")))
    match = match_expression(asked)
    return match is None or bool(database.execute("SELECT 1 FROM words WHERE words MATCH ?", (match,)).fetchall())


def test_words_are_found_in_both_languages_whatever_their_case_width_and_accents(database):
    text = "一只橘色的小猫坐在窗台上, an Orange kitten by the café, ｎｉｇｈｔ, {girl} 😀 v1.5"
    found = (
        "",
        "   ",
        "小猫",
        "猫",
        "橘色",
        "ORANGE kit",
        "cafe",
        "night",
        "Ｎight",
        "窗台 orange",
        "sea",
        "第一",
        "v1.5",
    )
    missed = ("色小", "小狗", "range", "kitten dog", "台窗", "!!!", "😀", "zzz")

    assert [asked for asked in found if not is_found(database, text, asked)] == []
    assert [asked for asked in missed if is_found(database, text, asked)] == []


def test_nothing_that_is_typed_is_an_error(database):
    chance = random.Random(3)
    signs = "\"'*()^:-+{}[]<>\\/%_&|~ ;\0\n\t猫a1AND OR NOT NEAR é\u202e😀\ud800"
    for _ in range(300):
        asked = "".join(chance.choices(signs, k=chance.randrange(40)))
        is_found(database, "an orange kitten", asked)
    is_found(database, "猫" * 10, "猫 " * 100_000)
