"""One lightbox for all pages: a picture as large as the window, its neighbours, and what is done with it.

The component keeps to itself which picture is shown, so no arrow asks the server. What it shows comes from an address
(`route`), so that a page stays as light with two hundred takes as with none; a page that has few pictures at hand gives
them directly. What a person wants done comes as an `Ask`, is done by the page's verb, and is answered: the lightbox
says what became of it and looks at its source again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.component_data import given
from pages.parts.shared.wording import labels, language, say, texts
from story_engine.domain.control import KINDS
from story_engine.domain.family import FAMILY_FOLDERS
from story_engine.domain.resolve import CHANGEABLE

PART = "lightbox"
"""Name of its fragment, for whoever draws only some parts of a page again."""
ACTIONS = ("pick", "pin", "settings", "send", "redo", "story", "begin", "favourite", "download", "delete")
CHANGES = (*CHANGEABLE, "story")
"""What may have changed since a take was painted; `TakeView.changed` has them."""
_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "story_studio_lightbox",
    css="\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("component.css", "narrow.css")),
    js="\n".join(
        (_HERE / name).read_text(encoding="utf-8")
        for name in ("component.js", "viewer.js", "pictures.js", "swipes.js", "facts.js", "keys.js")
    ),
)
_OPEN, _ANSWER, _UNDO = "lightbox-open", "lightbox-answer", "lightbox-undo"
_LONGEST_ID = 200
_REQUEST_MICROSECONDS = 20_000_000
_TEXTS = "lightbox."
"""What its texts in the catalogue begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a person wants done with a picture."""

    kind: str
    """One of `ACTIONS`, or "unpick", "unpin"."""
    story: str
    scene: str
    take: str
    """Empty: the one that the page shows of the scene."""


def opener(place: str, label: str) -> None:
    """A button over the whole picture that opens the lightbox there.

    The component catches its click; one that comes before the component listens, as on a slow machine, comes here.

    Args:
        place: which picture: a scene's id, or what the page's pictures have as `opener`.
        label: for whoever cannot see the picture.
    """
    with st.container(key=f"whole-look-{place}"):
        st.button(label, key=f"look-{place}", on_click=_open_in_next_run, args=(place, False))


def chooser(place: str, label: str, *, explained: str = "") -> None:
    """A button that opens the lightbox at the newest picture of a place, to choose among all of them."""
    with st.container(key=f"choose-look-{place}", width="content"):
        st.button(
            label,
            key=f"choose-{place}",
            icon=":material/select_check_box:",
            type="tertiary",
            help=explained or None,
            on_click=_open_in_next_run,
            args=(place, True),
        )


def show(place: str, *, take: str = "", beside: str = "", newest: bool = False) -> None:
    """The lightbox opens at a take of the place in the next run.

    Args:
        place: which picture, as `opener` has it.
        take: empty for the one that the page shows.
        beside: another take, to compare with.
        newest: the newest take instead of the one that the page shows.
    """
    now = time.time_ns() // 1000
    st.session_state[_OPEN] = {
        "turn": now,
        "place": class_name(place),
        "take": take,
        "beside": beside,
        "newest": newest,
    }


def draw(
    *,
    story: str,
    actions: Sequence[str],
    act: Callable[[Ask], object],
    after: Callable[[Ask], object],
    address: str = "",
    groups: Sequence[Mapping[str, Any]] = (),
    revision: str = "",
    scenes: Sequence[str] = (),
) -> None:
    """The lightbox, closed until somebody opens it.

    Args:
        story: slug of the story whose pictures are shown.
        actions: of `ACTIONS`, in the order of their buttons.
        act: does what was asked; what it tells, and what goes wrong, is said in the lightbox too.
        after: draws again what the action has changed, and the part called `PART`.
        address: where the pictures are read; else they are given as
        groups: as `contents` makes them.
        revision: changes with what there is to see.
        scenes: of the page, in reading order: letters and arrows lead through them while the lightbox is closed.
    """

    @st.fragment(key=PART)
    def part() -> None:
        _mount(
            key=PART,
            data=given(
                address=address,
                groups=list(groups),
                revision=revision,
                scenes=[{"id": scene, "place": class_name(scene)} for scene in scenes],
                actions=list(actions),
                open=_request(),
                answer=st.session_state.get(_ANSWER),
                texts=_texts(),
            ),
            on_asked_change=lambda: _asked(story, actions, act, after),
        )

    part()


def _open_in_next_run(place: str, newest: bool) -> None:
    show(place, newest=newest)
    st.rerun()  # the whole page: a part of it may not have the lightbox


def class_name(place: str) -> str:
    """A place as Streamlit writes it into the name of a class."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", place.strip())


def _request() -> dict[str, Any] | None:
    """A request to open; the component follows each once, and an old one is not for a page that has come back."""
    asked: dict[str, Any] | None = st.session_state.get(_OPEN)
    return asked if asked is not None and time.time_ns() // 1000 - asked["turn"] < _REQUEST_MICROSECONDS else None


def _texts() -> dict[str, Any]:
    """All of them as they are written: the component fills in what is between braces."""
    known = texts(language()).items()
    return {
        **{key.removeprefix(_TEXTS): text for key, text in known if key.startswith(_TEXTS)},
        "families": labels("family.", FAMILY_FOLDERS),
        "kinds": labels("control.", KINDS),
        "changed": {**labels("panel.changed_", CHANGES), "all": say("panel.changed", parts="{parts}")},
        "and": say("panel.and"),
    }


def _asked(story: str, actions: Sequence[str], act: Callable[[Ask], object], after: Callable[[Ask], object]) -> None:
    sent = getattr(st.session_state.get(PART), "asked", None)
    if not isinstance(sent, Mapping):
        return
    ask = Ask(kind=_text(sent, "kind"), story=story, scene=_text(sent, "scene"), take=_text(sent, "take"))
    undo: notices.Undo | None = st.session_state.pop(_UNDO, None)
    if ask.kind == "undo" and undo is not None:
        notices.attempt(notices.take_back, undo)
    elif ask.kind.removeprefix("un") in actions:
        notices.attempt(act, ask)
    else:
        return
    said = notices.latest()
    st.session_state[_UNDO] = next((notice.undo for notice in said if notice.undo is not None), None)
    st.session_state[_ANSWER] = {
        "turn": sent.get("turn"),
        "kind": ask.kind,
        "said": " ".join(notice.text() for notice in said),
        "failed": any(notice.is_error for notice in said),
        "undo": st.session_state[_UNDO] is not None,
    }
    after(ask)


def _text(sent: Mapping[str, object], name: str) -> str:
    value = sent.get(name)
    return value[:_LONGEST_ID] if isinstance(value, str) else ""
