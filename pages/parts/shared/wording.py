"""The interface's own texts in the reader's language, and how numbers, sizes and times are written.

Texts of errors and checks belong to the engine (`story_engine.messages`); these are labels, hints and buttons.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path

import streamlit as st

LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
_FOLDER = Path(__file__).parent / "texts"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:&=^])")
_INVISIBLE = "\u2060"
"""Word joiner: no width, no line break."""
_FOUND_LATER = re.compile(r":(?=//|[\w+-]+:|material/)|www(?=\.)|@(?=[\w-])|[-<>~!](?=[-=>])|<(?=-)", re.IGNORECASE)
_INDENT = re.compile(r"[^\S\n]*\n[^\S\n]*")
"""A line break with the blanks around it: an indented line would be code."""


def language() -> str:
    """The reader's language, "zh" or "en"."""
    chosen = st.session_state.get("reader_language")
    return chosen if chosen in LANGUAGE_NAMES else "en"


def settle_language() -> None:
    """At the first visit: what the address asks for, else what the browser prefers. Later: what was chosen."""
    if "reader_language" in st.session_state:
        return
    asked = st.query_params.get("lang", "")
    browser = (st.context.locale or "en").lower()
    preferred = "zh" if browser.startswith("zh") else "en"
    st.session_state["reader_language"] = asked if asked in LANGUAGE_NAMES else preferred


def draw_language_switch() -> None:
    """The two languages beside each other; the choice outlives the page, unlike its widget.

    It is given its value as well as its key, as `shared.inputs` says why: whoever is quicker than the first run of a
    page would else be answered in English.
    """
    key = "language"
    if st.session_state.get(key) != language():
        st.session_state[key] = language()
    st.segmented_control(
        say("nav.language"),
        list(LANGUAGE_NAMES),
        default=language(),
        format_func=LANGUAGE_NAMES.__getitem__,
        key=key,
        required=True,
        on_change=lambda: st.session_state.__setitem__("reader_language", st.session_state[key] or language()),
        label_visibility="collapsed",
    )


def say(key: str, **values: object) -> str:
    """The text for `key` in the reader's language, with `values` filled in.

    Raises:
        KeyError: no such text (a programmer's error: a test checks every key in use).
    """
    return texts(language())[key].format(**values)


def labels(prefix: str, names: Iterable[str]) -> dict[str, str]:
    """Name → text of `prefix.name`: the options of a choice, made while the reader's language is known."""
    return {name: say(f"{prefix}{name}") for name in names}


def family_title(name: str) -> str:
    """A model family's name for people; a family of another Studio is shown as it is called."""
    return texts(language()).get(f"family.{name}", name)


@cache
def texts(language: str) -> dict[str, str]:
    """Every text of one language by its key."""
    read: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return read


def plain(text: str) -> str:
    """A person's text for a place that reads Markdown (labels, errors): nothing in it has a meaning any more.

    What Streamlit looks for in the finished text, behind every escape (addresses, `:emoji:`, arrows), is parted by a
    character that nobody sees.
    """
    parted = _FOUND_LATER.sub(lambda found: f"{found[0]}{_INVISIBLE}", _INDENT.sub("\n", text.strip()))
    return _MARKDOWN.sub(r"\\\1", parted).replace("\n", "  \n")


def signed(value: float) -> str:
    """`+0.31`, `-1.00`, and `0.00` for what rounds to nothing, from whichever side."""
    return f"{value:+.2f}" if round(value, 2) else "0.00"


def size(size_bytes: int) -> str:
    """`5.2 GB`, `24 MB`, `3 KB`: decimal units, as shops and hubs write them."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if size_bytes >= factor:
            amount = size_bytes / factor
            return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:.0f} {unit}"
    return f"{size_bytes} B"


def duration(seconds: float) -> str:
    """`42 s`, `3 min`, `1 h 20 min`, in the reader's language."""
    whole = max(0, round(seconds))
    if whole < 90:
        return say("time.seconds", n=whole)
    minutes = round(whole / 60)
    if minutes < 90:
        return say("time.minutes", n=minutes)
    return say("time.hours", h=minutes // 60, m=minutes % 60)


def ago_day(moment: str) -> str:
    """The day of a time in ISO 8601, UTC, where the server stands."""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d")


def ago(moment: float) -> str:
    """How long ago `moment` (seconds since the epoch) was, in the reader's language."""
    elapsed = time.time() - moment
    if elapsed < 60:
        return say("time.just_now")
    if elapsed < 3600:
        return say("time.minutes_ago", n=round(elapsed / 60))
    if elapsed < 86_400:
        return say("time.hours_ago", n=round(elapsed / 3600))
    return time.strftime("%Y-%m-%d", time.localtime(moment))
