"""Two takes of a panel side by side, with what differs between their recipes."""

from __future__ import annotations

import streamlit as st

from pages.parts import notices
from pages.parts.desk import engine
from pages.parts.panel_picture import jpeg
from pages.parts.wording import plain, say
from story_engine.domain.board import Panel, TakeView


def open_key(slug: str, scene: str) -> str:
    """Where the session remembers that the comparison is open."""
    return f"compare-{slug}-{scene}"


def draw(slug: str, panel: Panel) -> None:
    """Two choices, two pictures, the differences."""
    scene = panel.scene.id
    views = {view.take.id: view for view in reversed(panel.takes)}
    first = panel.chosen.take.id if panel.chosen is not None else next(iter(views))
    second = next(take for take in views if take != first)
    with st.container(border=True, key=f"comparison-{scene}"):
        left_column, right_column = st.columns(2, wrap=False)
        with left_column:
            left = _draw_side(slug, scene, views, "left", first)
        with right_column:
            right = _draw_side(slug, scene, views, "right", second)
        differing = _differences(left, right)
        st.caption(say("compare.differs", fields=plain(", ".join(differing))) if differing else say("compare.same"))
        st.button(
            say("compare.close"),
            key=f"close-{open_key(slug, scene)}",
            type="tertiary",
            on_click=_close,
            args=(slug, scene),
        )


def _draw_side(slug: str, scene: str, views: dict[str, TakeView], side: str, first: str) -> TakeView:
    key = f"{open_key(slug, scene)}-{side}"
    if st.session_state.get(key) not in views:
        st.session_state[key] = first
    take: str = (
        st.selectbox(
            say(f"compare.{side}"),
            list(views),
            format_func={name: _name(view) for name, view in views.items()}.__getitem__,
            key=key,
            label_visibility="collapsed",
            persist_state="session",
        )
        or first
    )
    view = views[take]
    st.image(jpeg(view.thumbnail), width="stretch", alt=_name(view))
    st.button(
        say("compare.pick"),
        key=f"{key}-pick",
        width="stretch",
        on_click=notices.attempt,
        args=(engine().pick, slug, scene, take),
    )
    return view


def _name(view: TakeView) -> str:
    score = f" · {view.score:z.2f}" if view.score is not None else ""
    return say("compare.take", n=view.take.number + 1, seed=view.take.recipe.seed) + score


def _differences(left: TakeView, right: TakeView) -> list[str]:
    mine, theirs = left.take.recipe.model_dump(mode="json"), right.take.recipe.model_dump(mode="json")
    return [
        f"{field} {mine[field]} / {theirs[field]}" if field != "loras" else field
        for field in mine
        if mine[field] != theirs[field] and field != "weights_hash"
    ]


def _close(slug: str, scene: str) -> None:
    st.session_state.pop(open_key(slug, scene), None)
