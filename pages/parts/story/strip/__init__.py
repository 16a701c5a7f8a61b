"""All panels of a story in a row, in the bar that stays in sight: map, jump list, state, and another order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from pages.parts.shared import fields, notices, picture_route
from pages.parts.shared.component_data import given
from pages.parts.shared.services import services
from pages.parts.shared.wording import say
from pages.parts.story import panel_picture, panel_work
from story_engine.domain.board import Board, Panel
from story_engine.domain.gallery import PictureKey
from story_engine.domain.panel_work import PanelWork

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "story_studio_panel_strip",
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=(_HERE / "component.js").read_text(encoding="utf-8"),
)
_TEXTS = ("list", "back", "on")


def draw(slug: str, board: Board, works: Mapping[str, PanelWork]) -> None:
    """One cell per panel. `works`: scene id → what is being done for it."""
    key = f"strip-of-{slug}"
    _mount(
        key=key,
        data=given(
            panels=[
                _shown(slug, panel, number, works.get(panel.scene.id))
                for number, panel in enumerate(board.panels, start=1)
            ],
            texts={name: say(f"strip.{name}") for name in _TEXTS}
            | {"moved": say("strip.moved", place="{place}", all="{all}")},
        ),
        on_moved_change=lambda: notices.attempt(_move, slug, key),
    )


def _shown(slug: str, panel: Panel, number: int, work: PanelWork | None) -> dict[str, object]:
    name = panel.scene.title or say("scene.number", n=number)
    marks = list(_marks(panel, work))
    spoken = ", ".join([f"{number} {name}", *marks])
    chosen = panel.chosen
    return {
        "id": panel.scene.id,
        "number": number,
        "name": f"{number} {panel.scene.title}".rstrip(),
        "title": spoken,
        "spoken": say("strip.go", panel=spoken),
        "mark": " · ".join(marks),
        "state": state(panel, work),
        "pinned": panel.scene.pinned,
        "share": work.share if work is not None and work.state == "painting" else None,
        "src": picture_route.thumbnail(PictureKey(slug, panel.scene.id, chosen.take.id)) if chosen else None,
        "earlier": say("strip.earlier", panel=name),
        "later": say("strip.later", panel=name),
    }


def state(panel: Panel, work: PanelWork | None) -> str:
    """What matters most about a panel just now: "painting", "waiting", "queued", "missing", "old" or "there"."""
    if work is not None:
        return work.state
    return "missing" if panel.chosen is None else "old" if panel.is_outdated else "there"


def _marks(panel: Panel, work: PanelWork | None) -> list[str]:
    """In words, the most important first."""
    marks = [panel_work.described(work)] if work is not None else []
    if panel.chosen is None and work is None:
        marks.append(say("strip.missing"))
    elif panel.is_outdated:
        marks.append(panel_picture.changed(panel))
    if panel.chosen is not None and panel.chosen.score is not None:
        marks.append(f"{panel.chosen.score:z.2f}")
    if panel.scene.pinned:
        marks.append(say("strip.pinned"))
    return marks


def _move(slug: str, key: str) -> None:
    """What the browser sent names a scene of the story and a place in it, or is passed over."""
    sent = getattr(st.session_state.get(key), "moved", None)
    if not isinstance(sent, Mapping):
        return
    scene, to = sent.get("scene"), sent.get("to")
    fields.save_all()
    order = [each.id for each in services().stories.load(slug).scenes]
    if isinstance(scene, str) and isinstance(to, int | float) and scene in order:
        place = min(max(0, int(to)), len(order) - 1)
        services().stories.move_scene(slug, scene, by=place - order.index(scene))
