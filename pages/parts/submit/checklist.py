"""The checklist: what blocks, what is weak, what is left to be done by hand, and what is there."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.shared import folded
from pages.parts.shared.wording import language, plain, say
from story_engine.domain.views import CheckItem
from story_engine.messages import message

_ICONS = {
    "blocks": ":red[:material/block:]",
    "warning": ":orange[:material/warning:]",
    "reminder": ":gray[:material/front_hand:]",
    "ok": ":green[:material/check_circle:]",
}
"""In the order in which they are shown."""
_FOLDED = ("reminder", "ok")
_STALE = "submit.stale"
_MOST_ALIKE = 3
"""Lines of one kind that are shown one by one."""


def draw(items: tuple[CheckItem, ...], render: Callable[[], object]) -> None:
    """One line per thing, with what to do about it; what needs nobody's hand now is folded away.

    `render` paints the panels again that are older than the story.
    """
    blocking = sum(item.state == "blocks" for item in items)
    st.header(say("submit.checklist"), anchor=False)
    st.caption(say("submit.checklist_blocks", count=blocking) if blocking else say("submit.checklist_clear"))
    with st.container(key="checklist", gap="xsmall"):
        for state in _ICONS:
            chosen = [item for item in items if item.state == state]
            if state in _FOLDED and chosen:
                with folded.expander(say(f"submit.checklist_{state}"), key=f"checklist-{state}", note=f"{len(chosen)}"):
                    _lines(chosen)
            else:
                _lines(chosen)
                if any(item.code == _STALE for item in chosen):
                    st.button(say("outdated.render"), key="render-outdated", icon=":material/brush:", on_click=render)


def _lines(items: list[CheckItem]) -> None:
    """Lines that say the same of many scenes are shown once, the others folded behind it."""
    for code in dict.fromkeys(item.code for item in items):
        alike = [item for item in items if item.code == code]
        shown = alike if len(alike) <= _MOST_ALIKE else alike[:1]
        for item in shown:
            _line(item)
        if len(shown) < len(alike):
            with st.expander(say("submit.checklist_more", count=len(alike) - 1), type="compact"):
                for item in alike[1:]:
                    _line(item)


def _line(item: CheckItem) -> None:
    st.markdown(f"{_ICONS[item.state]} {plain(message(item.code, language(), **item.values))}")
