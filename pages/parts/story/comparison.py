"""Two takes of a panel side by side, with what differs between their recipes."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.services import ask
from pages.parts.shared.wording import plain, say
from pages.parts.story import redraw
from pages.parts.story.panel_picture import jpeg
from story_engine import flows
from story_engine.domain.board import Panel, TakeView
from story_engine.domain.recipe import Recipe


def open_key(slug: str, scene: str) -> str:
    """Where the session remembers that the comparison is open."""
    return f"compare-{slug}-{scene}"


def open_with_control(slug: str, scene: str) -> None:
    """Open it with the panel's take on the left and, as soon as it is painted, its control on the right."""
    for side in ("left", "right"):
        st.session_state.pop(f"{open_key(slug, scene)}-{side}", None)
    st.session_state[open_key(slug, scene)] = True
    st.session_state[_request_key(slug, scene)] = True


def draw(slug: str, panel: Panel) -> None:
    """Two choices, two pictures, the differences."""
    scene = panel.scene.id
    views = {view.take.id: view for view in reversed(panel.takes)}
    first = panel.chosen.take.id if panel.chosen is not None else next(iter(views))
    second = next(take for take in views if take != first)
    if st.session_state.get(_request_key(slug, scene)):
        control = _control(panel)
        if control is None:
            return
        del st.session_state[_request_key(slug, scene)]
        second = control.take.id
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
        on_click=redraw.panel,
        args=(slug, scene, ask(flows.takes.pick), slug, scene, take),
    )
    return view


def _name(view: TakeView) -> str:
    score = f" · {view.score:z.2f}" if view.score is not None else ""
    control = f" · {say('lora.is_control')}" if view.is_control else ""
    return say("compare.take", n=view.take.serial, seed=view.take.recipe.seed) + control + score


def _control(panel: Panel) -> TakeView | None:
    """The picture of the panel's scene and seed without any LoRA; None until it is painted."""
    shown = panel.chosen
    if shown is None:
        return None
    controls = [view for view in panel.takes if view.is_control and view.take.id != shown.take.id]
    same_seed = [view for view in controls if view.take.recipe.seed == shown.take.recipe.seed]
    return next(reversed(same_seed or controls), None)


def _differences(left: TakeView, right: TakeView) -> list[str]:
    mine, theirs = left.take.recipe.model_dump(mode="json"), right.take.recipe.model_dump(mode="json")
    return [
        f"{field} {mine[field]} / {theirs[field]}"
        if field != "loras"
        else f"LoRA {_loras(left.take.recipe)} / {_loras(right.take.recipe)}"
        for field in mine
        if mine[field] != theirs[field] and field != "weights_hash"
    ]


def _loras(recipe: Recipe) -> str:
    return " + ".join(f"{part.name} {part.strength:g}" for part in recipe.loras) or "–"


def _close(slug: str, scene: str) -> None:
    st.session_state.pop(open_key(slug, scene), None)


def _request_key(slug: str, scene: str) -> str:
    return f"{open_key(slug, scene)}-control"
