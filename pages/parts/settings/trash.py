"""Everything that was deleted, with the way back."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import streamlit as st

from pages.parts.shared import folded, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import ago, plain, say, size
from story_engine import flows
from story_engine.domain.disk import DAY_SECONDS, DiskUse, Limits, TrashRoom

SHOWN = 50
_ICONS = {
    "story": "auto_stories",
    "take": "imagesmode",
    "takes": "photo_library",
    "dataset": "photo_library",
    "run": "model_training",
    "lora": "brush",
}


def draw(use: DiskUse, limits: Limits) -> None:
    """Last deleted first. Nothing deleted, nothing drawn."""
    if not use.trash:
        return
    total = size(sum(room.size_bytes for room in use.trash))
    with folded.expander(say("trash.title"), key="disk-trash", note=say("trash.amount", n=len(use.trash), size=total)):
        titles = {story.name: story.title for story in use.stories}
        for room in use.trash[:SHOWN]:
            _draw_one(room, limits, titles)
        if len(use.trash) > SHOWN:
            st.caption(say("trash.more", n=len(use.trash) - SHOWN))


def _draw_one(room: TrashRoom, limits: Limits, titles: dict[str, str]) -> None:
    entry = room.entry
    story, dot, scene = entry.title.partition(" · ")
    title = f"{titles.get(story, story)}{dot}{scene}" if entry.kind == "take" else entry.title
    left = limits.trash_days - entry.age_seconds(datetime.now(UTC)) / DAY_SECONDS
    days = say("trash.days_left", n=math.ceil(left)) if left > 0 else say("trash.outdated")
    with st.container(horizontal=True, vertical_alignment="center", key=f"trash-{entry.token}"):
        facts = [say(f"trash.kind.{entry.kind}"), ago(entry.deleted_time.timestamp()), size(room.size_bytes), days]
        with st.container(gap=None, key=f"trash-text-{entry.token}"):
            st.markdown(f":material/{_ICONS[entry.kind]}: **{plain(title)}**")
            st.caption(" · ".join(facts))
        with st.container(
            horizontal=True, vertical_alignment="center", width="content", gap="xsmall", key=f"trash-do-{entry.token}"
        ):
            _draw_buttons(room)


def _draw_buttons(room: TrashRoom) -> None:
    entry = room.entry
    st.button(
        say("trash.restore"),
        key=f"restore-{entry.token}",
        icon=":material/restore_from_trash:",
        type="tertiary",
        on_click=notices.attempt,
        args=(_restore, entry.token),
    )
    with st.popover(
        say("trash.forget"), key=f"icon-forget-{entry.token}", icon=":material/delete_forever:", type="tertiary"
    ):
        st.markdown(say("trash.forget_sure", name=plain(entry.title)))
        st.button(
            say("trash.forget"),
            key=f"forget-{entry.token}",
            type="primary",
            on_click=notices.attempt,
            args=(_forget, entry.token),
        )


def _restore(token: str) -> None:
    entry = flows.disk.restore(services(), token)
    notices.tell("trash.restored", title=entry.title)


def _forget(token: str) -> None:
    flows.disk.forget(services(), token)
    notices.tell("trash.forgotten")
