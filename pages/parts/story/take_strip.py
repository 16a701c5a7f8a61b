"""The takes of one panel: a click picks; the rest is in one menu and acts on the take that is shown."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import lightbox, notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import labels, plain, say
from pages.parts.story import comparison, mend, redraw, scene_loras
from pages.parts.story.panel_picture import jpeg
from story_engine import flows
from story_engine.domain.board import Panel, TakeView
from story_engine.domain.story import Story

SHOWN = 5
"""Thumbnails before the strip is unfolded; more would push the words off the screen."""
_VARIED = {"vary_subtle": flows.vary.SUBTLE, "vary_strong": flows.vary.STRONG}

_LOOK = "look:"
"""Before the id of a character, in the name of an action."""


def draw(slug: str, story: Story, panel: Panel) -> None:
    """Newest first. Nothing while there is no take."""
    if panel.chosen is None:
        return
    scene = panel.scene.id
    whole = f"all-takes-{slug}-{scene}"
    takes = tuple(reversed(panel.takes))
    shown = takes if st.session_state.get(whole) else takes[:SHOWN]
    if panel.chosen not in shown:
        shown = (*shown[: SHOWN - 1], panel.chosen)
    with st.container(key=f"strip-{scene}", horizontal=True, gap="xsmall"):
        for view in shown:
            _draw_thumbnail(slug, panel, view)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"take-row-{scene}"):
        key = f"take-menu-{slug}-{scene}"
        actions = ["mend", "vary_subtle", "vary_strong", "use_settings", "delete"]
        if len(panel.takes) > 1:
            actions.insert(-1, "compare")
        shown_in = flows.cast.shown_in(story, panel.scene, panel.chosen.take)
        looks = {f"{_LOOK}{each.id}": say("take.look", name=plain(each.name or each.id)) for each, _ in shown_in}
        actions[3:3] = looks
        if panel.is_picked:
            actions.insert(0, "unpick")
        st.menu_button(
            say("take.this", n=panel.chosen.take.serial, seed=panel.chosen.take.recipe.seed),
            actions,
            format_func=(labels("take.", [each for each in actions if each not in looks]) | looks).__getitem__,
            key=key,
            type="tertiary",
            on_click=lambda: redraw.whole(_do, st.session_state[key], slug, panel),
        )
        if len(takes) > 1:
            lightbox.chooser(scene, say("take.choose"), explained=say("take.choose_hint"))
        if len(takes) > SHOWN:
            st.button(
                say("take.fewer") if st.session_state.get(whole) else say("take.all", n=len(takes)),
                key=f"{whole}-button",
                type="tertiary",
                on_click=_turn,
                args=(whole,),
            )
        scene_loras.draw_control(slug, story, panel)
    comparison.follow(slug, panel)


def _draw_thumbnail(slug: str, panel: Panel, view: TakeView) -> None:
    chosen = panel.chosen is not None and view.take.id == panel.chosen.take.id
    kind = "chosen" if chosen else "current" if view.is_current or view.is_control else "older"
    kind += "-control" * view.is_control
    number = view.take.serial
    with st.container(key=f"thumb-{kind}-{panel.scene.id}-{view.take.id}", width=64, gap=None):
        st.image(
            jpeg(view.thumbnail),
            width="stretch",
            alt=say("take.pick_control" if view.is_control else "take.pick", n=number, seed=view.take.recipe.seed),
        )
        st.button(
            f"{number} · {view.score:z.2f}" if view.score is not None else f"{number}",
            key=f"pick-{panel.scene.id}-{view.take.id}",
            type="tertiary",
            on_click=redraw.panel,
            args=(slug, panel.scene.id, ask(flows.takes.pick), slug, panel.scene.id, view.take.id),
        )


def _do(action: str | None, slug: str, panel: Panel) -> None:
    scene, chosen = panel.scene.id, panel.chosen
    if chosen is None:
        return
    take = chosen.take.id
    if action == "unpick":
        flows.takes.pick(services(), slug, scene, None)
    elif action == "use_settings":
        before = services().stories.load(slug).revision
        flows.takes.use_settings(services(), slug, scene, take)
        notices.tell("done.settings_used", undo=notices.Undo(kind="revision", token=str(before), story=slug))
    elif action is not None and action.startswith(_LOOK):
        before = services().stories.load(slug).revision
        flows.cast.choose(services(), slug, scene, take, action.removeprefix(_LOOK))
        notices.tell("done.look_chosen", undo=notices.Undo(kind="revision", token=str(before), story=slug))
    elif action == "mend":
        mend.ask(slug, chosen.take)
    elif action in _VARIED:
        flows.vary.vary(services(), slug, scene, take, strength=_VARIED[action])
    elif action == "compare":
        comparison.open_two(panel)
    elif action == "delete":
        token = services().takes.delete(slug, scene, take)
        notices.tell("done.take_deleted", undo=notices.Undo(kind="take", token=token))


def _turn(key: str) -> None:
    st.session_state[key] = not st.session_state.get(key, False)
