"""Streamlit's own words in the reader's language: uploader, hints under fields, menu, connection, tooltips."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from pages.parts.shared.component_data import given
from pages.parts.shared.wording import language, texts

_PREFIX = "streamlit."
"""Of the texts that Streamlit writes itself; the English ones are its own, letter by letter."""


def _source() -> str:
    """The component's JavaScript with both languages in it: they are sent once, not with every run."""
    english, chinese = texts("en"), texts("zh")
    words = [[english[key], chinese[key]] for key in english if key.startswith(_PREFIX)]
    return (
        (Path(__file__).parent / "component.js")
        .read_text(encoding="utf-8")
        .replace("__WORDS__", json.dumps(words, ensure_ascii=False))
    )


_translate = st.components.v2.component("own_words", js=_source())


def draw() -> None:
    """On every page, once."""
    _translate(key="own-words", data=given(language=language()), height=0)
